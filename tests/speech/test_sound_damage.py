"""A damaged or shortened sound is used as far as it goes, and the user is told."""

from __future__ import annotations

import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from tests.speech.test_sound import CLICKS_S, click_track, encode, mono_16k, onsets_s

from gioconda.errors import BadSamplesError, SoundDecodeError
from gioconda.speech.sound import Sound


@pytest.mark.parametrize(("codec", "container"), [("libmp3lame", "mp3"), ("pcm_s16le", "wav")])
def test_a_broken_tail_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, codec: str, container: str
) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 44_100 * 8).astype(np.float32)
    path = encode(tmp_path / "a", codec, noise, 44_100, container)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with caplog.at_level(logging.WARNING):
        y = mono_16k(Sound.open(path))
    assert len(y) / 16_000 == pytest.approx(4.0, abs=0.2)
    assert np.abs(y[-8_000:]).max() > 0.1
    assert caplog.text.count("'a' ends at") == 1


def test_damage_in_the_middle_is_survived(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", "libmp3lame", click_track(44_100, 8), 44_100, "mp3")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = np.random.default_rng(0).bytes(3_000)
    path.write_bytes(bytes(data))
    y = mono_16k(Sound.open(path))
    assert onsets_s(y[:32_000])[:4] == pytest.approx(CLICKS_S, abs=0.002)


@pytest.mark.parametrize(("seconds", "kept_s"), [(5.0, 0.1), (0.9, 0.1), (60.0, 20.0)])
def test_a_wav_of_which_most_is_missing_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, seconds: float, kept_s: float
) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(16_000 * seconds)).astype(np.float32)
    path = encode(tmp_path / "a.wav", "pcm_s16le", noise, 16_000, "wav")
    path.write_bytes(path.read_bytes()[: round(32_000 * kept_s)])
    with caplog.at_level(logging.WARNING), Sound.open(path) as sound:
        assert len(mono_16k(sound)) / 16_000 == pytest.approx(kept_s, abs=0.01)
        list(sound.original_frames())
    assert caplog.text.count("'a.wav' ends at") == 1
    assert f"promises {seconds:.2f} s" in caplog.text


@pytest.mark.parametrize("size", [None, 0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_whole_wav_is_not_called_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, size: int | None
) -> None:
    """Nor one that was piped, whose header was written before its length was known."""
    path = encode(tmp_path / "a.wav", "pcm_s16le", click_track(16_000), 16_000, "wav")
    data = bytearray(path.read_bytes())
    if size is not None:
        place = data.index(b"data") + 4
        data[place : place + 4] = struct.pack("<I", size)
        path.write_bytes(bytes(data))
    with caplog.at_level(logging.WARNING):
        assert len(mono_16k(Sound.open(path))) == 32_000
    assert caplog.text == ""


@pytest.mark.parametrize(("codec", "container"), [("pcm_f32le", "wav"), ("pcm_f64le", "matroska")])
def test_bad_samples_are_told_to_the_sample(tmp_path: Path, codec: str, container: str) -> None:
    x = np.zeros((16_000 * 4, 2), np.float32)
    x[40_000, 1] = np.nan
    with pytest.raises(BadSamplesError, match=r"first at 2\.5 s"):
        Sound.open(encode(tmp_path / "a", codec, x, 16_000, container))


@pytest.mark.parametrize("url", ["https://example.org/voice.wav", "http://h/" + "x" * 300])
def test_a_url_is_not_read(url: str) -> None:
    with pytest.raises(SoundDecodeError, match="is a URL; URLs are not read, download"):
        Sound.open(url)
    with pytest.raises(SoundDecodeError, match="is a URL; URLs are not read, download"):
        Sound.open(Path(url))
