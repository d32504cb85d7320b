"""The application behind ``gioconda serve``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from gioconda import __version__
from gioconda.live.host.pool import LocalPool, Pool
from gioconda.live.packets import Kind, Packet
from gioconda.live.server import portraits, problems, webrtc
from gioconda.live.server.recordings import Recordings
from gioconda.live.server.retention import Store
from gioconda.live.server.safety import Safety
from gioconda.live.server.socket import LiveSocket
from gioconda.live.server.state import Portraits, Sessions
from gioconda.sandbox import Decoder

logger = logging.getLogger(__name__)

#: How often what nobody uses is looked for.
_SWEEP_S: Final = 5.0


@dataclass(frozen=True)
class ServeSettings:
    """How a server is run.

    Attributes:
        capacity: sessions at once; by the number of cores if None.
        safety: what is taken from whom; :func:`gioconda.live.server.safety.protect` enforces it.
        ice_servers: URLs of STUN and TURN servers for WebRTC; none are asked if empty.
    """

    capacity: int | None = None
    safety: Safety = field(default_factory=Safety)
    ice_servers: tuple[str, ...] = ()


class Server:
    """What the routes stand on.

    Args:
        settings: how it is run.
        pool: of its workers; processes of this machine if None.
    """

    def __init__(self, settings: ServeSettings, pool: Pool | None = None) -> None:
        self.settings = settings
        self.pool: Pool = pool or LocalPool(settings.capacity)
        self.portraits = Portraits(self.pool, _loop_time)
        self.sessions = Sessions(self.pool, self.portraits)
        self.store = Store(settings.safety.retention_s)
        self.recordings = Recordings(self.store.room("recordings"))
        self.decoder = Decoder(settings.safety.files)
        self.peers = webrtc.LazyPeers(self)

    def decode_image(self, data: bytes) -> npt.NDArray[np.uint8]:
        """Decode an uploaded picture; see :mod:`gioconda.sandbox`.

        Raises:
            ImageDecodeError: it cannot be read.
            SandboxError: no process can be had for it.
        """
        return self.decoder.decode_image(data)

    @contextlib.asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Start the workers, and end everything at last."""
        await asyncio.to_thread(self.decoder.start)
        starting = asyncio.create_task(self.pool.start())
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            starting.cancel()
            await self.peers.close_all()
            await self.sessions.close_all()
            await self.pool.close()
            self.recordings.close()
            self.store.close()
            self.decoder.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            await self.portraits.forget_unused()
            self.store.sweep(_loop_time())


def create_app(settings: ServeSettings | None = None, pool: Pool | None = None) -> FastAPI:
    """Return the application.

    Args:
        settings: how it is run.
        pool: of its workers.
    """
    server = Server(settings or ServeSettings(), pool)
    app = FastAPI(
        title="Gioconda live", version=__version__, lifespan=server.running,
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.server = server
    problems.add_to(app)
    app.include_router(portraits.routes(server))
    app.include_router(webrtc.routes(server))

    @app.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await LiveSocket(server, socket).serve()

    @app.get("/v1/server", tags=["server"])
    async def about() -> dict[str, Any]:
        """Tell what this server is and has."""
        limits = server.settings.safety.files
        return {
            "version": __version__, "synthetic": True, "capacity": server.pool.capacity,
            "sessions": server.pool.taken, "voices": await asyncio.to_thread(_voices),
            "limits": {
                "picture_bytes": limits.image_bytes, "picture_pixels": limits.image_pixels,
                "sound_bytes": limits.sound_bytes, "sound_s": limits.sound_s,
            },
            "token_required": server.settings.safety.token is not None,
        }  # fmt: skip

    @app.get("/v1/sessions", tags=["sessions"])
    async def all_sessions() -> list[dict[str, Any]]:
        """List the sessions that run."""
        return [
            {"id": h.face.id, "portrait": h.portrait.id, "clients": h.clients,
             "restarts": h.face.restarts}
            for h in server.sessions.all()
        ]  # fmt: skip

    @app.delete("/v1/sessions/{key}", status_code=204, tags=["sessions"])
    async def end_session(key: str) -> None:
        """End a session."""
        await server.sessions.close(server.sessions.get(key), "ended by request")

    @app.get("/v1/sessions/{key}/recording.mp4", response_class=FileResponse, tags=["sessions"])
    async def recording(key: str) -> FileResponse:
        """Return the last recording of a session."""
        path = server.recordings.file(key)
        return FileResponse(path, media_type="video/mp4", filename="gioconda.mp4")

    @app.get("/v1/sessions/{key}/mjpeg", response_class=StreamingResponse, tags=["sessions"])
    async def mjpeg(key: str) -> Response:
        """Return a session's frames as a stream of JPEGs, for debugging."""
        face = server.sessions.get(key).face
        reader = await face.subscribe(Kind.JPEG, audio=False)

        async def parts() -> AsyncIterator[bytes]:
            try:
                async for item in reader:
                    if isinstance(item, Packet):
                        head = f"Content-Type: image/jpeg\r\nContent-Length: {len(item.payload)}"
                        yield f"--frame\r\n{head}\r\n\r\n".encode() + item.payload + b"\r\n"
            finally:
                await face.unsubscribe(reader)

        return StreamingResponse(parts(), media_type="multipart/x-mixed-replace; boundary=frame")

    page = Path(str(files("gioconda"))) / "live" / "page"
    if page.is_dir():
        app.mount("/static", StaticFiles(directory=page), name="static")

        @app.get("/", include_in_schema=False)
        async def index() -> FileResponse:
            return FileResponse(page / "index.html")

    return app


def _voices() -> list[dict[str, str]]:
    from gioconda.errors import VoiceError
    from gioconda.voices.registry import create

    try:
        return [
            {"name": v.name, "description": v.description} for v in create("espeak-ng").voices()
        ]
    except VoiceError:
        return []


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
