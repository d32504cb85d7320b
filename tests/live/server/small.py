"""A server without worker processes: a pool, a renderer and a clock that tests drive."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import numpy as np
from PIL import Image
from tests.live.doubles import WorkerDouble

from gioconda.live.host import commands as c
from gioconda.live.host.pool import BusyError
from gioconda.live.server.app import Server, ServeSettings, create_app
from gioconda.live.server.job_process import RenderTask
from gioconda.live.server.limits import Rate, RateLimits
from gioconda.live.server.safety import Safety
from gioconda.sandbox.decoder import shared

OFTEN = RateLimits(*[Rate(1e6, 1e6)] * 5)
FOUND = {
    "width": 64, "height": 64, "faces": 1, "yaw_deg": 1.0, "pitch_deg": 0.0, "roll_deg": 0.0,
    "face_px": 40.0, "sharpness": 0.5, "warnings": [],
}  # fmt: skip


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class ScriptedWorker(WorkerDouble):
    """Answers as a worker does, and keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.deaf = False

    async def send(self, command: Any) -> None:
        self.commands.append(command)
        if self.deaf:
            return
        match command:
            case c.LoadPortrait():
                self.portraits[command.key] = None
                self.reports.put_nowait(c.PortraitReady(command.key, FOUND))
            case c.ForgetPortrait():
                self.portraits.pop(command.key, None)
            case c.MakePicture():
                data = b"picture" if command.what == "square" else png()
                self.reports.put_nowait(c.Picture(command.key, command.what, data))
            case c.OpenSession():
                self.open(command)
            case c.StartOutput():
                self.reports.put_nowait(c.OutputChanged(command.name, "live"))
            case c.StopOutput():
                self.reports.put_nowait(c.OutputChanged(command.name, "closed", seconds=1.5))
            case c.CloseSession():
                self.close()

    def of(self, kind: type) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]


class ScriptedPool:
    """Hands out one scripted worker to everybody."""

    def __init__(self, capacity: int = 2) -> None:
        self.capacity, self.taken, self.far = capacity, 0, False
        self.workers: list[ScriptedWorker] = []

    async def start(self) -> None: ...

    async def acquire(self, portrait: str = "", *, spare: bool = False) -> ScriptedWorker:
        if not spare and self.taken >= self.capacity:
            raise BusyError(self.capacity)
        self.taken += not spare
        worker = ScriptedWorker()
        self.workers.append(worker)
        worker.commands.append("spare" if spare else "session")
        return worker

    def release(self, worker: Any) -> None:
        self.taken -= worker.commands[0] == "session"

    async def forget(self, portrait: str) -> None:
        for worker in self.workers:
            if portrait in worker.portraits:
                await worker.send(c.ForgetPortrait(portrait))

    async def close(self) -> None: ...


class ScriptedRenderer:
    """Renders when it is told to."""

    def __init__(self) -> None:
        self.tasks: list[RenderTask] = []
        self.progress: list[Callable[[float], None]] = []
        self.ends: list[asyncio.Future[bytes]] = []
        self.cancelled = 0

    async def __call__(self, task: RenderTask, progress: Callable[[float], None]) -> None:
        self.tasks.append(task)
        self.progress.append(progress)
        self.ends.append(asyncio.get_running_loop().create_future())
        try:
            task.target.write_bytes(await self.ends[-1])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


class Small:
    """The server, its parts and a client of it."""

    def __init__(self, settings: ServeSettings) -> None:
        self.pool, self.renderer, self.clock = ScriptedPool(), ScriptedRenderer(), Clock()
        self.app = create_app(settings, self.pool, self.renderer, self.clock)
        self.server: Server = self.app.state.server
        # One process that decodes serves all tests.
        self.server.decoder = shared()
        self.http: httpx.AsyncClient

    async def sweep_after(self, seconds: float) -> None:
        self.clock.now_s += seconds
        await self.server.sweep()
        await settled()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def small(**settings: Any) -> AsyncIterator[Small]:
    """Run a small server in memory."""
    made = Small(ServeSettings(**{"safety": Safety(rates=OFTEN)} | settings))
    transport = httpx.ASGITransport(made.app, client=("127.0.0.1", 1))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made.http:
            yield made
    finally:
        await made.server.end()
        made.server.store.close()


def png(side: int = 64) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), 90, np.uint8)).save(file, "PNG")
    return file.getvalue()


def wav(seconds: float = 1.0, rate_hz: int = 16_000) -> bytes:
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, rate_hz, 0, "NONE", ""))
        time_s = np.arange(int(seconds * rate_hz)) / rate_hz
        sound.writeframes((8000 * np.sin(2000 * time_s)).astype("<i2").tobytes())
    return file.getvalue()
