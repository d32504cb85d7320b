"""A lag approaches without overshoot; a bump rises, holds and falls."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.performance.envelopes import Bump, Lag


def test_a_lag_comes_without_corner_or_overshoot_and_peaks_as_stated() -> None:
    lag = Lag()
    path = np.array([lag.step(10.0, 8.0, 0.001) for _ in range(3000)])
    speed = np.diff(path) * 1000
    assert path.max() <= 10.0
    assert path[-1] == pytest.approx(10.0, abs=1e-4)
    assert speed.max() == pytest.approx(0.27 * 10 * 8, rel=0.02)
    assert speed[:5].max() < 0.01 * speed.max()
    assert np.argmax(path > 5.0) / 1000 == pytest.approx(2.7 / 8, rel=0.03)


def test_a_bump_rests_rises_holds_falls_and_rests() -> None:
    bump = Bump()
    assert bump.step() == 0.0
    bump.begin(2.0, 0.2, 0.1, 0.3, delay_s=0.1)
    path = np.array([bump.step() for _ in range(60)])
    assert path[:5].max() == 0.0
    assert path.max() == pytest.approx(2.0)
    assert np.sum(path > 1.99) >= 5
    assert path[40:].max() == 0.0
    assert not bump.runs
