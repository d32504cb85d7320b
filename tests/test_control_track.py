"""Curves through keyframes, poses, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda import Controls, ControlTrack, Keyframe, Pose
from gioconda.control_curve import Curve
from gioconda.control_track import JUMP_S, parse_emotions, saccade_s, track_of
from gioconda.errors import OptionError

FINE_S = np.arange(0.0, 12.0, 0.005)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.floats(0.2, 3.0), min_size=1, max_size=6),
    values=st.lists(st.floats(-30, 30), min_size=7, max_size=7),
)
def test_a_curve_passes_through_its_keyframes_and_stays_between_them(steps, values) -> None:
    times = np.cumsum([0.0, *steps])
    held = np.array(values[: len(times)])[:, None]
    curve = Curve.through(times, held)
    np.testing.assert_array_equal(curve.at(times), held)
    for (a, b), (u, v) in zip(
        itertools.pairwise(times), itertools.pairwise(held[:, 0]), strict=False
    ):
        inside = curve.at(np.linspace(a, b, 50))[:, 0]
        assert inside.min() >= min(u, v) - 1e-9
        assert inside.max() <= max(u, v) + 1e-9
        assert np.abs(np.diff(inside)).max() * 49 / (b - a) <= 3.0 * abs(v - u) / (b - a) + 1e-6


def test_a_curve_has_no_corner_and_stands_still_at_its_ends() -> None:
    track = ControlTrack(gaze=[Keyframe(1, (0, 0)), Keyframe(3, (6, 2)), Keyframe(6, (20, 0))])
    yaw = track.curves["gaze"].at(FINE_S)[:, 0]
    speed = np.gradient(yaw, FINE_S)
    assert np.abs(speed[(FINE_S < 0.99) | (FINE_S > 6.01)]).max() == 0
    assert speed[np.abs(FINE_S - 3.0) < 0.1].min() > 2.0  # pursuit goes on through a keyframe
    assert np.abs(np.diff(speed)).max() < 0.5


def test_before_the_first_and_after_the_last_keyframe_its_value_holds() -> None:
    track = ControlTrack(distance=[Keyframe(2, 1.4), Keyframe(4, 0.8)])
    assert track.distance_at(0) == 1.4
    assert track.distance_at(99) == 0.8
    assert track.distances == (0.8, 1.4)


def test_emotions_cross_blend() -> None:
    track = ControlTrack(
        emotion=[Keyframe(0, "happy:0.8"), Keyframe(2, {"sad": 0.5, "tender": 0.3})]
    )
    start, middle, end = track.curves["emotion"].at(np.array([0.0, 1.0, 2.0]))
    assert start[1] == 0.8
    assert start.sum() == 0.8
    assert (end[2], end[8]) == (0.5, 0.3)
    np.testing.assert_allclose(middle, (start + end) / 2)


def test_slow_gaze_is_pursuit_and_abrupt_gaze_a_saccade() -> None:
    slow = ControlTrack(gaze=[Keyframe(1, (0, 0)), Keyframe(2, (12, 0))])
    assert len(slow.saccades.starts_s) == 0
    assert np.ptp(slow.curves["gaze"].at(np.array([1.2, 1.8]))[:, 0]) > 5
    for frames in (
        [Keyframe(1, (0, 0)), Keyframe(1.3, (12, 0))],
        [Keyframe(1, (0, 0)), Keyframe(4, (12, 0), jump=True)],
    ):
        track = ControlTrack(gaze=frames)
        end = frames[1].time_s
        before, after = track.curves["gaze"].at(np.array([end - saccade_s(12) - 1e-6, end]))
        assert (before[0], after[0]) == (pytest.approx(0), 12)
        assert track.saccades.sizes_deg.tolist() == [12.0]


def test_a_jump_of_another_dial_is_a_short_ramp_that_ends_in_time() -> None:
    track = ControlTrack(head=[Keyframe(0, 1.0), Keyframe(5, 0.0, jump=True)])
    head = track.curves["head"].at(FINE_S)[:, 0]
    assert head[FINE_S < 5 - JUMP_S].min() == 1.0
    assert head[FINE_S >= 5].max() == 0.0
    assert np.abs(np.diff(head)).max() / 0.005 < 1.6 / JUMP_S


def test_near_poses_lead_into_each_other_and_far_ones_let_go() -> None:
    near = ControlTrack(poses=[Pose(2, {"headYaw": 8}), Pose(2.8, {"headYaw": -8})])
    far = ControlTrack(poses=[Pose(2, {"headYaw": 8}), Pose(6, {"headYaw": -8})])
    at = np.linspace(2, 2.8, 20)
    assert near.pose_curves["headYaw"].weight.at(at).min() == 1
    assert far.pose_curves["headYaw"].weight.at(np.array([4.0]))[0, 0] == 0


def test_constants_are_a_track_without_keyframes() -> None:
    controls = Controls(gaze=(3.0, 1.0), emotion="auto", emotion_strength=0.4, head=1.5, seed=9)
    track = track_of(controls)
    assert track.seed == 9
    assert track.curves["gaze"].at(FINE_S[:3]).tolist() == [[3.0, 1.0]] * 3
    assert track.curves["emotion"].at(FINE_S[:1])[0, 9] == 0.4
    assert track.curves["head"].at(FINE_S[:1])[0, 0] == 1.5
    assert track_of(track) is track


def test_emotions_are_read_from_words() -> None:
    assert parse_emotions("Happy") == {"happy": 0.6}
    assert parse_emotions("sad:0.5+tender:0.3") == {"sad": 0.5, "tender": 0.3}


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ({"gaze": [Keyframe(0, (0, 0)), Keyframe(2, (40, 0))]},
         "gaze, keyframe 2: gaze yaw is 40; it must lie between -30 and 30 degrees"),
        ({"gaze": [Keyframe(0, 3.0)]}, "two angles"),
        ({"distance": [Keyframe(0, 3.0)]}, "distance, keyframe 1: .*between 0.7 and 2"),
        ({"head": [Keyframe(-1, 1.0)]}, "time_s is -1; it must be 0 or above"),
        ({"head": [Keyframe(2, 1.0), Keyframe(2.1, 0.0)]}, "keyframe 2: .*rise by 0.2 s"),
        ({"emotion": [Keyframe(0, "bored")]}, "'bored' is not known; there are: neutral, happy"),
        ({"emotion": [Keyframe(0, {"sad": 0.8, "angry": 0.8})]}, "add up to 1.6; 1 at most"),
        ({"emotion": [Keyframe(0, {"sad": 0.1, "angry": 0.1, "happy": 0.1})]}, "2 at most"),
        ({"emotion": [Keyframe(0, "happy:loud")]}, "must be a number from 0 to 1"),
        ({"poses": [Pose(1, {"headYaw": 45})]}, "headYaw is 45; it must lie between -20 and 20"),
        ({"poses": [Pose(1, {"wink": 1})]}, "'wink' is not known"),
        ({"poses": [Pose(1, {})]}, "sets no channel"),
        ({"poses": [Pose(1, {"jawOpen": 0.2}, 1.0), Pose(1.5, {"jawOpen": 0.3})]},
         "jawOpen at 1.5 s meets the pose that lasts until 2 s"),
        ({"poses": [Pose(1, {"jawOpen": 0.2}, ramp_s=0.01)]}, "ramp_s .*between 0.1 and 10"),
        ({"constant": Controls(still=True), "gaze": [Keyframe(0, (0, 0))]}, "choose one"),
        ({"constant": Controls(still=True), "poses": [Pose(1, {"jawOpen": 0.2})]}, "choose one"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_said_in_one_sentence(bad: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint):
        ControlTrack(**bad)
