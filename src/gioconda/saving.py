"""Write an animation to a file: one thread renders, another encodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING

from gioconda.animation import Animation, Progress, Report

if TYPE_CHECKING:
    from gioconda.trust.provenance import Provenance
    from gioconda.video.writer import VideoWriter


def save(
    animation: Animation,
    path: str | PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make an animation, write and sign it; see :meth:`gioconda.Animation.save`."""
    from gioconda.video import check_target, open_writer

    check_target(path, overwrite, alpha=animation.background.transparent)
    started = time.perf_counter()

    def opened(provenance: Provenance) -> VideoWriter:
        width, height = animation.frame_size()
        return open_writer(
            path, width, height, animation.fps, sound=animation.heard, overwrite=overwrite,
            alpha=animation.background.transparent, provenance=provenance,
        )  # fmt: skip

    report = written(animation, opened, str(path), progress, started)
    return replace(report, credentials=signed_by())


def written(
    animation: Animation,
    opened: Callable[[Provenance], VideoWriter],
    name: str,
    progress: Progress | None,
    started: float,
) -> Report:
    """Make an animation and give its frames to a writer.

    Args:
        animation: to be made.
        opened: opens the writer.
        name: of the result, in the report.
        progress: called after every frame.
        started: when the work began, by ``time.perf_counter``.
    """
    import cv2

    start_s = 0.0
    # One thread renders and one encodes; more would only contend for two cores.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    expected = animation.expected_frames
    count = 0
    animation.clock.seconds.clear()
    frames = animation.frames()
    try:
        with closing(frames), opened(animation.provenance) as writer:  # type: ignore[type-var]
            for frame in frames:
                now = time.perf_counter()
                start_s = start_s or now - started
                writer.write(frame.image)
                animation.clock.add("encode wait", now)
                count += 1
                if progress is not None:
                    progress(count, expected)
            now = time.perf_counter()
        animation.clock.add("completion", now)
    finally:
        cv2.setNumThreads(threads)
    seconds = time.perf_counter() - started
    stages = {k: 1000 * v / max(count, 1) for k, v in animation.clock.seconds.items()}
    return Report(name, count, count / animation.fps, seconds, start_s, stages)


def signed_by() -> str:
    """Return who signs files here, in words.

    Raises:
        TrustError: the certificate cannot be read or made.
    """
    from gioconda.trust.credentials.keys import identity

    found = identity()
    return f"signed by {found.name}" if found.organisation else "signed by this installation's key"
