"""Every control does what it says."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.controls import EMOTIONS, Controls
from gioconda.errors import OptionError
from gioconda.motion import CHANNELS, HEAD_CHANNELS, INDEX, gaze_of
from gioconda.performance import perform
from gioconda.performance.emotion import STYLES
from gioconda.performance.registry import create, names

HEAD = [INDEX[n] for n in HEAD_CHANNELS]
LIPS = [i for i, n in enumerate(CHANNELS) if n.startswith(("mouth", "jaw", "tongue"))]
BROWS = [i for i, n in enumerate(CHANNELS) if n.startswith(("brow", "cheek", "nose"))]


@pytest.fixture(scope="module")
def minute(talk):
    return talk(60.0, seed=2)


def mean_gaze(motion) -> np.ndarray:
    return np.array([gaze_of(v) for v in motion.values[50:]]).mean(axis=0)


def test_same_seed_same_motion_other_seed_other_motion(talk) -> None:
    features = talk(10.0)
    one, again, other = (perform(features, Controls(seed=s)).values for s in (4, 4, 5))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one[:, HEAD] - other[:, HEAD]).max() > 1.0
    jaw = INDEX["jawOpen"]
    np.testing.assert_array_equal(one[:, jaw], other[:, jaw])


def test_row_0_is_the_portrait_itself_even_if_speech_starts_at_once(script) -> None:
    features = script([("a", 50)])
    for emotion in EMOTIONS:
        first = perform(features, Controls(emotion=emotion, gaze=(20.0, 5.0))).values[0]
        assert np.abs(first).max() == 0


def test_motion_starts_softly(talk) -> None:
    head = perform(talk(5.0)).values[:, HEAD[:3]]
    assert np.abs(head[:5]).max() < 0.1
    assert np.abs(np.diff(head, axis=0)).max() * 50 < 60


def test_no_head_movement_at_0_and_half_as_much_at_half(minute) -> None:
    still, half, one = (perform(minute, Controls(head=h)).values[:, HEAD] for h in (0.0, 0.5, 1.0))
    assert np.abs(still).max() == 0
    np.testing.assert_allclose(one[:, :3].std(axis=0), 2 * half[:, :3].std(axis=0), rtol=0.05)


def test_twice_the_head_movement_stays_inside_what_portraits_bear(minute) -> None:
    one, two = (perform(minute, Controls(head=h)).values[:, HEAD[:3]] for h in (1.0, 2.0))
    assert np.all(two.std(axis=0) > 1.6 * one.std(axis=0))
    assert np.all(np.abs(two).max(axis=0) < (20.0, 15.0, 16.0))


@pytest.mark.parametrize("emotion", ["afraid", "sad", "contemptuous"])
def test_an_emotion_does_not_turn_the_head_beyond_that(minute, emotion) -> None:
    for seed in range(2):
        asked = Controls(head=2.0, emotion=emotion, emotion_strength=1.0, seed=seed)
        motion = perform(minute, asked)
        for name, most in (("headYaw", 20), ("headPitch", 15), ("headRoll", 16)):
            assert np.abs(motion[name]).max() <= most


def test_no_blinks_at_0_and_more_at_2(minute) -> None:
    none, some, many = (
        perform(minute, Controls(blinks=b))["eyeBlinkLeft"] for b in (0.0, 0.6, 2.0)
    )
    assert none.max() == 0
    counts = [np.sum(np.diff((x > 0.5).astype(int)) == 1) for x in (some, many)]
    assert counts[1] > 1.5 * counts[0] > 0


def test_still_moves_the_mouth_alone(minute) -> None:
    moving = perform(minute, Controls(still=True, emotion="sad", gaze=(10.0, 0.0), distance=1.3))
    others = [i for i, n in enumerate(CHANNELS) if i not in LIPS and n != "articulation"]
    assert np.ptp(moving.values[:, others], axis=0).max() < 1e-5
    assert moving["jawOpen"].max() > 0.2
    assert gaze_of(moving.values[7])[0] == pytest.approx(10.0, abs=1e-4)


def test_gaze_points_where_it_is_told(minute) -> None:
    ahead = mean_gaze(perform(minute, Controls()))
    assert np.abs(ahead).max() < 2.5
    for wanted in ((20.0, 0.0), (-20.0, 0.0), (0.0, 12.0), (0.0, -12.0)):
        got = mean_gaze(perform(minute, Controls(gaze=wanted)))
        np.testing.assert_allclose(got, wanted, atol=3.5)


def test_eyes_stay_on_the_viewer_while_the_head_turns(minute) -> None:
    motion = perform(minute)
    gaze = np.array([gaze_of(v)[0] for v in motion.values])
    assert np.corrcoef(gaze, motion["headYaw"])[0, 1] < -0.6


def test_distance_is_the_frames_and_not_the_motions(minute) -> None:
    usual, far = (perform(minute, Controls(distance=d)) for d in (1.0, 1.5))
    np.testing.assert_array_equal(far.values, usual.values)


def test_expression_0_leaves_only_lips_lids_and_gaze(minute) -> None:
    flat = perform(minute, Controls(expression=0.0, emotion="angry"))
    assert np.abs(flat.values[:, BROWS]).max() == 0
    lively, livelier = (perform(minute, Controls(expression=e)) for e in (1.0, 2.0))
    assert livelier["browInnerUp"].mean() > 1.4 * lively["browInnerUp"].mean() > 0
    np.testing.assert_allclose(flat["jawOpen"].max(), lively["jawOpen"].max(), atol=0.25)


MARKS = {
    "happy": "mouthSmileLeft", "sad": "mouthFrownLeft", "angry": "browDownLeft",
    "surprised": "browOuterUpLeft", "afraid": "browInnerUp", "disgusted": "noseSneerLeft",
    "contemptuous": "mouthSmileLeft", "tender": "mouthSmileLeft",
}  # fmt: skip


@pytest.mark.parametrize("emotion", MARKS)
def test_emotions_show_and_grow_with_their_strength(minute, emotion) -> None:
    means = [
        perform(minute, Controls(emotion=emotion, emotion_strength=s))[MARKS[emotion]].mean()
        for s in (0.0, 0.5, 1.0)
    ]
    assert means[2] > means[1] > means[0] + 0.08


def test_contempt_is_one_sided(minute) -> None:
    motion = perform(minute, Controls(emotion="contemptuous"))
    assert motion["mouthSmileLeft"].mean() > motion["mouthSmileRight"].mean() + 0.2


def test_every_emotion_has_a_style_and_others_are_refused() -> None:
    assert set(STYLES) == set(EMOTIONS)
    with pytest.raises(OptionError, match="not known"):
        Controls(emotion="bored")


def test_registry_knows_its_names() -> None:
    assert "rules" in names()
    assert create().lookahead_ms == 200
    assert create("rules", lookahead_ms=40).lookahead_ms == 40
    with pytest.raises(OptionError, match="rules"):
        create("nobody")
