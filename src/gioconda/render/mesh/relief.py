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

#: Greatest slope at the edge of the face and behind it: 1.7 times as wide at 20 degrees.
STEEPEST: Final = 2.2
#: Lack of depth, in the unit of the points, below which a point is left alone.
LEAST_LACK: Final = 1e-2
#: Points whose distances to all others are worked out at once, so that they stay in the cache.
_AT_ONCE: Final = 64


def limit_slopes(points: Array, z: Array, mobility: Array, back: Array) -> Array:
    """Return depths, (n,), between any two of which the slope is :data:`STEEPEST` at most.

    The rim of the face goes between the two surfaces of that slope that bound it from the front
    and from behind (the Lipschitz envelopes; McShane, 1934): midway, it comes forward by half of
    what it is too deep by, and the cheek beside it falls back by the other half, so that the face
    stays as deep as it is. The sheet behind comes forward to the face. Limiting the edges of the
    mesh would not do: where the landmarks crowd at the outline, a sliver may drop steeply across
    though its edges do not.

    Args:
        points: (n, 2) places in the image.
        z: (n,) depths, away from the camera.
        mobility: (n,) 0 to 1, how far each gives way of what it should; at 0 it stays.
        back: (m,) 0 to 1, of the first m points, which are the face: 0 where the rim comes forward
            alone, 1 where the cheek falls back alone.
    """
    face = slice(len(back))
    result = z.copy()
    if len(back):
        front = _before_all(points[face], z[face], mobility[face])
        rear = -_before_all(points[face], -z[face], mobility[face])
        result[face] = front + back * (rear - front)
    return _before_all(points, result, mobility)


def _before_all(points: Array, z: Array, mobility: Array) -> Array:
    """Bring points forward to where the cone of the greatest slope behind each other one ends."""
    result = z.copy()
    x, y = points.T.astype(np.float32)
    behind = (z / STEEPEST).astype(np.float32)
    for part in np.array_split(np.flatnonzero(mobility > 0), max(len(z) // _AT_ONCE, 1)):
        apart = np.sqrt((x[part, None] - x) ** 2 + (y[part, None] - y) ** 2)
        nearest = STEEPEST * (apart + behind).min(axis=1)
        lack = z[part] - nearest
        result[part] -= mobility[part] * np.where(lack > LEAST_LACK, lack, 0)
    return result
