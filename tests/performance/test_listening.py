"""Who listens attends, nods and answers, and never speaks with the other's voice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.motion import CHANNELS, Motion, concatenate, gaze_of
from gioconda.performance import RulePerformer, perform
from gioconda.performance.window import silent_features

LIPS = [
    i
    for i, n in enumerate(CHANNELS)
    if n.startswith(("mouth", "jaw", "tongue", "articulation")) and "Smile" not in n
]


def phrases(script, count: int = 30):
    """Return a partner who talks for 3 s and pauses for 1.4 s, again and again."""
    return script([("sil", 50), *[("a", 150), ("sil", 70)] * count])


def listened(features, seed: int = 0, **controls: float) -> Motion:
    silence = silent_features(len(features), features.start_s)
    return perform(silence, Controls(seed=seed, **controls), partner=features)


@pytest.fixture(scope="module")
def minutes(talk):
    features = talk(150.0, seed=4)
    return features, [listened(features, seed) for seed in range(3)]


def test_the_partners_voice_never_moves_the_lips(minutes) -> None:
    for motion in minutes[1]:
        assert motion["articulation"].max() == 0
        assert motion["jawOpen"].max() == 0


def test_a_listener_nods_where_the_partner_pauses(script) -> None:
    features = phrases(script)
    folded = np.zeros(220)
    for seed in range(4):
        alone = perform(silent_features(len(features)), Controls(seed=seed))["headPitch"]
        pitch = listened(features, seed)["headPitch"] - alone
        speed = np.abs(np.diff(pitch, append=pitch[-1]))
        folded += speed[50 : 50 + 220 * 30].reshape(30, 220).mean(axis=0)
    assert folded[165:].mean() > 2.0 * folded[40:150].mean()  # a nod lasts into the next phrase


def test_answers_come_as_often_as_listeners_give_them(minutes) -> None:
    features, motions = minutes
    for seed, motion in enumerate(motions):
        alone = perform(silent_features(len(features)), Controls(seed=seed))
        smiles = motion["mouthSmileLeft"] - alone["mouthSmileLeft"]
        brows = np.sum(np.diff((motion["browInnerUp"] > 0.2).astype(int)) == 1)
        assert smiles.max() > 0.1
        assert 1 <= brows <= 30


def test_a_listener_looks_at_the_partner_three_quarters_of_the_time(minutes) -> None:
    shares = []
    for motion in minutes[1]:
        eyes = np.array([gaze_of(v) for v in motion.values])
        aside = np.linalg.norm(eyes + motion.values[:, 52:54], axis=1)
        shares.append(np.mean(aside < 2.5))
    assert 0.65 < np.mean(shares) < 0.88


def test_a_listener_is_stiller_than_a_talker(minutes) -> None:
    features, motions = minutes
    talker = perform(features).values[:, 52:55]
    for motion in motions:
        assert np.all(motion.values[100:, 52:54].std(axis=0) < 0.75 * talker.std(axis=0)[:2])


def test_whoever_speaks_does_not_nod(script) -> None:
    other = script([("sil", 50), *[("a", 120), ("sil", 40)] * 8])
    own = script([("a", len(other))])
    alone, together = perform(own), perform(own, partner=other)
    late = slice(100, len(own) - 30)  # once somebody has begun to speak
    np.testing.assert_allclose(alone["headPitch"][late], together["headPitch"][late], atol=0.05)
    np.testing.assert_array_equal(alone.values[:, LIPS], together.values[:, LIPS])


def test_a_silent_partner_is_no_partner(talk) -> None:
    own = talk(10.0, seed=1)
    silent = silent_features(len(own))
    np.testing.assert_array_equal(perform(own).values, perform(own, partner=silent).values)


def test_told_to_listen_a_face_nods_without_hearing_anything() -> None:
    performer, silence = RulePerformer(), silent_features(1500)
    pitch = []
    for told in (False, True):
        state = performer.start(Controls(seed=2))
        performer.set_listening(state, told)
        pitch.append(performer.step(state, silence)["headPitch"])
    nods = np.diff(pitch[1] - pitch[0]) * 50
    assert nods.max() > 4.0
    performer.set_listening(state, False)
    attention = state.listening.level
    performer.step(state, silent_features(400))
    assert state.listening.level < 0.05 < attention


@settings(max_examples=20, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=20),
    first=st.integers(0, 300),
    lookahead=st.sampled_from([0.0, 40.0, 120.0]),
)
def test_any_chunking_with_a_partner_gives_the_same_motion(
    talk, cut, sizes, first, lookahead
) -> None:
    own, other = talk(8.0, seed=3), talk(8.0, seed=5)
    performer, controls = RulePerformer(lookahead), Controls(seed=11)

    def run(bounds: list[int]) -> Motion:
        state, chunks = performer.start(controls), []
        for a, b in pairwise(bounds):
            heard = cut(other, a, b) if a >= first else None  # the partner joins at this row
            chunks.append(performer.step(state, cut(own, a, b), heard))
        return concatenate([*chunks, performer.finish(state)])

    cuts = np.minimum(np.cumsum([0, *sizes]), 400)
    bounds = sorted({*map(int, cuts), first, 400})
    whole = run(sorted({0, first, 400}))
    np.testing.assert_array_equal(whole.values, run(bounds).values)


def test_a_partner_of_another_length_is_refused(talk) -> None:
    performer = RulePerformer()
    with pytest.raises(OptionError, match="same instants"):
        performer.step(performer.start(Controls()), talk(1.0), talk(1.02))
