"""Compiled kernels that put sampled texture over the background plate."""

from __future__ import annotations

import numpy as np
from numba import njit

from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING

u32 = np.uint32
i32 = np.int32


@njit(cache=True, nogil=True, boundscheck=False)
def composite(sampled, plate, light_map, gains, out, x0, y0):  # type: ignore[no-untyped-def]
    """Lay a box of premultiplied RGBA over the plate, lit by the light map.

    A pixel that is opaque and unlit is copied, so that the neutral frame is the photo itself.

    Args:
        sampled: (h, w, 4) uint8, premultiplied.
        plate: (H, W, 3) uint8.
        light_map: (H, W) uint16, 256 = unchanged; :data:`LIGHT_NOTHING` shows the plate.
        gains: (3,) int32, 256 = shadow as it is; more makes a channel darken faster.
        out: (H, W, 3) uint8, receives the box.
        x0: left edge of the box in the frame.
        y0: top edge.
    """
    count = np.uintp(sampled.shape[1])
    for row in range(sampled.shape[0]):
        s = sampled[row]
        o = out[row + y0, x0:]
        p = plate[row + y0, x0:]
        m = light_map[row + y0, x0:]
        for x in range(np.uintp(0), count):
            cover = u32(255) - u32(s[x, 3])
            light = i32(m[x])
            if light == 256:
                if cover == 0:
                    o[x, 0] = s[x, 0]
                    o[x, 1] = s[x, 1]
                    o[x, 2] = s[x, 2]
                elif cover == 255:
                    o[x, 0] = p[x, 0]
                    o[x, 1] = p[x, 1]
                    o[x, 2] = p[x, 2]
                else:
                    through = cover * u32(257)
                    for c in range(3):
                        value = u32(s[x, c]) + ((u32(p[x, c]) * through + u32(32768)) >> u32(16))
                        o[x, c] = np.uint8(min(value, u32(255)))
            elif light == LIGHT_NOTHING:
                o[x, 0] = p[x, 0]
                o[x, 1] = p[x, 1]
                o[x, 2] = p[x, 2]
            else:
                through = cover * u32(257)
                for c in range(3):
                    factor = light
                    if light < 256:
                        factor = max(256 - (((256 - light) * gains[c]) >> 8), i32(0))
                    value = ((u32(s[x, c]) * u32(factor) + u32(128)) >> u32(8)) + (
                        (u32(p[x, c]) * through + u32(32768)) >> u32(16)
                    )
                    o[x, c] = np.uint8(min(value, u32(255)))


@njit(cache=True, nogil=True, boundscheck=False)
def composite_alpha(sampled, light_map, out, x0, y0):  # type: ignore[no-untyped-def]
    """Write the cover of a box of premultiplied RGBA; see :func:`composite`.

    Args:
        sampled: (h, w, 4) uint8, premultiplied.
        light_map: (H, W) uint16; :data:`LIGHT_NOTHING` is where nothing was drawn.
        out: (H, W) uint8, receives the box.
        x0: left edge of the box in the frame.
        y0: top edge.
    """
    for row in range(sampled.shape[0]):
        for x in range(sampled.shape[1]):
            shows = light_map[row + y0, x + x0] != LIGHT_NOTHING
            out[row + y0, x + x0] = sampled[row, x, 3] if shows else np.uint8(0)
