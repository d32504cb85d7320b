"""Videos come out on one clock, in true colours, in constant memory."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.video.clicks import FLASHES_S, VIDEO_SUFFIXES, click_track, heard_s

from gioconda.speech.sound import Sound
from gioconda.trust.provenance import Provenance, of_marked_frames
from gioconda.video import frame_count, open_writer, read_frames
from gioconda.video.probe import probe

Scene = Callable[..., np.ndarray]


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
@pytest.mark.parametrize(("rate_hz", "fps"), [(16_000, 25), (44_100, 50), (8_000, 25)])
def test_clicks_and_flashes_coincide(tmp_path: Path, suffix: str, rate_hz: int, fps: int) -> None:
    path = tmp_path / f"clock{suffix}"
    frames = frame_count(3 * rate_hz, rate_hz, fps)
    with (
        Sound.from_array(click_track(rate_hz, 3), rate_hz) as sound,
        open_writer(path, 64, 64, fps, sound=sound) as writer,
    ):
        for i in range(frames):
            lit = any(i <= t * fps + 1e-6 < i + 1 for t in FLASHES_S)
            writer.write(np.full((64, 64, 3), 250 if lit else 20, np.uint8))
    assert writer.path == path
    shown = [t for t, picture in read_frames(path) if picture.mean() > 128]
    assert shown == pytest.approx(FLASHES_S, abs=0.002)
    assert heard_s(path) == pytest.approx(shown, abs=0.002)
    info = probe(path)
    assert info.frames == frames
    assert info.duration_s == pytest.approx(3.0, abs=0.002)
    assert info.fps == fps
    assert info.audio_rate_hz == (48_000 if suffix == ".webm" else rate_hz)


@pytest.mark.parametrize("fps", [24, 25, 29.97, Fraction(30_000, 1001), 60])
def test_frame_i_is_shown_at_i_over_fps(tmp_path: Path, scene: Scene, fps: float) -> None:
    path = tmp_path / "a.mp4"
    with open_writer(path, 64, 48, fps) as writer:
        for i in range(20):
            writer.write(scene(i))
    assert [t for t, _ in read_frames(path)] == pytest.approx([i / fps for i in range(20)])
    info = probe(path)
    assert info.duration_s == pytest.approx(20 / fps)
    assert info.audio_codec is None


@pytest.mark.parametrize(("written", "expected_s"), [(25, 1.0), (60, 2.0)])
def test_sound_ends_with_the_picture_or_before(
    tmp_path: Path, scene: Scene, written: int, expected_s: float
) -> None:
    path = tmp_path / "a.mp4"
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 2 * 16_000).astype(np.float32)
    with (
        Sound.from_array(noise, 16_000) as sound,
        open_writer(path, 64, 48, 25, sound=sound) as writer,
    ):
        for i in range(written):
            writer.write(scene(i))
    info = probe(path)
    assert info.audio_duration_s == pytest.approx(expected_s, abs=0.001)
    assert info.duration_s == pytest.approx(written / 25)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "kept_hz", "kept_channels"),
    [(8_000, 1, 8_000, 1), (44_100, 2, 44_100, 2), (96_000, 1, 48_000, 1), (48_000, 6, 48_000, 2),
     (13_000, 1, 16_000, 1)],
)  # fmt: skip
def test_sound_keeps_its_rate_where_players_allow(
    tmp_path: Path, scene: Scene, rate_hz: int, channels: int, kept_hz: int, kept_channels: int
) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)
    path = tmp_path / "a.mp4"
    with (
        Sound.from_array(np.stack([tone] * channels, 1), rate_hz) as sound,
        open_writer(path, 64, 48, 25, sound=sound) as writer,
    ):
        for i in range(25):
            writer.write(scene(i))
    info = probe(path)
    assert (info.audio_rate_hz, info.audio_channels) == (kept_hz, kept_channels)
    with Sound.open(path) as back:
        y = np.concatenate(list(back.chunks()))[2_000:14_000]
    assert np.argmax(np.abs(np.fft.rfft(y))) * 16_000 / len(y) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("name", ["de_16k.wav", "speech_44k_stereo.wav", "en_48k.m4a",
                                  "song_with_band_44k_stereo.mp3", "float32_24k.wav"])  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_recordings_come_back_as_they_were(
    tmp_path: Path, scene: Scene, shared: Path, name: str, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    with Sound.open(shared / "data" / "audio" / name) as sound:
        original = np.concatenate(list(sound.chunks()))[: 3 * 16_000]
        with open_writer(path, 64, 48, 25, sound=sound) as writer:
            for i in range(75):
                writer.write(scene(i))
    with Sound.open(path) as back:
        y = np.concatenate(list(back.chunks()))[: 3 * 16_000]
    n = min(len(y), len(original))
    lags = range(-40, 41)
    scores = [np.dot(np.roll(y[:n], -k)[100:-100], original[100 : n - 100]) for k in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 1  # samples at 16 kHz
    assert np.corrcoef(y[:n], original[:n])[0, 1] > 0.95


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_colours_are_true_and_tagged_bt709(tmp_path: Path, suffix: str) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 150, 120),
               (90, 60, 50), (128, 128, 128)]  # fmt: skip
    path = tmp_path / f"a{suffix}"
    with open_writer(path, 128, 128, 25, quality="best") as writer:
        for colour in colours:
            writer.write(np.full((128, 128, 3), colour, np.uint8))
    info = probe(path)
    assert (info.primaries, info.transfer, info.matrix) == ("bt709",) * 3
    assert info.range == "limited"
    for colour, (_, picture) in zip(colours, read_frames(path), strict=True):
        assert np.abs(picture.mean((0, 1)) - colour).max() <= 3


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_odd_sizes_lose_nothing(tmp_path: Path, scene: Scene, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    frames = [scene(i, 77, 51) for i in range(3)]
    with open_writer(path, 77, 51, 25, quality="best") as writer:
        for frame in frames:
            writer.write(frame)
    for frame, (_, picture) in zip(frames, read_frames(path), strict=True):
        assert picture.shape == (52, 78, 3)
        assert np.abs(picture[:51, :77].astype(int) - frame).mean() < 4
        assert np.abs(picture[:, 77].astype(int) - picture[:, 76]).mean() < 6


def test_the_index_of_an_mp4_comes_first(tmp_path: Path, scene: Scene) -> None:
    path = tmp_path / "a.mp4"
    with open_writer(path, 64, 48, 25, metadata={"title": "Ciao", "comment": "made"}) as writer:
        writer.write(scene(0))
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    info = probe(path)
    assert info.metadata["title"] == "Ciao"
    assert info.metadata["comment"].startswith("made; AI-generated")


def test_gif_moves_and_says_that_it_is_silent(
    tmp_path: Path, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.gif"
    with (
        Sound.from_array(np.zeros(16_000), 16_000) as sound,
        open_writer(path, 64, 48, 25, sound=sound) as writer,
    ):
        for i in range(40):
            writer.write(scene(i))
    assert "no sound" in caplog.text
    frames = list(read_frames(path))
    assert [t for t, _ in frames] == pytest.approx([i / 25 for i in range(40)], abs=0.001)
    errors = [np.abs(p.astype(int) - scene(i)).mean() for i, (_, p) in enumerate(frames)]
    assert max(errors[:25]) < 9  # the palette is chosen from the first second


def test_gif_leaves_out_frames_beyond_50_a_second(tmp_path: Path, scene: Scene) -> None:
    path = tmp_path / "a.gif"
    with open_writer(path, 64, 48, 100) as writer:
        for i in range(20):
            writer.write(scene(i))
    assert probe(path).frames == 10


def test_pictures_are_lossless_with_the_sound_beside(tmp_path: Path, scene: Scene) -> None:
    from PIL import Image

    with (
        Sound.from_array(click_track(22_050, 3), 22_050) as sound,
        open_writer(
            tmp_path / "talk_%04d.png",
            77,
            51,
            25,
            sound=sound,
            provenance=of_marked_frames(Provenance(identifier=1)),
        ) as writer,
    ):
        for i in range(75):
            writer.write(scene(i, 77, 51))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "talk_0007.png")), scene(7, 77, 51))
    assert len(list(tmp_path.glob("*.png"))) == 75
    wav = tmp_path / "talk.wav"
    assert heard_s(wav) == pytest.approx(FLASHES_S, abs=0.001)
    with Sound.open(wav) as sound:
        assert (sound.rate_hz, sound.duration_s) == (22_050, pytest.approx(3.0))


def test_written_frames_are_copied(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    buffer = np.zeros((64, 64, 3), np.uint8)
    with open_writer(path, 64, 64, 25) as writer:
        for i in range(30):
            buffer[:] = 8 * i
            writer.write(buffer)
    levels = [p.mean() for _, p in read_frames(path)]
    assert levels == pytest.approx([8 * i for i in range(30)], abs=4)


def test_sound_is_read_in_step_with_the_picture(tmp_path: Path, scene: Scene) -> None:
    from gioconda.speech.sound_file import float_frame

    read_s = 0.0

    def frames() -> Iterator[av.AudioFrame]:
        nonlocal read_s
        for _ in range(100):
            read_s += 0.1
            yield float_frame(np.zeros((1, 1_600), np.float32), 16_000)

    sound = Sound(frames, "made")
    with open_writer(tmp_path / "a.mp4", 64, 48, 25, sound=sound) as writer:
        read_s = 0.0
        for i in range(200):
            writer.write(scene(i))
            assert read_s <= (i + 1) / 25 + 0.11
    assert read_s == pytest.approx(8.0, abs=0.11)


def test_memory_does_not_grow_with_the_length(tmp_path: Path, scene: Scene) -> None:
    """Twenty minutes; FFmpeg's own packets are counted by the size of what waits to be muxed."""
    frames = [scene(i) for i in range(10)]
    sound = Sound.from_array(np.zeros(20 * 60 * 8_000, np.int16), 8_000)
    with open_writer(tmp_path / "a.mkv", 64, 48, 5, sound=sound, quality="fast") as writer:
        writer.write(frames[0])
        tracemalloc.start()
        for i in range(1, 20 * 60 * 5):
            writer.write(frames[i % 10])
            if i == 3_000:
                half = (tmp_path / os.listdir(tmp_path)[0]).stat().st_size
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 3_000_000
    assert half > 0.4 * (tmp_path / "a.mkv").stat().st_size
