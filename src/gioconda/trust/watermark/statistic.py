"""What both sides compute of a picture of the grid: the same numbers embedded and read.

High-passed, so that the picture itself falls out, and divided by the square of its local activity,
so that a smooth wall counts more than hair. (Exponent 2 read best in a sweep of 1 to 2.)
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.layout import SIDE

FloatImage = npt.NDArray[np.float32]

#: Standard deviations of the blurs, in chips: what the high pass leaves out, and of the activity.
HIGH_PASS: Final = 1.5
_ACTIVITY: Final = 1.2
#: Levels of activity below which a place counts as smooth.
_QUIET: Final = 1.0
#: Largest reading of a chip, in activities; one hard edge must not outvote many chips.
_LIMIT: Final = 2.5


def statistic(grid: FloatImage) -> FloatImage:
    """Return the whitened statistic of a grid image.

    Args:
        grid: float32 (rows, columns), mean luma of each chip's square, 0 to 255; any number of
            rows and columns from about 8.

    Returns:
        float32 (rows, columns); positive where a chip is brighter than around it.
    """
    high = grid - cv2.GaussianBlur(grid, (0, 0), HIGH_PASS)
    weight = 1 / (_QUIET + cv2.GaussianBlur(np.abs(high), (0, 0), _ACTIVITY))
    limited: FloatImage = np.clip(high * weight, -_LIMIT, _LIMIT) * weight
    return limited


def folded(values: FloatImage, side: int = SIDE) -> FloatImage:
    """Return the sum of all tiles of a grid that repeats, from its top left; (side, side)."""
    rows, columns = values.shape
    if rows == columns == side:
        return values
    total = np.zeros((side, side), np.float32)
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            tile = values[top : top + side, left : left + side]
            total[: tile.shape[0], : tile.shape[1]] += tile
    return total
