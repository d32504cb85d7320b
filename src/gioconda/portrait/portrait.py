"""A portrait, ready to animate: the one class that users of this room meet."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field

from gioconda.errors import FaceAngleError, FaceTooSmallError, NoFaceError, OptionError
from gioconda.portrait.crop import sample
from gioconda.portrait.decode import Picture, PictureSource, decode
from gioconda.portrait.face import describe
from gioconda.portrait.finder import FaceFinder, MediapipeFinder
from gioconda.portrait.framing import Frame, frame_face
from gioconda.portrait.matte import coarse_matte, refine_matte
from gioconda.portrait.plate import fill_person
from gioconda.portrait.types import ByteImage, Face, View

MIN_FACE_PX = 64
MAX_YAW_DEG = 45.0
WARN_YAW_DEG = 20.0


@dataclass(frozen=True)
class Portrait:
    """One picture and the face in it that is to speak."""

    picture: ByteImage
    faces: tuple[Face, ...]
    face_index: int
    name: str
    warnings: tuple[str, ...]
    _frame: Frame
    _views: dict[int, View] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(
        cls,
        source: PictureSource,
        face: int | None = None,
        *,
        finder: FaceFinder | None = None,
        cache: bool = True,
    ) -> Portrait:
        """Open a picture."""
        picture: Picture = decode(source)
        meshes = (finder or MediapipeFinder()).find(picture.image)
        if not meshes:
            raise NoFaceError(f"no human face was found in {picture.name!r}")
        faces = sorted(
            (describe(picture.image, m) for m in meshes), key=lambda f: f.landmarks[:, 0].mean()
        )
        index = _choose(faces, face)
        chosen = faces[index]
        if min(chosen.width_px, chosen.height_px) < MIN_FACE_PX:
            raise FaceTooSmallError(
                f"the face is {chosen.width_px:.0f} x {chosen.height_px:.0f} px"
            )
        if abs(chosen.yaw_deg) > MAX_YAW_DEG:
            raise FaceAngleError(f"the face is turned by {abs(chosen.yaw_deg):.0f} degrees")
        return cls(
            picture.image,
            tuple(faces),
            index,
            picture.name,
            (),
            frame_face(picture.image, chosen.landmarks),
        )

    @property
    def face(self) -> Face:
        """The face that speaks."""
        return self.faces[self.face_index]

    def view(self, size: int = 512) -> View:
        """Return the square view of one size."""
        if size not in self._views:
            self._views[size] = self._build(size)
        return self._views[size]

    def _build(self, size: int) -> View:
        to_picture = self._frame.to_picture(size)
        image = sample(self.picture, to_picture, size)
        step = to_picture[0, 0]
        landmarks = self.face.landmarks.copy()
        landmarks[:, :2] = (landmarks[:, :2] - to_picture[:, 2]) / step
        landmarks[:, 2] /= step
        matte = coarse_matte(image, landmarks)
        matte = refine_matte(image, matte, fill_person(image, matte))
        plate = fill_person(image, matte)
        return View(image, landmarks, matte, plate, to_picture)


def _choose(faces: list[Face], face: int | None) -> int:
    if face is None:
        return max(range(len(faces)), key=lambda i: faces[i].height_px)
    number = operator.index(face)
    if not 1 <= number <= len(faces):
        raise OptionError(f"there is no face number {number}; {len(faces)} found")
    return number - 1
