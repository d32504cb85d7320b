"""The application behind ``gioconda serve``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI, WebSocket
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from gioconda import __version__
from gioconda.live.host.commands import EXAMPLE
from gioconda.live.host.pool import LocalPool, Pool
from gioconda.live.server import (
    about,
    documentation,
    jobs,
    portraits,
    problems,
    sessions,
    verifying,
    webrtc,
)
from gioconda.live.server.check_process import Checks, ProcessChecks
from gioconda.live.server.consents import Consents
from gioconda.live.server.job_process import ProcessRenderer, Renderer
from gioconda.live.server.job_queue import JobQueue
from gioconda.live.server.outputs import Outputs
from gioconda.live.server.recordings import Recordings
from gioconda.live.server.retention import Store
from gioconda.live.server.safety import Safety, protect
from gioconda.live.server.socket import LiveSocket
from gioconda.live.server.state import Portraits, Sessions
from gioconda.sandbox import DecodeLimits, Decoder
from gioconda.trust.consent.statement import Statement

logger = logging.getLogger(__name__)

#: How often what nobody uses is looked for.
_SWEEP_S: Final = 1.0


@dataclass(frozen=True)
class ServeSettings:
    """How a server is run.

    Attributes:
        capacity: sessions at once; by the number of cores if None.
        allow_output: beginnings of the addresses that clients may send sessions to.
        safety: what is taken from whom.
        ice_servers: URLs of STUN and TURN servers for WebRTC; none are asked if empty.
        label: whether the visible label stays in every session.
        statement: about the portraits of clients that state nothing themselves; None where each
            must.
    """

    capacity: int | None = None
    allow_output: tuple[str, ...] = ()
    safety: Safety = field(default_factory=Safety)
    ice_servers: tuple[str, ...] = ()
    label: bool = False
    statement: Statement | None = None


class Server:
    """What the routes stand on.

    Args:
        settings: how it is run.
        pool: of its workers; processes of this machine if None.
        renderer: of jobs; a process for each if None.
        clock: seconds, rising, by which uploads, files and sessions are forgotten.
    """

    def __init__(
        self,
        settings: ServeSettings,
        pool: Pool | None = None,
        renderer: Renderer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.pool: Pool = pool or LocalPool(settings.capacity)
        self.store = Store(settings.safety.retention_s)
        self.decoder = Decoder(settings.safety.files)
        self.consents = Consents(settings.statement)
        self.portraits = Portraits(self.pool, clock, self.consents)
        self.sessions = Sessions(self.pool, self.portraits, clock, label=settings.label)
        self.recordings = Recordings(self.store, clock)
        self.outputs = Outputs(self.sessions, settings.allow_output)
        self.jobs = JobQueue(self.store, renderer or ProcessRenderer(), clock)
        self.sessions.watchers += [self.recordings, self.outputs]
        self.peers = webrtc.LazyPeers(self)
        self.checks: Checks = ProcessChecks()

    @property
    def limits(self) -> DecodeLimits:
        """What uploaded pictures and sounds may be."""
        return self.settings.safety.files

    async def decode_image(self, data: bytes) -> npt.NDArray[np.uint8]:
        """Decode an uploaded picture in the sandbox.

        Raises:
            ImageDecodeError, SandboxError: as :meth:`gioconda.sandbox.Decoder.decode_image` raises.
        """
        return await self.decoder.image(data)

    async def decode_sound(self, data: bytes) -> tuple[npt.NDArray[np.float32], int]:
        """Decode an uploaded sound in the sandbox; return mono samples and their rate.

        Raises:
            SoundError, SandboxError: as :meth:`gioconda.sandbox.Decoder.decode_sound` raises.
        """
        return await self.decoder.sound(data)

    @contextlib.asynccontextmanager
    async def running(self, _: FastAPI | None = None) -> AsyncIterator[None]:
        """Start the workers, and end everything at last."""
        # First, so that no file is decoded while the process that decodes is being started.
        await asyncio.to_thread(self.decoder.start)
        tasks = [
            asyncio.create_task(self.pool.start()),
            asyncio.create_task(self._sweeping()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await self.peers.close_all()
            await self.end()
            await self.pool.close()
            self.decoder.close()
            self.checks.close()
            self.store.close()

    async def end(self) -> None:
        """End sessions and jobs; whoever follows them is told. The server can still answer."""
        await asyncio.gather(self.sessions.close_all(), self.jobs.close())

    async def revoke(self, key: str, reason: str) -> None:
        """Take back what was stated about an uploaded portrait; its sessions and jobs end.

        Raises:
            Problem: there is none, or it is the example, by whatever id.
            ConsentError: it was taken back already.
        """
        if key == EXAMPLE:
            raise self.consents.of_the_machine()
        held = await self.portraits.get(key)
        assert held.pixels is not None
        await self.consents.refuse_shipped(held.pixels)
        await self.consents.revoke(held.grant, reason)
        await self.sessions.check_consent()
        await self.portraits.drop(held)

    async def sweep(self) -> None:
        """End what may not be any more, and forget what is due."""
        await self.sessions.check_consent()
        await self.recordings.sweep()
        await self.sessions.sweep()
        await self.portraits.forget_unused()
        self.jobs.sweep()
        self.store.sweep(self.clock())

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                await self.sweep()
            except Exception as e:
                # What is due must be forgotten, whatever went wrong with one thing.
                logger.error("sweeping failed: %s", type(e).__name__)


class _Protected(FastAPI):
    """An application that nothing reaches but through the layers of :func:`protect`."""

    def build_middleware_stack(self) -> Any:
        server: Server = self.state.server
        return protect(super().build_middleware_stack(), server.settings.safety)


def create_app(
    settings: ServeSettings | None = None,
    pool: Pool | None = None,
    renderer: Renderer | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Return the application.

    Args:
        settings: how it is run.
        pool: of its workers.
        renderer: of its jobs.
        clock: by which things are forgotten; see :class:`Server`.
    """
    server = Server(settings or ServeSettings(), pool, renderer, clock)
    app = _Protected(
        title=documentation.TITLE, version=__version__, lifespan=server.running,
        docs_url=None, redoc_url=None, generate_unique_id_function=_operation,
    )  # fmt: skip
    app.state.server = server
    problems.add_to(app)
    for part in (about, portraits, sessions, jobs, verifying, webrtc):
        app.include_router(part.routes(server))
    documentation.add_to(app)

    @app.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await LiveSocket(server, socket).serve()

    page = Path(str(files("gioconda"))) / "live" / "page"
    if page.is_dir():
        app.mount("/static", StaticFiles(directory=page), name="static")

        @app.get("/", include_in_schema=False)
        async def index() -> FileResponse:
            return FileResponse(page / "index.html")

    return app


def _operation(route: Any) -> str:
    """Name an operation for makers of clients: ``sessions_begin``."""
    return f"{route.tags[0]}_{route.name}" if route.tags else str(route.name)
