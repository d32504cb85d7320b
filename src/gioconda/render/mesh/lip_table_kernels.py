"""Compiled tables of the lips: where the edges of the opening run at one moment.

All lengths are millimetres of the skull-fixed mouth frame (x along the head's x axis, y down,
origin at the closed lips' centre), unless a name says otherwise.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

#: Step and reach of the tables over x, and their length.
TABLE_STEP: Final = 0.25
TABLE_REACH: Final = 36.0
TABLE_LENGTH: Final = 289


@njit(cache=True, fastmath=True, nogil=True)
def lip_tables(screen, ring, to_mouth, rest_gap, table):  # type: ignore[no-untyped-def]
    """Tabulate the lips' inner edges over x.

    Args:
        screen: (V, 2) projected vertices.
        ring: (2h,) vertices of the inner lip ring: a corner, the upper edge, the other corner,
            the lower edge back.
        to_mouth: (2, 3) screen to mouth frame.
        rest_gap: (h + 1,) gap that counts as closed, for each pair of ring points.
        table: (2, TABLE_LENGTH) receives y of the upper and of the lower edge.

    Returns:
        x of the left corner, x of the right corner, greatest gap.
    """
    n = ring.shape[0]
    h = n // 2
    edges = np.empty((2, h + 1, 2), np.float64)
    for i in range(h + 1):
        for side in range(2):
            v = ring[i] if side == 0 else ring[(n - i) % n]
            for axis in range(2):
                edges[side, i, axis] = (
                    to_mouth[axis, 0] * screen[v, 0]
                    + to_mouth[axis, 1] * screen[v, 1]
                    + to_mouth[axis, 2]
                )
        gap = edges[1, i, 1] - edges[0, i, 1]
        slack = 1.06 * rest_gap[i] + 0.05
        past = gap - slack
        open_gap = 0.0
        if past > 0:
            open_gap = past + slack * (1 - math.exp(-past / (1.5 * rest_gap[i] + 0.3)))
        inset = 0.5 * (gap - open_gap)
        edges[0, i, 1] += inset
        edges[1, i, 1] -= inset
    left = edges[0, 0, 0]
    right = edges[0, h, 0]
    for side in range(2):
        x0 = left
        y0 = edges[side, 0, 1]
        j = math.ceil((left + TABLE_REACH) / TABLE_STEP)
        first = j
        for i in range(1, h + 1):
            x1 = max(edges[side, i, 0], x0 + 1e-3)
            y1 = edges[side, i, 1]
            while j < TABLE_LENGTH and j * TABLE_STEP - TABLE_REACH <= x1:
                if j >= 0:
                    table[side, j] = y0 + (y1 - y0) * (j * TABLE_STEP - TABLE_REACH - x0) / (
                        x1 - x0
                    )
                j += 1
            x0 = x1
            y0 = y1
        for k in range(0, min(max(first, 0), TABLE_LENGTH)):
            table[side, k] = edges[side, 0, 1]
        for k in range(max(min(j, TABLE_LENGTH), 0), TABLE_LENGTH):
            table[side, k] = edges[side, h, 1]
    for _ in range(14):  # rounds the polygon's corners
        for side in range(2):
            before = table[side, 0]
            for k in range(1, TABLE_LENGTH - 1):
                here = table[side, k]
                table[side, k] = 0.25 * before + 0.5 * here + 0.25 * table[side, k + 1]
                before = here
    widest = 0.0
    for k in range(TABLE_LENGTH):
        widest = max(widest, table[1, k] - table[0, k])
    return left, right, widest
