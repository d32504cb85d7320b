"""Curves over time: noise out, gaps filled."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep

Array = npt.NDArray[np.float64]

#: Gaps up to this long are bridged; in longer ones the face goes to neutral and comes back, each
#: within this time.
BRIDGED_S: Final = 0.6
_EASE_S: Final = 0.5


def whittaker(values: Array, stiffness: float, linked: Array | None = None) -> Array:
    """Smooth curves (T, n): least squares with a price on second differences (Whittaker 1923).

    Args:
        values: evenly spaced.
        stiffness: of the price; at 1 motion above a quarter of the sampling rate is about halved.
        linked: (T - 1,) 0 where curves may jump between t and t + 1.
    """
    from scipy.linalg import solveh_banded

    count = len(values)
    if count < 3 or stiffness <= 0:
        return values.copy()
    weight = np.full(count - 2, stiffness)
    if linked is not None:
        weight *= np.minimum(linked[:-1], linked[1:])
    banded = np.zeros((3, count))
    banded[2] = 1.0
    for offset, factor in ((0, 1.0), (1, 4.0), (2, 1.0)):
        banded[2, offset : count - 2 + offset] += factor * weight
    banded[1, 1 : count - 1] += -2 * weight
    banded[1, 2:] += -2 * weight
    banded[0, 2:] += weight
    result: Array = solveh_banded(banded, values)
    return result


def smooth_where_loose(
    values: Array, information: Array, price: Array, linked: Array | None = None
) -> Array:  # fmt: skip
    """Smooth curves (T, n) the more, the less firmly they were measured.

    Minimises sum of (x_t - v_t)' N_t (x_t - v_t) + price |x_(t-1) - 2 x_t + x_(t+1)|^2: what the
    measurements hold firmly stays, combinations that they leave loose are drawn to steady motion.

    Args:
        values: evenly spaced measurements v.
        information: (T, n, n) N.
        price: (n,) of accelerations.
        linked: (T - 1,) 0 where curves may jump between t and t + 1.
    """
    from scipy.linalg import solveh_banded

    count, n = values.shape
    if count < 3:
        return values.copy()
    weight = np.ones(count - 2) if linked is None else np.minimum(linked[:-1], linked[1:])
    # Upper bands of the symmetric matrix: row `bands - d` holds entries d right of the diagonal.
    bands = 2 * n
    banded = np.zeros((bands + 1, count * n))
    for i in range(n):
        for j in range(i, n):
            banded[bands - (j - i), j::n] += information[:, i, j]
        column = np.arange(count) * n + i
        for offset, factor in ((0, 1.0), (1, 4.0), (2, 1.0)):
            banded[bands, column[offset : count - 2 + offset]] += factor * price[i] * weight
        banded[bands - n, column[1 : count - 1]] += -2 * price[i] * weight
        banded[bands - n, column[2:]] += -2 * price[i] * weight
        banded[bands - 2 * n, column[2:]] += price[i] * weight
    right = np.einsum("tij,tj->ti", information, values).ravel()
    result: Array = solveh_banded(banded, right).reshape(count, n)
    return result


def across_gaps(
    time_s: Array,
    known_s: Array,
    values: Array,
    bridged_s: float = BRIDGED_S,
    missing_s: Array | None = None,
) -> tuple[Array, list[tuple[float, float]]]:
    """Return curves at instants from curves at others, and the gaps in which they are at rest.

    Linear between known instants, held before the first and after the last by up to the bridged
    time. In longer gaps the curves ease to 0 and back; a gap in which nothing is missing is a
    picture that stood still, and is bridged however long it is.

    Args:
        time_s: (T,) wanted, rising.
        known_s: (N,) instants that are known, rising; at least one.
        values: (N, n) the curves there.
        bridged_s: see :data:`BRIDGED_S`.
        missing_s: instants that were looked at in vain; anywhere if None.
    """
    result = np.stack([np.interp(time_s, known_s, column) for column in values.T], axis=1)
    rests: list[tuple[float, float]] = []
    edges = [(-np.inf, known_s[0])] if known_s[0] - time_s[0] > bridged_s else []
    gaps = np.flatnonzero(np.diff(known_s) > bridged_s)
    edges += [(known_s[i], known_s[i + 1]) for i in gaps]
    if time_s[-1] - known_s[-1] > bridged_s:
        edges.append((known_s[-1], np.inf))
    for begin, end in edges:
        if missing_s is not None and not ((missing_s > begin) & (missing_s < end)).any():
            continue
        inside = (time_s > begin) & (time_s < end)
        from_begin, to_end = time_s[inside] - begin, end - time_s[inside]
        # Each end holds its own value and fades; no path between the two ends is invented.
        parts = np.zeros((int(inside.sum()), values.shape[1]))
        if np.isfinite(begin):
            parts += _fade(from_begin)[:, None] * values[np.searchsorted(known_s, begin)]
        if np.isfinite(end):
            parts += _fade(to_end)[:, None] * values[np.searchsorted(known_s, end)]
        result[inside] = parts
        rests.append((float(max(begin, time_s[0])), float(min(end, time_s[-1]))))
    return result, rests


def _fade(away_s: Array) -> Array:
    return 1 - smoothstep(away_s / _EASE_S)
