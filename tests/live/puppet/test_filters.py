"""Filters give the same at any rate of frames, rest at rest and follow what moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.live.puppet.filters import Fade, OneEuro, PoseFilter
from gioconda.motion import CHANNELS, moment

STEPS = st.lists(st.floats(0.005, 0.4), min_size=2, max_size=60)
#: Yaw is held to half a degree, distance hardly.
INFORMATION = np.diag(1 / np.array([0.5, 0.7, 0.3, 0.01, 0.01, 0.1]) ** 2)


def euro() -> OneEuro:
    return OneEuro(np.array([1.2]), np.array([0.12]))


def test_what_comes_first_comes_as_it_is() -> None:
    assert euro().step(np.array([3.0]), 0.04) == 3.0


@settings(max_examples=40, deadline=None)
@given(STEPS, st.floats(-20, 20), st.floats(-20, 20))
def test_one_euro_stays_between_what_it_saw(steps: list[float], a: float, b: float) -> None:
    one = euro()
    for i, step_s in enumerate(steps):
        value = float(one.step(np.array([a if i % 3 else b]), step_s)[0])
        assert min(a, b) - 1e-9 <= value <= max(a, b) + 1e-9


@pytest.mark.parametrize("rate_hz", [15.0, 30.0, 60.0])
def test_a_step_is_followed_alike_at_every_rate(rate_hz: float) -> None:
    one = OneEuro(np.array([1.2]), np.zeros(1))
    one.step(np.zeros(1), 1 / rate_hz)
    for _ in range(round(0.2 * rate_hz)):
        value = float(one.step(np.ones(1), 1 / rate_hz)[0])
    assert value == pytest.approx(1 - np.exp(-2 * np.pi * 1.2 * 0.2), abs=1e-6)


def test_noise_at_rest_goes_and_a_quick_turn_stays() -> None:
    rng = np.random.default_rng(1)
    noise = 0.3 * rng.normal(size=300)
    one = euro()
    still = np.array([one.step(noise[i : i + 1], 0.04)[0] for i in range(300)])
    assert np.diff(still[50:]).std() < 0.35 * np.diff(noise[50:]).std()
    one = euro()
    turn = np.clip((np.arange(40) - 10) * 4.0, 0, 20)  # 100 degrees a second
    turned = np.array([one.step(turn[i : i + 1], 0.04)[0] for i in range(40)])
    late = np.flatnonzero(turned > 10)[0] - np.flatnonzero(turn > 10)[0]
    assert late <= 1


def pose(yaw_deg: float) -> np.ndarray:
    return np.array([yaw_deg, 0, 0, 0, 0, 0.0])


def test_a_steady_turn_is_followed_without_falling_behind() -> None:
    kalman = PoseFilter()
    at = [kalman.step(pose(30 * 0.04 * i), INFORMATION, 0.04)[0] for i in range(50)]
    assert 30 * 0.04 * 49 - at[-1] < 0.5


def test_what_is_held_loosely_is_steadied_more() -> None:
    rng = np.random.default_rng(2)
    kalman = PoseFilter()
    spread = np.array([0.5, 0.7, 0.3, 0.01, 0.01, 0.1])
    seen = rng.normal(size=(200, 6)) * spread
    steady = np.array([kalman.step(row, INFORMATION, 0.04) for row in seen])
    left = np.diff(steady[50:], axis=0).std(axis=0) / np.diff(seen[50:], axis=0).std(axis=0)
    assert left[0] < 0.6
    assert left[5] < left[3]


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(0, 2**31))
def test_the_pose_stays_finite_at_any_steps(steps: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    kalman = PoseFilter()
    for step_s in steps:
        result = kalman.step(rng.normal(size=6) * 20, INFORMATION, step_s)
        assert np.isfinite(result).all()
        assert np.abs(result).max() < 300


def test_a_fade_never_jumps() -> None:
    fade, a, b = Fade(0.4), moment(headYaw=10), moment(headYaw=-10)
    at = [np.zeros(len(CHANNELS), np.float32)]
    for i in range(300):
        aim, which = ((a, 1), (b, 2), (None, 0))[min(i // 60, 2)]
        shown = fade.towards(aim, which, i * 0.01)
        at.append(np.zeros_like(a) if shown is None else shown)
    assert np.abs(np.diff(at, axis=0)).max() < 1.0
    assert at[60][52] == pytest.approx(10, abs=1e-4)
    assert at[119][52] == pytest.approx(-10, abs=1e-4)
    assert fade.shown is None
