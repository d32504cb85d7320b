"""Confidence intervals of figures whose spread is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gioconda.measure.bootstrap import Estimate, draws, estimate, weighted_mean


def test_the_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    result = estimate(weighted_mean(values, np.ones(400)), 400, seed=0)
    assert result.value == pytest.approx(values.mean())
    assert result.high - result.low == pytest.approx(2 * 1.96 / math.sqrt(400), rel=0.15)
    assert result.low < result.value < result.high


def test_weights_count_and_unknown_values_drop_out() -> None:
    values, weights = np.array([1.0, 3.0, np.nan]), np.array([3.0, 1.0, 100.0])
    assert estimate(weighted_mean(values, weights), 3, 0).value == pytest.approx(1.5)
    nothing = estimate(weighted_mean(np.array([np.nan]), np.ones(1)), 1, 0)
    assert math.isnan(nothing.value)
    assert nothing.text() == "-"
    assert nothing.as_list() == [None, None, None]


def test_one_seed_gives_the_same_interval() -> None:
    figure = weighted_mean(np.arange(9.0), np.ones(9))
    assert estimate(figure, 9, 3) == estimate(figure, 9, 3)
    assert estimate(figure, 9, 3) != estimate(figure, 9, 4)
    assert (draws(9, 3).sum(axis=1) == 9).all()


def test_text() -> None:
    assert Estimate(0.481, 0.4, 0.55).text(2) == "0.48 [0.40, 0.55]"
    assert Estimate(10, -5, 20).text(0, sign=True) == "+10 [-5, +20]"
