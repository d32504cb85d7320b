"""A portrait, ready to animate: the one class that users of this room meet."""

from __future__ import annotations

import hashlib
import operator
import threading
from functools import cached_property
from typing import Final

import numpy as np

from gioconda.errors import (
    FaceAngleError,
    FaceTooSmallError,
    NoFaceError,
    OptionError,
    PortraitError,
)
from gioconda.portrait.cache import DiskCache
from gioconda.portrait.decode import SIDE_LIMIT_PX, Picture, PictureSource, decode
from gioconda.portrait.face import MOST_YAW_DEG, face_height_px, mouth_gap
from gioconda.portrait.finder import FaceFinder, MediapipeFinder
from gioconda.portrait.framing import SIDE_HEIGHTS, Frame, frame_face
from gioconda.portrait.preparation import find_faces, make_view, make_view_in_place
from gioconda.portrait.types import ByteImage, Face, FloatArray, View

#: Smaller faces are refused, by width and height of the mesh.
LEAST_FACE_PX: Final = 64
#: Steeper or more rolled faces are refused.
MOST_PITCH_DEG: Final = 40.0
MOST_ROLL_DEG: Final = 45.0
#: Sides that a view may have.
VIEW_SIZES_PX: Final = (128, 2048)
#: Sides of a view at the picture's own resolution.
_PLACE_SIZES_PX: Final = (256, 2048)
_DEFAULT_SIZE_PX: Final = 512
_WARN_YAW_DEG: Final = 20.0
_WARN_SHARPNESS: Final = 0.25
_WARN_MOUTH_GAP: Final = 0.06
_WARN_ENLARGEMENT: Final = 1.6
#: A face that lies on its side, to say so, is looked for in a picture of at most this side.
_TURNED_SIDE_PX: Final = 1024
#: Pictures whose levels differ by no more than this show nothing.
_FLAT_LEVELS: Final = 8


class Portrait:
    """One picture and the face in it that is to speak.

    Attributes:
        picture: (H, W, 3) uint8 sRGB, upright; its longer side at most 4096.
        faces: all faces found, left to right.
        face_index: the chosen one's place in ``faces``, from 0.
        name: the picture's file name.
    """

    def __init__(
        self, picture: Picture, faces: tuple[Face, ...], face_index: int, cache: DiskCache | None
    ) -> None:
        """Use :meth:`open`."""
        self.picture: ByteImage = picture.image
        self.faces = faces
        self.face_index = face_index
        self.name = picture.name
        self._source = picture
        self._cache = cache
        self._views: dict[tuple[int, float], View] = {}
        self._in_place: View | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        path_or_array: PictureSource,
        face: int | None = None,
        *,
        finder: FaceFinder | None = None,
        cache: bool = True,
    ) -> Portrait:
        """Open a picture and find its faces.

        Args:
            path_or_array: a path, a file's bytes, or an array; see
                :func:`gioconda.portrait.decode.decode`.
            face: which face, from 1, left to right; None takes the largest that can be used.
            finder: another face finder than MediaPipe's; its results are not cached on disk.
            cache: keep faces and views on disk for the next run.

        Raises:
            ImageDecodeError: not a readable picture, or one of 100 megapixels or more.
            MissingExtraError: a HEIC picture without the ``heic`` extra.
            NoFaceError: no human face in it.
            FaceTooSmallError: the face is under 64 px.
            FaceAngleError: the face is turned too far from the camera.
            OptionError: there is no face of that number.
        """
        picture = decode(path_or_array)
        height, width = picture.image.shape[:2]
        if min(height, width) < LEAST_FACE_PX:
            raise _picture_too_small(picture)
        disk = DiskCache() if cache and finder is None else None
        if finder is None and _is_flat(_small(picture.image)):  # the search would take seconds
            raise _no_face(picture, MediapipeFinder())
        faces = find_faces(picture, finder or MediapipeFinder(), disk)
        if not faces:
            raise _no_face(picture, finder or MediapipeFinder())
        return cls(picture, faces, _chosen(faces, face, picture.shown), disk)

    @property
    def face(self) -> Face:
        """The face that speaks."""
        return self.faces[self.face_index]

    @cached_property
    def pixels_sha256(self) -> bytes:
        """What the picture is known by: the same for its file, its bytes and its pixels."""
        return pixels_sha256(self.picture)

    @property
    def sha256(self) -> str:
        """Hex digest of the file's bytes; of pixels and shape where it was given as an array."""
        return self._source.sha256

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may make the result worse, for frames of 512 px; one sentence each."""
        return self.warnings_for(_DEFAULT_SIZE_PX)

    def warnings_for(self, size: int) -> tuple[str, ...]:
        """Return what may make the result worse in frames of this size; one sentence each."""
        face, found = self.face, []
        if len(self.faces) > 1:
            found.append(
                f"face {self.face_index + 1} of {len(self.faces)}, counted left to right, speaks; "
                "another can be chosen by its number"
            )
        if abs(face.yaw_deg) > _WARN_YAW_DEG:
            found.append(
                f"the face is turned by {abs(face.yaw_deg):.0f} degrees; it will turn less far, "
                f"and best results come below {_WARN_YAW_DEG:.0f}"
            )
        enlargement = size / (SIDE_HEIGHTS * face_height_px(face.landmarks))
        if enlargement > _WARN_ENLARGEMENT:
            found.append(
                f"low resolution: the face is {face.height_px:.0f} px high and is enlarged "
                f"{enlargement:.1f} times for frames of {size} px"
            )
        if face.sharpness < _WARN_SHARPNESS:
            found.append("the face is blurred; a sharper picture gives a sharper result")
        if mouth_gap(face.landmarks) > _WARN_MOUTH_GAP:
            found.append("the mouth is open; a picture with closed lips gives better speech")
        return tuple(found)

    def view(self, size: int = _DEFAULT_SIZE_PX, distance: float = 1.0) -> View:
        """Return the square view of the face at a size in pixels; kept after the first call.

        Args:
            size: side in pixels, 128 to 2048.
            distance: of the camera, 1 to 2: the square shows as much more of the picture. Past
                the picture's edge its last pixels are drawn out and blurred.

        Raises:
            OptionError: the size or the distance is out of its range.
        """
        side = operator.index(size)
        least, most = VIEW_SIZES_PX
        if not least <= side <= most:
            raise OptionError(f"the size is {side} px; {least} to {most} is possible")
        if not 1 <= distance <= 2:
            raise OptionError(f"the view's distance is {distance:g}; 1 to 2 is possible")
        key = (side, round(float(distance), 3))
        with self._lock:
            if key not in self._views:
                self._views[key] = make_view(
                    self._source, self.face, self.face_index, side, self._cache, key[1],
                    self._other_faces(),
                )  # fmt: skip
            return self._views[key]

    def frame(self) -> Frame:
        """Return the square of the picture that :meth:`view` shows at distance 1."""
        return frame_face(self.picture, self.face.landmarks)

    def view_in_place(self) -> View:
        """Return the square view at the picture's own resolution, to be pasted back into it.

        Its pixels are the picture's own where its side lies between 256 and 2048 of them; it is
        somewhat larger than that of :meth:`view`, and says where the picture goes on beyond it.
        Kept after the first call.
        """
        with self._lock:
            if self._in_place is None:
                self._in_place = make_view_in_place(
                    self._source, self.face, self.face_index, _PLACE_SIZES_PX, self._cache,
                    self._other_faces(),
                )  # fmt: skip
            return self._in_place

    def _other_faces(self) -> list[FloatArray]:
        return [f.landmarks for i, f in enumerate(self.faces) if i != self.face_index]


def pixels_sha256(image: ByteImage) -> bytes:
    """Return the SHA-256 of a picture's size and pixels.

    Args:
        image: (H, W, 3) uint8 sRGB, upright, as :func:`gioconda.portrait.decode.decode` gives it.
    """
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def _chosen(faces: tuple[Face, ...], number: int | None, name: str) -> int:
    """Return the index of the face to animate, or refuse with its reason."""
    if number is not None:
        try:
            index = operator.index(number) - 1
        except TypeError:
            raise OptionError(f"a face is chosen by a whole number, not {number!r}") from None
        if not 0 <= index < len(faces):
            have = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
            raise OptionError(f"there is no face {number}; {name} has {have}, counted from 1")
        problem = _problem(faces[index], name)
        if problem is not None:
            raise problem
        return index
    by_size = sorted(range(len(faces)), key=lambda i: -faces[i].width_px * faces[i].height_px)
    problems = [_problem(faces[i], name) for i in by_size]
    for index, problem in zip(by_size, problems, strict=True):
        if problem is None:
            return index
    assert problems[0] is not None
    raise problems[0]


def _problem(face: Face, name: str) -> PortraitError | None:
    """Return why a face cannot be animated, or None."""
    if min(face.width_px, face.height_px) < LEAST_FACE_PX:
        return FaceTooSmallError(
            f"the face in {name} is {face.width_px:.0f} x {face.height_px:.0f} px; at least "
            f"{LEAST_FACE_PX} px are needed, use a larger picture"
        )
    for angle, limit, what in (
        (face.yaw_deg, MOST_YAW_DEG, "turned to the side"),
        (face.pitch_deg, MOST_PITCH_DEG, "tilted up or down"),
        (face.roll_deg, MOST_ROLL_DEG, "rolled to its side"),
    ):
        if abs(angle) > limit:
            return FaceAngleError(
                f"the face in {name} is {what} by {abs(angle):.0f} degrees; up to {limit:.0f} "
                "works, use a picture that faces the camera"
            )
    return None


def _picture_too_small(picture: Picture) -> FaceTooSmallError:
    """Say that no face fits into a picture, by its own size."""
    height, width = picture.image.shape[:2]
    own = picture.original_size or (width, height)
    if own == (width, height):
        return FaceTooSmallError(
            f"{picture.shown} is {width} x {height} px; a face needs at least "
            f"{LEAST_FACE_PX} px, use a larger picture"
        )
    return FaceTooSmallError(
        f"{picture.shown} is {own[0]} x {own[1]} px, too narrow for a face once its longer side "
        f"is reduced to {SIDE_LIMIT_PX} px; cut out the face"
    )


def _no_face(picture: Picture, finder: FaceFinder) -> PortraitError:
    """Say that there is no face, or that the picture lies on its side."""
    small = _small(picture.image)
    turns = ((1, "90 degrees clockwise"), (3, "90 degrees anticlockwise"), (2, "180 degrees"))
    for quarters, lies in () if _is_flat(small) else turns:
        if finder.find(np.ascontiguousarray(np.rot90(small, quarters))):
            return FaceAngleError(
                f"the face in {picture.shown} is rolled by {lies}; up to {MOST_ROLL_DEG:.0f} "
                "degrees work, turn the picture upright first"
            )
    return NoFaceError(
        f"no human face was found in {picture.shown} (animals are not animated); use a picture "
        "in which a face looks at the camera"
    )


def _small(image: ByteImage) -> ByteImage:
    """Return a picture at the size in which a face that lies on its side is looked for."""
    side = max(image.shape[:2])
    if side <= _TURNED_SIDE_PX:
        return image
    import cv2

    height, width = (max(1, round(n * _TURNED_SIDE_PX / side)) for n in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _is_flat(image: ByteImage) -> bool:
    """Tell whether a picture is so nearly constant that nothing can be seen in it."""
    low, high = image.min(axis=(0, 1)).astype(int), image.max(axis=(0, 1)).astype(int)
    return bool((high - low).max() <= _FLAT_LEVELS)
