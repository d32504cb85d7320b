"""Keyframes and poses in the motion: reached, smooth, and the same for any chunking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda import Controls, ControlTrack, Keyframe, Pose
from gioconda.errors import OptionError
from gioconda.motion import INDEX, concatenate, gaze_of
from gioconda.performance import RulePerformer, perform

TRACK = ControlTrack(
    Controls(seed=3),
    gaze=[
        Keyframe(1, (0, 0)), Keyframe(3, (15, -6)), Keyframe(5, (15, -6)), Keyframe(5.3, (-12, 4)),
    ],
    emotion=[
        Keyframe(0, "neutral"), Keyframe(2, "happy:0.8"), Keyframe(4, {"sad": 0.5, "tender": 0.3}),
        Keyframe(6, {"surprised": 0.7, "auto": 0.3}, jump=True),
    ],
    head=[Keyframe(2, 1.0), Keyframe(4, 0.2)],
    expression=[Keyframe(1, 1.0), Keyframe(3, 0.5)],
    blinks=[Keyframe(1, 1.0), Keyframe(3, 2.0)],
    poses=[
        Pose(2.01, {"headYaw": 12, "headPitch": -5, "headRoll": 4}, hold_s=0.6),
        Pose(5.2, {"headYaw": -10}), Pose(6.1, {"headYaw": 9}),
        Pose(3.5, {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.6}, hold_s=0.2),
        Pose(6.5, {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "jawOpen": 0.3}),
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def eight(talk):
    return talk(8.0, seed=5)


@pytest.fixture(scope="module")
def motion(eight):
    return perform(eight, TRACK)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 60), max_size=25))
def test_any_chunking_gives_the_same_motion(eight, motion, cut, sizes) -> None:
    performer = RulePerformer()
    state = performer.start(TRACK)
    chunks, first = [], 0
    for size in sizes:
        chunks.append(performer.step(state, cut(eight, first, first + size)))
        first += size
    chunks += [performer.step(state, cut(eight, first, len(eight))), performer.finish(state)]
    np.testing.assert_array_equal(concatenate(chunks).values, motion.values)


#: Each is set at a row, while poses of the one before still are, or are yet to come.
_SET = {
    60: ControlTrack(poses=[Pose(1.9, {"headYaw": 10.0}, hold_s=2.0)]),
    110: ControlTrack(poses=[Pose(2.6, {"headYaw": -9.7, "jawOpen": 0.33}, hold_s=2.0)]),
    170: ControlTrack(poses=[Pose(4.8, {"eyeBlinkLeft": 1.0}, hold_s=3.0)]),
    200: ControlTrack(Controls(blinks=2.0)),
}


def reset(features, cut, edges):
    performer = RulePerformer()
    state = performer.start(TRACK)
    chunks, first = [], 0
    for edge in sorted({*edges, *_SET, len(features)}):
        chunks.append(performer.step(state, cut(features, first, edge)))
        first = edge
        if edge in _SET:
            performer.set(state, _SET[edge])
    return concatenate([*chunks, performer.finish(state)]).values


@settings(max_examples=20, deadline=None)
@given(edges=st.sets(st.integers(0, 399), max_size=60))
def test_any_chunking_gives_the_same_motion_when_poses_are_replaced(eight, cut, edges) -> None:
    np.testing.assert_array_equal(reset(eight, cut, edges), reset(eight, cut, range(400)))


def test_poses_are_hit_at_their_time_and_held(motion) -> None:
    for pose in TRACK.poses:
        for time_s in (pose.time_s, pose.time_s + pose.hold_s / 2, pose.time_s + pose.hold_s):
            moment = motion.at(time_s)
            for name, value in pose.channels.items():
                near = 0.5 if name.startswith("head") else 0.02
                assert moment[INDEX[name]] == pytest.approx(value, abs=near), (name, time_s)


def test_a_wink_is_one_sided(talk) -> None:
    features = talk(20.0, seed=1)
    winks = [Pose(t, {"eyeBlinkLeft": 1.0}, hold_s=0.2) for t in range(2, 20, 2)]
    for seed in range(3):
        motion = perform(features, ControlTrack(Controls(seed=seed, blinks=2.0), poses=winks))
        for wink in winks:
            during = motion.values[int(wink.time_s * 50) : int(wink.time_s * 50) + 10]
            assert during[:, INDEX["eyeBlinkLeft"]].min() > 0.98
            assert during[:, INDEX["eyeBlinkRight"]].max() < 0.2


def test_the_eyes_stay_where_they_look_while_a_pose_turns_the_head(motion) -> None:
    def in_room(time_s: float) -> float:
        return gaze_of(motion.at(time_s))[0] + 0.95 * float(motion.at(time_s)[INDEX["headYaw"]])

    wanted = TRACK.curves["gaze"].at(np.array([4.5, 7.5]))[:, 0]
    looked = [np.median([in_room(t + d) for d in np.arange(-0.4, 0.45, 0.05)]) for t in (4.5, 7.5)]
    np.testing.assert_allclose(looked, wanted, atol=3.0)


def test_gaze_follows_a_slow_target(talk) -> None:
    track = ControlTrack(gaze=[Keyframe(2, (-15, 0)), Keyframe(12, (15, 0))])
    motion = perform(talk(14.0, seed=4), track)
    times = np.arange(len(motion)) / 50
    looked = np.array([gaze_of(v)[0] for v in motion.values]) + 0.95 * motion["headYaw"]
    off = looked - track.curves["gaze"].at(times)[:, 0]
    assert np.median(np.abs(off[100:])) < 1.5  # glances away are the rest


def test_ramps_have_a_bounded_speed(motion) -> None:
    speed = np.abs(np.diff(motion.values, axis=0)).max(axis=0) * 50
    angles = speed[[INDEX[n] for n in ("headYaw", "headPitch", "headRoll")]]
    assert angles.max() < 90  # degrees a second; talkers reach 43 at the 95th percentile
    for name in ("mouthSmileLeft", "browInnerUp", "cheekSquintLeft", "mouthFrownLeft"):
        assert speed[INDEX[name]] < 8, name


def test_a_keyframed_emotion_is_there_at_its_time(eight) -> None:
    track = ControlTrack(
        Controls(expression=1.0), emotion=[Keyframe(1, "neutral"), Keyframe(3, "sad:1")]
    )
    constant = perform(eight, Controls(emotion="sad", emotion_strength=1.0))
    keyed = perform(eight, track)
    frown = INDEX["mouthFrownLeft"]
    assert keyed.values[50, frown] < 0.05
    assert keyed.at(3.0)[frown] == pytest.approx(constant.at(3.0)[frown], abs=0.03)


def test_new_controls_while_running_ramp(eight, cut) -> None:
    performer = RulePerformer()
    state = performer.start(Controls(seed=3))
    chunks = [performer.step(state, cut(eight, 0, 150))]
    performer.set(state, Controls(seed=3, emotion="happy", emotion_strength=1.0, gaze=(20, 0)))
    chunks.append(performer.step(state, cut(eight, 150, 250)))
    performer.set(state, ControlTrack(poses=[Pose(5.5, {"headYaw": 12}, hold_s=9)]))
    chunks.append(performer.step(state, cut(eight, 250, 330)))
    performer.set(state, Controls())  # amid the pose
    chunks += [performer.step(state, cut(eight, 330, len(eight))), performer.finish(state)]
    motion = concatenate(chunks)
    assert motion["mouthSmileLeft"][220:240].min() > 0.5
    assert np.abs(np.diff(motion["mouthSmileLeft"])).max() * 50 < 6
    assert motion.at(6.2)[INDEX["headYaw"]] == pytest.approx(12, abs=0.5)
    assert np.abs(motion["headYaw"][370:]).max() < 11
    assert np.abs(np.diff(motion["headYaw"])).max() * 50 < 90


def test_eyes_told_to_look_elsewhere_go_there_at_once(eight, cut) -> None:
    before, after = [], []
    for seed in range(5):  # one performance may be looking away just then
        performer = RulePerformer()
        state = performer.start(Controls(seed=seed))
        chunks = [performer.step(state, cut(eight, 0, 200))]
        performer.set(state, Controls(seed=seed, gaze=(20, 0)))
        chunks += [performer.step(state, cut(eight, 200, len(eight))), performer.finish(state)]
        motion = concatenate(chunks)
        looked = np.array([gaze_of(v)[0] for v in motion.values]) + 0.95 * motion["headYaw"]
        before.append(np.median(looked[100:190]))
        after.append(np.median(looked[210:300]))
    assert np.median(before) == pytest.approx(0, abs=3)
    assert np.median(after) == pytest.approx(20, abs=3)


def test_a_dial_that_is_dragged_follows_the_hand(eight, cut) -> None:
    performer = RulePerformer()
    state = performer.start(Controls())
    chunks = []
    for row in range(0, 200, 2):
        strength = row / 200
        performer.set(state, Controls(emotion="happy", emotion_strength=strength))
        chunks.append(performer.step(state, cut(eight, row, row + 2)))
    smile = concatenate(chunks)["cheekSquintLeft"]
    assert smile[100] > 0.15
    assert np.abs(np.diff(smile)).max() * 50 < 3


def test_still_cannot_change_while_running() -> None:
    performer = RulePerformer()
    with pytest.raises(OptionError, match="still"):
        performer.set(performer.start(Controls()), Controls(still=True))
