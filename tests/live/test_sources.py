"""Sources give what there is by an instant and never wait."""

from __future__ import annotations

import io
import sys
import time

import numpy as np
import pytest

from gioconda.errors import OptionError, SoundError
from gioconda.live.sources import FileSource, MicrophoneSource, PipeSource
from gioconda.speech.sound import Sound


def test_a_sound_is_given_in_time_and_whole() -> None:
    samples = np.sin(np.arange(32_000) * 0.05).astype(np.float32) * 0.5
    source = FileSource(Sound.from_array(samples, 16_000))
    given = [len(p) for p in source.take(5.0)]
    assert 0.5 <= sum(given) / source.rate_hz < 0.8  # no more than half a second ahead
    assert not source.ended
    given += [len(p) for k in range(100) for p in source.take(5.0 + 0.025 * k)]
    assert source.ended
    assert sum(given) == pytest.approx(2 * source.rate_hz, abs=100)


def test_raw_pcm_is_taken_as_it_comes() -> None:
    values = np.arange(-5_000, 5_001, dtype="<i2")
    source = PipeSource(io.BytesIO(values.tobytes()), 16_000)
    until = time.monotonic() + 10
    pieces = []
    while not source.ended and time.monotonic() < until:
        pieces += source.take(0.0)
    pieces += source.take(0.0)
    assert np.array_equal(np.concatenate(pieces) * 32768, values)
    with pytest.raises(OptionError, match="outside"):
        PipeSource(io.BytesIO(b""), 4_000)


def test_no_portaudio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SoundError, match="libportaudio2"):
        MicrophoneSource()
