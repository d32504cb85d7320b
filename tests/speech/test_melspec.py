"""The spectrum: where its frames lie, and what level and colour control do."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.speech.melspec import (
    HOP,
    MEL_BANDS,
    ControlState,
    controlled_frame,
    controlled_frames,
    mel_filters,
    mel_power_of,
    smearing,
)


def controlled(power: np.ndarray) -> np.ndarray:
    state = ControlState.fresh()
    return np.stack([controlled_frame(state, frame) for frame in power])


def speechlike(seconds: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    count = int(seconds * 100)
    syllables = 0.05 + np.abs(np.sin(np.arange(count) / 12)) ** 2
    return (rng.gamma(2, 1, (count, MEL_BANDS)) * syllables[:, None]).astype(np.float32)


def test_frame_m_is_centred_on_sample_160_m() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[50 * HOP] = 1
    level = mel_power_of(sound).sum(1)
    assert len(level) == 101
    assert level.argmax() == 50
    # The window has an even number of samples: half a sample off the middle.
    assert level[49] == pytest.approx(level[51], rel=0.15)


def test_filters_rise_in_pitch_and_smearing_keeps_power() -> None:
    peaks = mel_filters().argmax(1)
    assert (np.diff(peaks) >= 0).all()
    assert mel_filters().shape == (64, 257)
    np.testing.assert_allclose(smearing().sum(0)[1:-1], 1, atol=1e-6)


def test_a_tone_lights_the_band_of_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16_000).astype(np.float32)
    band = int(mel_power_of(tone)[20].argmax())
    assert mel_filters()[band].argmax() * 16_000 / 512 == pytest.approx(1000, abs=60)


@pytest.mark.parametrize("gain", [1e-2, 1e2])
def test_level_control_takes_out_the_recording_level(gain: float) -> None:
    power = speechlike()
    difference = controlled(power) - controlled(gain * power)
    assert np.abs(difference[100:]).mean() < 0.03


def test_colour_control_takes_out_about_half_of_a_microphone() -> None:
    power = speechlike(12.0)
    tilt = np.exp(np.linspace(-1, 1, MEL_BANDS)).astype(np.float32)
    before = np.linspace(-1, 1, MEL_BANDS) / 3
    after = (controlled(power * tilt) - controlled(power))[-200:].mean(0)
    kept = np.dot(after - after.mean(), before) / np.dot(before, before)
    assert 0.4 < kept < 0.75


def test_a_batch_and_a_stream_are_the_same() -> None:
    power = np.stack([speechlike(), 3 * speechlike()[::-1]])
    state = ControlState.fresh((2,))
    batch = np.stack([controlled_frame(state, power[:, m]) for m in range(power.shape[1])], 1)
    for k in (0, 1):
        np.testing.assert_allclose(batch[k], controlled(power[k]), atol=1e-6)


def test_digital_silence_is_a_fixed_floor() -> None:
    rows = controlled(np.zeros((100, MEL_BANDS), np.float32))
    assert np.isfinite(rows).all()
    assert np.ptp(rows) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_stream_is_controlled_bit_for_bit_as_training_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    power = (speechlike() * 10.0 ** rng.uniform(-5, 2)).astype(np.float32)
    power[100:120] = 0.0
    state, parts = ControlState.fresh(), []
    while sum(map(len, parts)) < len(power):
        start = sum(map(len, parts))
        parts.append(controlled_frames(state, power[start : start + int(rng.integers(1, 5))]))
    assert np.array_equal(np.concatenate(parts), controlled(power))
