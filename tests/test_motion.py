from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import MotionError, OptionError
from gioconda.motion import (
    BLENDSHAPES,
    CHANNELS,
    INDEX,
    Motion,
    MotionBuffer,
    concatenate,
    gaze_of,
    moment,
    neutral,
    set_gaze,
)


def ramp(rows: int, rate_hz: float = 50.0, start_s: float = 0.0) -> Motion:
    values = np.zeros((rows, len(CHANNELS)), np.float32)
    values[:, INDEX["jawOpen"]] = np.arange(rows) / 100
    return Motion(values, rate_hz, start_s)


def test_the_motion_space_is_arkit_and_a_head() -> None:
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52
    assert len(CHANNELS) == 60
    assert {"jawOpen", "eyeBlinkLeft", "tongueOut", "headYaw", "articulation"} <= set(CHANNELS)


def test_a_moment_names_its_channels() -> None:
    m = moment(jawOpen=0.5, headYaw=-3)
    assert m[INDEX["jawOpen"]] == 0.5
    assert m[INDEX["headYaw"]] == -3
    assert np.count_nonzero(m) == 2
    with pytest.raises(OptionError, match="jawOpened"):
        moment(jawOpened=1)


@given(yaw=st.floats(-30, 30), pitch=st.floats(-20, 20))
def test_gaze_goes_in_and_comes_out(yaw: float, pitch: float) -> None:
    m = neutral()
    set_gaze(m, yaw, pitch)
    assert gaze_of(m) == pytest.approx((yaw, pitch), abs=1e-4)
    assert (m >= 0).all()


def test_looking_to_the_images_right_turns_the_subjects_left_eye_out() -> None:
    m = neutral()
    set_gaze(m, 15.0, 0.0)
    assert m[INDEX["eyeLookOutLeft"]] == m[INDEX["eyeLookInRight"]] == 0.5


def test_motion_is_a_function_of_time() -> None:
    motion = ramp(11, start_s=1.0)
    jaw = INDEX["jawOpen"]
    assert motion.at(1.0)[jaw] == 0
    assert motion.at(1.05)[jaw] == pytest.approx(0.025)
    assert motion.at(0.0)[jaw] == 0
    assert motion.at(9.0)[jaw] == pytest.approx(0.1)


def test_other_rates_show_the_same_performance() -> None:
    motion = ramp(101)
    at_30 = motion.resampled(30.0)
    for i in (0, 7, 31):
        assert np.allclose(at_30.values[i], motion.at(i / 30), atol=1e-6)


def test_a_channel_is_read_by_its_name() -> None:
    motion = ramp(3)
    assert motion["jawOpen"].tolist() == pytest.approx([0, 0.01, 0.02])
    with pytest.raises(OptionError, match=r"no motion channel named 'foo'; see"):
        motion["foo"]


@pytest.mark.parametrize(
    ("rows", "rate_hz", "start_s", "complaint"),
    [
        (np.zeros((3, 52)), 50, 0, "shape"),
        (np.full((3, 60), np.nan), 50, 0, "NaN"),
        (np.zeros((3, 60)), 0, 0, "rate of 0"),
        (np.zeros((3, 60)), np.inf, 0, "rate of inf"),
        (np.zeros((3, 60)), 50, np.nan, "starts at nan"),
    ],
)
def test_other_arrays_are_no_motion(
    rows: np.ndarray, rate_hz: float, start_s: float, complaint: str
) -> None:
    with pytest.raises(MotionError, match=complaint):
        Motion(rows.astype(np.float32), rate_hz, start_s)


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(1, 99), max_size=6))
def test_a_buffer_reads_like_the_whole_motion(cuts: list[int]) -> None:
    whole = ramp(100)
    edges = [0, *sorted(set(cuts)), 100]
    buffer = MotionBuffer()
    frame = 0
    for a, b in itertools.pairwise(edges):
        buffer.append(Motion(whole.values[a:b], 50.0, a / 50))
        while frame / 40 <= buffer.end_s:
            assert np.allclose(buffer.at(frame / 40), whole.at(frame / 40), atol=1e-6)
            frame += 1
    assert frame == 80


def test_a_buffer_refuses_a_gap() -> None:
    buffer = MotionBuffer()
    buffer.append(ramp(10))
    with pytest.raises(MotionError, match="expected"):
        buffer.append(ramp(10, start_s=0.5))


def test_a_buffer_forgets_what_was_read() -> None:
    buffer = MotionBuffer()
    held = []
    for i in range(200):
        buffer.append(ramp(10, start_s=i * 0.2))
        buffer.at(i * 0.2)
        held.append(len(buffer._window))  # type: ignore[arg-type]
    assert max(held[5:]) <= 25


def test_joining_chunks() -> None:
    assert len(concatenate([])) == 0
    joined = concatenate([ramp(5), ramp(0), ramp(7, start_s=0.1)])
    assert len(joined) == 12
