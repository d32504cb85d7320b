"""Scores of six lip curves, on curves whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.lip_report import BARS, LipReport
from gioconda.measure.lip_score import (
    LIP_CURVES,
    OPEN_FACTOR,
    CurvePair,
    LipCurves,
    closures,
    pearson,
    score_curves,
)


def lips(seconds: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (instants, aperture) at 100 Hz: smooth movement with closures of 80 ms."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, seconds, 0.01)
    smooth = np.convolve(rng.standard_normal(len(t) + 400), np.hanning(25), "same")[200:-200]
    aperture = 0.1 + 0.03 * smooth / smooth.std()
    for start in np.arange(0.5 + 0.13 * (seed % 5), seconds - 0.5, 0.61 + 0.05 * (seed % 7)):
        shut = np.clip(np.abs(t - start) / 0.06 - 0.6, 0, 1)
        aperture = aperture * shut
    return t, np.maximum(aperture, 0)


def curves(seed: int, lag_s: float = 0.0, noise: float = 0.0, seconds: float = 8.0) -> CurvePair:
    """Return a pair in which our lips come late; the speaker's are the same lips with noise.

    All curves are scaled copies of one aperture; the width is reversed.
    """
    t, aperture = lips(seconds, seed)
    times = np.arange(0.3, seconds - 0.3, 0.04)
    rough = np.random.default_rng(seed + 100).standard_normal(len(times)) * noise
    reference = np.interp(times, t, aperture) + rough
    gains = np.array([1.0, 1.0, 2.0, 0.5, 1.0, 3.0])
    signs = np.array([1.0, -1.0, 1.0, 1.0, 1.0, 1.0])
    return CurvePair(
        f"clip{seed}", LipCurves(times, reference[:, None] * gains * signs),
        LipCurves(t + lag_s, aperture[:, None] * gains),
    )  # fmt: skip


def test_every_curve_is_scored_by_its_own() -> None:
    result = score_curves([curves(k) for k in range(4)])
    assert list(result.r) == list(LIP_CURVES)
    for name, figure in result.r.items():
        assert figure.value == pytest.approx(-1.0 if name == "width" else 1.0, abs=1e-6)
    assert result.best_lag_ms.value == 0
    assert result.closure_auc.value > 0.99
    assert abs(result.floor.value) < 0.3


def test_the_aperture_is_scored_by_duration_and_closures_are_pooled() -> None:
    pairs = [curves(k, lag_s=0.03, noise=0.02, seconds=6.0 + k) for k in range(5)]
    result = score_curves(pairs)
    r, seconds, shut, opened = [], [], [], []
    for p in pairs:
        ours, theirs = p.predicted.at(p.reference.time_s)[:, 0], p.reference.values[:, 0]
        r.append(np.corrcoef(ours, theirs)[0, 1])
        seconds.append(0.04 * len(theirs))
        events, threshold = closures(theirs)
        ours = (ours - ours.mean()) / ours.std()
        for first, last in events:
            shut += ours[first : last + 1].tolist()
        opened += ours[theirs > OPEN_FACTOR * threshold].tolist()
    assert result.r["aperture"].value == pytest.approx(np.average(r, weights=seconds))
    assert result.r["aperture"].low < result.r["aperture"].value < result.r["aperture"].high
    less = np.array(shut)[:, None] < np.array(opened)
    assert result.closure_auc.value == pytest.approx(less.mean(), abs=1e-3)


@pytest.mark.parametrize("lag_ms", [-120, -60, -40, 40, 60, 150])
def test_a_known_lag_is_found_with_its_sign(lag_ms) -> None:
    result = score_curves([curves(k, lag_s=lag_ms / 1000) for k in range(5)])
    assert result.best_lag_ms.low <= lag_ms <= result.best_lag_ms.high
    assert result.best_lag_ms.value == pytest.approx(lag_ms, abs=10)
    assert result.r["aperture"].value < result.r_at_best_lag
    assert result.r_at_best_lag > 0.98


def test_known_correlation_is_measured() -> None:
    pairs = [curves(k, noise=0.03, seconds=30.0) for k in range(4)]
    clean = [curves(k, seconds=30.0).reference.values[:, 0] for k in range(4)]
    spread = np.mean([np.std(c) for c in clean])
    expected = spread / np.hypot(spread, 0.03)
    assert score_curves(pairs).r["aperture"].value == pytest.approx(expected, abs=0.05)


def test_long_clips_weigh_more() -> None:
    good, bad = curves(1, seconds=30.0), curves(2, seconds=3.0)
    bad = CurvePair("bad", LipCurves(bad.reference.time_s, -bad.reference.values), bad.predicted)
    result = score_curves([good, bad])
    assert 0.7 < result.r["aperture"].value < 1
    assert result.clips[1].r["aperture"] == pytest.approx(-1, abs=1e-6)


def test_unrelated_lips_score_nothing() -> None:
    pairs = []
    for k in range(6):
        mine, other = curves(k), curves(k + 50)
        theirs = LipCurves(mine.reference.time_s + 0.31, mine.reference.values)
        pairs.append(CurvePair(mine.name, theirs, other.predicted))
    assert abs(score_curves(pairs).r["aperture"].value) < 0.3


def test_closures_are_short_and_between_openings() -> None:
    aperture = np.full(100, 0.15)
    aperture[20:23] = 0.0  # a closure
    aperture[50:70] = 0.0  # a pause
    aperture[:3] = 0.0  # cut off
    events, threshold = closures(aperture)
    assert events == [(20, 22)]
    assert threshold == pytest.approx(0.015)


def test_a_mouth_that_does_not_move_scores_zero() -> None:
    assert pearson(np.zeros(50), np.arange(50.0)) == 0
    p = curves(1)
    still = CurvePair("still", p.reference, LipCurves(p.predicted.time_s, p.predicted.values * 0))
    assert score_curves([still]).r["aperture"].value == 0


def test_a_curve_that_is_not_predicted_has_no_figure() -> None:
    p = curves(1)
    p.predicted.values[:, 1] = np.nan
    result = score_curves([p, curves(2)])
    assert np.isnan(result.clips[0].r["width"])
    assert result.r["width"].value == pytest.approx(-1)
    json.dumps(result.as_dict(), allow_nan=False)


def test_the_floor_of_unrelated_clips_is_small_and_that_of_copies_is_not() -> None:
    same = [curves(1) for _ in range(4)]
    assert score_curves(same).floor.value == pytest.approx(1, abs=0.01)
    assert abs(score_curves([curves(k) for k in range(12)]).floor.value) < 0.15


def test_the_report_says_what_is_missed() -> None:
    good = score_curves([curves(k) for k in range(4)])
    report = LipReport({"real": {"ours": good, "loudness": good}}, "made up")
    text = report.table(each=True)
    width = next(line for line in text.splitlines() if line.strip().startswith("width"))
    aperture = next(line for line in text.splitlines() if line.strip().startswith("aperture"))
    assert "MISSED" in width
    assert f"{BARS['real']['width']:.2f}" in width
    assert "MISSED" not in aperture
    assert "clip2" in text
    assert json.loads(json.dumps(report.as_dict()))["sets"]["real"]["ours"]["seconds"] > 0


def test_no_bar_is_held_against_what_was_fitted_on_the_clips() -> None:
    poor = score_curves([curves(k, noise=0.3) for k in range(4)])
    sets = {"real": {"ours": poor}, "VASA-1": {"ours": poor}}
    report = LipReport(sets, "made up", {"real": 3, "VASA-1": 0})
    real, rival = report.table().split("VASA-1:")
    assert "fitted on 3 of these clips" in real
    assert "MISSED" not in real
    assert "fitted on" not in rival
    assert "MISSED" in rival
    assert report.as_dict()["fitted_on_clips"] == {"real": 3, "VASA-1": 0}


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(OptionError, match="no clips"):
        score_curves([])
