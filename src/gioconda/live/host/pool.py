"""Worker processes kept ready, and handed to sessions."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from gioconda.errors import GiocondaError
from gioconda.live.host.commands import Command, ForgetPortrait, Ready, Report
from gioconda.live.host.connected_worker import ConnectedWorker
from gioconda.live.host.worker import run

logger = logging.getLogger(__name__)

#: Sessions for each core: it carries three at 25 frames a second (docs/live.md), and a browser
#: often runs beside them.
SESSIONS_PER_CORE: Final = 1
#: A worker that is not ready after this is given up.
START_S: Final = 120.0
_RETRY_S: Final = 1.0


class BusyError(GiocondaError):
    """Every place is taken.

    Args:
        capacity: sessions at once.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__(
            f"all {capacity} places of this server are taken; try again when somebody has left"
        )


class Worker(Protocol):
    """A worker process as the server sees it."""

    #: Portraits that it holds, the one used last at the end.
    portraits: dict[str, None]
    #: What it says, in order; None once it is lost.
    reports: asyncio.Queue[Report | None]

    @property
    def lost(self) -> bool:
        """Whether the process or its connection has ended."""
        ...

    async def send(self, command: Command) -> None:
        """Give it a command; of a lost one nothing is heard."""
        ...

    async def answer(self, wanted: Callable[[Report], bool]) -> Report | None:
        """Return the next report of a kind; None once it is lost, or does not answer."""
        ...

    def end(self) -> None:
        """End it."""
        ...


class Pool(Protocol):
    """Where sessions find their workers."""

    #: Whether workers run on machines that lack this one's ledger and keys.
    far: bool

    @property
    def capacity(self) -> int:
        """Sessions at once."""
        ...

    @property
    def taken(self) -> int:
        """Workers handed out."""
        ...

    async def start(self) -> None:
        """Begin to keep workers ready; returns once one is."""
        ...

    async def acquire(self, portrait: str = "", *, spare: bool = False) -> Worker:
        """Hand out a worker, one that holds a portrait if there is one.

        Args:
            portrait: id.
            spare: for work beside sessions, which must leave their places free.

        Raises:
            BusyError: all are taken.
        """
        ...

    def release(self, worker: Worker) -> None:
        """Take a worker back, its session closed; a lost one is replaced."""
        ...

    async def forget(self, portrait: str) -> None:
        """Let no worker hold a portrait any longer."""
        ...

    async def close(self) -> None:
        """End every worker."""
        ...


class WorkerPool(ABC):
    """Keeps workers ready, wherever they run.

    Args:
        capacity: sessions at once.
    """

    #: Workers that are started at the same time; starting one takes a core.
    _starts_at_once = 1
    far = False

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._starters = ThreadPoolExecutor(self._starts_at_once, "starting a worker")
        self._idle: list[ConnectedWorker] = []
        self._out: set[ConnectedWorker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._closed = False

    @property
    def capacity(self) -> int:
        """Sessions at once."""
        return self._capacity

    @property
    def taken(self) -> int:
        """Workers handed out to sessions."""
        return sum(not worker.spare for worker in self._out)

    async def start(self) -> None:
        """Begin to start workers; returns once one is ready."""
        self._fill()
        await self._one_idle()

    async def acquire(self, portrait: str = "", *, spare: bool = False) -> ConnectedWorker:
        """Hand out a worker; see :meth:`Pool.acquire`."""
        if not spare and self.taken >= self.capacity:
            raise BusyError(self.capacity)
        await self._one_idle()
        # Another may have taken the last place meanwhile.
        if self._closed or (not spare and self.taken >= self.capacity):
            raise BusyError(self.capacity)
        living = self._living()
        worker = next((w for w in living if portrait in w.portraits), living[0])
        self._idle.remove(worker)
        worker.spare = spare
        self._out.add(worker)
        self._fill()
        return worker

    def release(self, worker: Worker) -> None:
        """Take a worker back."""
        if not isinstance(worker, ConnectedWorker) or worker not in self._out:
            return
        self._out.discard(worker)
        enough = len(self._idle) + len(self._out) >= self._wanted()
        if worker.lost or self._closed or enough:
            worker.end()
        else:
            while not worker.reports.empty():
                worker.reports.get_nowait()
            self._idle.append(worker)
        self._fill()
        self._tell()

    async def forget(self, portrait: str) -> None:
        """Let no worker hold a portrait any longer."""
        for worker in [*self._idle, *self._out]:
            if portrait in worker.portraits:
                await worker.send(ForgetPortrait(portrait))

    async def close(self) -> None:
        """End every worker."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        for worker in [*self._idle, *self._out]:
            worker.end()
        self._idle.clear()
        self._out.clear()
        self._tell()
        self._starters.shutdown(wait=False, cancel_futures=True)

    def _living(self) -> list[ConnectedWorker]:
        for worker in [w for w in self._idle if w.lost]:
            self._idle.remove(worker)
            worker.end()
        return self._idle

    def _fill(self) -> None:
        """Start workers if some are missing."""
        total = len(self._living()) + len(self._out)
        missing = self._wanted() - total - len(self._starting)
        for _ in range(min(missing, self._starts_at_once - len(self._starting))):
            if not self._closed:
                self._begin_one()

    def _begin_one(self) -> None:
        task = asyncio.get_running_loop().create_task(self._start_one())
        self._starting.add(task)

        def started(_: object) -> None:
            self._starting.discard(task)
            if not self._closed:
                self._fill()

        task.add_done_callback(started)

    async def _start_one(self) -> None:
        worker: ConnectedWorker | None = None
        try:
            # In threads of its own: starts that wait must not hold up what sessions send.
            loop = asyncio.get_running_loop()
            worker = await loop.run_in_executor(self._starters, self._spawn, loop)
            ready = await asyncio.wait_for(worker.reports.get(), START_S)
            if not isinstance(ready, Ready):
                raise OSError("a worker process ended while it started")
            worker.pid = ready.pid
            self._idle.append(worker)
            worker = None
            self._tell()
        except (TimeoutError, OSError, RuntimeError) as e:
            if self._closed:
                return
            logger.error("a worker process could not be started: %s", e)
            await asyncio.sleep(_RETRY_S)
        finally:
            if worker is not None:
                worker.end()

    @abstractmethod
    def _spawn(self, loop: asyncio.AbstractEventLoop) -> ConnectedWorker:
        """Start a worker and return it connected; called in a thread of its own.

        Raises:
            OSError: it did not start.
        """

    @abstractmethod
    def _wanted(self) -> int:
        """Return how many workers there should be: handed out, ready and being started."""

    async def _one_idle(self) -> None:
        while not self._living() and not self._closed:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            self._fill()
            try:
                await asyncio.wait_for(waiting, START_S)
            except TimeoutError:
                raise BusyError(self.capacity) from None

    def _tell(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()


class LocalPool(WorkerPool):
    """Worker processes of this machine.

    One more than there are places is kept, so that a session whose worker is lost goes on at once,
    and portraits are looked at while all places are taken.

    Args:
        capacity: sessions at once; one for each core if None.
    """

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__(capacity or max(len(os.sched_getaffinity(0)) * SESSIONS_PER_CORE, 1))

    def _spawn(self, loop: asyncio.AbstractEventLoop) -> ConnectedWorker:
        return _spawned(loop)

    def _wanted(self) -> int:
        return self._capacity + 1


def _spawned(loop: asyncio.AbstractEventLoop) -> ConnectedWorker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run, args=(theirs,), daemon=True, name="gioconda session")
    # Ctrl-C reaches the whole group, and a Python that is interrupted while it starts complains.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    theirs.close()

    def end() -> None:
        if process.is_alive():
            process.terminate()

    return ConnectedWorker(ours, end, loop)
