"""Breathing as people do: often enough, in at pauses, never with a jerk, and not when still."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.controls import Controls
from gioconda.performance import perform


def inhalations(breath: np.ndarray) -> np.ndarray:
    """Rows at which a breath in is half done."""
    return np.flatnonzero((breath[1:] > 0.4) & (breath[:-1] <= 0.4))


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("speaks", [True, False])
def test_twelve_to_eighteen_breaths_a_minute(talk, script, seed, speaks) -> None:
    features = talk(180.0, seed=seed) if speaks else script([("sil", 9000)])
    breath = perform(features, Controls(seed=seed))["breath"]
    assert 12 <= len(inhalations(breath)) / 3 <= 18
    between_s = np.diff(inhalations(breath)) / 50
    assert between_s.max() < 60 / 11
    assert between_s.min() > 60 / 20


def test_a_breath_is_a_curve_from_0_to_1(talk) -> None:
    breath = perform(talk(120.0), Controls(seed=5))["breath"]
    assert breath[0] == 0
    assert breath.min() >= 0
    assert 0.75 < breath.max() <= 1
    assert np.abs(np.diff(breath)).max() * 50 < 2.5  # a full breath takes no less than 0.4 s
    assert np.abs(np.diff(breath, 2)).max() < 0.02  # and it has no corners


def test_talkers_breathe_in_faster_than_out_and_in_pauses(script) -> None:
    phrases = script([("sil", 40), *[("a", 150), ("sil", 50)] * 40])
    in_pause = []
    for seed in range(3):
        breath = perform(phrases, Controls(seed=seed))["breath"]
        step = np.diff(breath)
        assert (step > 1e-3).mean() < 0.8 * (step < -1e-3).mean()
        place = (inhalations(breath)[1:] - 40) % 200
        in_pause.append(np.mean((place > 145) | (place < 15)))
    assert np.mean(in_pause) > 0.8  # by chance 0.35


def test_nothing_but_the_mouth_moves_when_still(talk) -> None:
    features = talk(20.0)
    assert not perform(features, Controls(still=True))["breath"].any()
    held = perform(features, Controls(head=0.0))
    assert held["breath"].max() > 0.5  # the head is held, the chest lives
    assert not held["headPitch"].any()


def test_each_seed_breathes_its_own_way(talk) -> None:
    features = talk(20.0)
    one, again, other = (perform(features, Controls(seed=s))["breath"] for s in (4, 4, 5))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.3
