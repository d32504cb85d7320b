"""Effects of controls: verdicts on made-up courses, and a small run through the whole chain."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.measure.test_tracking import face, posed

from gioconda import examples
from gioconda.controls import EMOTIONS
from gioconda.errors import OptionError
from gioconda.measure.controls_report import (
    CONTROLS,
    EMOTION_SIGNS,
    NOSE,
    STRENGTHS,
    ControlsReport,
    Effect,
    Reached,
    measure_controls,
)
from gioconda.measure.controls_trial import MEASURES, SECONDS, Trial, measures_of
from gioconda.measure.loudness import samples_of


def effect(*rows: list[float], direction: int = 1, least: float = 0.02) -> Effect:
    return Effect("happy", "corner", direction, least, STRENGTHS, np.array(rows))


def test_a_steady_effect_is_right_and_monotone() -> None:
    e = effect([0.1, 0.12, 0.14, 0.16, 0.2], [0.2, 0.21, 0.25, 0.26, 0.28])
    assert e.course == pytest.approx([0, 0.015, 0.045, 0.06, 0.09])
    assert e.right()
    assert e.monotone()
    assert e.portraits_right() == 2


def test_the_wrong_way_too_little_and_a_step_back_are_told() -> None:
    falling = effect([0.2, 0.19, 0.18, 0.17, 0.16])
    assert not falling.right()
    assert effect([0.2, 0.19, 0.18, 0.17, 0.16], direction=-1).monotone()
    assert not effect([0.1, 0.105, 0.11, 0.112, 0.115]).right()
    bumpy = effect([0.1, 0.2, 0.15, 0.18, 0.2])
    assert bumpy.right()
    assert not bumpy.monotone()
    assert effect([0.1, 0.15, 0.149, 0.18, 0.2]).monotone()
    assert effect([0.1, 0.1, 0.1, 0.1, 0.2], [0.1] * 5).portraits_right() == 1


def test_aims_are_judged_by_their_mean_error() -> None:
    assert Reached("gaze", "+10, +0", np.array([-2.0, 3.5]), 3.0).met()
    assert not Reached("distance", "2", np.array([0.03, -0.05]), 0.03).met()


def test_the_report_is_readable_and_plain() -> None:
    report = ControlsReport(
        ("a", "b"), (effect([0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 0.3]),),
        (Reached("gaze", "+10, +0", np.array([2.0, 3.5]), 3.0, np.array([1.0, 1.2]),
                 np.array([1.1, 1.3])),), (1.5, 0.4),
    )  # fmt: skip
    text = report.table()
    assert "yes (2/2)" in text
    assert "2.8, 3.5 degrees; of the motion 1.1; of the median 1.2" in text
    assert "1.5 degrees a frame, 0.4 in the mean" in text
    assert json.loads(json.dumps(report.as_dict()))["effects"][0]["monotone"] is True


def test_every_emotion_has_signs_that_can_be_measured() -> None:
    assert set(EMOTION_SIGNS) == set(EMOTIONS) - {"neutral"}
    for signs in EMOTION_SIGNS.values():
        for measure, direction, least in signs:
            assert measure in (*MEASURES, NOSE)
            assert abs(direction) == 1
            assert least > 0


def test_lengths_are_read_off_posed_faces() -> None:
    frowning, sneering, one_sided = face(), face(), face()
    frowning[[107, 55, 336, 285], 1] += 0.02
    sneering[[129, 358, 0], 1] -= 0.03
    one_sided[291, 1] -= 0.04
    meshes = np.stack([posed(f, 15, -8, 5) for f in (face(), frowning, sneering, one_sided)])
    values = measures_of(meshes)
    moved = {name: values[1:, i] - values[0, i] for i, name in enumerate(MEASURES)}
    assert moved["inner brow"] == pytest.approx([-0.02, 0, 0], abs=1e-9)
    assert moved["nose"] == pytest.approx([0, -0.03, 0], abs=1e-9)
    assert moved["upper lip"] == pytest.approx([0, -0.03, 0], abs=1e-9)
    assert moved["corners' slant"] == pytest.approx([0, 0, 0.04], abs=1e-9)
    assert moved["corner L"] == pytest.approx([0, 0, 0], abs=1e-9)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(OptionError, match="no measure of 'mood'"):
        measure_controls([examples.portrait_path()], np.zeros(10, np.float32), controls=["mood"])
    with pytest.raises(OptionError, match="name one or more"):
        measure_controls([], np.zeros(10, np.float32))
    assert len(CONTROLS) == 13


def test_distance_a_smile_and_a_wrinkled_nose_are_seen_in_rendered_frames(monkeypatch) -> None:
    monkeypatch.setitem(SECONDS, "emotion", 4.0)
    frames = []
    sound = samples_of(examples.speech_path())
    trial = Trial(examples.portrait_path(), sound, advance=lambda: frames.append(1))
    assert abs(trial.distance_error(1.4)) < 0.03
    assert trial.emotion("happy", 1.0).mean("corner") > trial.neutral().mean("corner") + 0.02
    assert len(frames) > 30
    still, wrinkled = trial.nose("disgusted", (0.0, 1.0))
    assert still == 0
    assert wrinkled < -0.01
