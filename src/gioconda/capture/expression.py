"""Weights of a basis of shapes over a whole clip, from the displacements of its handles.

Minimised over all frames at once, within bounds::

    sum over frames of |W_t (e_t - w_t B)|^2 + ridge |w_t|^2 + smooth |w_t - w_(t-1)|^2

``W_t`` counts what a frame shows in full and depth, which the tracker only guesses, by a part.
Solved by accelerated projected gradient (Beck and Teboulle 2009) with a step of its own for each
shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: How much a displacement along the line of sight counts.
DEPTH_WEIGHT: Final = 0.25
#: Pull of each weight to 0, in square millimetres.
RIDGE: Final = 0.6
_ROUNDS: Final = 400
#: A change below this, in weight, in no frame ends the rounds.
_SETTLED: Final = 2e-4


@dataclass(frozen=True)
class Problem:
    """What :func:`solve` minimises. H handles, K shapes, T frames; lengths in millimetres.

    Attributes:
        shapes: (K, H, 3) displacement at weight 1, head axes.
        handle_weights: (H,) how much each handle counts.
        low: (K,) least weights; equal to ``high`` where a shape is held.
        high: (K,) largest weights.
        smooth: (K,) price of a change of 1 from frame to frame, square millimetres.
        ridge: (K,) price of a weight of 1.
    """

    shapes: Array
    handle_weights: Array
    low: Array
    high: Array
    smooth: Array
    ridge: Array


def solve(
    problem: Problem, moved: Array, sight: Array, linked: Array | None = None,
    start: Array | None = None,
) -> Array:  # fmt: skip
    """Return the weights, (T, K).

    Args:
        problem: shapes, bounds and prices.
        moved: (T, H, 3) displacements, head axes, millimetres.
        sight: (T, 3) the camera's line of sight in head axes, unit length.
        linked: (T - 1,) 0 to 1, how much frame t + 1 is held to frame t; all 1 if None.
        start: (T, K) weights to start from.
    """
    count, shapes = len(moved), problem.shapes
    free = problem.high > problem.low
    held = np.where(free, 0.0, problem.low)
    if not free.any() or not count:
        return np.broadcast_to(held, (count, len(shapes))).copy()
    basis = shapes[free]
    weighted = basis * (problem.handle_weights**2)[:, None]
    target = moved - np.tensordot(held, shapes, 1) if held.any() else moved
    # W_t^2 = I - (1 - d^2) s s^T with the line of sight s: six products of fixed matrices
    # replace a matrix for each frame.
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    part = 1 - DEPTH_WEIGHT**2
    plain = np.einsum("khc,lhc->kl", weighted, basis)
    along = [weighted[:, :, i] @ basis[:, :, j].T for i, j in pairs]
    along = [a if i == j else a + a.T for a, (i, j) in zip(along, pairs, strict=True)]
    shares = [part * sight[:, i] * sight[:, j] for i, j in pairs]
    in_sight = np.einsum("thc,tc->th", target, sight)
    seen = target - part * in_sight[..., None] * sight[:, None]
    right = seen.reshape(count, -1) @ weighted.reshape(len(basis), -1).T
    smooth, ridge = problem.smooth[free], problem.ridge[free]
    link = np.ones(max(count - 1, 0)) if linked is None else linked

    # A diagonal that bounds the whole quadratic form: rows of absolute values (Jacobi). The part
    # in sight only takes away, so the plain matrix bounds it.
    size = np.sqrt(np.maximum(np.diag(plain), 1e-9))
    bound = size * (np.abs(plain) / size[None]).sum(axis=1) / 1.0 + ridge + 4 * smooth
    low, high = problem.low[free], problem.high[free]
    w = np.clip(np.zeros((count, len(basis))) if start is None else start[:, free], low, high)
    y, momentum = w.copy(), 1.0
    for _ in range(_ROUNDS):
        slope = y @ plain - right + ridge * y
        for share, matrix in zip(shares, along, strict=True):
            slope -= share[:, None] * (y @ matrix)
        change = link[:, None] * (y[1:] - y[:-1])
        slope[1:] += smooth * change
        slope[:-1] -= smooth * change
        new = np.clip(y - slope / bound, low, high)
        step = new - w
        following = 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        if float(np.vdot(y - new, step)) > 0:  # overshot: start the momentum afresh
            following, momentum = 1.0, 1.0
        y = new + (momentum - 1) / following * step
        momentum, w = following, new
        if np.abs(step).max() < _SETTLED * 0.1:
            break
    result = np.broadcast_to(held, (count, len(shapes))).copy()
    result[:, free] = w
    return result
