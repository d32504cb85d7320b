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


def limit_slopes(points: Array, z: Array, triangles: IntArray, steepest: Array) -> Array:
    """Return depths, (n,), with the slopes of the mesh's edges limited.

    Each edge that is too steep pulls its ends together by half its excess, again and again
    (projection of constraints, as in position-based dynamics).

    Args:
        points: (n, 2) places in the image.
        z: (n,) depths.
        triangles: (t, 3).
        steepest: (n,) greatest slope at each vertex; an edge takes the mean of its ends.
    """
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges = np.unique(sides, axis=0)
    a, b = edges.T
    length = np.linalg.norm(points[a] - points[b], axis=1)
    most = 0.5 * (steepest[a] + steepest[b]) * length
    result = z.copy()
    for _ in range(ROUNDS):
        step = result[b] - result[a]
        excess = step - np.clip(step, -most, most)
        over = np.flatnonzero(np.abs(excess) > 1e-2)
        if not len(over):
            break
        pull, count = np.zeros(len(z)), np.zeros(len(z))
        i, j, half = a[over], b[over], 0.5 * excess[over]
        np.add.at(pull, i, half)
        np.add.at(pull, j, -half)
        np.add.at(count, i, 1)
        np.add.at(count, j, 1)
        result += pull / np.maximum(np.sqrt(count), 1)
    return result
