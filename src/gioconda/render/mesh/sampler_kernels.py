"""Compiled samplers that the mouth's kernels share."""

from __future__ import annotations

import math

from numba import njit


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def smooth_step(x):  # type: ignore[no-untyped-def]
    """Return the cubic that rises from 0 at x = 0 to 1 at x = 1."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


@njit(cache=True, fastmath=True, nogil=True)
def sample_rgba(texture, x, y, value):  # type: ignore[no-untyped-def]
    """Sample (h, w, 4) between its pixels into value, (4,); 0 outside."""
    h = texture.shape[0]
    w = texture.shape[1]
    if x < 0 or y < 0 or x >= w - 1 or y >= h - 1:
        for c in range(4):
            value[c] = 0.0
        return
    ix = int(x)
    iy = int(y)
    fx = x - ix
    fy = y - iy
    for c in range(4):
        top = texture[iy, ix, c] * (1 - fx) + texture[iy, ix + 1, c] * fx
        bottom = texture[iy + 1, ix, c] * (1 - fx) + texture[iy + 1, ix + 1, c] * fx
        value[c] = top * (1 - fy) + bottom * fy


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def sample_tile(tile, x, y):  # type: ignore[no-untyped-def]
    """Sample a tile, (n, n), that repeats; n is a power of two."""
    wrap = tile.shape[0] - 1
    ix = math.floor(x)
    iy = math.floor(y)
    fx = x - ix
    fy = y - iy
    top = tile[iy & wrap, ix & wrap] * (1 - fx) + tile[iy & wrap, (ix + 1) & wrap] * fx
    iy += 1
    bottom = tile[iy & wrap, ix & wrap] * (1 - fx) + tile[iy & wrap, (ix + 1) & wrap] * fx
    return top * (1 - fy) + bottom * fy
