"""The grid of chips over a frame: squares from the top left, 128 along the shorter side.

A small frame shows the top left part of the grid alone, in chips that are large enough to outlive
an encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from gioconda.trust.watermark.layout import SIDE

FloatImage = npt.NDArray[np.float32]

#: Side that a chip of a small frame has, in pixels, unless fewer than so many would be left along
#: the shorter side: each bit needs chips enough. At 256 to 360 pixels, of six clips, crf 28 took
#: the identifier from five with 128 chips along the side, and from three with chips of 3 pixels.
_SMALL_CHIP: Final = 3.0
_FEWEST: Final = 80


@dataclass(frozen=True)
class Grid:
    """Where the chips of a frame lie.

    The chip in row i and column j covers the square from (j, i) * chip to (j + 1, i + 1) * chip,
    in pixels from the top left corner; it repeats what chip (i mod 128, j mod 128) says.

    Attributes:
        width, height: of the frame, in pixels.
    """

    width: int
    height: int

    @property
    def chip(self) -> float:
        """Side of a chip in pixels; at least one."""
        side = min(self.width, self.height)
        return max(side / SIDE, min(_SMALL_CHIP, side / _FEWEST), 1.0)

    @property
    def rows(self) -> int:
        """Rows that lie wholly in the frame."""
        return int(self.height / self.chip + 1e-6)

    @property
    def columns(self) -> int:
        """Columns that lie wholly in the frame."""
        return int(self.width / self.chip + 1e-6)

    def image(self, luma: npt.NDArray[np.uint8] | FloatImage) -> FloatImage:
        """Return the mean of each whole chip's square, float32 (rows, columns).

        Args:
            luma: uint8 or float32 (height, width).
        """
        tall = np.empty((self.rows, luma.shape[1]), np.float32)
        _row_means(luma, self.chip, tall)
        wide = np.empty((self.columns, self.rows), np.float32)
        _row_means(np.ascontiguousarray(tall.T), self.chip, wide)
        return np.ascontiguousarray(wide.T)


@njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def _row_means(image, chip, out):  # type: ignore[no-untyped-def]
    """Write the mean of each ``chip`` rows, parts of rows counting as such."""
    height, width = image.shape
    for i in range(out.shape[0]):
        low, high = i * chip, (i + 1) * chip
        out[i] = 0
        for y in range(int(low), min(int(np.ceil(high - 1e-6)), height)):
            part = np.float32((min(high, y + 1) - max(low, y)) / chip)
            for x in range(width):
                out[i, x] += part * image[y, x]
