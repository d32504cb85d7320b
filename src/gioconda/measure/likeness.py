"""How like two pictures of one face are: error, structure, identity, flicker."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.head_pose import RIGID

ByteImage = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]
Box = tuple[int, int, int, int]

#: Constants of SSIM for 255 levels (Wang et al. 2004).
_C1: Final = 6.5
_C2: Final = 58.5
#: Side of the aligned face that identity is judged on, and its outer-eye distance.
_FACE_PX: Final = 96
_EYES_PX: Final = 56.0
#: Where the real picture changes by no more than this from frame to frame, nothing should.
_STILL_LEVELS: Final = 1.0


def box_round(points: Array, pad: float, size: int) -> Box:
    """Return the box (left, top, right, bottom) of points, (n, 2), padded by a part of itself."""
    low, high = points.min(axis=0), points.max(axis=0)
    by = (high - low) * pad
    x0, y0 = np.clip(low - by, 0, size - 8).astype(int)
    x1, y1 = np.clip(high + by, 8, size).astype(int)
    return int(x0), int(y0), int(max(x1, x0 + 8)), int(max(y1, y0 + 8))


def within(image: ByteImage, box: Box) -> ByteImage:
    """Return the part of an image in a box."""
    x0, y0, x1, y1 = box
    return image[y0:y1, x0:x1]


def psnr(a: ByteImage, b: ByteImage) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 10 * math.log10(255**2 / max(error, 1e-3))


def ssim(a: ByteImage, b: ByteImage) -> float:
    """Return the structural similarity of the grey pictures, window of sigma 1.5."""
    import cv2

    x, y = (cv2.cvtColor(i, cv2.COLOR_RGB2GRAY).astype(np.float32) for i in (a, b))

    def blurred(image: npt.NDArray[np.floating]) -> Array:
        return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5), np.float64)

    mx, my = blurred(x), blurred(y)
    vx, vy = blurred(x * x) - mx * mx, blurred(y * y) - my * my
    together = blurred(x * y) - mx * my
    top = (2 * mx * my + _C1) * (2 * together + _C2)
    return float(np.mean(top / ((mx * mx + my * my + _C1) * (vx + vy + _C2))))


def aligned_face(image: ByteImage, landmarks: Array) -> Array:
    """Return the face, eyes to base of the nose, laid onto one place: (96, 96), mean 0, norm 1.

    By a similarity on the rigid landmarks, so that pose in the plane, size and place do not
    count; brightness and contrast do not either.
    """
    import cv2

    from gioconda.portrait.canonical import canonical_landmarks

    rigid = list(RIGID)
    target = canonical_landmarks()[rigid, :2].astype(np.float64) * _EYES_PX
    target += (_FACE_PX / 2, _FACE_PX * 0.36)
    source = landmarks[rigid, :2]
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    norm = float((a * a).sum())
    c, s = float((a * b).sum()) / norm, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    turn = np.array([[c, -s], [s, c]])
    affine = np.column_stack([turn, target.mean(axis=0) - turn @ source.mean(axis=0)])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    face = cv2.warpAffine(grey, affine, (_FACE_PX, _FACE_PX), flags=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(face.astype(np.float32), (0, 0), 1.5)
    centred = np.asarray(blurred, np.float64) - blurred.mean()
    result: Array = centred / max(float(np.linalg.norm(centred)), 1e-6)
    return result


def identity(reference: Array, face: Array) -> float:
    """Return the correlation of two aligned faces, 1 for the same picture."""
    return float((reference * face).sum())


def flicker(before: ByteImage, after: ByteImage, real: tuple[ByteImage, ByteImage]) -> float:
    """Return the mean change, in grey levels, where the real picture has none."""
    import cv2

    def change(a: ByteImage, b: ByteImage) -> Array:
        calm = [cv2.blur(cv2.cvtColor(i, cv2.COLOR_RGB2GRAY), (3, 3)) for i in (a, b)]
        difference: Array = np.abs(calm[0].astype(np.float64) - calm[1])
        return difference

    still = change(*real) <= _STILL_LEVELS
    return float(change(before, after)[still].mean()) if still.any() else 0.0
