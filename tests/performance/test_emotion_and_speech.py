"""Emotions leave speech readable, blend, and follow the voice where they are told to."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Controls, ControlTrack, Keyframe
from gioconda.controls import EMOTIONS
from gioconda.motion import INDEX
from gioconda.performance import perform
from gioconda.performance.arousal import ArousalState, track_arousal
from gioconda.performance.mouth import implied_aperture
from gioconda.performance.window import LookaheadLine
from gioconda.speech.types import SpeechFeatures


@pytest.fixture(scope="module")
def labials(script):
    """Vowels with a closure between any two of them."""
    phones = [("sil", 30)]
    for vowel in ("a", "i", "u", "e", "o", "a", "ɛ", "ɔ"):
        for closed in ("m", "p"):
            phones += [(vowel, 10), (closed, 6)]
    return script([*phones, ("a", 10), ("sil", 60)])


@pytest.mark.parametrize("emotion", [e for e in EMOTIONS if e != "neutral"])
def test_no_emotion_opens_a_closure(labials, emotion) -> None:
    plain = perform(labials, Controls(still=True))
    shut = (implied_aperture(plain.values) < 0.004) & (plain["articulation"] > 0.9)
    assert shut.sum() > 30
    full = perform(labials, Controls(still=True, emotion=emotion, emotion_strength=1.0))
    assert implied_aperture(full.values)[shut].max() < 0.01
    vowels = implied_aperture(plain.values) > 0.06
    ratio = implied_aperture(full.values)[vowels] / implied_aperture(plain.values)[vowels]
    assert ratio.min() > 0.8  # nor does it close a vowel


def test_rounded_vowels_stay_round_under_a_smile(script) -> None:
    u = script([("sil", 20), ("u", 60), ("sil", 20)])
    i = script([("sil", 20), ("i", 60), ("sil", 20)])
    happy = Controls(still=True, emotion="happy", emotion_strength=1.0)
    rounded, spread = (perform(f, happy).values[50] for f in (u, i))
    assert rounded[INDEX["mouthPucker"]] > 0.4
    assert rounded[INDEX["mouthSmileLeft"]] < 0.75 * spread[INDEX["mouthSmileLeft"]]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_silence_rests_at_the_emotions_own_offset(script, emotion) -> None:
    motion = perform(script([("sil", 300)]), Controls(emotion=emotion, emotion_strength=1.0))
    mouth = [i for n, i in INDEX.items() if n.startswith(("mouth", "jaw")) or n == "articulation"]
    settled = motion.values[150:, mouth]
    assert np.ptp(settled, axis=0).max() < 0.02


@pytest.mark.parametrize("emotion", ["sad", "angry", "afraid", "disgusted"])
def test_a_smile_in_the_picture_gives_way_to_feelings_that_contradict_it(script, emotion) -> None:
    motion = perform(script([("sil", 300)]), Controls(emotion=emotion, emotion_strength=1.0))
    assert motion["articulation"][-1] > 0.95
    kept = perform(script([("sil", 300)]), Controls(emotion="happy", emotion_strength=1.0))
    assert kept["articulation"].max() == 0


def test_a_strong_emotion_is_no_frozen_mask(script) -> None:
    motion = perform(script([("sil", 1500)]), Controls(emotion="disgusted", emotion_strength=1.0))
    sneer = motion["noseSneerLeft"][200:]
    assert 0.78 < sneer.min() < 0.9
    assert sneer.max() > 0.95
    assert np.abs(np.diff(sneer)).max() * 50 < 0.5


def test_two_emotions_at_once_show_both(script) -> None:
    silence = script([("sil", 200)])
    both = ControlTrack(emotion=[Keyframe(0, {"sad": 0.5, "happy": 0.4})])
    motion = perform(silence, both)
    assert motion["mouthFrownLeft"][150] > 0.3
    assert motion["mouthSmileLeft"][150] > 0.3


def spoken(script, level_db: float, octaves: float, rows: int = 400) -> SpeechFeatures:
    from dataclasses import replace

    faster = 5 if octaves > 0 else 8
    phones = [p for _ in range(rows // (2 * faster)) for p in (("a", faster), ("t", faster))]
    features = script(phones)
    wobble = np.sin(np.arange(len(features)) / 9.0) * 0.15
    return replace(
        features,
        loudness_db=(features.loudness_db + level_db).astype(np.float32),
        f0_hz=(features.f0_hz * 2.0 ** (octaves + wobble)).astype(np.float32),
    )


@pytest.fixture(scope="module")
def three_moods(script):
    """Usual, then loud, high and fast, then low and quiet speech, 8 s each."""
    parts = [spoken(script, *how) for how in ((0, 0), (6, 0.35), (-6, -0.25))]
    return SpeechFeatures.joined(parts), np.cumsum([len(p) for p in parts])


def test_arousal_follows_level_pitch_and_tempo(three_moods) -> None:
    features, ends = three_moods
    line = LookaheadLine.start(6)
    state = ArousalState()
    arousal = np.concatenate([track_arousal(state, w) for w in (line.push(features), line.flush())])
    usual, excited, calm = (arousal[e - 250 : e - 50].mean() for e in ends)
    assert excited > usual + 0.5
    assert calm < usual - 0.1
    assert excited > 0.3 > 0 > calm
    assert np.abs(np.diff(arousal)).max() < 0.05  # a slow envelope


def test_auto_brightens_with_excitement_and_softens_with_calm(three_moods) -> None:
    features, ends = three_moods
    plain = perform(features, Controls(seed=1))
    effect = {}
    for strength in (0.3, 0.6, 1.0):
        auto = perform(features, Controls(seed=1, emotion="auto", emotion_strength=strength))
        for name in ("browOuterUpLeft", "mouthSmileLeft", "eyeWideLeft", "eyeBlinkLeft"):
            off = auto[name] - plain[name]
            effect[name, strength] = [off[e - 250 : e - 50].mean() for e in ends]
    for name in ("browOuterUpLeft", "mouthSmileLeft", "eyeWideLeft"):
        usual, excited, calm = effect[name, 1.0]
        assert excited > 0.1, name
        assert excited > max(usual, calm) + 0.08, name
        assert excited < 0.5, name  # in moderate measure
        strengths = [effect[name, s][1] for s in (0.3, 0.6, 1.0)]
        assert strengths == sorted(strengths)
    assert effect["eyeBlinkLeft", 1.0][2] > 0.03


def test_auto_is_nothing_in_silence(script) -> None:
    silence = script([("sil", 200)])
    for controls in (Controls(), Controls(emotion="auto", emotion_strength=1.0)):
        assert np.abs(perform(silence, controls)["mouthSmileLeft"]).max() == 0
