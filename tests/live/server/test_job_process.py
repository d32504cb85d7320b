"""The process that renders: its file, its end, its niceness."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gioconda.live.server import job_process
from gioconda.live.server.job_process import ProcessRenderer, RenderError, RenderTask
from gioconda.video.probe import probe


def task(folder: Path, seconds: float = 0.4, **options: object) -> RenderTask:
    time_s = np.arange(int(16_000 * seconds)) / 16_000
    samples = (8000 * np.sin(2000 * time_s)).astype(np.int16)
    given = {"samples": samples, "rate_hz": 16_000, "size": 256, "fps": 24.0} | options
    return RenderTask(folder / "video.mp4", **given)  # type: ignore[arg-type]


def children() -> set[int]:
    path = Path(f"/proc/{os.getpid()}/task")
    found = {int(pid) for t in path.iterdir() for pid in (t / "children").read_text().split()}
    # Those that multiprocessing keeps for itself do not count.
    return {p for p in found if b"resource_tracker" not in Path(f"/proc/{p}/cmdline").read_bytes()}


def test_a_video_is_made_and_the_process_ends(tmp_path: Path) -> None:
    seen: list[float] = []
    before = children()
    asyncio.run(ProcessRenderer()(task(tmp_path), seen.append))
    video = probe(tmp_path / "video.mp4")
    assert (video.frames, video.width) == (10, 256)
    assert video.audio_rate_hz is not None
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["video.mp4"]
    assert children() <= before


def test_a_picture_without_a_face_is_told(tmp_path: Path) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    with pytest.raises(RenderError, match="face"):
        asyncio.run(ProcessRenderer()(task(tmp_path, pixels=grey), lambda _: None))
    assert not list(tmp_path.iterdir())


def test_it_is_nice_and_cancelling_ends_it_at_once(tmp_path: Path) -> None:
    before = children()

    async def story() -> int:
        rendering = asyncio.create_task(ProcessRenderer()(task(tmp_path, 300.0), begun.append))
        while not begun:
            await asyncio.sleep(0.05)
        [pid] = children() - before
        niceness = os.getpriority(os.PRIO_PROCESS, pid)
        rendering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rendering
        assert not Path(f"/proc/{pid}").exists()
        return niceness

    begun: list[float] = []
    assert asyncio.run(story()) >= job_process.NICENESS


def test_a_process_that_is_lost_fails_its_job(tmp_path: Path) -> None:
    before = children()

    async def story() -> None:
        rendering = asyncio.create_task(ProcessRenderer()(task(tmp_path, 300.0), begun.append))
        while not begun:
            await asyncio.sleep(0.05)
        [pid] = children() - before
        os.kill(pid, 9)
        with pytest.raises(RenderError, match="lost"):
            await rendering

    begun: list[float] = []
    asyncio.run(story())


def test_a_job_cancelled_before_it_began_never_starts(tmp_path: Path) -> None:
    run = job_process._Run(task(tmp_path), lambda _: None)
    run.end()
    run.work()
    assert not list(tmp_path.iterdir())


def test_its_log_says_nothing_of_what_was_sent() -> None:
    # Run as a process of its own, with a renderer that says too much.
    program = """
import logging, multiprocessing
from pathlib import Path
from gioconda.live.server import job_process
def render(task, progress):
    logging.getLogger("av").error("my-words")
job_process.render = render
ours, theirs = multiprocessing.Pipe()
ours.send(job_process.RenderTask(Path("folder/video.mp4")))
job_process.main(theirs)
assert ours.recv() is None
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "ERROR av:" in done.stderr
    assert "my-words" not in done.stderr
