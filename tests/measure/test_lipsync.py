"""The figures of lip sync, on curves whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.lipsync import LipPair, closures, measure_lipsync, pearson, score


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


def pair(seed: int, lag_s: float = 0.0, noise: float = 0.0, seconds: float = 8.0) -> LipPair:
    """Return a pair in which our lips come ``lag_s`` late."""
    t, aperture = lips(seconds, seed)
    times = np.arange(0.3, seconds - 0.3, 0.04)
    rng = np.random.default_rng(seed + 100)
    rough = rng.standard_normal(len(times)) * noise
    return LipPair(f"clip{seed}", times, np.interp(times, t, aperture) + rough, t + lag_s, aperture)


def test_equal_curves_score_one_at_zero_lag() -> None:
    result = score([pair(1), pair(2), pair(3)])
    assert result.r == pytest.approx(1.0, abs=1e-6)
    assert result.best_lag_ms == 0
    assert result.closure_auc > 0.99
    assert abs(result.floor_r) < 0.35


@pytest.mark.parametrize("lag_ms", [-120, -40, 60, 150])
def test_a_known_lag_is_found_with_its_sign(lag_ms) -> None:
    result = score([pair(k, lag_s=lag_ms / 1000) for k in range(4)])
    assert result.best_lag_ms == pytest.approx(lag_ms, abs=10)
    assert result.r < result.r_at_best_lag
    assert result.r_at_best_lag > 0.98


def test_known_correlation_is_measured() -> None:
    pairs = [pair(k, noise=0.03, seconds=30.0) for k in range(4)]
    spread = np.mean([np.std(pair(k, seconds=30.0).reference) for k in range(4)])
    expected = spread / np.hypot(spread, 0.03)
    assert score(pairs).r == pytest.approx(expected, abs=0.05)


def test_long_clips_weigh_more() -> None:
    good, bad = pair(1, seconds=30.0), pair(2, seconds=3.0)
    bad = LipPair("bad", bad.time_s, -bad.reference, bad.predicted_time_s, bad.predicted)
    result = score([good, bad])
    assert 0.7 < result.r < 1
    assert result.clips[1].r == pytest.approx(-1, abs=1e-6)


def test_unrelated_lips_score_nothing() -> None:
    pairs = []
    for k in range(6):
        mine, other = pair(k), pair(k + 50)
        ours = (other.predicted_time_s, other.predicted)
        pairs.append(LipPair(mine.name, mine.time_s + 0.31, mine.reference, *ours))
    assert abs(score(pairs).r) < 0.3


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
    p = pair(1)
    still = LipPair("still", p.time_s, p.reference, p.predicted_time_s, p.predicted * 0)
    assert score([still]).r == 0


def test_result_is_readable_and_plain() -> None:
    result = score([pair(1), pair(2)])
    assert "clip1" in result.table()
    assert json.loads(json.dumps(result.as_dict()))["clips"][0]["name"] == "clip1"


def test_nothing_to_score_is_refused(tmp_path) -> None:
    with pytest.raises(OptionError, match="no clips"):
        score([])
    with pytest.raises(OptionError, match="no clip"):
        measure_lipsync(tmp_path, tmp_path)


def test_a_clips_own_frames_agree_with_its_tracked_curves(shared, tmp_path) -> None:
    """The speaker's own video, in place of ours, must score nearly perfectly.

    Our frames are timed by the sound, so the clip's frames are shifted by its stated offset.
    """
    from gioconda.measure.tracking import _decoded

    name = "grid_02"
    clip, tracked = shared / "data/clips" / f"{name}.mpg", shared / "data/tracked" / f"{name}.npz"
    (tmp_path / clip.name).symlink_to(clip)
    (tmp_path / tracked.name).symlink_to(tracked)
    with np.load(tracked) as data:
        offset_s = float(data["av_offset_ms"]) / 1000

    def frames(path):
        for time_s, image in _decoded(path):
            yield time_s - offset_s + 0.04, image

    result = measure_lipsync(tmp_path, tmp_path, frames=frames)
    assert result.r > 0.98
    assert result.best_lag_ms == 0
