"""How steep the sheet may be: a bound on how far turning the head can stretch the photo.

A plane seen from the front that falls away with slope s becomes cos(a) + s sin(a) times as wide
when the head turns by the angle a. At the edge of the face and behind it the true head is steeper
than any photo can pay for: the few pixels there would be drawn out to streaks. So slopes are
limited there. On the side that turns away nothing is stretched, and there ears and hair fall back
behind the edge of the face as far as they do in truth, which hides them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Greatest slope at the edge of the face and behind it: 1.6 times as wide at 20 degrees.
STEEPEST: Final = 2.0
ROUNDS: Final = 60
#: Excess of depth, in the unit of the points, below which an edge is left alone.
LEAST_EXCESS: Final = 0.01


def limit_slopes(points: Array, z: Array, triangles: IntArray, mobility: Array) -> Array:
    """Return depths, (n,), with the slopes of the mesh's edges limited to :data:`STEEPEST`.

    Each edge that is too steep pulls its ends together by its excess, again and again (projection
    of constraints, as in position-based dynamics).

    Args:
        points: (n, 2) places in the image.
        z: (n,) depths.
        triangles: (t, 3).
        mobility: (n,) 0 to 1, how readily each vertex gives way; at 0 it stays.
    """
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    a, b = np.unique(sides, axis=0).T
    total = mobility[a] + mobility[b]
    a, b = a[total > 0], b[total > 0]
    most = STEEPEST * np.linalg.norm(points[a] - points[b], axis=1)
    # an edge between two vertices that hardly move may stay steep
    give = 1 / np.maximum(mobility[a] + mobility[b], 1.0)
    result = z.copy()
    for _ in range(ROUNDS):
        step = result[b] - result[a]
        excess = step - np.clip(step, -most, most)
        over = np.flatnonzero(np.abs(excess) > LEAST_EXCESS)
        if not len(over):
            break
        i, j, pull = a[over], b[over], (give * excess)[over]
        moved = np.bincount(i, pull * mobility[i], len(z)) - np.bincount(
            j, pull * mobility[j], len(z)
        )
        count = np.bincount(i, minlength=len(z)) + np.bincount(j, minlength=len(z))
        result += moved / np.sqrt(np.maximum(count, 1))
    return result
