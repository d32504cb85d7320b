"""Where the lips of a closed mouth meet in the photo."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.sheet import slit_rows

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
ByteImage = npt.NDArray[np.uint8]

#: Lips nearer than this are closed: what is left is the landmarks' own error.
CLOSED_GAP_MM: Final = 1.0
#: The line is sought this far above and below the landmarks, and moved at most by the second.
SEARCH_MM: Final = 1.2
LARGEST_SHIFT_MM: Final = 0.8
#: A row of lips darker than its surroundings by less than this share shows no line.
FAINTEST_LINE: Final = 0.02

_STEPS: Final = 25
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)


def weld_closed_lips(
    vertices: Array, ring: IntArray, image: ByteImage, scale: float, down: Array, mm: float
) -> bool:
    """Join both lips of a closed mouth along the dark line between them, in place.

    The fit leaves up to a millimetre between closed lips, in which a moving mouth would show a
    sliver of lip. Parted lips are left as they are.

    Args:
        vertices: (n, 3), reference units.
        ring: subdivided ring of the mouth.
        image: the view, (size, size, 3) RGB.
        scale: reference units in one pixel of the view.
        down: (2,) unit vector from the forehead to the chin in the image.
        mm: one millimetre in reference units.

    Returns:
        Whether the mouth was closed.
    """
    upper, lower = (row[1:-1] for row in slit_rows(ring))
    gap = (vertices[lower, :2] - vertices[upper, :2]) @ down / mm
    if gap[len(gap) // 2] > CLOSED_GAP_MM or gap.max() > 1.6 * CLOSED_GAP_MM:
        return False
    middle = 0.5 * (vertices[upper] + vertices[lower])
    middle[:, :2] += _offset_to_line(middle[:, :2], image, scale, down, mm)[:, None] * down
    vertices[upper] = vertices[lower] = middle
    return True


def _offset_to_line(points: Array, image: ByteImage, scale: float, down: Array, mm: float) -> Array:
    """Return how far below each point the line between the lips runs, reference units."""
    import cv2

    steps = np.linspace(-SEARCH_MM, SEARCH_MM, _STEPS) * mm
    where = points[:, None] + steps[:, None] * down
    where = ((where + 0.5) / scale - 0.5).astype(np.float32)  # pixels of the view
    low = np.maximum(np.floor(where.min((0, 1))).astype(int) - 8, 0)
    high = np.ceil(where.max((0, 1))).astype(int) + 9
    patch = image[low[1] : high[1], low[0] : high[0]].astype(np.float32) @ _LUMA
    if patch.size == 0:
        return np.zeros(len(points))
    patch = cv2.GaussianBlur(patch, (0, 0), max(0.3 * mm / scale, 0.5))
    where -= low
    luma = cv2.remap(
        patch, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    depth = luma.max(1, keepdims=True) - luma
    contrast = depth.max(1) / np.maximum(luma.max(1), 8.0)
    weight = depth**4 * np.exp(-((steps / (SEARCH_MM * mm)) ** 2))
    offset = (weight * steps).sum(1) / np.maximum(weight.sum(1), 1e-6)
    if contrast.mean() < FAINTEST_LINE:
        return np.zeros(len(points))
    # One smooth curve along the mouth; rows without a line follow their neighbours.
    u = np.linspace(-1, 1, len(points))
    curve = np.polynomial.Polynomial.fit(u, offset, 4, w=np.sqrt(contrast + 1e-3))(u)
    taper = np.minimum(1, 4 * (1 - np.abs(u)))
    limit = LARGEST_SHIFT_MM * mm
    result: Array = np.clip(curve, -limit, limit) * taper
    return result
