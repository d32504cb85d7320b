"""A worker that makes no faces: frames that flash, and a click in the sound with every flash."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import numpy as np
from tests.live.doubles import WorkerDouble

from gioconda.live.host import commands as c
from gioconda.live.host.encoders import create_encoder
from gioconda.live.host.pool import BusyError
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.live.types import OUTPUT_RATE_HZ

#: A flash and a click come at every multiple of this.
FLASH_S = 1.0
#: Seconds that the session's instants are behind the clock, as those of a real one.
BEHIND_S = 0.1


class StandInWorker(WorkerDouble):
    """Obeys what concerns media, and keeps every command."""

    def __init__(self) -> None:
        super().__init__()
        self.spare = False
        self._video: frozenset[Kind] = frozenset()
        self._key = False
        self._task: asyncio.Task[None] | None = None

    async def send(self, command: Any) -> None:
        self.commands.append(command)
        match command:
            case c.LoadPortrait(key=key):
                self.portraits[key] = None
                self.reports.put_nowait(c.PortraitReady(key, {"width": 512, "height": 512}))
            case c.OpenSession():
                self.open(command)
                self._task = asyncio.create_task(self._run(command))
            case c.Want(video=video):
                self._video = video
            case c.WantKey():
                self._key = True
            case c.CloseSession():
                await self.stop()
                self.close()

    def of(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]

    def lose(self) -> None:
        """Die as a process does."""
        if self._task is not None:
            self._task.cancel()
        self.lost = True
        self.reports.put_nowait(None)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self, spec: c.OpenSession) -> None:
        encoder = create_encoder(Kind.VP8, spec.size, spec.size, spec.fps)
        loop = asyncio.get_running_loop()
        start_s = loop.time() + BEHIND_S
        pictures = _pictures(spec.size)
        index = heard = 0
        while True:
            await asyncio.sleep(max(start_s + index / spec.fps - loop.time(), 0))
            time_s = index / spec.fps
            upto = round(time_s * OUTPUT_RATE_HZ)
            if upto > heard:
                self.reports.put_nowait(
                    Packet(Kind.PCM, heard / OUTPUT_RATE_HZ, _sound(heard, upto))
                )
                heard = upto
            if Kind.VP8 in self._video:
                flash = time_s % FLASH_S < 1 / spec.fps - 1e-6
                image = pictures[2 if flash else index % 2]
                key, self._key = self._key, False
                for data, flags in encoder.encode(image, time_s, key):
                    self.reports.put_nowait(Packet(Kind.VP8, time_s, data, index, Flag(flags)))
            index += 1


class StandInPool:
    """Hands out stand-in workers."""

    def __init__(self, capacity: int = 2) -> None:
        self.capacity, self.far = capacity, False
        self.workers: list[StandInWorker] = []

    @property
    def taken(self) -> int:
        return sum(not w.spare for w in self.workers)

    @property
    def sessions(self) -> list[StandInWorker]:
        return [w for w in self.workers if not w.spare]

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def acquire(self, portrait: str = "", *, spare: bool = False) -> StandInWorker:
        if not spare and self.taken >= self.capacity:
            raise BusyError(self.capacity)
        worker = StandInWorker()
        worker.spare = spare
        self.workers.append(worker)
        return worker

    def release(self, worker: Any) -> None:
        if worker in self.workers:
            self.workers.remove(worker)

    async def forget(self, portrait: str) -> None: ...

    async def close(self) -> None:
        for worker in self.workers:
            await worker.stop()


def _pictures(size: int) -> list[np.ndarray]:
    """Return two dark ones that differ, and a white one."""
    dark = np.full((size, size, 3), 40, np.uint8)
    other = dark.copy()
    other[size // 2 :, ::8] = 60
    return [dark, other, np.full((size, size, 3), 250, np.uint8)]


def _sound(start: int, end: int) -> bytes:
    """Return samples: silence, and a tone of 10 ms from every flash on."""
    t = np.arange(start, end) / OUTPUT_RATE_HZ
    tone = np.where(t % FLASH_S < 0.01, 0.5 * np.sin(2 * np.pi * 1000 * t), 0)
    return np.rint(tone * 32767).astype("<i2").tobytes()
