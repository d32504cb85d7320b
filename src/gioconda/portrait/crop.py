"""Cutting pieces out of a picture without aliasing, past its edge too."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gioconda.portrait.types import ByteImage, FloatArray

#: Most samples a side that one output pixel is the mean of.
_MOST_SAMPLES: Final = 16
#: Beyond the picture's edge its repeated pixels give way to its blur within this part of the view.
_BLUR_WITHIN: Final = 0.05
_BLUR_SIGMA: Final = 0.03


def cut(
    picture: ByteImage, left: int, top: int, width: int, height: int, scale: float
) -> ByteImage:
    """Return a rectangle of the picture, scaled; what lies outside is black.

    Shrinks by area, enlarges by cubic interpolation.

    Args:
        picture: (H, W, 3) uint8.
        left: column of the rectangle's first pixel; may be negative.
        top: row of its first pixel.
        width: of the rectangle in pixels of the picture.
        height: likewise.
        scale: output pixels in one pixel of the picture.
    """
    import cv2

    rows, columns = picture.shape[:2]
    piece = np.zeros((height, width, 3), np.uint8)
    x0, x1 = max(left, 0), min(left + width, columns)
    y0, y1 = max(top, 0), min(top + height, rows)
    if x1 > x0 and y1 > y0:
        piece[y0 - top : y1 - top, x0 - left : x1 - left] = picture[y0:y1, x0:x1]
    if scale == 1:
        return piece
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(piece, size, interpolation=method))


def sample(
    picture: ByteImage, to_picture: FloatArray, size: int, *, replicate: bool = False
) -> ByteImage:
    """Return the (size, size, 3) view of a picture under an affine; its edge is mirrored.

    Where the view shrinks the picture, each pixel is the mean over its own area (so nothing
    aliases); where it enlarges, interpolation is cubic.

    Args:
        picture: (H, W, 3) uint8.
        to_picture: (2, 3) affine from view pixels to picture pixels, centres at integers.
        size: side of the view in pixels.
        replicate: repeat the edge pixel outside the picture instead of mirroring.
    """
    import cv2

    step = float(np.linalg.norm(to_picture[:, 0]))
    samples = min(max(1, math.ceil(step - 1e-3)), _MOST_SAMPLES)
    fine = to_picture.astype(np.float64).copy()
    if samples > 1:  # pixel i of the finer grid lies at (i + 0.5) / samples - 0.5 of the view
        fine[:, 2] += fine[:, :2] @ np.full(2, 0.5 / samples - 0.5)
        fine[:, :2] /= samples
    view = cv2.warpAffine(
        picture,
        fine,
        (size * samples, size * samples),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE if replicate else cv2.BORDER_REFLECT_101,
    )
    if samples > 1:
        view = cv2.resize(view, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(view)


def blur_beyond(view: ByteImage, to_picture: FloatArray, shape: tuple[int, ...]) -> ByteImage:
    """Blur what a view shows beyond the picture's edge, the more the further from it.

    A mirrored margin would show a second body; the edge's own pixels drawn out and blurred are
    a calm border.

    Args:
        view: (size, size, 3) uint8, the edge's pixels repeated beyond it.
        to_picture: (2, 3) affine from view pixels to picture pixels.
        shape: the picture's shape.
    """
    import cv2

    size = view.shape[0]
    at = np.arange(size, dtype=np.float32)
    outside = []
    for axis, extent in ((0, shape[1]), (1, shape[0])):
        where = at * to_picture[axis, axis] + to_picture[axis, 2]
        beyond = np.maximum(np.maximum(-0.5 - where, where - (extent - 0.5)), 0)
        outside.append(beyond / to_picture[axis, axis])
    depth = np.maximum(outside[0][None, :], outside[1][:, None])
    if not depth.any():
        return view
    fade = np.clip(depth / (_BLUR_WITHIN * size), 0, 1)[..., None]
    blurred = cv2.GaussianBlur(view, (0, 0), _BLUR_SIGMA * size).astype(np.float32)
    mixed = view * (1 - fade) + blurred * fade
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)
