"""Two sounds in one track: both are heard, and nothing clips."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.speech.mix import LIMITER_S, mixed
from gioconda.speech.sound import Sound
from gioconda.speech.sound_file import samples_of


def tone(hz: float, level: float, seconds: float, rate_hz: int = 16_000) -> np.ndarray:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def heard(sound: Sound) -> np.ndarray:
    return np.concatenate([samples_of(f) for f in sound.original_frames()], axis=1)


def level_at(samples: np.ndarray, hz: float, rate_hz: int) -> float:
    t = np.arange(len(samples)) / rate_hz
    return float(2 * np.abs(np.mean(samples * np.exp(-2j * np.pi * hz * t))))


def test_both_are_heard_as_loud_as_they_are_for_as_long_as_ones_own() -> None:
    own, other = tone(440, 0.4, 1.0), tone(1000, 0.3, 0.5)
    mix = mixed(Sound.from_array(own, 16_000), Sound.from_array(other, 16_000))
    both = heard(mix)[0]
    assert len(both) == 16_000
    assert mix.duration_s == 1.0
    np.testing.assert_allclose(both[:8_000], own[:8_000] + other, atol=1e-6)
    np.testing.assert_array_equal(both[8_000:], own[8_000:])
    longer = mixed(Sound.from_array(other, 16_000), Sound.from_array(own, 16_000))
    assert heard(longer).shape[1] == 8_000
    np.testing.assert_array_equal(heard(mix), heard(mix))  # read again, the same again


@pytest.mark.parametrize(("own_hz", "other_hz"), [(8_000, 44_100), (48_000, 16_000)])
def test_the_better_rate_and_several_channels_are_kept(own_hz: int, other_hz: int) -> None:
    own = tone(440, 0.4, 1.0, own_hz)
    other = np.stack([tone(1000, 0.3, 1.0, other_hz), tone(1500, 0.3, 1.0, other_hz)], axis=1)
    mix = mixed(Sound.from_array(own, own_hz), Sound.from_array(other, other_hz))
    rate = max(own_hz, other_hz)
    assert (mix.rate_hz, mix.channels) == (rate, 2)
    left, right = heard(mix)
    assert len(left) == pytest.approx(rate, abs=2)
    for side, hz, silent in ((left, 1000, 1500), (right, 1500, 1000)):
        assert level_at(side, 440, rate) == pytest.approx(0.4, abs=0.01)
        assert level_at(side, hz, rate) == pytest.approx(0.3, abs=0.01)
        assert level_at(side, silent, rate) < 0.01


def test_what_would_clip_is_turned_down_there_and_nowhere_else() -> None:
    own, other = tone(300, 0.9, 2.0), np.zeros(32_000, np.float32)
    other[14_000:18_000] = tone(310, 0.9, 0.25)
    both = heard(mixed(Sound.from_array(own, 16_000), Sound.from_array(other, 16_000)))[0]
    plain = own + other
    assert np.abs(plain).max() > 1.7
    assert np.abs(both).max() <= 1.0
    reach = 2 * round(LIMITER_S * 16_000) + 1
    np.testing.assert_array_equal(both[: 14_000 - reach], own[: 14_000 - reach])
    np.testing.assert_array_equal(both[18_000 + reach :], own[18_000 + reach :])
    full = np.abs(both) >= 1.0  # turned down, not cut off: no flat tops
    assert not (full[1:] & full[:-1]).any()
    loud = np.flatnonzero(np.abs(plain[14_000:18_000]) > 0.3) + 14_000
    gain = both[loud] / plain[loud]
    assert gain.min() > 0.5
    assert (np.abs(np.diff(gain)) / np.diff(loud)).max() < 0.01  # and without steps
