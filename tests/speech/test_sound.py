"""Any sound opens, lies on the clock, streams in constant memory, or is refused in a sentence."""

from __future__ import annotations

import io
import struct
import sys
import tempfile
import tracemalloc
import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import (
    BadSamplesError,
    EmptySoundError,
    GiocondaError,
    OptionError,
    SoundDecodeError,
)
from gioconda.speech.sound import Sound, samples_of

CLICKS_S = (0.0, 0.31, 0.75, 1.4)


def click_track(rate_hz: int, seconds: float = 2.0) -> np.ndarray:
    """Bursts of a tone at known instants."""
    x = np.zeros(round(rate_hz * seconds), np.float32)
    burst = 0.8 * np.sin(2 * np.pi * 1500 * np.arange(round(0.02 * rate_hz)) / rate_hz)
    for t in CLICKS_S:
        i = round(t * rate_hz)
        x[i : i + len(burst)] = burst
    return x


def onsets_s(x: np.ndarray, rate_hz: int = 16_000) -> np.ndarray:
    """Where bursts begin."""
    loud = np.flatnonzero(np.abs(x) > 0.3)
    return loud[np.diff(loud, prepend=-(10**9)) > 0.1 * rate_hz] / rate_hz


def encode(path: Path, codec: str, x: np.ndarray, rate_hz: int, container: str) -> Path:
    """Write samples, (n,) or (n, channels), with FFmpeg."""
    planes = np.ascontiguousarray(np.atleast_2d(x.T), np.float32)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(planes)]
    with path.open("wb") as file, av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def mono_16k(sound: Sound, seconds: float = 0.5) -> np.ndarray:
    return np.concatenate(list(sound.chunks(seconds)))


FORMATS = [
    ("a.wav", "pcm_s16le", "wav", 8_000, 1),
    ("a.wav", "pcm_s16le", "wav", 44_100, 2),
    ("a.wav", "pcm_u8", "wav", 16_000, 1),
    ("a.wav", "pcm_s24le", "wav", 48_000, 2),
    ("a.wav", "pcm_f32le", "wav", 24_000, 1),
    ("a.wav", "pcm_s16le", "wav", 48_000, 6),
    ("a.flac", "flac", "flac", 44_100, 2),
    ("a.mp3", "libmp3lame", "mp3", 44_100, 2),
    ("a.mp3", "libmp3lame", "mp3", 16_000, 1),
    ("a.m4a", "aac", "mp4", 44_100, 1),
    ("a.m4a", "aac", "mp4", 48_000, 6),
    ("wrong.mp3", "aac", "mp4", 48_000, 2),
    ("wrong.jpg", "flac", "flac", 16_000, 1),
    ("a.ogg", "libopus", "ogg", 48_000, 2),
    ("a.opus", "libopus", "ogg", 16_000, 1),
    ("a.mkv", "aac", "matroska", 32_000, 1),
]


@pytest.mark.parametrize(("name", "codec", "container", "rate_hz", "channels"), FORMATS)
def test_every_format_lies_on_the_clock(
    tmp_path: Path, name: str, codec: str, container: str, rate_hz: int, channels: int
) -> None:
    x = click_track(rate_hz)
    path = encode(tmp_path / name, codec, np.stack([x] * channels, 1), rate_hz, container)
    with Sound.open(path) as sound:
        # Opus decodes at 48 kHz whatever it was made from.
        assert sound.rate_hz == (48_000 if codec == "libopus" else rate_hz)
        assert sound.channels == channels
        assert sound.name == name
        assert sound.duration_s == pytest.approx(2.0, abs=0.05)
        y = mono_16k(sound)
        assert y.dtype == np.float32
        assert len(y) / 16_000 == pytest.approx(2.0, abs=0.05)
        assert onsets_s(y) == pytest.approx(CLICKS_S, abs=0.002)
        frames = list(sound.original_frames())
        own = np.concatenate([samples_of(f) for f in frames], 1)
        assert own.shape[0] == channels
        assert onsets_s(own[0], sound.rate_hz) == pytest.approx(CLICKS_S, abs=0.002)
        assert [f.pts for f in frames] == list(np.cumsum([0] + [f.samples for f in frames])[:-1])


def test_every_recording_decodes_but_the_empty_one(shared: Path) -> None:
    for path in sorted((shared / "data" / "audio").iterdir()):
        if path.name == "zero_length.wav":
            with pytest.raises(EmptySoundError, match="no samples"):
                Sound.open(path)
            continue
        with Sound.open(path) as sound:
            count = sum(len(c) for c in sound.chunks())
            assert sound.duration_s is not None
            assert count / 16_000 == pytest.approx(sound.duration_s, abs=0.1), path.name


def test_the_sound_of_a_video_file(shared: Path) -> None:
    with Sound.open(shared / "data" / "clips" / "grid_01.mpg") as sound:
        assert (sound.rate_hz, sound.channels) == (44_100, 2)
        assert np.abs(mono_16k(sound)).max() > 0.05


@pytest.mark.parametrize(
    "name", ["with space.wav", "a:b.wav", "声音 звук.wav", "%03d#?.wav", "-x.wav"]
)
def test_odd_names_open(tmp_path: Path, name: str) -> None:
    path = encode(tmp_path / name, "pcm_s16le", click_track(8_000), 8_000, "wav")
    assert len(mono_16k(Sound.open(str(path)))) == 32_000


def test_late_sound_of_a_video_is_led_in_by_silence(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width = video.height = 64
        audio = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for i in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 5 * i, np.uint8))
            picture.pts = i
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), 15_000, np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 16_000, 8_000
        out.mux(audio.encode(frame))
    y = mono_16k(Sound.open(path))
    assert np.abs(y[:7_900]).max() == 0
    assert onsets_s(y) == pytest.approx([0.5], abs=0.002)


def test_channels_are_averaged() -> None:
    left = np.full(1_600, 0.5, np.float32)
    y = mono_16k(Sound.from_array(np.stack([left, -left, left], 1), 16_000))
    assert y == pytest.approx(0.5 / 3, abs=1e-6)


@given(
    rate_hz=st.sampled_from([8_000, 11_025, 16_000, 44_100, 96_000]),
    count=st.integers(200, 30_000),
    seconds=st.floats(0.001, 2.0),
    as_int=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_chunks_of_any_length_are_the_same_sound(
    rate_hz: int, count: int, seconds: float, as_int: bool
) -> None:
    x = np.random.default_rng(count).uniform(-0.9, 0.9, count).astype(np.float32)
    sound = Sound.from_array((x * 32_767).astype(np.int16) if as_int else x, rate_hz)
    chunks = list(sound.chunks(seconds))
    whole = mono_16k(sound, 1e6)
    assert np.array_equal(np.concatenate(chunks), whole)
    assert {len(c) for c in chunks[:-1]} <= {max(round(seconds * 16_000), 1)}
    assert abs(len(whole) - count * 16_000 / rate_hz) <= 1
    assert np.abs(whole).max() <= 1
    if rate_hz == 16_000:
        assert whole == pytest.approx(x, abs=1e-4)


def test_two_readings_may_interleave(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", "flac", click_track(44_100), 44_100, "flac")
    with Sound.open(path) as sound:
        pairs = list(zip(sound.chunks(0.1), sound.chunks(0.1), strict=True))
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_floats_beyond_full_scale_are_limited() -> None:
    sound = Sound.from_array(np.full(4_000, 7.0), 16_000)
    assert mono_16k(sound).max() == 1.0


def test_standard_input_is_read_twice_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path / "a.m4a", "aac", click_track(16_000), 16_000, "mp4")
    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spools))
    pipe = SimpleNamespace(buffer=io.BytesIO(path.read_bytes()), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", pipe)
    with Sound.open("-") as sound:
        assert sound.name == "standard input"
        assert len(list(spools.iterdir())) == 1
        assert np.array_equal(mono_16k(sound), mono_16k(sound))
    assert list(spools.iterdir()) == []

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"junk" * 99), isatty=bool))
    with pytest.raises(SoundDecodeError, match="standard input"):
        Sound.open("-")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(), isatty=bool))
    with pytest.raises(EmptySoundError):
        Sound.open("-")
    assert list(spools.iterdir()) == []


def picture(path: Path) -> Path:
    from PIL import Image

    Image.new("RGB", (40, 30), (9, 99, 199)).save(path)
    return path


def silent_video(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * i, np.uint8))
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def playlist(path: Path) -> Path:
    """A text that leads FFmpeg to another file."""
    encode(path.with_name("other.wav"), "pcm_s16le", click_track(8_000), 8_000, "wav")
    path.write_text(f"ffconcat version 1.0\nfile {path.with_name('other.wav')}\n")
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


BAD = {
    "missing": (lambda d: d / "none.wav", SoundDecodeError, "there is no sound file"),
    "folder": (lambda d: d, SoundDecodeError, "is a folder"),
    "text": (
        lambda d: written(d / "a.wav", b"hello, this is not a sound\n" * 20),
        SoundDecodeError, "not a sound that can be decoded",
    ),
    "noise": (
        lambda d: written(d / "a.mp3", np.random.default_rng(0).bytes(5_000)),
        SoundDecodeError, "not a sound that can be decoded",
    ),
    "png": (lambda d: picture(d / "a.png"), SoundDecodeError, "is a picture"),
    "jpg": (lambda d: picture(d / "a.jpg"), SoundDecodeError, "is a picture"),
    "png named wav": (
        lambda d: picture(d / "b.png").rename(d / "b.wav"), SoundDecodeError, "is a picture",
    ),
    "silent video": (lambda d: silent_video(d / "a.mp4"), SoundDecodeError, "no audio stream"),
    "playlist": (lambda d: playlist(d / "a.wav"), SoundDecodeError, "a.wav"),
    "no bytes": (lambda d: written(d / "a.wav", b""), EmptySoundError, "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_sources_are_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    make, error, words = BAD[case]
    with pytest.raises(error, match=words) as caught:
        Sound.open(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_wav_without_samples_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as w:
        w.setparams((1, 2, 16_000, 0, "NONE", ""))
    with pytest.raises(EmptySoundError):
        Sound.open(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_samples_are_refused_at_once_or_while_streaming(tmp_path: Path, bad: float) -> None:
    x = np.zeros(16_000 * 20, np.float32)
    x[16_001] = bad
    early = encode(tmp_path / "early.wav", "pcm_f32le", x, 16_000, "wav")
    with pytest.raises(BadSamplesError, match="NaN or infinite"):
        Sound.open(early)
    x = np.roll(x, 16_000 * 15)
    late = Sound.open(encode(tmp_path / "late.wav", "pcm_f32le", x, 16_000, "wav"))
    for read in (late.chunks, late.original_frames):
        with pytest.raises(BadSamplesError, match=r"first at 16\.0001 s"):
            list(read())
    with pytest.raises(BadSamplesError):
        Sound.from_array(x, 16_000)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "error"),
    [
        ([], 16_000, EmptySoundError),
        (np.zeros((2, 3, 4)), 16_000, OptionError),
        (np.zeros(5, np.int64), 16_000, OptionError),
        (np.zeros(5), 0, OptionError),
    ],
)
def test_bad_arrays_are_refused(samples: object, rate_hz: int, error: type[GiocondaError]) -> None:
    with pytest.raises(error):
        Sound.from_array(samples, rate_hz)  # type: ignore[arg-type]


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    path, minutes, rate_hz = tmp_path / "long.wav", 20, 8_000
    size = minutes * 60 * rate_hz * 2
    header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16
    )  # fmt: skip
    with path.open("wb") as f:
        f.write(header + b"data" + struct.pack("<I", size))
        f.truncate(44 + size)
    with Sound.open(path) as sound:
        tracemalloc.start()
        count = sum(len(c) for c in sound.chunks())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == minutes * 60 * 16_000
    assert peak < 2_000_000


def test_a_change_of_rate_and_channels_within_a_file_is_smoothed_over(tmp_path: Path) -> None:
    x = click_track(22_050)
    first = encode(tmp_path / "1.mp3", "libmp3lame", click_track(44_100), 44_100, "mp3")
    second = encode(tmp_path / "2.mp3", "libmp3lame", np.stack([x, x], 1), 22_050, "mp3")
    (tmp_path / "both.mp3").write_bytes(first.read_bytes() + second.read_bytes())
    with Sound.open(tmp_path / "both.mp3") as sound:
        assert {(f.sample_rate, f.layout.name) for f in sound.original_frames()} == {
            (44_100, "mono")
        }
        onsets = onsets_s(mono_16k(sound))
    assert len(onsets) == 8
    assert np.diff(onsets[4:]) == pytest.approx(np.diff(CLICKS_S), abs=0.002)
