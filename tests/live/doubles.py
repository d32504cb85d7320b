"""What every stand-in for a worker process has in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from gioconda.live.host import commands as c


class WorkerDouble:
    """A worker that keeps what it is told; heirs answer in :meth:`send`."""

    def __init__(self) -> None:
        self.portraits: dict[str, None] = {}
        self.reports: asyncio.Queue[Any] = asyncio.Queue()
        self.commands: list[Any] = []
        self.lost = False
        self.ticket = 0

    async def answer(self, wanted: Callable[[Any], bool]) -> Any:
        while True:
            report = await asyncio.wait_for(self.reports.get(), 5)
            if report is None or wanted(report):
                return report

    def open(self, command: c.OpenSession, lookahead_ms: float = 80.0) -> None:
        self.ticket = command.ticket
        self.reports.put_nowait(c.Opened(command.size, command.size, lookahead_ms, self.ticket))

    def close(self) -> None:
        self.reports.put_nowait(c.Closed(self.ticket))
        self.ticket = 0

    def die(self) -> None:
        self.lost = True
        self.reports.put_nowait(None)

    def end(self) -> None:
        self.die()
