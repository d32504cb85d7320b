"""Scores of six lip curves, on curves whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.measure.test_lipsync import pair

from gioconda.errors import OptionError
from gioconda.measure import lipsync
from gioconda.measure.lip_report import BARS, LipReport
from gioconda.measure.lip_score import LIP_CURVES, CurvePair, LipCurves, score_curves


def curves(seed: int, lag_s: float = 0.0, noise: float = 0.0) -> CurvePair:
    """Return a pair whose curves are scaled copies of one aperture; the width is reversed."""
    p = pair(seed, lag_s=lag_s, noise=noise)
    gains = np.array([1.0, 1.0, 2.0, 0.5, 1.0, 3.0])
    signs = np.array([1.0, -1.0, 1.0, 1.0, 1.0, 1.0])
    ours = LipCurves(p.predicted_time_s, p.predicted[:, None] * gains)
    return CurvePair(p.name, LipCurves(p.time_s, p.reference[:, None] * gains * signs), ours)


def test_every_curve_is_scored_by_its_own() -> None:
    result = score_curves([curves(k) for k in range(4)])
    assert list(result.r) == list(LIP_CURVES)
    for name, figure in result.r.items():
        assert figure.value == pytest.approx(-1.0 if name == "width" else 1.0, abs=1e-6)
    assert result.closure_auc.value > 0.99
    assert abs(result.floor.value) < 0.3


def test_the_aperture_agrees_with_the_score_of_apertures() -> None:
    pairs = [pair(k, lag_s=0.03, noise=0.02) for k in range(5)]
    old = lipsync.score(pairs)
    new = score_curves([curves(k, lag_s=0.03, noise=0.02) for k in range(5)])
    assert new.r["aperture"].value == pytest.approx(old.r)
    assert new.best_lag_ms.value == old.best_lag_ms
    assert new.closure_auc.value == pytest.approx(old.closure_auc)
    assert new.r["aperture"].low < old.r < new.r["aperture"].high


@pytest.mark.parametrize("lag_ms", [-60, 40])
def test_a_known_lag_lies_within_its_interval(lag_ms) -> None:
    result = score_curves([curves(k, lag_s=lag_ms / 1000) for k in range(5)])
    assert result.best_lag_ms.low <= lag_ms <= result.best_lag_ms.high
    assert result.best_lag_ms.value == pytest.approx(lag_ms, abs=10)


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
