"""Jobs that wait, run and are done; each is deleted a while after its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from gioconda.errors import GiocondaError
from gioconda.live.server.job_process import Renderer, RenderTask
from gioconda.live.server.problems import Problem
from gioconda.live.server.retention import Store

logger = logging.getLogger(__name__)

#: The file of a job is kept so long after its end.
FILE_S: Final = 600.0
#: That a job failed or was cancelled can be asked for so long.
TOLD_S: Final = 60.0
#: Jobs that may wait.
MOST_WAITING: Final = 8
#: Jobs that are told of.
MOST_KEPT: Final = 100
#: An estimate of the time left is given from this progress on.
_ESTIMATE_FROM: Final = 0.02
_RETRY_S: Final = 20

State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """A job.

    Attributes:
        id: 192 random bits; also its name in the store.
        portrait: whom it shows.
        path: of its file, which is there once it is done.
        state: where it stands.
        progress: 0 to 1.
        error: one sentence where it failed.
        started_s, ended_s: of the clock.
        revision: grows with every change.
    """

    id: str
    portrait: str
    path: Path
    state: State = "queued"
    progress: float = 0.0
    error: str | None = None
    started_s: float | None = None
    ended_s: float | None = None
    revision: int = 1
    _task: RenderTask | None = field(default=None, repr=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in ("done", "failed", "cancelled")

    def left_s(self, now_s: float) -> float | None:
        """Return an estimate of the seconds that it still takes; None before there is one."""
        if self.over:
            return 0.0
        if self.started_s is None or self.progress < _ESTIMATE_FROM:
            return None
        return (now_s - self.started_s) * (1 - self.progress) / self.progress

    async def news(self, after: int) -> None:
        """Return once the revision is above one that is known."""
        while self.revision <= after:
            await self._news.wait()

    def _changed(self) -> None:
        self.revision += 1
        self._news.set()
        self._news = asyncio.Event()


class JobQueue:
    """Runs jobs one after the other.

    Args:
        store: where their files lie.
        renderer: makes them.
        clock: seconds, rising.
        at_once: jobs side by side.
        most_waiting: beyond these, jobs are refused.
    """

    def __init__(
        self,
        store: Store,
        renderer: Renderer,
        clock: Callable[[], float],
        *,
        at_once: int = 1,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._store, self._render, self._clock = store, renderer, clock
        self._at_once, self._most_waiting = at_once, most_waiting
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, Callable[[], None]] = {}

    def __len__(self) -> int:
        """Return how many wait or run."""
        return sum(not job.over for job in self._jobs.values())

    def all(self) -> list[Job]:
        """Return every job, oldest first."""
        return list(self._jobs.values())

    def get(self, key: str) -> Job:
        """Return a job.

        Raises:
            Problem: there is none of that id.
        """
        if key not in self._jobs:
            raise Problem(404, "no_job", "there is no such job any more")
        return self._jobs[key]

    def ahead(self, job: Job) -> int:
        """Return how many wait before a job."""
        waiting = [j for j in self._jobs.values() if j.state == "queued"]
        return waiting.index(job) if job in waiting else 0

    def check_place(self) -> None:
        """See that another job can be taken.

        Raises:
            Problem: too many wait.
        """
        waiting = sum(job.state == "queued" for job in self._jobs.values())
        full = waiting >= self._most_waiting + self._at_once - len(self._running)
        if full or len(self._jobs) >= MOST_KEPT:
            words = f"{waiting} jobs wait already; try again later, or delete those that are done"
            raise Problem(503, "busy", words, _RETRY_S)

    def submit(
        self, task: RenderTask, portrait: str, ended: Callable[[], None] = lambda: None
    ) -> Job:
        """Take a job.

        Args:
            task: what it makes; its target's suffix says the format, and its folder is chosen here.
            portrait: id of whom it shows.
            ended: called once when it is over, however it ends.

        Raises:
            Problem: too many wait.
            OutputError: the store is full.
        """
        self.check_place()
        key = self._store.add(self._clock())
        self._store.hold(key, key)
        path = self._store.path(key, f"video{task.target.suffix}")
        job = Job(key, portrait, path, _task=replace(task, target=path))
        self._jobs[key], self._ends[key] = job, ended
        self._next()
        return job

    async def delete(self, key: str) -> None:
        """Cancel a job that is not over, and delete what there is of it.

        That it was cancelled can be asked for a minute; what is over is forgotten at once.

        Raises:
            Problem: there is none of that id.
        """
        job = self.get(key)
        if job.over:
            del self._jobs[key]
            self._store.delete(key)
            return
        running = self._running.get(key)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            # It had not begun, where nothing of it has run.
            self._running.pop(key, None)
        if not job.over:
            self._end(job, "cancelled")
        self._next()

    async def follow(self, job: Job, after: int, beat_s: float) -> AsyncIterator[bool]:
        """Yield True at every change of a job after a revision, False after a while without any.

        It ends once the job is over; changes that come faster than they are taken are one.
        """
        while True:
            try:
                await asyncio.wait_for(job.news(after), beat_s)
            except TimeoutError:
                yield False
                continue
            after = job.revision
            over = job.over
            yield True
            if over:
                return

    def kept_s(self, job: Job) -> float | None:
        """Return in how many seconds a job is forgotten; None while it is not over."""
        if job.ended_s is None:
            return None
        kept_s = FILE_S if job.state == "done" else TOLD_S
        return round(max(job.ended_s + kept_s - self._clock(), 0.0), 1)

    def sweep(self) -> None:
        """Forget what has been over for long enough."""
        for job in self.all():
            if self.kept_s(job) == 0:
                del self._jobs[job.id]
                self._store.delete(job.id)

    async def close(self) -> None:
        """Cancel everything and delete it."""
        for job in self.all():
            await self.delete(job.id)

    def _next(self) -> None:
        for job in self.all():
            if len(self._running) >= self._at_once:
                return
            if job.state == "queued":
                job.state, job.started_s = "running", self._clock()
                job._changed()
                task = asyncio.get_running_loop().create_task(self._run(job))
                self._running[job.id] = task

    async def _run(self, job: Job) -> None:
        def progress(done: float) -> None:
            if not job.over and done > job.progress:
                job.progress = min(done, 1.0)
                job._changed()

        assert job._task is not None
        try:
            await self._render(job._task, progress)
            self._end(job, "done")
        except asyncio.CancelledError:
            self._end(job, "cancelled")
            raise
        except GiocondaError as e:
            self._end(job, "failed", str(e))
        except Exception as e:
            logger.error("a job failed: %s", type(e).__name__)
            self._end(job, "failed", "this job failed within the server")
        finally:
            self._running.pop(job.id, None)
            self._next()

    def _end(self, job: Job, state: State, error: str | None = None) -> None:
        job.state, job.error, job.ended_s = state, error, self._clock()
        if state == "done":
            job.progress = 1.0
        else:
            self._store.delete(job.id)
        # Portrait, sound and text are forgotten with their job.
        job._task = None
        job._changed()
        self._ends.pop(job.id)()
