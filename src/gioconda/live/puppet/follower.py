"""One face followed before a webcam, at the price of one look a frame.

:class:`gioconda.capture.follower.FaceFollower` searches with the finder of portraits, which may
take half a second, and keeps a detector running while it tells several faces apart. Here the
model follows one face only; to choose it, or to find it again, the rest of the picture is hidden
from the model.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.mediapipe_models import VideoMesh, detect_faces

Array = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: From one frame to the next a face moves by less than this, in its own sizes.
_REACH: Final = 0.8
#: Half the side of what the model is shown round a face that is looked for, in face sizes.
_SHOWN: Final = 1.3
#: A face that was lost is looked for in its place so long, seconds, then anywhere.
PATIENCE_S: Final = 2.0
_HIDDEN_GREY: Final = 110


class WebcamFollower:
    """Follows the largest face until it is lost; use it as a context."""

    def __init__(self) -> None:
        self._mesh = VideoMesh()
        self._middle: Array | None = None
        self._size = 0.0
        self._missed_s = 0.0
        self._steady = False

    def __enter__(self) -> WebcamFollower:
        self._mesh.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._mesh.__exit__(None, None, None)

    def landmarks(self, image: ByteImage, step_s: float) -> Array | None:
        """Return the face in the next frame, (478, 3) in its pixels, or None.

        Args:
            image: (H, W, 3) uint8 RGB.
            step_s: since the frame before.
        """
        if self._middle is None and not self._choose(image):
            return None
        faces = self._mesh.find(image if self._steady else self._round_face(image))
        face = np.asarray(faces[0], np.float64) if faces else None
        if face is not None and self._is_it(face):
            self._middle, self._size = _middle(face), _size(face)
            self._missed_s, self._steady = 0.0, True
            return face
        self._steady = False
        self._missed_s += step_s
        if self._missed_s > PATIENCE_S:
            self._middle, self._missed_s = None, 0.0
        return None

    def _choose(self, image: ByteImage) -> bool:
        """Take the largest face that a detector sees, and say whether there is one."""
        boxes = [d.box for d in detect_faces(image, full_range=False)]
        if not boxes:
            return False
        left, top, width, height = max(boxes, key=lambda b: float(b[2] * b[3])).astype(float)
        self._middle = np.array([left + width / 2, top + height / 2])
        self._size = max(width, height)
        self._steady = False
        return True

    def _is_it(self, face: Array) -> bool:
        assert self._middle is not None
        reach = max(_REACH, _SHOWN * (not self._steady)) * max(self._size, _size(face))
        return float(np.linalg.norm(_middle(face) - self._middle)) < reach

    def _round_face(self, image: ByteImage) -> ByteImage:
        """Return the picture with all but the surroundings of the face hidden."""
        assert self._middle is not None
        half = _SHOWN * self._size
        low = np.maximum(self._middle - half, 0).astype(int)
        high = np.maximum(self._middle + half, 0).astype(int) + 1
        shown = np.full_like(image, _HIDDEN_GREY)
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        shown[part] = image[part]
        return shown


def _middle(face: Array) -> Array:
    result: Array = face[:, :2].mean(axis=0)
    return result


def _size(face: Array) -> float:
    return float(np.ptp(face[:, :2], axis=0).max())
