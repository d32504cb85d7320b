"""Pitch, level, voice activity and effort, piece by piece."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.speech import prosody
from gioconda.speech.prosody import PITCH_WINDOW, PitchState, VoiceState, pitch


def tone(hz: float, harmonics: int = 1, noise: float = 0.002) -> np.ndarray:
    time = np.arange(PITCH_WINDOW) / 16_000
    parts = [np.sin(2 * np.pi * hz * k * time + k) / k for k in range(1, harmonics + 1)]
    rough = noise * np.random.default_rng(0).normal(size=PITCH_WINDOW)
    return (0.1 * np.sum(parts, axis=0) + rough).astype(np.float32)


@pytest.mark.parametrize("hz", [70.0, 98.0, 147.0, 220.0, 311.0, 440.0, 659.0, 950.0])
@pytest.mark.parametrize("harmonics", [1, 8])
def test_pitch_of_a_tone_is_within_half_a_percent(hz: float, harmonics: int) -> None:
    found, periodicity = pitch(PitchState(), tone(hz, harmonics))
    assert found == pytest.approx(hz, rel=0.005)
    assert periodicity > 0.95


def test_noise_and_silence_have_no_pitch() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, PITCH_WINDOW)).astype(np.float32)
    assert np.mean([pitch(PitchState(), 0.1 * row)[0] > 0 for row in noise]) < 0.02
    assert pitch(PitchState(), np.zeros(PITCH_WINDOW, np.float32)) == (0.0, 0.0)
    assert pitch(PitchState(), np.full(PITCH_WINDOW, 0.5, np.float32)) == (0.0, 0.0)


def test_pitch_survives_noise_at_10_db() -> None:
    found, _ = pitch(PitchState(), tone(130.0, 8, noise=0.03))
    assert found == pytest.approx(130.0, rel=0.02)


def test_loudness_is_relative_to_full_scale() -> None:
    square = np.where(np.arange(400) % 2, 1.0, -1.0).astype(np.float32)
    assert prosody.loudness_db(square) == pytest.approx(0, abs=1e-3)
    assert prosody.loudness_db(0.1 * square) == pytest.approx(-20, abs=1e-3)
    assert prosody.loudness_db(0 * square) == -100


def test_voice_needs_the_net_and_an_audible_level() -> None:
    def settled(share: float, loudness: float, periodicity: float) -> float:
        state = VoiceState()
        for _ in range(50):
            activity = prosody.voice_activity(state, share, loudness, periodicity)
        return activity

    assert settled(0.99, -20, 0.9) > 0.98
    assert settled(0.97, -40, 0.1) > 0.9  # whispering
    assert settled(0.02, -20, 0.9) < 0.03  # music
    assert settled(0.99, -90, 0.9) == 0
    assert settled(0.5, -30, 0.9) > settled(0.5, -30, 0.1)


def test_steady_unpitched_sound_of_which_the_net_is_unsure_is_no_voice() -> None:
    def heard(
        periodicity: float, swing_db: float, share: float = 0.75, level_db: float = -40.0
    ) -> float:
        state = VoiceState()
        prosody.voice_activity(state, 0.01, -100, 0)  # digital silence is not the room's level
        levels = level_db + swing_db * np.sin(np.arange(100) * 0.4)
        found = [prosody.voice_activity(state, share, float(db), periodicity) for db in levels]
        return float(np.mean(found[20:]))

    noise = heard(0.3, 1.0)
    assert noise < 0.25
    assert heard(0.9, 1.0) > 0.8, "a held vowel is steady too, but has a pitch"
    assert heard(0.3, 12.0) > noise + 0.2, "a whisper swings"
    assert heard(0.3, 1.0, share=0.98) > 0.9
    assert heard(0.3, 1.0, share=0.9, level_db=-60) < 0.5, "faint hiss"
    assert heard(0.3, 1.0, share=0.97, level_db=-60) < heard(0.3, 1.0, share=0.97) - 0.1


def test_effort_is_one_at_the_usual_level_whatever_it_is() -> None:
    for usual_db in (-45.0, -12.0):
        state = VoiceState()
        for _ in range(200):
            usual = prosody.effort(state, usual_db, 1.0)
        assert usual == pytest.approx(1, abs=0.05)
        assert prosody.effort(state, usual_db + 9, 1.0) > 1.15
        assert prosody.effort(state, usual_db - 15, 1.0) == pytest.approx(0.5, abs=0.1)
        assert prosody.effort(state, usual_db, 0.0) == 0
