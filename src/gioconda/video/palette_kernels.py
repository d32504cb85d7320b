"""Pictures in 256 colours, by table look-up with ordered dither."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

ByteArray = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]

#: Bits of each channel that address the table.
TABLE_BITS: Final = 6


def bayer_offsets(amplitude: float) -> Offsets:
    """Return the 8 x 8 ordered dither pattern (B. Bayer, 1973), from -amplitude to amplitude."""
    pattern = np.zeros((1, 1))
    for _ in range(3):
        pattern = np.block([[4 * pattern, 4 * pattern + 2], [4 * pattern + 3, 4 * pattern + 1]])
    return np.rint(((pattern + 0.5) / 32 - 1) * amplitude).astype(np.int32)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def nearest_table(palette: ByteArray) -> ByteArray:
    """Return the index of the nearest colour for each colour.

    Args:
        palette: (n, 3) RGB, n at most 256.

    Returns:
        (2 ** 18,) indices, addressed by the upper six bits of R, G and B in this order. The
        distance weighs the channels 2, 4, 3, roughly as the eye does.
    """
    steps = 1 << TABLE_BITS
    width = 256 // steps
    table = np.empty(steps**3, np.uint8)
    for cell in range(steps**3):
        r = (cell // (steps * steps)) * width + width // 2
        g = (cell // steps % steps) * width + width // 2
        b = (cell % steps) * width + width // 2
        best, best_index = 1 << 30, 0
        for k in range(len(palette)):
            dr, dg, db = r - palette[k, 0], g - palette[k, 1], b - palette[k, 2]
            distance = 2 * dr * dr + 4 * dg * dg + 3 * db * db
            if distance < best:
                best, best_index = distance, k
        table[cell] = best_index
    return table


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def map_to_palette(rgb: ByteArray, table: ByteArray, offsets: Offsets, out: ByteArray) -> None:
    """Write the palette index of each pixel.

    Args:
        rgb: (height, width, 3) sRGB.
        table: of :func:`nearest_table`.
        offsets: (8, 8), added to all channels before the look-up.
        out: (height, width), overwritten.
    """
    shift = 8 - TABLE_BITS
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            d = offsets[y & 7, x & 7]
            r = min(max(rgb[y, x, 0] + d, 0), 255) >> shift
            g = min(max(rgb[y, x, 1] + d, 0), 255) >> shift
            b = min(max(rgb[y, x, 2] + d, 0), 255) >> shift
            out[y, x] = table[(((r << TABLE_BITS) | g) << TABLE_BITS) | b]
