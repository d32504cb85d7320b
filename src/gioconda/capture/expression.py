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
#: For one frame: Newton's rounds, halvings of a step, and how much of its promise it must keep.
_NEWTON_ROUNDS: Final = 30
_HALVINGS: Final = 12
_ENOUGH: Final = 1e-4


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
    count, form = len(moved), Form(problem)
    free = form.free
    if not free.any() or not count:
        return form.filled(np.zeros((count, int(free.sum()))))
    plain, along = form.plain, form.along
    right, shares = form.frames(moved, sight)
    smooth, ridge = problem.smooth[free], problem.ridge[free]
    link = np.ones(max(count - 1, 0)) if linked is None else linked

    # A diagonal that bounds the whole quadratic form: rows of absolute values (Jacobi). The part
    # in sight only takes away, so the plain matrix bounds it.
    size = np.sqrt(np.maximum(np.diag(plain), 1e-9))
    bound = size * (np.abs(plain) / size[None]).sum(axis=1) / 1.0 + ridge + 4 * smooth
    low, high = problem.low[free], problem.high[free]
    w = np.clip(np.zeros((count, len(plain))) if start is None else start[:, free], low, high)
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
    return form.filled(w)


def solve_next(
    form: Form, moved: Array, sight: Array, before: Array, linked: float = 1.0
) -> Array:  # fmt: skip
    """Return the weights, (K,), of a frame held to the one before it, of which nothing changes.

    Minimises the same as :func:`solve`, with one frame's future unknown and its past decided, by
    projected Newton steps (Bertsekas 1982); they end at the minimum.

    Args:
        form: of the problem.
        moved: (H, 3) displacements, head axes, millimetres.
        sight: (3,) the camera's line of sight in head axes, unit length.
        before: (K,) weights of the frame before.
        linked: how much the frame is held to it: less after a longer step.
    """
    free, problem = form.free, form.problem
    right, shares = form.frames(moved[None], sight[None])
    holding = linked * problem.smooth[free]
    matrix = form.plain - sum(s[0] * a for s, a in zip(shares, form.along, strict=True))
    matrix[np.diag_indices(len(matrix))] += problem.ridge[free] + holding
    wanted = right[0] + holding * before[free]
    low, high = problem.low[free], problem.high[free]
    start = np.clip(before[free], low, high)
    result: Array = form.filled(_bounded(matrix, wanted, low, high, start)[None])[0]
    return result


def _bounded(matrix: Array, right: Array, low: Array, high: Array, start: Array) -> Array:
    """Return the w within bounds that minimises w' matrix w / 2 - right' w."""
    w, slope = start, matrix @ start - right
    for _ in range(_NEWTON_ROUNDS):
        free = ~(((w <= low) & (slope > 0)) | ((w >= high) & (slope < 0)))
        if not free.any():
            break
        step = np.zeros(len(w))
        step[free] = np.linalg.solve(matrix[np.ix_(free, free)], -slope[free])
        part = 1.0
        for _ in range(_HALVINGS):
            new = np.clip(w + part * step, low, high)
            change = new - w
            gain = float(slope @ change + 0.5 * change @ matrix @ change)
            if gain <= _ENOUGH * float(slope @ change):
                break
            part *= 0.5
        w, slope = new, matrix @ new - right
        if float(np.abs(change).max()) < _SETTLED:
            break
    return w


class Form:
    """What the frames of a problem share, computed once.

    Attributes:
        problem: that was given.
        free: (K,) which shapes are not held.
        plain: (F, F) products of the free shapes.
        along: six (F, F) products that the line of sight takes part of, away.
    """

    _PAIRS: Final = tuple((i, j) for i in range(3) for j in range(i, 3))
    _PART: Final = 1 - DEPTH_WEIGHT**2

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.free = problem.high > problem.low
        self._held = np.where(self.free, 0.0, problem.low)
        basis = problem.shapes[self.free]
        self._weighted = basis * (problem.handle_weights**2)[:, None]
        # W_t^2 = I - (1 - d^2) s s^T with the line of sight s: six products of fixed matrices
        # replace a matrix for each frame.
        weighted = self._weighted
        self.plain: Array = np.einsum("khc,lhc->kl", weighted, basis)
        along = [weighted[:, :, i] @ basis[:, :, j].T for i, j in self._PAIRS]
        self.along = [
            a if i == j else a + a.T for a, (i, j) in zip(along, self._PAIRS, strict=True)
        ]

    def frames(self, moved: Array, sight: Array) -> tuple[Array, list[Array]]:
        """Return the right sides, (T, F), of frames, and their shares, (T,), of ``along``."""
        held = self._held
        target = moved - np.tensordot(held, self.problem.shapes, 1) if held.any() else moved
        shares = [self._PART * sight[:, i] * sight[:, j] for i, j in self._PAIRS]
        in_sight = np.einsum("thc,tc->th", target, sight)
        seen = target - self._PART * in_sight[..., None] * sight[:, None]
        weighted = self._weighted
        right = seen.reshape(len(moved), -1) @ weighted.reshape(len(weighted), -1).T
        return right, shares

    def filled(self, weights: Array) -> Array:
        """Return the weights of all shapes, (T, K), from those of the free ones."""
        result = np.broadcast_to(self._held, (len(weights), len(self.free))).copy()
        result[:, self.free] = weights
        return result
