"""One face followed through the frames of a video, by its landmarks."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.portrait.crop import cut
from gioconda.portrait.finder import MediapipeFinder
from gioconda.portrait.mediapipe_models import VideoMesh

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: Frames are shown to the mesh model with their longer side at most this.
LARGEST_SIDE_PX: Final = 960
#: Faces smaller than this part of the frame's longer side are followed in a window of their own,
#: so many face sizes wide: the model's own detector would miss them.
_SMALL_FACE: Final = 0.16
_WINDOW_FACES: Final = 4.0
#: The window moves once the face's middle comes nearer to its edge than this many face sizes.
_WINDOW_MARGIN: Final = 0.9
#: A frame that starts a track is shown this often: the first mesh in it lies where the detector
#: saw a face, later ones where the mesh itself was, which fits better.
_SETTLING: Final = 3
#: Most faces followed at a time, to tell the chosen one from the others.
_MOST_FACES: Final = 5
#: From one frame to the next a face moves by less than this, in its own sizes.
_REACH: Final = 0.8
#: Frames without the face after which it is looked for anew.
_PATIENCE: Final = 8
#: While there is none, the search, which is slow, looks at one frame in so many.
_LOOK_EVERY: Final = 4


class FaceFollower:
    """Follows one face from frame to frame; use it as a context, once a video.

    Args:
        face: which one, numbered left to right from 1, in the first frame with a face; the
            largest if None.
    """

    def __init__(self, face: int | None = None) -> None:
        self._number = face
        self._mesh: VideoMesh | None = None
        self._window: tuple[int, int, int] | None = None
        self._last: Array | None = None
        self._missed = 0
        self._looks = 0
        self.faces = 0

    def __enter__(self) -> FaceFollower:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def landmarks(self, image: ByteImage) -> Array | None:
        """Return the face in the next frame, (478, 3) in its pixels, or None.

        Args:
            image: (H, W, 3) uint8 RGB.

        Raises:
            OptionError: the first frame with faces has none of the wanted number.
        """
        if self._mesh is None:
            return self._start(image)
        found = self._find(image)
        if found is None:
            self._missed += 1
            if self._missed >= _PATIENCE:
                self._missed = 0
                self._close()
            return None
        self._missed = 0
        self._last = found
        if self._window is not None and self._leaves_window(found):
            self._place_window(found)
            for _ in range(_SETTLING):
                again = self._find(image)
                found = found if again is None else again
            self._last = found
        return found

    def _start(self, image: ByteImage) -> Array | None:
        """Look for faces with the finder of portraits, and start to follow the chosen one."""
        self._looks += 1
        if self._looks % _LOOK_EVERY != 1:
            return None
        small_image, scale = _shrunk(image)
        faces = [_enlarged(f, scale) for f in MediapipeFinder().find(small_image)]
        if not faces:
            return None
        self._looks = 0
        faces.sort(key=lambda f: float(f[:, 0].mean()))
        if self._last is None:
            self.faces = len(faces)
            chosen = self._chosen(faces)
        else:  # lost for a while: the one of about the same place, or else the largest
            last, size = self._last, _size(self._last)
            near = [f for f in faces if _apart(f, last) < 2 * size]
            chosen = max(near or faces, key=_size)
        small = _size(chosen) < _SMALL_FACE * max(image.shape[:2])
        self._window = None
        if small:
            self._place_window(chosen)
        self._mesh = VideoMesh(min(len(faces), _MOST_FACES)).__enter__()
        self._last = chosen
        found = None
        for _ in range(_SETTLING):
            found = self._find(image)
            self._last = chosen if found is None else found
        return self._last

    def _chosen(self, faces: list[Array]) -> Array:
        if self._number is None:
            return max(faces, key=_size)
        if not 1 <= self._number <= len(faces):
            have = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
            raise OptionError(
                f"there is no face {self._number}; the video starts with {have}, counted from 1"
            )
        return faces[self._number - 1]

    def _find(self, image: ByteImage) -> Array | None:
        assert self._mesh is not None
        offset = np.zeros(3)
        if self._window is not None:
            left, top, side = self._window
            image = cut(image, left, top, side, side, 1.0)
            offset[:2] = left, top
        small, scale = _shrunk(image)
        faces = [_enlarged(f, scale) + offset for f in self._mesh.find(small)]
        last = self._last
        if last is not None and (len(faces) > 1 or self.faces > 1):
            faces = [f for f in faces if _apart(f, last) < _REACH * _size(last)]
            faces.sort(key=lambda f: _apart(f, last))
        return faces[0] if faces else None

    def _leaves_window(self, face: Array) -> bool:
        assert self._window is not None
        left, top, side = self._window
        middle = face[:, :2].mean(axis=0) - (left, top)
        margin = _WINDOW_MARGIN * _size(face)
        return bool((middle < margin).any() or (middle > side - margin).any())

    def _place_window(self, face: Array) -> None:
        side = round(_WINDOW_FACES * _size(face))
        x, y = face[:, :2].mean(axis=0)
        self._window = (round(x - side / 2), round(y - side / 2), side)

    def _close(self) -> None:
        if self._mesh is not None:
            self._mesh.__exit__(None, None, None)
            self._mesh = None


def _enlarged(face: npt.NDArray[np.float32], scale: float) -> Array:
    """Return landmarks found in an image that was shrunk by a scale, pixel centres at integers."""
    in_full = np.asarray(face, np.float64) / scale
    in_full[:, :2] += 0.5 / scale - 0.5
    return in_full


def _size(face: Array) -> float:
    return float(np.ptp(face[:, :2], axis=0).max())


def _apart(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a[:, :2].mean(axis=0) - b[:, :2].mean(axis=0)))


def _shrunk(image: ByteImage) -> tuple[ByteImage, float]:
    """Return an image with its longer side at most :data:`LARGEST_SIDE_PX`, and its scale."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, LARGEST_SIDE_PX / max(height, width))
    if scale == 1.0:
        return image, 1.0
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale
