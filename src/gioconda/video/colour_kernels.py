"""RGB to planar YUV, 4:2:0 or with alpha 4:4:4, by the BT.709 matrix in limited range, in one pass.

With Y' = 0.2126 R + 0.7152 G + 0.0722 B, luma is 16 + 219 Y' / 255, and Cb, Cr are 128 + 224 / 255
times (B - Y') / 1.8556 and (R - Y') / 1.5748, as ITU-R BT.709-6 (items 3.2 to 3.5) has them;
16-bit fixed point, rounded. Chroma is the mean of each 2 x 2 block.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

ByteImage = npt.NDArray[np.uint8]
WordImage = npt.NDArray[np.uint16]


def _fixed(*weights: float) -> tuple[np.int32, ...]:
    """Return weights in 16-bit fixed point; 32 bits wide, so that loops vectorise fully."""
    return tuple(np.int32(round(w * 65536)) for w in weights)


_LUMA, _CHROMA = 219 / 255, 224 / 255
_YR, _YG, _YB = _fixed(0.2126 * _LUMA, 0.7152 * _LUMA, 0.0722 * _LUMA)
_UR, _UG, _UB = _fixed(-0.2126 / 1.8556 * _CHROMA, -0.7152 / 1.8556 * _CHROMA, 0.5 * _CHROMA)
_VR, _VG, _VB = _fixed(0.5 * _CHROMA, -0.7152 / 1.5748 * _CHROMA, -0.0722 / 1.5748 * _CHROMA)
_Y_BITS: Final = np.int32(16)
#: Chroma works on sums of four pixels, hence two bits more.
_C_BITS: Final = np.int32(18)
#: Offsets, each with half a unit for rounding.
_Y0: Final = np.int32((16 << 16) + (1 << 15))
_C0: Final = np.int32((128 << 18) + (1 << 17))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def rgb_to_i420(rgb: ByteImage, y: ByteImage, u: ByteImage, v: ByteImage) -> None:
    """Convert a picture; an odd width or height is made even by repeating the last pixel.

    Args:
        rgb: (height, width, 3) sRGB, C-contiguous.
        y: written in its first (height, width), both rounded up to even; rows may be longer.
        u: Cb, written in its first half as many rows and columns; rows may be longer.
        v: Cr, like ``u``.
    """
    height, width = rgb.shape[0], rgb.shape[1]
    half = (width + 1) // 2
    sums = np.empty((3, 2 * half), np.int32)  # of two rows
    for block in range((height + 1) // 2):
        for k in range(2):
            pixels = rgb[min(2 * block + k, height - 1)].reshape(-1)
            luma = y[2 * block + k]
            for x in range(width):
                r = np.int32(pixels[3 * x])
                g = np.int32(pixels[3 * x + 1])
                b = np.int32(pixels[3 * x + 2])
                luma[x] = (_YR * r + _YG * g + _YB * b + _Y0) >> _Y_BITS
                if k == 0:
                    sums[0, x], sums[1, x], sums[2, x] = r, g, b
                else:
                    sums[0, x] += r
                    sums[1, x] += g
                    sums[2, x] += b
            if width % 2:
                luma[width] = luma[width - 1]
        if width % 2:
            for c in range(3):
                sums[c, width] = sums[c, width - 1]
        cb, cr = u[block], v[block]
        for x in range(half):
            r = sums[0, 2 * x] + sums[0, 2 * x + 1]
            g = sums[1, 2 * x] + sums[1, 2 * x + 1]
            b = sums[2, 2 * x] + sums[2, 2 * x + 1]
            cb[x] = (_UR * r + _UG * g + _UB * b + _C0) >> _C_BITS
            cr[x] = (_VR * r + _VG * g + _VB * b + _C0) >> _C_BITS


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def rgba_to_yuva444p10(
    rgba: ByteImage, y: WordImage, u: WordImage, v: WordImage, alpha: WordImage
) -> None:
    """Convert to 10 bits without subsampling; luma and chroma limited, alpha 0 to 1023.

    An odd width or height is made even by repeating the last pixel.

    Args:
        rgba: (height, width, 4), sRGB and alpha.
        y: written in its first (height, width), both rounded up to even; rows may be longer.
        u: Cb, like ``y``.
        v: Cr, like ``y``.
        alpha: like ``y``.
    """
    height, width = rgba.shape[0], rgba.shape[1]
    half, black, grey = np.int32(1 << 13), np.int32(64 << 14), np.int32(512 << 14)
    for row in range(height + height % 2):
        pixels = rgba[min(row, height - 1)]
        for x in range(width + width % 2):
            p = pixels[min(x, width - 1)]
            r, g, b, a = np.int32(p[0]), np.int32(p[1]), np.int32(p[2]), np.int32(p[3])
            y[row, x] = (_YR * r + _YG * g + _YB * b + black + half) >> 14
            u[row, x] = (_UR * r + _UG * g + _UB * b + grey + half) >> 14
            v[row, x] = (_VR * r + _VG * g + _VB * b + grey + half) >> 14
            alpha[row, x] = (a * 1023 + 127) // 255
