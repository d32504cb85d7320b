"""What both sides compute of a picture of the grid: the same numbers embedded and read.

High-passed twice, so that the picture itself falls out, and divided by the square of its local
activity and of its change in time, so that a wall counts more than hair, and what keeps still more
than what moves: there a codec carries the mark along with the picture, and little of it is left.
Filter, exponent and weights are those that read best, over six clips after H.264 at crf 28 and 32,
256 pixels at crf 23 and a crop to half the area, in a sweep of filters (single, double and triple,
0.6 to 2 chips), exponents (1.5 to 2.5) and weights (0 to 2).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.layout import SIDE

FloatImage = npt.NDArray[np.float32]

#: Standard deviations of the blurs, in chips: of the high pass, and of the local activity.
HIGH_PASS: Final = 1.0
_ACTIVITY: Final = 1.2
#: Levels of activity below which a place counts as smooth.
_QUIET: Final = 0.5
#: Activity that a level of change in time counts as.
_CHANGE: Final = 0.1
#: Largest reading of a chip, in activities; one hard edge must not outvote many chips.
_LIMIT: Final = 2.5


def statistic(
    grid: FloatImage, spread: FloatImage | None = None, samples: float = 1.0
) -> FloatImage:
    """Return the whitened statistic of a grid image.

    Args:
        grid: float32 (rows, columns), mean luma of each chip's square, 0 to 255, itself the mean
            over time for a video; any number of rows and columns from about 8.
        spread: of a video, how far luma varies in time there: the root of the mean, over each
            chip's square, of each pixel's variance; levels, float32 (rows, columns). None for a
            still.
        samples: per side of a chip, where the grid image is finer than one for each chip.

    Returns:
        float32 (rows, columns); positive where a chip is brighter than around it.
    """
    high = high_passed(grid, samples)
    activity = _QUIET + cv2.GaussianBlur(np.abs(high), (0, 0), _ACTIVITY * samples)
    limit = _LIMIT * activity
    high = np.clip(high, -limit, limit)
    if spread is not None:
        activity = activity + _CHANGE * spread
    values: FloatImage = high / (activity * activity)
    return values


def high_passed(grid: FloatImage, samples: float = 1.0) -> FloatImage:
    """Return what varies from chip to chip; arguments as for :func:`statistic`."""
    high = grid
    for _ in range(2):
        high = high - cv2.GaussianBlur(high, (0, 0), HIGH_PASS * samples)
    return high


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
