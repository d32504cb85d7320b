"""A worker process at the other end of a connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

from gioconda.live.host.commands import Command, ForgetPortrait, LoadPortrait, Report

logger = logging.getLogger(__name__)

#: Portraits that a worker holds at once; each takes some 30 MB.
KEPT_PORTRAITS: Final = 4
#: A worker that has been asked for something answers within this.
ANSWER_S: Final = 60.0


class ConnectedWorker:
    """A worker at the other end of a connection.

    Args:
        connection: to it.
        end: ends its process.
        loop: in which reports are told.

    Attributes:
        pid: of its process; 0 until it is ready.
        spare: whether it was handed out for work beside sessions.
    """

    def __init__(
        self,
        connection: Connection,
        end: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.spare = False
        self.portraits: dict[str, None] = {}
        self.reports: asyncio.Queue[Report | None] = asyncio.Queue()
        self.pid = 0
        self._writes: set[asyncio.Task[None]] = set()
        self._connection, self._end = connection, end
        self._loop = loop
        self._lost = False
        self._order = asyncio.Lock()
        threading.Thread(target=self._receive, name="reports", daemon=True).start()

    @property
    def lost(self) -> bool:
        """Whether the process or its connection has ended."""
        return self._lost

    async def send(self, command: Command) -> None:
        """Give it a command; of a lost one nothing is heard."""
        if isinstance(command, LoadPortrait):
            self.portraits.pop(command.key, None)
            self.portraits[command.key] = None
            if len(self.portraits) > KEPT_PORTRAITS:
                await self.send(ForgetPortrait(next(iter(self.portraits))))
        if isinstance(command, ForgetPortrait):
            self.portraits.pop(command.key, None)
        # A write that is cut off half-way would spoil all that follow.
        write = self._loop.create_task(self._write(command))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        await asyncio.shield(write)

    async def answer(self, wanted: Callable[[Report], bool]) -> Report | None:
        """Return the next report of a kind; None once the worker is lost.

        A worker that does not answer for :data:`ANSWER_S` is ended.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    report = await self.reports.get()
                    if report is None or wanted(report):
                        return report
        except TimeoutError:
            logger.error("a worker process does not answer, and is ended")
            self._lost = True
            self.end()
            return None

    async def _write(self, command: Command) -> None:
        # A worker that is busy takes commands late, which must not hold up the others.
        async with self._order:
            with contextlib.suppress(OSError, ValueError):
                await asyncio.to_thread(self._connection.send, command)

    def end(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._connection.close()
        self._end()

    def _receive(self) -> None:
        try:
            while True:
                self._heard(self._connection.recv())
        except Exception:  # of a dying process anything may come
            self._lost = True
            with contextlib.suppress(RuntimeError):  # the loop may have ended
                self._loop.call_soon_threadsafe(self.reports.put_nowait, None)

    def _heard(self, report: Report) -> None:
        """Hand a report on; called in the thread that receives."""
        self._loop.call_soon_threadsafe(self.reports.put_nowait, report)
