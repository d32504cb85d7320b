"""Compiled kernels that find where a frame moved, and blend it into its picture."""

from __future__ import annotations

import numpy as np
from numba import njit

i32 = np.int32


@njit(cache=True, nogil=True, boundscheck=False)
def block_difference(frame, rest, block, out):  # type: ignore[no-untyped-def]
    """Largest difference of any channel within each block of pixels.

    Args:
        frame: (H, W, 3) uint8.
        rest: (H, W, 3) uint8.
        block: side of a block in pixels.
        out: (ceil(H / block), ceil(W / block)) uint8, receives the differences.
    """
    out[:] = 0
    for y in range(frame.shape[0]):
        by = y // block
        for bx in range(out.shape[1]):
            most = i32(out[by, bx])
            for x in range(bx * block, min((bx + 1) * block, frame.shape[1])):
                for c in range(3):
                    most = max(most, abs(i32(frame[y, x, c]) - i32(rest[y, x, c])))
            out[by, bx] = most


@njit(cache=True, nogil=True, boundscheck=False)
def blend_patch(picture, patch, mask, out):  # type: ignore[no-untyped-def]
    """Write picture + mask (patch - picture); the picture itself where the mask is 0.

    Args:
        picture: (h, w, 3) uint8.
        patch: (h, w, 3) uint8.
        mask: (h, w) uint8, 255 = patch.
        out: (h, w, 3) uint8, receives the blend; may be ``picture``.
    """
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            m = i32(mask[y, x])
            if m == 0:
                for c in range(3):
                    out[y, x, c] = picture[y, x, c]
            elif m == 255:
                for c in range(3):
                    out[y, x, c] = patch[y, x, c]
            else:
                for c in range(3):
                    mixed = i32(patch[y, x, c]) * m + i32(picture[y, x, c]) * (255 - m)
                    out[y, x, c] = np.uint8((mixed + 127) // 255)
