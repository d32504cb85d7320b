"""Motion is counted from the person's own rest, and lips that touch are closed."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.capture.causal import FrameFit
from gioconda.interchange.face_model import opening_rows
from gioconda.live.puppet.lips import close_lips
from gioconda.live.puppet.neutral import Neutral
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX

STEP_S = 0.04
BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
BROW, YAW = INDEX["browInnerUp"], INDEX["headYaw"]


def counted(
    neutral: Neutral, left: float = 0.0, right: float | None = None, yaw_deg: float = 0.0,
    gaze_deg: float = 0.0, **weights: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    face = np.zeros(len(CHANNELS))
    face[BLINKS] = left, left if right is None else right
    for name, value in weights.items():
        face[INDEX[name]] = value
    pose, gaze = np.array([yaw_deg, 0, 0, 0, 0, 0]), np.array([gaze_deg, 0])
    fit = FrameFit(face, gaze, pose, np.eye(6), 0.0)
    return neutral.count(fit, pose, gaze, STEP_S)


def test_how_a_person_sits_and_looks_becomes_rest() -> None:
    neutral = Neutral()
    for _ in range(50):
        moment, gaze = counted(neutral, left=0.2, yaw_deg=8, gaze_deg=-6, browInnerUp=0.3)
    assert moment[YAW] == pytest.approx(0, abs=0.3)
    assert moment[BROW] == pytest.approx(0, abs=0.02)
    assert np.abs(moment[BLINKS]).max() < 0.03
    assert gaze[0] == pytest.approx(0, abs=0.3)
    assert moment[INDEX["articulation"]] == 1


def test_a_short_motion_does_not_move_rest_and_a_long_one_does_slowly() -> None:
    neutral = Neutral()
    for _ in range(125):
        counted(neutral)
    short = [counted(neutral, yaw_deg=10)[0][YAW] for _ in range(50)]
    assert short[-1] > 9.0
    long = [counted(neutral, yaw_deg=10)[0][YAW] for _ in range(1500)]
    assert np.abs(np.diff(short + long)).max() < 0.1
    assert long[-1] < 1.5


def test_after_a_while_away_the_seat_is_learnt_anew_but_not_the_face() -> None:
    neutral = Neutral()
    for _ in range(250):
        counted(neutral, browInnerUp=0.3)
    neutral.moved_seat()
    for _ in range(40):
        moment, _ = counted(neutral, yaw_deg=12, browInnerUp=0.6)
    assert moment[YAW] == pytest.approx(0, abs=1)
    assert moment[BROW] == pytest.approx(0.3, abs=0.02)


def blinked(neutral: Neutral, peak: float) -> float:
    """Blink once within 0.28 s and return the most that came out."""
    out = [
        counted(neutral, left=peak * p)[0][BLINKS].mean() for p in (0.3, 0.8, 1, 1, 0.8, 0.4, 0.1)
    ]
    for _ in range(40):
        counted(neutral)
    return float(max(out))


def test_a_tracker_that_sees_closed_eyes_half_open_is_learnt() -> None:
    neutral = Neutral()
    first = blinked(neutral, 0.5)
    for _ in range(20):
        last = blinked(neutral, 0.5)
    assert 0.55 < first < 0.75
    assert last > 0.9
    assert blinked(neutral, 1.0) == 1.0


def test_eyes_cast_down_for_long_are_no_blink() -> None:
    neutral = Neutral()
    for _ in range(100):
        counted(neutral)
    for _ in range(20):
        counted(neutral, left=0.4)
    for _ in range(20):
        counted(neutral)
    assert blinked(neutral, 0.8) > 0.95
    assert counted(neutral, left=0.4)[0][BLINKS].mean() < 0.6


def test_the_head_stays_about_its_place() -> None:
    neutral = Neutral()
    for _ in range(50):
        counted(neutral)
    moment, _ = counted(neutral, yaw_deg=200)
    assert 35 < moment[YAW] <= 40
    small, _ = counted(neutral, yaw_deg=6)
    assert small[YAW] == pytest.approx(6, rel=0.02)


def test_a_wink_stays_a_wink_and_noise_between_the_eyes_does_not() -> None:
    neutral = Neutral()
    for _ in range(30):
        counted(neutral)
    glitch = counted(neutral, left=0.5, right=0.0)[0][BLINKS]
    assert glitch[0] == pytest.approx(glitch[1])
    for _ in range(8):
        wink = counted(neutral, left=0.8, right=0.0)[0][BLINKS]
    assert wink[0] > 0.9
    assert wink[1] < 0.1
    for _ in range(20):
        counted(neutral)
    noise = counted(neutral, left=0.15, right=0.05)[0][BLINKS]
    assert noise[0] == pytest.approx(noise[1])


@pytest.mark.parametrize("gap_mm", [0.0, 0.5])
def test_lips_that_touch_are_closed(gap_mm: float) -> None:
    row = np.asarray(opening_rows())[0]
    moment = np.zeros(len(CHANNELS))
    moment[INDEX["jawOpen"]], moment[INDEX["mouthUpperUpLeft"]] = 0.05, 0.2
    assert row @ moment[: len(BLENDSHAPES)] > 1
    close_lips(moment, gap_mm)
    assert row @ moment[: len(BLENDSHAPES)] <= 0


def test_lips_apart_are_left_alone_and_between_they_go_smoothly() -> None:
    row = np.asarray(opening_rows())[0]
    out = []
    for gap_mm in np.arange(0, 4, 0.05):
        moment = np.zeros(len(CHANNELS))
        moment[INDEX["jawOpen"]] = (gap_mm + 1.0) / row[INDEX["jawOpen"]]
        close_lips(moment, gap_mm)
        out.append(row @ moment[: len(BLENDSHAPES)])
    assert out[-1] == pytest.approx(3.95 + 1)
    assert np.diff(out).min() > -1e-9
    assert np.diff(out).max() < 0.25
