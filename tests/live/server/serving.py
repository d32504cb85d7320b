"""A small application behind the layers, called in memory or served on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import uvicorn
from fastapi import FastAPI, Request, UploadFile, WebSocket

from gioconda.live.server.asgi import App
from gioconda.live.server.safety import Safety, protect, uvicorn_options

TOKEN = "t" * 20 + "0123456789abcdefghijklmn"


def small_app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def page() -> dict[str, str]:
        return {"page": "here"}

    @app.get("/v1/portraits")
    async def portraits() -> list[str]:
        return []

    @app.get("/v1/portraits/{name}")
    async def portrait(name: str) -> dict[str, str]:
        if name == "broken":
            raise ValueError("secret words of somebody")
        return {"id": "there"}

    @app.post("/v1/portraits")
    async def upload(request: Request) -> dict[str, int]:
        if "multipart" in request.headers.get("content-type", ""):
            file = (await request.form())["file"]
            assert isinstance(file, UploadFile) or hasattr(file, "read")
            return {"size": len(await file.read())}
        return {"size": len(await request.body())}

    @app.post("/v1/sessions/{name}/speech")
    async def speech(name: str, request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.post("/v1/other")
    async def other(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(Exception):
            while True:
                await socket.send_text(await socket.receive_text())

    return app


def client(safety: Safety | None = None, clock: object = None, **headers: str) -> httpx.AsyncClient:
    extra = {} if clock is None else {"clock": clock}
    app = protect(small_app(), safety or Safety(), **extra)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860", headers=headers)


@contextlib.asynccontextmanager
async def served(safety: Safety | None = None, app: App | None = None) -> AsyncIterator[str]:
    """Serve on a free port of loopback; gives ``127.0.0.1:PORT``."""
    options = uvicorn_options() | {"log_config": None, "lifespan": "off"}
    server = uvicorn.Server(
        uvicorn.Config(app or protect(small_app(), safety or Safety()), port=0, **options)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
