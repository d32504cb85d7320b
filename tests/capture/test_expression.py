"""The bounded, smooth least squares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gioconda.capture.expression import Problem, solve

RNG = np.random.default_rng(5)
SHAPES = RNG.normal(size=(6, 40, 3)) * 3
FACING = np.broadcast_to(np.array([0.0, 0.0, 1.0]), (30, 3))


def problem(smooth: float = 0.0, ridge: float = 1e-6, low: float = -0.6) -> Problem:
    return Problem(
        SHAPES, np.ones(40), np.full(6, low), np.full(6, 1.3), np.full(6, smooth),
        np.full(6, ridge),
    )  # fmt: skip


def curves() -> np.ndarray:
    t = np.linspace(0, 1, 30)[:, None]
    return 0.35 + 0.35 * np.sin(2 * np.pi * (t + np.arange(6) / 6))


def test_weights_are_found_again() -> None:
    moved = np.tensordot(curves(), SHAPES, 1)
    np.testing.assert_allclose(solve(problem(), moved, FACING), curves(), atol=2e-3)


def test_weights_stay_within_their_bounds() -> None:
    moved = np.tensordot(3 * curves() - 1.0, SHAPES, 1)
    weights = solve(problem(low=0.0), moved, FACING)
    assert weights.min() >= 0
    assert weights.max() <= 1.3
    assert weights.max() == pytest.approx(1.3)


def test_a_held_shape_keeps_its_weight_and_the_others_fit_the_rest() -> None:
    moved = np.tensordot(curves(), SHAPES, 1) + SHAPES[0] - curves()[:, :1, None] * SHAPES[0]
    low, high = np.full(6, -0.6), np.full(6, 1.3)
    low[0] = high[0] = 1.0
    weights = solve(replace(problem(), low=low, high=high), moved, FACING)
    assert (weights[:, 0] == 1).all()
    np.testing.assert_allclose(weights[:, 1:], curves()[:, 1:], atol=2e-3)


def test_errors_along_the_sight_count_less() -> None:
    """A wrong displacement in depth spoils a fit less when the camera looks along it."""
    moved = np.tensordot(curves(), SHAPES, 1)
    moved[..., 2] += 4 * RNG.normal(size=(30, 40))
    across = np.broadcast_to(np.array([1.0, 0.0, 0.0]), (30, 3))
    along = np.abs(solve(problem(), moved, FACING) - curves()).mean()
    beside = np.abs(solve(problem(), moved, across) - curves()).mean()
    assert along < 0.6 * beside


def test_smoothness_takes_noise_out_but_not_across_a_break() -> None:
    step = np.repeat([[0.0], [1.0]], 15, axis=0) * np.ones(6)
    moved = np.tensordot(step, SHAPES, 1) + RNG.normal(size=(30, 40, 3))
    linked = np.ones(29)
    linked[14] = 0
    rough = solve(problem(), moved, FACING)
    smooth = solve(problem(smooth=2000), moved, FACING, linked)
    assert (
        np.abs(np.diff(smooth[:15], axis=0)).mean()
        < 0.5 * np.abs(np.diff(rough[:15], axis=0)).mean()
    )
    assert np.abs(smooth[14]).max() < 0.1
    assert np.abs(smooth[15] - 1).max() < 0.1


def test_no_frames_give_no_weights() -> None:
    assert solve(problem(), np.zeros((0, 40, 3)), np.zeros((0, 3))).shape == (0, 6)
