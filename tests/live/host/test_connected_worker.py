"""A worker's connection: whole messages whatever is cancelled, and a bounded memory."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import threading
from typing import Any

import numpy as np

from gioconda.live.host import commands as c
from gioconda.live.host import connected_worker as worker_module
from gioconda.live.host.connected_worker import KEPT_PORTRAITS, ConnectedWorker


class Far:
    """The other end, which keeps what it gets."""

    def __init__(self, connection: Any) -> None:
        self.got: list[Any] = []
        self.broken: Exception | None = None
        self._connection = connection
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while True:
                self.got.append(self._connection.recv())
        except EOFError:
            pass
        except Exception as e:
            self.broken = e

    def join(self) -> None:
        self._thread.join(5)


def connected() -> tuple[ConnectedWorker, Far]:
    ours, theirs = multiprocessing.Pipe()
    return ConnectedWorker(ours, lambda: None, asyncio.get_running_loop()), Far(theirs)


def test_cancelled_senders_leave_whole_messages() -> None:
    async def story() -> Far:
        worker, far = connected()
        for k in range(60):
            task = asyncio.create_task(worker.send(c.Speak(bytes(200_000), k)))
            await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await worker.send(c.Want())
        worker.end()
        return far

    far = asyncio.run(story())
    far.join()
    assert far.broken is None
    assert sum(isinstance(m, c.Want) for m in far.got) == 60


def test_the_portrait_used_least_is_forgotten_on_both_sides() -> None:
    async def story() -> Far:
        worker, far = connected()
        pixels = np.zeros((4, 4, 3), np.uint8)
        for k in range(KEPT_PORTRAITS + 2):
            await worker.send(c.LoadPortrait(str(k), pixels))
            if k:
                await worker.send(c.LoadPortrait("1", pixels))
        assert len(worker.portraits) == KEPT_PORTRAITS
        assert "1" in worker.portraits
        assert "0" not in worker.portraits
        worker.end()
        return far

    far = asyncio.run(story())
    far.join()
    forgotten = [m.key for m in far.got if isinstance(m, c.ForgetPortrait)]
    assert forgotten == ["0", "2"]


def test_a_worker_that_does_not_answer_is_ended(monkeypatch: Any) -> None:
    monkeypatch.setattr(worker_module, "ANSWER_S", 0.1)

    async def story() -> None:
        worker, _ = connected()
        assert await worker.answer(lambda _: True) is None
        assert worker.lost

    asyncio.run(story())
