"""Compiled loops of the glasses: the best path through a strip, and the layer's drawing."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32


@njit(cache=True, nogil=True)
def best_path(score, reach, slope_cost):  # type: ignore[no-untyped-def]
    """Find the row of each column whose scores sum to the most, by dynamic programming.

    Args:
        score: (rows, columns) float64.
        reach: rows that the path may move between neighbouring columns.
        slope_cost: score lost for each row moved.

    Returns:
        (columns,) int64 rows.
    """
    rows, columns = score.shape
    total = score[:, 0].copy()
    came = np.zeros((columns, rows), np.int16)
    for c in range(1, columns):
        now = np.empty(rows)
        for r in range(rows):
            best = -1e18
            for q in range(max(r - reach, 0), min(r + reach + 1, rows)):
                value = total[q] - slope_cost * abs(r - q)
                if value > best:
                    best = value
                    came[c, r] = q
            now[r] = best + score[r, c]
        total = now
    path = np.empty(columns, np.int64)
    path[columns - 1] = np.argmax(total)
    for c in range(columns - 1, 0, -1):
        path[c - 1] = came[c, path[c]]
    return path


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def lay_over(out, layer, filled, to_layer, first, last, box):  # type: ignore[no-untyped-def]
    """Lay a part of a premultiplied layer, seen through a homography, over a frame, in place.

    Args:
        out: (H, W, 3) uint8 frame.
        layer: (h, w, 4) float32 premultiplied, opacity 0 to 1 in the last channel.
        filled: (h, w) bool, where the layer or a neighbour of it is not empty.
        to_layer: (3, 3) float64 homography from the frame to the layer.
        first: float, columns of the layer from here on belong to this part.
        last: float, columns of the layer below this belong to it.
        box: (4,) int64, x0, y0, x1, y1 on the frame that the part cannot leave.
    """
    height = out.shape[0]
    width = out.shape[1]
    rows = layer.shape[0]
    columns = layer.shape[1]
    for y in range(max(box[1], 0), min(box[3], height)):
        for x in range(max(box[0], 0), min(box[2], width)):
            w = 1.0 / (to_layer[2, 0] * x + to_layer[2, 1] * y + to_layer[2, 2])
            u = (to_layer[0, 0] * x + to_layer[0, 1] * y + to_layer[0, 2]) * w
            v = (to_layer[1, 0] * x + to_layer[1, 1] * y + to_layer[1, 2]) * w
            if u < first or u >= last or u < 0 or v < 0:
                continue
            iu = int(u)
            iv = int(v)
            if iu >= columns - 1 or iv >= rows - 1 or not filled[iv, iu]:
                continue
            fu = f32(u - math.floor(u))
            fv = f32(v - math.floor(v))
            a = (f32(1) - fu) * (f32(1) - fv)
            b = fu * (f32(1) - fv)
            c = (f32(1) - fu) * fv
            d = fu * fv
            opaque = (
                a * layer[iv, iu, 3] + b * layer[iv, iu + 1, 3]
                + c * layer[iv + 1, iu, 3] + d * layer[iv + 1, iu + 1, 3]
            )  # fmt: skip
            for k in range(3):
                colour = (
                    a * layer[iv, iu, k] + b * layer[iv, iu + 1, k]
                    + c * layer[iv + 1, iu, k] + d * layer[iv + 1, iu + 1, k]
                )  # fmt: skip
                mixed = f32(out[y, x, k]) * (f32(1) - opaque) + colour + f32(0.5)
                out[y, x, k] = np.uint8(min(max(mixed, f32(0)), f32(255)))
