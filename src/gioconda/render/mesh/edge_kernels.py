"""Compiled kernel that tightens the cut-out of what has moved away from its place."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING

f32 = np.float32
i32 = np.int32


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def tighten(sampled, whole, fraction, light_map, tight, crown, density, begin, span, x0, y0):  # type: ignore[no-untyped-def]
    """Blend the edge of a sample into the tight texture by how far each pixel has moved, in place.

    Pixels that are fully opaque, or that show nothing, are left alone.

    Args:
        sampled: (h, w, 4) uint8, a box sampled from the soft, premultiplied texture.
        whole: (H, W, 2) int16 texture pixel that each pixel of the frame shows.
        fraction: (H, W) uint16 5 + 5 bits of fractions.
        light_map: (H, W) uint16; :data:`LIGHT_NOTHING` where nothing shows.
        tight: (T, W, 4) uint8, premultiplied.
        crown: rows of the textures above the frame.
        density: places per pixel that ``whole`` counts in; ``tight`` has one.
        begin: float32, pixels of movement at which the tight texture begins to show.
        span: float32, more pixels up to where it shows alone.
        x0: left edge of the box in the frame.
        y0: top edge.
    """
    u_limit = f32(tight.shape[1] - 1.01)
    v_limit = f32(tight.shape[0] - 1.01)
    part = f32(1.0 / 32.0)
    place = f32(1.0) / f32(density)
    for row in range(sampled.shape[0]):
        y = row + y0
        for column in range(sampled.shape[1]):
            alpha = sampled[row, column, 3]
            if alpha == 255 or alpha == 0:
                continue
            x = column + x0
            if light_map[y, x] == LIGHT_NOTHING:
                continue
            bits = i32(fraction[y, x])
            u = (f32(whole[y, x, 0]) + f32(bits & 31) * part) * place
            v = (f32(whole[y, x, 1]) + f32(bits >> 5) * part) * place
            du = u - f32(x)
            dv = v - f32(crown + y)
            share = (math.sqrt(du * du + dv * dv) - begin) / span
            if share <= 0:
                if alpha == 254:
                    sampled[row, column, 3] = 255
                continue
            share = min(share, f32(1.0))
            share *= share * (f32(3.0) - f32(2.0) * share)
            u = min(max(u, f32(0.0)), u_limit)
            v = min(max(v, f32(0.0)), v_limit)
            iu = i32(u)
            iv = i32(v)
            fu = u - f32(iu)
            fv = v - f32(iv)
            for c in range(4):
                upper = f32(tight[iv, iu, c]) * (f32(1.0) - fu) + f32(tight[iv, iu + 1, c]) * fu
                lower = (
                    f32(tight[iv + 1, iu, c]) * (f32(1.0) - fu) + f32(tight[iv + 1, iu + 1, c]) * fu
                )
                moved = upper * (f32(1.0) - fv) + lower * fv
                soft = f32(sampled[row, column, c])
                sampled[row, column, c] = np.uint8(soft + share * (moved - soft) + f32(0.5))
