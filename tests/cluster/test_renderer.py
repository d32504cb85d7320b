"""A worker of a batch, in this process: videos out of bytes, refusals told, nothing left behind."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gioconda import Controls, Portrait, examples
from gioconda.cluster import renderer as renderer_module
from gioconda.cluster.batch import render_here
from gioconda.cluster.renderer import Renderer
from gioconda.cluster.tasks import FileBytes, Heard, RenderTask
from gioconda.video.probe import probe


@pytest.fixture(scope="module")
def portrait() -> FileBytes:
    return FileBytes.read(examples.portrait_path())


def task(number: int, portrait: FileBytes, **options) -> RenderTask:
    return RenderTask(
        number, portrait, "sound", None, Controls(), ".mp4", fps=24, size=256, **options
    )


def test_a_video_comes_back_as_bytes(portrait: FileBytes, heard: Heard, tmp_path: Path) -> None:
    (outcome,) = render_here(iter([task(7, portrait)]), {"sound": heard})
    assert outcome.error == ""
    assert outcome.number == 7
    video = tmp_path / "video.mp4"
    video.write_bytes(outcome.video)
    found = probe(video)
    assert found.frames == math.ceil(0.5 * 24) == outcome.report.frames
    assert found.audio_rate_hz == 16_000


def test_portraits_and_sounds_are_opened_once(
    portrait: FileBytes, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    opened: list[object] = []
    real = Portrait.open

    def counted(path: Path, face: int | None = None) -> Portrait:
        opened.append(path)
        return real(path, face=face)

    monkeypatch.setattr(Portrait, "open", counted)
    worker = Renderer(lambda key: asked.append(key) or heard)
    again = FileBytes("other name.png", portrait.data, portrait.digest)
    assert not worker.render(task(0, portrait)).error
    assert not worker.render(task(1, again)).error
    assert asked == ["sound"]
    assert len(opened) == 1


def test_refusals_name_the_file_and_do_not_end_the_worker(
    portrait: FileBytes, heard: Heard
) -> None:
    bad = FileBytes("ann.jpg", b"no picture", "d")
    tasks = [task(0, bad), task(1, portrait, face=3), task(2, portrait)]
    first, second, third = render_here(iter(tasks), {"sound": heard})
    assert "'ann.jpg' is not an image" in first.error
    assert first.video is None
    assert "no face 3" in second.error
    assert third.video


def test_nothing_is_left_of_a_worker(
    portrait: FileBytes, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer_module.tempfile, "tempdir", str(tmp_path))
    worker = Renderer(lambda key: heard)
    worker.render(task(0, portrait))
    assert not list(tmp_path.glob("**/*.mp4"))
    del worker
    assert list(tmp_path.iterdir()) == []
