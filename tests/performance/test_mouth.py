"""The lips close for p, b, m, meet the teeth for f, round for u, and rest in silence."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.controls import EMOTIONS, Controls
from gioconda.motion import CHANNELS, INDEX, Motion
from gioconda.performance import perform
from gioconda.performance.mouth import implied_aperture

MOUTH = [i for i, n in enumerate(CHANNELS) if n.startswith(("mouth", "jaw", "tongue"))]


def aperture(motion: Motion) -> np.ndarray:
    return implied_aperture(motion.values)


@pytest.mark.parametrize("phone", ["p", "m"])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_lips_shut_for_bilabials_in_every_emotion(script, phone, emotion) -> None:
    features = script([("sil", 20), ("a", 12), (phone, 4), ("a", 12), ("sil", 20)])
    motion = perform(features, Controls(emotion=emotion, emotion_strength=1.0))
    gap = aperture(motion)
    assert gap[32:36].min() < 0.004
    assert gap[22:30].max() > 0.10
    assert gap[38:46].max() > 0.10


def test_closures_are_short_and_on_time(script) -> None:
    gap = aperture(perform(script([("sil", 20), ("a", 15), ("p", 4), ("a", 15), ("sil", 20)])))
    shut = np.flatnonzero(gap[20:54] < 0.012) + 20
    # The phone fills rows 35 to 38; lips meet up to 40 ms early and part as it ends.
    assert 32 <= shut[0] <= 35
    assert 36 <= shut[-1] <= 39


def test_f_brings_the_lower_lip_to_the_teeth_without_shutting_the_lips(script) -> None:
    motion = perform(script([("sil", 20), ("a", 12), ("f", 6), ("a", 12), ("sil", 20)]))
    middle, vowel = 34, 27
    assert motion["mouthRollLower"][middle] > 0.35
    assert motion["mouthRollLower"][vowel] < 0.05
    assert motion["mouthPressLeft"][middle] < 0.05
    assert 0.002 < aperture(motion)[middle] < 0.04


def test_rounded_vowels_round_and_spread_ones_spread(script) -> None:
    def held(phone: str) -> Motion:
        return perform(script([("sil", 20), (phone, 25), ("sil", 20)]))

    u, i, a = (held(p).values[32] for p in "uia")
    rounding = [v[INDEX["mouthPucker"]] + v[INDEX["mouthFunnel"]] for v in (u, i, a)]
    assert rounding[0] > 0.5 > 0.15 > max(rounding[1:])
    assert i[INDEX["mouthStretchLeft"]] > u[INDEX["mouthStretchLeft"]]
    assert a[INDEX["jawOpen"]] > 2 * i[INDEX["jawOpen"]] > 0


def test_rounding_anticipates_its_vowel(script) -> None:
    motion = perform(script([("sil", 20), ("s", 10), ("u", 12), ("sil", 20)]))
    assert motion["mouthPucker"][28] > motion["mouthPucker"][22] + 0.05


def test_tongue_rises_for_l_and_stays_within_its_range(script) -> None:
    motion = perform(script([("sil", 20), ("a", 10), ("l", 6), ("a", 10), ("sil", 20)]))
    assert motion["tongueOut"][32:35].max() > 0.2
    assert motion["tongueOut"].max() <= 0.35
    assert motion["tongueOut"][25] < 0.05


def test_vocal_effort_shapes_the_opening(script) -> None:
    from dataclasses import replace

    features = script([("sil", 20), *[("a", 10), ("t", 5)] * 20, ("sil", 20)])
    later = np.arange(len(features)) >= 170

    def opening(more_db: float, octaves: float) -> float:
        changed = replace(
            features,
            loudness_db=np.where(later, features.loudness_db + more_db, features.loudness_db),
            f0_hz=np.where(later, features.f0_hz * 2.0**octaves, features.f0_hz),
        )
        return float(aperture(perform(changed))[230:].max())

    talked = opening(0.0, 0.0)
    assert 0.6 * talked < opening(-14.0, 0.0) < 0.88 * talked
    assert 1.06 * talked < opening(8.0, 0.7) < 1.4 * talked


def test_loudness_of_single_rows_does_not_move_the_lips(script) -> None:
    from dataclasses import replace

    features = script([("sil", 20), *[("a", 10), ("t", 5)] * 8, ("sil", 20)])
    steady = aperture(perform(features))
    louder = features.loudness_db + 8.0 * (np.arange(len(features)) % 10 < 5)
    flicker = aperture(perform(replace(features, loudness_db=louder.astype(np.float32))))
    assert np.abs(flicker[30:] - steady[30:]).max() < 0.15 * steady.max()


def test_a_held_vowel_stays_open_and_alive(script) -> None:
    held = aperture(perform(script([("sil", 25), ("a", 200), ("sil", 25)])))[75:215]
    assert held.min() > 0.8 * held.max() > 0.1
    assert np.ptp(held) > 0.004
    assert np.abs(np.diff(held)).max() < 0.004


def test_silence_brings_the_mouth_to_rest_within_half_a_second_and_keeps_it(script) -> None:
    motion = perform(script([("sil", 25), ("a", 40), ("sil", 150)]))
    rest = motion.values[65 + 25 :]
    assert np.abs(rest[:, MOUTH]).max() == 0
    assert np.abs(rest[:, INDEX["articulation"]]).max() == 0


def test_articulation_leads_speech_and_leaves_within_half_a_second(script) -> None:
    art = perform(script([("sil", 50), ("a", 50), ("sil", 50), ("a", 50)]))["articulation"]
    # Out of long silence speech must be certain first: the mouth comes 120 ms ahead.
    assert art[43] == 0
    assert 0 < art[45] < 1
    assert art[48:100].min() == 1
    assert art[108] == 1
    assert art[124] == 0
    # After a pause the speaker is believed at once: 200 ms ahead.
    assert art[139] == 0
    assert 0 < art[141] < 1
    assert art[144:].min() == 1


def test_flickering_voice_activity_does_not_move_the_mouth(script) -> None:
    from dataclasses import replace

    rng = np.random.default_rng(0)
    flicker = np.convolve(rng.uniform(size=400) < 0.12, np.ones(3) / 3, "same")
    posteriors = script([("s", 400)]).posteriors
    noise = replace(script([("sil", 400)]), posteriors=posteriors, voice=flicker.astype(np.float32))
    assert flicker.max() > 0.6
    assert np.abs(perform(noise).values[:, MOUTH]).max() == 0


def test_noise_without_speech_leaves_the_mouth_at_rest(script) -> None:
    from dataclasses import replace

    features = script([("sil", 200)])
    rng = np.random.default_rng(0)
    posteriors = rng.dirichlet(np.ones(37) * 0.2, 200).astype(np.float32)
    noise = replace(
        features,
        posteriors=posteriors,
        voice=np.full(200, 0.2, np.float32),
        loudness_db=np.full(200, -45.0, np.float32),
        effort=np.full(200, 0.3, np.float32),
    )
    assert np.abs(perform(noise).values[:, MOUTH]).max() == 0


def test_short_gaps_in_speech_do_not_drop_the_mouth(script) -> None:
    art = perform(script([("sil", 20), ("a", 20), ("sil", 5), ("a", 20), ("sil", 20)]))
    assert art["articulation"][25:64].min() == 1


def test_weights_stay_within_the_motion_space(talk) -> None:
    for emotion in EMOTIONS:
        controls = Controls(emotion=emotion, emotion_strength=1.0, expression=2.0, head=2.0)
        shapes = perform(talk(20.0, seed=5), controls).values[:, :52]
        assert shapes.min() >= 0
        assert shapes.max() <= 1


def test_opening_is_as_wide_as_that_of_lively_talkers(talk) -> None:
    motion = perform(talk(60.0))
    spoken = aperture(motion)[motion["articulation"] > 0.5]
    # Real talkers .17, VASA-1 .25 outer-eye distances.
    assert 0.14 < np.percentile(spoken, 98) < 0.25


def test_steady_room_noise_taken_for_a_voice_does_not_move_the_mouth(script) -> None:
    from dataclasses import replace

    rng = np.random.default_rng(1)
    hiss = replace(
        script([("s", 500)]),
        loudness_db=rng.normal(-58, 1.5, 500).astype(np.float32),
        f0_hz=np.zeros(500, np.float32),
        effort=np.full(500, 0.5, np.float32),
    )
    late = replace(hiss, voice=np.where(np.arange(500) > 100, 1.0, 0.1).astype(np.float32))
    assert np.abs(perform(late).values[:, MOUTH]).max() == 0


def test_a_whisper_that_swells_out_of_room_noise_moves_it(script) -> None:
    from dataclasses import replace

    spoken = script([("sil", 150), *[("a", 8), ("t", 4)] * 8, ("sil", 50)])
    whisper = replace(
        spoken,
        loudness_db=np.where(spoken.voice > 0, -45.0, -58.0).astype(np.float32),
        f0_hz=np.zeros(len(spoken), np.float32),
    )
    motion = perform(whisper)
    assert motion["articulation"][155:240].min() == 1
    assert motion["jawOpen"].max() > 0.2
