"""Compiled kernels that lay the folds of the skin into the light map."""

from __future__ import annotations

import numpy as np
from numba import njit

from gioconda.render.mesh.raster_kernels import LIGHT_LIMIT, LIGHT_NOTHING

i32 = np.int32
#: Fixed-point one of the stored fields.
FIELD_BITS = 14


@njit(cache=True, nogil=True, boundscheck=False)
def sum_folds(fields, boxes, strengths, active, out):  # type: ignore[no-untyped-def]
    """Sum the fields that are active into one map of light to add.

    Args:
        fields: (F, h, w) int16, light to add at full strength, ``2 ** FIELD_BITS`` = 1.
        boxes: (F, 4) int32, x0, y0, x1, y1 outside which a field is 0.
        strengths: (F,) int32, 256 = full strength.
        active: (A,) int32, the fields whose strength is not 0.
        out: (h, w) int16, receives the sum, ``2 ** FIELD_BITS`` = 1.
    """
    room = np.zeros(out.shape[1], np.int32)
    for y in range(out.shape[0]):
        touched = False
        for a in range(active.shape[0]):
            f = active[a]
            if y < boxes[f, 1] or y >= boxes[f, 3]:
                continue
            touched = True
            s = strengths[f]
            row = fields[f, y]
            for x in range(np.uintp(boxes[f, 0]), np.uintp(boxes[f, 2])):
                room[x] += s * i32(row[x])
        o = out[y]
        if touched:
            for x in range(np.uintp(0), np.uintp(room.shape[0])):
                o[x] = np.int16(min(max(room[x] >> 8, i32(-32768)), i32(32767)))
                room[x] = i32(0)
        else:
            o[:] = np.int16(0)


@njit(cache=True, nogil=True, boundscheck=False)
def add_folds(light_map, whole, low, high, folds, x0, y0, density):  # type: ignore[no-untyped-def]
    """Add the folds to the light of every pixel, where its texture pixel has any.

    Args:
        light_map: (H, W) uint16, 256 = unchanged.
        whole: (H, W, 2) int16, the sample of the texture that each pixel shows.
        low: (2,) int32 x, y of the first pixel to look at.
        high: (2,) int32 of the one behind the last.
        folds: (h, w) int16 as :func:`sum_folds` leaves it.
        x0: texture column of the folds' left edge.
        y0: texture row of their top edge.
        density: samples of the texture that ``whole`` points into, for each one of the folds.
    """
    height = np.uint32(folds.shape[0])
    width = np.uint32(folds.shape[1])
    half = i32(1 << (FIELD_BITS - 1))
    for y in range(low[1], high[1]):
        light = light_map[y]
        at = whole[y]
        for x in range(np.uintp(low[0]), np.uintp(high[0])):
            u = np.uint32(i32(at[x, 0]) // density - x0)
            v = np.uint32(i32(at[x, 1]) // density - y0)
            if u >= width or v >= height:
                continue
            fold = i32(folds[v, u])
            if fold == 0 or light[x] == LIGHT_NOTHING:
                continue
            # relative to the light that is there: a fold in shade is as deep as one in light
            now = i32(light[x])
            now += (now * fold + half) >> FIELD_BITS
            light[x] = np.uint16(min(max(now, i32(0)), i32(LIGHT_LIMIT)))
