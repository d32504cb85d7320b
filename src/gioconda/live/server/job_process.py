"""The process that renders a job: of its own, and polite, so that live sessions keep their frames.

A process for each job: it can be killed at any instant, takes what it allocated with it, and no two
people's media meet in one.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.errors import GiocondaError
from gioconda.live.log import configure, own_level
from gioconda.live.told import told as told_of

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound
    from gioconda.trust.provenance import Grant

logger = logging.getLogger(__name__)

#: Added to the niceness of the process: a session beside it gets 68 times its processor time.
NICENESS: Final = 19
#: A process that says nothing for so long is ended; the longest silence is that of the start, which
#: takes seconds, and minutes beside sessions that leave nothing of the processor.
SILENT_S: Final = 900.0
#: Part of the progress bar that speaking a text takes.
_SPEAKING: Final = 0.05
#: Progress is told in steps of this.
_STEP: Final = 0.002


@dataclass(frozen=True)
class RenderTask:
    """What a job is to make.

    Attributes:
        target: file to write, in a folder of its own; its suffix says the format.
        pixels: uint8 RGB, (height, width, 3), decoded and checked; None for the example.
        samples: int16 mono, (n,); None where a text is spoken.
        rate_hz: of the samples.
        text: what is spoken, where there are no samples.
        voice: of the text, as :func:`gioconda.speak` takes it.
        controls, fps, size, background: as :func:`gioconda.animate` takes them.
        label: language of the visible label; empty for none.
        grant: on which the portrait is animated; None relies on the ledger.
    """

    target: Path
    pixels: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    samples: npt.NDArray[np.int16] | None = field(default=None, repr=False)
    rate_hz: int = 48_000
    text: str = field(default="", repr=False)
    voice: str | None = None
    controls: Controls = field(default_factory=Controls)
    fps: float = 40.0
    size: int = 512
    background: str = "keep"
    label: str = ""
    grant: Grant | None = None


class RenderError(GiocondaError):
    """A job could not be made; its message is for whoever sent it."""


Progress = Callable[[float], None]


class Renderer(Protocol):
    """Makes the file of a job."""

    async def __call__(self, task: RenderTask, progress: Progress) -> None:
        """Make it; cancelling ends the work at once.

        Args:
            task: what is to be made.
            progress: told how much is done, 0 to 1.

        Raises:
            RenderError: it cannot be made.
        """
        ...


class ProcessRenderer:
    """Renders each job in a process of its own.

    Args:
        at_once: jobs side by side.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._threads = ThreadPoolExecutor(at_once, "jobs")

    async def __call__(self, task: RenderTask, progress: Progress) -> None:
        """Make a file; see :class:`Renderer`."""
        loop = asyncio.get_running_loop()

        def told(done: float) -> None:
            loop.call_soon_threadsafe(progress, done)

        run = _Run(task, told)
        working = loop.run_in_executor(self._threads, run.work)
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            run.end()
            with suppress(RenderError):
                await working
            raise


class _Run:
    """One process, from its start to its end."""

    def __init__(self, task: RenderTask, progress: Progress) -> None:
        self._task, self._progress = task, progress
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._ended = False

    def work(self) -> None:
        """Start the process and follow it to its end.

        Raises:
            RenderError: what it says, or that it was lost.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        with closing(ours):
            with closing(theirs), self._lock:
                if self._ended:
                    return
                self._process = context.Process(
                    target=main, args=(theirs, own_level()), daemon=True, name="gioconda job"
                )
                self._process.start()
            try:
                ours.send(self._task)
                self._follow(ours)
            except (EOFError, OSError):
                if not self._ended:
                    logger.error("the process of a job was lost")
                    raise RenderError("the process of this job was lost; try again") from None
            finally:
                self._process.kill()
                self._process.join()

    def end(self) -> None:
        """End the process, or see that it does not start."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def _follow(self, connection: Connection) -> None:
        while connection.poll(SILENT_S):
            said = connection.recv()
            if isinstance(said, str):
                raise RenderError(said)
            if said is None:
                return
            self._progress(said)
        logger.error("the process of a job was silent for %g s", SILENT_S)
        raise RenderError("this job came to a stand; try again")


def main(connection: Connection, log_level: str = "INFO") -> None:
    """Make what comes over a connection; the body of the process.

    It answers with numbers (how much is done), then with None or with a sentence (why not), and
    ends when the other end does.

    Args:
        connection: to the server.
        log_level: of the log.
    """
    configure(log_level)
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    try:
        task: RenderTask = connection.recv()
    except (EOFError, OSError):  # it was cancelled while it started
        return
    # What is spooled lies beside the file and goes with it, also when this process is killed.
    tempfile.tempdir = str(task.target.parent)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    told = 0.0

    def progress(done: float) -> None:
        nonlocal told
        if done - told >= _STEP:
            told = done
            connection.send(done)

    try:
        render(task, progress)
        connection.send(None)
    except GiocondaError as e:
        connection.send(told_of(e))
    except Exception as e:
        # Its words may hold what was sent.
        logger.error("a job failed: %s", type(e).__name__)
        connection.send("this job failed within the server")


def render(task: RenderTask, progress: Progress) -> None:
    """Make the file of a job, in this process.

    Raises:
        GiocondaError: portrait, sound, text or options cannot be used.
    """
    from gioconda import examples
    from gioconda.pipeline import animate
    from gioconda.portrait import Portrait

    share = 0.0 if task.samples is not None else _SPEAKING

    def made(count: float, expected: float | None) -> None:
        if expected:
            progress(share + (1 - share) * min(count / expected, 1.0))

    if task.pixels is None:
        portrait = Portrait.open(str(examples.portrait_path()))
    else:
        portrait = Portrait.open(task.pixels, cache=False)
    with _sound(task, progress) as sound:
        animation = animate(
            portrait, sound, task.controls, fps=task.fps, size=task.size,
            background=task.background, label=task.label or False, basis=task.grant,
        )  # fmt: skip
        animation.save(task.target, overwrite=True, progress=made)


def _sound(task: RenderTask, progress: Progress) -> Sound:
    if task.samples is not None:
        from gioconda.speech.sound import Sound

        return Sound.from_array(task.samples, task.rate_hz)
    from gioconda.speaking import say

    def spoken(done: float, of: float | None) -> None:
        progress(_SPEAKING * min(done / of, 1.0) if of else 0.0)

    return say(task.text, task.voice, progress=spoken)


def _end_with(connection: Connection) -> None:
    """End this process when the server is gone, whatever it is doing."""
    with suppress(EOFError, OSError):
        connection.recv()
    os._exit(1)
