# ruff: noqa: PT012 (several lines inside pytest.raises are the point here)
"""Interruptions, full disks and existing files: never a half file under a whole name."""

from __future__ import annotations

import errno
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from tests.video.clicks import FLASHES_S, VIDEO_SUFFIXES, click_track, heard_s, listing

from gioconda.errors import BadSamplesError, OptionError, OutputError
from gioconda.speech.sound import Sound
from gioconda.video import open_writer, read_frames
from gioconda.video.container import ContainerEncoder
from gioconda.video.probe import probe

Scene = Callable[..., np.ndarray]


@pytest.mark.parametrize("suffix", [*VIDEO_SUFFIXES, ".gif"])
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_what_was_made_before_an_interruption_plays_under_another_name(
    tmp_path: Path, scene: Scene, suffix: str, interruption: type[BaseException]
) -> None:
    def interrupted() -> Path | None:
        with (
            Sound.from_array(click_track(16_000, 3), 16_000) as sound,
            open_writer(tmp_path / f"talk{suffix}", 64, 48, 25, sound=sound) as writer,
        ):
            try:
                for i in range(30):
                    writer.write(scene(i))
                    if i == 29:
                        raise interruption
            finally:
                writers.append(writer)
        return None

    writers: list = []
    for _ in range(2):
        with pytest.raises(interruption):
            interrupted()
    names = [f"talk.partial-2{suffix}", f"talk.partial{suffix}"]
    assert listing(tmp_path) == names
    assert writers[0].path == tmp_path / names[1]
    info = probe(writers[0].path)
    assert info.frames == 30
    assert info.duration_s == pytest.approx(1.2, abs=0.005)
    assert len(list(read_frames(writers[0].path))) == 30
    if suffix != ".gif":
        assert heard_s(writers[0].path) == pytest.approx(FLASHES_S[:3], abs=0.002)


def test_a_generator_that_is_dropped_leaves_a_partial_file(tmp_path: Path, scene: Scene) -> None:
    def frames() -> Iterator[int]:
        with open_writer(tmp_path / "talk.mp4", 64, 48, 25) as writer:
            for i in range(100):
                writer.write(scene(i))
                yield i

    running = frames()
    for _ in range(5):
        next(running)
    running.close()  # type: ignore[attr-defined]
    assert listing(tmp_path) == ["talk.partial.mp4"]


def test_pictures_before_an_interruption_say_so_too(tmp_path: Path, scene: Scene) -> None:
    target = tmp_path / "talk_%04d.png"
    with pytest.raises(RuntimeError), open_writer(target, 64, 48, 25) as writer:
        writer.write(scene(0))
        raise RuntimeError
    assert listing(tmp_path) == ["talk_0000.partial.png"]


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm", "talk.gif", "talk_%d.png"])
def test_nothing_is_left_where_nothing_was_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyboardInterrupt), open_writer(tmp_path / name, 64, 48, 25) as writer:
        raise KeyboardInterrupt
    assert writer.path is None
    with (
        pytest.raises(OutputError, match="no frame"),
        open_writer(tmp_path / name, 64, 48, 25) as writer,
    ):
        pass
    writer = open_writer(tmp_path / name, 64, 48, 25)
    writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.abort()
    writer.abort()
    assert writer.close() is None
    assert listing(tmp_path) == []
    assert not [t for t in threading.enumerate() if t.name == "video encoder"]


def test_an_existing_file_is_kept_unless_told(tmp_path: Path, scene: Scene) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(OutputError, match="--force"):
        open_writer(path, 64, 48, 25)
    with pytest.raises(RuntimeError), open_writer(path, 64, 48, 25, overwrite=True) as writer:
        writer.write(scene(0))
        raise RuntimeError
    assert path.read_text() == "precious"
    with open_writer(path, 64, 48, 25, overwrite=True) as writer:
        writer.write(scene(0))
        assert path.read_text() == "precious"
    assert probe(path).frames == 1


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, scene: Scene) -> None:
    path = tmp_path / "a.mp4"
    with open_writer(path, 64, 48, 25) as writer:
        writer.write(scene(0))
        path.write_text("precious")
    assert path.read_text() == "precious"
    assert writer.path == tmp_path / "a-2.mp4"
    assert probe(writer.path).frames == 1


@pytest.mark.parametrize(
    "name", ["with space.mp4", "a:b.mp4", "声音 звук.mp4", "100%d.mp4", "-x.mp4"]
)
def test_odd_names_are_written(tmp_path: Path, scene: Scene, name: str) -> None:
    with open_writer(tmp_path / name, 64, 48, 25) as writer:
        writer.write(scene(0))
    assert listing(tmp_path) == [name]
    assert probe(tmp_path / name).frames == 1


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    """A limit on the size of files stands for the disk; both fail inside write(2)."""
    path = tmp_path / ("talk_%d.png" if suffix == ".png" else f"talk{suffix}")
    noise = np.random.default_rng(0)
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old_limit[1]))
    try:
        with (
            pytest.raises(OutputError, match="was not written") as caught,
            open_writer(path, 128, 128, 25) as writer,
        ):
            for _ in range(60):
                writer.write(noise.integers(0, 255, (128, 128, 3), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == []


def test_a_full_disk_is_named(
    tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ContainerEncoder, "add", full)
    with (
        pytest.raises(OutputError, match="the disk is full"),
        open_writer(tmp_path / "a.mp4", 64, 48, 25) as writer,
    ):
        writer.write(scene(0))
    assert listing(tmp_path) == []


def test_a_sound_that_turns_bad_keeps_the_picture_so_far(tmp_path: Path, scene: Scene) -> None:
    from gioconda.speech.sound_file import float_frame

    def frames() -> Iterator[av.AudioFrame]:
        for i in range(100):
            x = np.zeros((1, 1_600), np.float32)
            x[0, 5] = np.nan if i == 60 else 0
            yield float_frame(x, 16_000)

    with (
        pytest.raises(BadSamplesError, match=r"first at 6\.0003 s"),
        open_writer(tmp_path / "a.mp4", 64, 48, 25, sound=Sound(frames, "made")) as writer,
    ):
        for i in range(250):
            writer.write(scene(i))
    assert listing(tmp_path) == ["a.partial.mp4"]
    assert 6 <= probe(tmp_path / "a.partial.mp4").duration_s < 7


@pytest.mark.parametrize(
    ("size", "fps", "quality", "words"),
    [((8, 64), 25, "good", "px"), ((64, 9_000), 25, "good", "px"), ((64, 64), 0, "good", "rate"),
     ((64, 64), float("nan"), "good", "rate"), ((64, 64), 25, "superb", "quality")],
)  # fmt: skip
def test_bad_options_are_refused_before_work(
    tmp_path: Path, size: tuple[int, int], fps: float, quality: str, words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        open_writer(tmp_path / "a.mp4", *size, fps, quality=quality)  # type: ignore[arg-type]
    assert listing(tmp_path) == []


def test_frames_of_another_shape_are_refused(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.mp4", 64, 48, 25) as writer:
        for bad in (np.zeros((64, 48, 3), np.uint8), np.zeros((48, 64, 3)), np.zeros((48, 64))):
            with pytest.raises(OptionError, match="is needed"):
                writer.write(bad)
        writer.write(np.zeros((48, 64, 3), np.uint8)[:, ::-1])
    with pytest.raises(OutputError, match="closed"):
        writer.write(np.zeros((48, 64, 3), np.uint8))
