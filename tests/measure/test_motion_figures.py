"""Figures of movement, on curves whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.measure.bootstrap import Estimate
from gioconda.measure.cases import find_cases
from gioconda.measure.implied import implied_face
from gioconda.measure.motion_figures import clip_motion, find_blinks, motion_figures
from gioconda.measure.motion_report import SPANS, MotionReport, measure_motion
from gioconda.measure.performances import Stage, save_face
from gioconda.measure.tracking import CURVES, TrackedFace
from gioconda.motion import CHANNELS, INDEX, Motion, set_gaze

SECONDS = 40.0
TIME = np.arange(0, SECONDS, 0.04)
PEAKS_S = np.arange(1.0, SECONDS - 1, 0.8)


def face(**curves: np.ndarray) -> TrackedFace:
    values = np.zeros((len(TIME), len(CURVES)))
    for name, fill in (("eyeL", 0.3), ("eyeR", 0.3), ("la", 0.1)):
        values[:, CURVES.index(name)] = fill
    for name, column in curves.items():
        values[:, CURVES.index(name)] = column
    return TrackedFace(TIME, values)


def bumps(at_s: np.ndarray, sigma_s: float = 0.06) -> np.ndarray:
    return np.exp(-0.5 * ((TIME[:, None] - at_s) / sigma_s) ** 2).sum(axis=1)


def beeps() -> np.ndarray:
    """Return a tone that swells at the peaks, 16 kHz."""
    t = np.arange(int(SECONDS * 16_000)) / 16_000
    level = 0.01 + np.exp(-0.5 * ((t[:, None] - PEAKS_S) / 0.05) ** 2).sum(axis=1)
    return level * np.sin(t * 3000)


def figures(**curves: np.ndarray) -> dict[str, Estimate]:
    return motion_figures([clip_motion("x", face(**curves), beeps())])


def test_a_swaying_head() -> None:
    found = figures(yaw=6 * np.sin(2 * np.pi * 0.4 * TIME))
    assert found["yaw std"].value == pytest.approx(6 / np.sqrt(2), rel=0.02)
    assert found["yaw speed, 95 %"].value == pytest.approx(6 * 2 * np.pi * 0.4, rel=0.03)
    assert found["yaw power, 50 %"].value == pytest.approx(0.4, abs=0.2)
    assert found["pitch std"].value == 0


def test_eyes_that_stay_with_the_viewer() -> None:
    yaw = 5 * np.sin(TIME)
    assert figures(yaw=yaw, gazeX=-0.01 * yaw)["gaze against yaw, r"].value == pytest.approx(-1)


def test_blinks_are_counted_timed_and_spaced() -> None:
    lids = 0.3 - 0.25 * bumps(np.arange(1.5, SECONDS - 1, 2.0), sigma_s=0.05)
    found = figures(eyeL=lids, eyeR=lids)
    assert found["blinks a minute"].value == pytest.approx(30, abs=2)
    assert found["blink interval, s"].value == pytest.approx(2.0, abs=0.05)
    assert found["blink interval, CV"].value < 0.05
    assert found["blink half-width, ms"].value == pytest.approx(2355 * 0.05, abs=15)


def test_eyes_cast_down_are_no_blink() -> None:
    lids = np.where((TIME > 10) & (TIME < 13), 0.15, 0.3)
    assert len(find_blinks(lids)[0]) == 0


def test_head_and_brows_rise_at_loudness_peaks() -> None:
    found = figures(pitch=-0.8 * bumps(PEAKS_S), browL=0.006 * bumps(PEAKS_S - 0.12))
    assert found["head lift at peaks"].value == pytest.approx(0.7, abs=0.15)
    assert found["head lift, ms after peak"].value == pytest.approx(0, abs=40)
    assert found["brow rise, ms after peak"].value == pytest.approx(-120, abs=40)
    assert 0.003 < found["brow rise at peaks"].value < 0.007


def test_closures_and_talking() -> None:
    lips = np.maximum(0.1 - 0.11 * bumps(np.arange(1.5, SECONDS - 1, 1.0), 0.04), 0)
    moving = np.cumsum(20 * bumps(PEAKS_S, 0.1)) * 0.04
    found = figures(la=lips, yaw=moving)
    assert found["closures a minute"].value == pytest.approx(60, abs=6)
    assert found["aperture, 98 %"].value == pytest.approx(0.1, abs=0.01)
    assert found["head speed talking"].value > found["head speed quiet"].value


def test_short_clips_are_left_out() -> None:
    whole = face()
    short = TrackedFace(whole.time_s[:60], whole.curves[:60])
    assert clip_motion("short", short, None) is None
    with pytest.raises(OptionError, match="no clip is long enough"):
        motion_figures([])


def report(**ours: float) -> MotionReport:
    figures = {name: Estimate(sum(span) / 2) for name, span in SPANS.items()}
    mine = figures | {name.replace("_", " "): Estimate(v) for name, v in ours.items()}
    return MotionReport({"real": figures, "ours": mine}, {"real": 3, "ours": 3},
                        {"real": 30.0, "ours": 30.0}, "made up")  # fmt: skip


def test_bounds_are_the_published_span_widened_by_a_quarter() -> None:
    assert report(yaw_std=3.76).inside("yaw std")
    assert not report(yaw_std=3.74).inside("yaw std")
    assert report(yaw_std=7.12).inside("yaw std")
    gaze = report().bounds("gaze against yaw, r")
    assert gaze == pytest.approx((-1.075, -0.645))
    text = report(yaw_std=1.0).table()
    assert next(x for x in text.splitlines() if x.startswith("yaw std")).endswith("NO")
    json.dumps(report().as_dict(), allow_nan=False)


def test_motion_implies_what_is_tracked() -> None:
    values = np.zeros((200, len(CHANNELS)), np.float32)
    values[:, INDEX["headYaw"]] = np.linspace(-10, 10, 200)
    values[100:108, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    values[:, INDEX["browInnerUp"]] = np.linspace(0, 1, 200)
    set_gaze(values, np.linspace(10, -10, 200), 0)
    implied = implied_face(Motion(values))
    assert len(implied.time_s) == 100
    assert implied["yaw"][-1] == pytest.approx(9.1, abs=0.2)
    assert implied["gazeX"][0] > 0 > implied["gazeX"][-1]
    assert implied["eyeL"][51] < 0.3 * implied["eyeL"][0]
    assert 0.02 < np.ptp(implied["browL"]) < 0.05
    assert len(find_blinks(implied["eyeL"])[0]) == 1


def test_real_talkers_rivals_and_ours_are_set_side_by_side(shared, tmp_path) -> None:
    data = shared / "data"
    cases = find_cases(
        data / "clips", data / "tracked", data / "rivals", ["senate_man", "vasa1_12"]
    )
    quick = measure_motion(cases, Stage(), motion_only=True)
    assert list(quick.figures) == ["real", "VASA-1", "ours", "ours, real", "ours, VASA-1"]
    assert 1 < quick.figures["real"]["yaw std"].value < 12
    assert quick.clips["ours"] == 3
    for case in cases:
        save_face(tmp_path / f"{case.name}.npz", case.face())
    same = measure_motion(cases, Stage(), ours=tmp_path)
    sets = same.as_dict()["sets"]
    assert sets["ours, real"] == sets["real"]
    with pytest.raises(OptionError, match="has no curves of"):
        measure_motion(cases, Stage(), ours=data)
