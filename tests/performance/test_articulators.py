"""Each articulator goes where its own target says, and the others stay where theirs do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gioconda.performance.articulation import LipTargets
from gioconda.performance.mouth import GAP, JAW, UPPER_LIP, WIDTH, solve

Weights = dict[str, np.ndarray]


def targets(rows: int = 1, **lengths: float) -> LipTargets:
    usual = dict.fromkeys(
        ("aperture", "jaw", "width", "upper_lip", "rounding", "closure", "labiodental", "tongue"),
        0.0,
    )
    usual |= {"aperture": 0.08, "jaw": 0.03, "width": 0.01, "upper_lip": -0.015}
    return LipTargets(**{k: np.full(rows, v) for k, v in (usual | lengths).items()})


def given(effects: dict[str, float], weights: Weights) -> float:
    return float(sum(effect * weights[name][0] for name, effect in effects.items()
                     if name in weights))  # fmt: skip


@pytest.mark.parametrize("aperture", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2])
@pytest.mark.parametrize("jaw", [0.005, 0.03, 0.06])
@pytest.mark.parametrize("rounding", [0.0, 1.0])
def test_the_gap_is_what_is_asked_whatever_jaw_and_corners_do(aperture, jaw, rounding) -> None:
    gap = given(GAP, solve(targets(aperture=aperture, jaw=jaw, rounding=rounding)))
    assert gap == pytest.approx(aperture, abs=0.006)


def test_the_jaw_follows_its_own_target_at_the_same_gap() -> None:
    high, low = (solve(targets(aperture=0.05, jaw=j)) for j in (0.015, 0.045))
    assert low["jawOpen"][0] - high["jawOpen"][0] == pytest.approx(0.03 / JAW, abs=0.03)
    assert given(GAP, low) == pytest.approx(given(GAP, high), abs=0.004)


def test_width_follows_its_own_target_both_ways() -> None:
    widths = [given(WIDTH, solve(targets(width=w))) for w in (-0.05, 0.0, 0.04)]
    assert widths == pytest.approx([-0.05, 0.0, 0.04], abs=0.012)


def test_the_upper_lip_rises_and_falls_at_the_same_gap() -> None:
    raised, low = (solve(targets(upper_lip=u)) for u in (-0.03, 0.0))
    assert given(UPPER_LIP, raised) < given(UPPER_LIP, low) - 0.008
    assert raised["mouthLowerDown"][0] < low["mouthLowerDown"][0]
    assert given(GAP, raised) == pytest.approx(given(GAP, low), abs=0.004)


def test_lips_close_over_an_open_jaw() -> None:
    weights = solve(targets(aperture=0.0, jaw=0.05, closure=1.0))
    assert weights["jawOpen"][0] > 0.3
    assert weights["mouthClose"][0] > 0.2
    assert given(GAP, weights) < 0.002


def test_f_bares_the_upper_teeth_over_a_raised_lower_lip() -> None:
    weights = solve(targets(labiodental=1.0, jaw=0.02))
    assert weights["mouthUpperUp"][0] > 0.3
    assert weights["mouthLowerDown"][0] == 0
    assert weights["mouthRollLower"][0] > 0.4


def test_weights_stay_in_range_for_any_target() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    wild = targets(n)
    wild = replace(
        wild, aperture=rng.uniform(0, 0.4, n), jaw=rng.uniform(0, 0.2, n),
        width=rng.normal(0, 0.08, n), upper_lip=rng.normal(-0.02, 0.05, n),
        rounding=rng.uniform(0, 1, n), labiodental=rng.uniform(0, 1, n),
    )  # fmt: skip
    for name, weight in solve(wild).items():
        assert weight.min() >= 0.0, name
        assert weight.max() <= 1.0, name
