"""Compiled kernel that gives back what bilinear sampling takes from sharp texture.

Between two samples, at the fraction f, linear interpolation is off by f (1 - f) / 2 times the
second derivative. So texture looks sharp where it happens to fall on whole pixels and soft where it
falls between them, and a moving face pulses. The second difference of the sampled picture, times
that factor, is taken off again; on whole pixels, as at rest, nothing changes at all.
"""

from __future__ import annotations

import numpy as np
from numba import njit

i32 = np.int32

#: Most that a channel changes: at contours the neighbours are of another surface, or of none.
MOST_LEVELS = 14


def phase_gains(strength: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the factor for each of the 32 fractions of ``cv2.remap``, in 256ths, (32,) int32.

    Args:
        strength: 1 for a smooth picture; more, since the second difference was softened too.
    """
    f = np.arange(32) / 32
    return np.asarray(np.round(256 * strength * f * (1 - f) / 2), np.int32)


@njit(cache=True, nogil=True, boundscheck=False)
def sharpen(sampled, fraction, x0, y0, gains, across, down, out):  # type: ignore[no-untyped-def]
    """Sharpen sampled texture by the fractions that it was sampled at.

    Args:
        sampled: (h, w, 4) uint8.
        fraction: (H, W) uint16, 32 times that of the row and that of the column, as
            ``cv2.remap`` wants it.
        x0: column of ``fraction`` that belongs to the first column.
        y0: row of ``fraction`` that belongs to the first row.
        gains: (32,) int32 from :func:`phase_gains`.
        across: (4 w or more,) int32, room.
        down: (4 w or more,) int32, room.
        out: (h, w, 4) uint8.
    """
    height, width = sampled.shape[0], sampled.shape[1]
    limit = i32(MOST_LEVELS)
    first, last = np.uintp(4), np.uintp(4 * width - 4)
    for row in range(height):
        above = sampled[max(row - 1, 0)].reshape(-1)
        here = sampled[row].reshape(-1)
        below = sampled[min(row + 1, height - 1)].reshape(-1)
        to = out[row].reshape(-1)
        packed = fraction[row + y0, x0:]
        # spread over the channels first, so that the loop over bytes below vectorises
        for x in range(np.uintp(0), np.uintp(width)):
            a = gains[packed[x] & 31]
            b = gains[(packed[x] >> 5) & 31]
            for c in range(4):
                across[4 * x + c] = a
                down[4 * x + c] = b
        for i in range(4):
            to[i] = here[i]
            to[4 * width - 1 - i] = here[4 * width - 1 - i]
        for i in range(first, last):
            m = i32(here[i])
            off = across[i] * (2 * m - i32(here[i - 4]) - i32(here[i + 4]))
            off += down[i] * (2 * m - i32(above[i]) - i32(below[i]))
            off = min(max((off + 128) >> 8, -limit), limit)
            to[i] = np.uint8(min(max(m + off, i32(0)), i32(255)))
