"""A small server that speaks as the real one does, for tests of the page: no faces, no workers.

It streams a test pattern and a tone, takes in and checks every message with the real models, and
can be told to misbehave.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
import threading
import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from tests.live.page.fake_answers import FPS, LOOP, SIDE, encoded, motion, portrait, refused, stats

from gioconda.live import messages as m
from gioconda.live.host.encoders import codec_string
from gioconda.live.packets import Kind, Packet
from gioconda.live.server.consents import statement_in
from gioconda.live.types import OUTPUT_RATE_HZ

PAGE = Path(str(files("gioconda"))) / "live" / "page"
POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "media-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'self'",
    ]
)  # fmt: skip


WITHDRAWN = m.ErrorEvent(code="consent", message="consent was revoked")
ENDED = m.SessionClosed(reason="consent was revoked, or has expired")


@dataclass
class Behaviour:
    """What the server is told to do."""

    full_for: int = 0  #: connections that are told "busy"
    token: str | None = None
    refuse_portrait: str | None = None
    revoked_portrait: str | None = None
    refuse_consent: dict[str, str] | None = None  #: error of an upload, as the API tells it
    webrtc: bool = False
    forget_sessions: bool = False
    finding: dict[str, Any] | None = None  #: what a check answers; refused if None
    check_s: float = 0.0  #: how long it takes


@dataclass
class FakeServer:
    """The server and what it was told by clients."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    messages: list[Any] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)
    uploads: list[tuple[str, int]] = field(default_factory=list)
    consents: list[dict[str, str]] = field(default_factory=list)
    revoked: list[tuple[str, str]] = field(default_factory=list)
    jobs: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._turns = {kind: encoded(kind) for kind in (Kind.H264, Kind.JPEG)}
        self._sockets: set[WebSocket] = set()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._count = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def of(self, kind: type) -> list[Any]:
        """Messages of a kind, in order."""
        return [message for message in self.messages if isinstance(message, kind)]

    def controls(self) -> dict[str, Any]:
        """Every dial that was sent, the last value of each."""
        told: dict[str, Any] = {}
        for update in self.of(m.SessionUpdate):
            if update.controls:
                told |= update.controls.model_dump(exclude_none=True)
        return told

    def start(self) -> None:
        """Listen; after a stop, on the same port."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(self._app(), log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def _run(self, listener: socket.socket) -> None:
        assert self._server is not None
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve([listener]))

    def stop(self) -> None:
        """Be gone, sockets and all."""
        assert self._server is not None
        assert self._thread is not None
        self.cut()
        self._server.should_exit = True
        self._thread.join()

    def reset(self) -> None:
        """Forget what was told, behave well."""
        self.behaviour = Behaviour()
        for told in (self.messages, self.packets, self.uploads, self.jobs, self.faults):
            told.clear()
        self.consents.clear()
        self.revoked.clear()

    def cut(self) -> None:
        """Cut every live socket, as a lost network does."""
        self._on_loop(self._each(lambda s: s.close(1011)))

    def tell(self, event: Any) -> None:
        """Send an event to every client."""
        self._on_loop(self._each(lambda s: s.send_text(event.model_dump_json())))

    def _on_loop(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _each(self, call: Any) -> None:
        for one in list(self._sockets):
            with contextlib.suppress(RuntimeError):
                await call(one)

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.mount("/static", StaticFiles(directory=PAGE))

        @app.middleware("http")
        async def guard(request: Request, go_on: Any) -> Response:
            token = self.behaviour.token
            path = request.url.path
            guarded = path.startswith("/v1/") and path not in ("/v1/login", "/v1/server")
            if token and guarded and request.cookies.get("token") != token:
                return refused(401, "token", "a token is needed")
            response: Response = await go_on(request)
            return response

        @app.get("/")
        async def index() -> FileResponse:
            return FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})

        @app.get("/v1/server")
        async def about() -> dict[str, Any]:
            return {
                "version": "0", "synthetic": True, "capacity": 2, "sessions": 1,
                "voices": [
                    {"name": "it", "description": "Italian"},
                    {"name": "en-us", "description": "English (America)"},
                ],
                "limits": {}, "token_required": self.behaviour.token is not None,
            }  # fmt: skip

        @app.post("/v1/login")
        async def login(request: Request) -> Response:
            if (await request.json())["token"] != self.behaviour.token:
                return refused(401, "token", "that is not the token")
            response = Response(status_code=204)
            response.set_cookie("token", self.behaviour.token, httponly=True, samesite="strict")
            return response

        @app.post("/v1/portraits", status_code=201)
        async def upload(request: Request) -> Any:
            form = await request.form()
            part = form["file"]
            assert not isinstance(part, str)
            said = {k: v for k, v in form.items() if isinstance(v, str)}
            statement_in(said)  # as the real server reads it
            if "basis" not in said:
                return refused(422, "consent", "say on what basis")
            if self.behaviour.refuse_consent:
                return JSONResponse({"error": self.behaviour.refuse_consent}, 403)
            self.consents.append(said)
            self.uploads.append((part.content_type or "", len(await part.read())))
            if self.behaviour.revoked_portrait:
                return refused(403, "consent", self.behaviour.revoked_portrait)
            if self.behaviour.refuse_portrait:
                return refused(422, "refused", self.behaviour.refuse_portrait)
            self._count += 1
            return portrait(f"p{self._count}", yaw_deg=-12.0, warnings=["glasses were found"]) | {
                "basis": said["basis"]
            }

        @app.post("/v1/verify")
        async def verify(request: Request) -> Any:
            part = (await request.form())["file"]
            assert not isinstance(part, str)
            self.uploads.append((part.filename or "", len(await part.read())))
            await asyncio.sleep(self.behaviour.check_s)
            if self.behaviour.finding is None:
                return refused(415, "bad_format", "The file is no picture that can be read here.")
            return self.behaviour.finding

        @app.get("/v1/portraits/{key}")
        async def one(key: str) -> dict[str, Any]:
            return portrait(key)

        @app.post("/v1/portraits/{key}/revoke", status_code=204)
        async def revoke(key: str, request: Request) -> None:
            self.revoked.append((key, (await request.json())["reason"]))
            await self._each(lambda s: s.send_text(WITHDRAWN.model_dump_json()))
            await self._each(lambda s: s.send_text(ENDED.model_dump_json()))
            await self._each(lambda s: s.close(1000))

        @app.delete("/v1/portraits/{key}", status_code=204)
        async def delete(key: str) -> None: ...

        @app.get("/v1/portraits/{key}/{name}")
        async def picture(key: str, name: str) -> Response:
            return Response(self._turns[Kind.JPEG][0].payload, media_type="image/jpeg")

        @app.post("/v1/sessions/{key}/speech", status_code=202)
        async def speech(key: str, request: Request) -> dict[str, Any]:
            part = (await request.form())["file"]
            assert not isinstance(part, str)
            self.uploads.append((part.content_type or "", len(await part.read())))
            return {"duration_s": 1.5}

        @app.get("/v1/sessions/{key}/recording.mp4")
        async def recording(key: str) -> Response:
            return Response(b"film", media_type="video/mp4")

        @app.get("/v1/ice-servers")
        async def ice_servers() -> list[dict[str, str]]:
            return [{"urls": "stun:127.0.0.1:9"}]

        @app.post("/offer")
        async def offer() -> Response:
            return refused(503, "busy", "there is no WebRTC here")

        @app.post("/v1/jobs", status_code=202)
        async def job(request: Request) -> dict[str, str]:
            form = await request.form()
            self.jobs.append({name: str(value) for name, value in form.items()})
            return {"id": "j1"}

        @app.get("/v1/jobs/{key}/events")
        async def events(key: str) -> StreamingResponse:
            async def reports() -> Any:
                for state, progress in (("queued", 0), ("running", 0.5), ("done", 1)):
                    told = {"id": key, "state": state, "progress": progress, "error": None}
                    yield f"event: {state}\ndata: {json.dumps(told)}\n\n"
                    await asyncio.sleep(0.05)

            return StreamingResponse(reports(), media_type="text/event-stream")

        @app.websocket("/v1/live")
        async def live(ws: WebSocket) -> None:
            token = self.behaviour.token
            if token and ws.cookies.get("token") != token:
                await ws.close(1008)
                return
            await ws.accept()
            await self._serve(ws)

        return app

    async def _serve(self, ws: WebSocket) -> None:
        first = m.CLIENT_MESSAGES.validate_json(await ws.receive_text())
        self.messages.append(first)
        refusal = self._refusal(first)
        if refusal is not None:
            await ws.send_text(refusal.model_dump_json())
            await ws.close(1013)
            return
        self._count += 1
        video, audio = first.video or "h264", first.audio or "pcm"
        created = m.SessionCreated(
            session=first.resume or f"s{self._count}", portrait=first.portrait or "example",
            width=SIDE, height=SIDE, fps=FPS, lookahead_ms=80, video=video, audio=audio,
            codec=codec_string(SIDE, SIDE, FPS) if video == "h264" else "",
        )  # fmt: skip
        await ws.send_text(created.model_dump_json())
        self._sockets.add(ws)
        streaming = asyncio.create_task(self._stream(ws, video, audio == "pcm"))
        try:
            await self._listen(ws)
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            self._sockets.discard(ws)
            streaming.cancel()

    def _refusal(self, first: Any) -> m.ErrorEvent | None:
        if self.behaviour.full_for > 0:
            self.behaviour.full_for -= 1
            return m.ErrorEvent(code="busy", message="all 2 places are taken", retry_after_s=1)
        if self.behaviour.revoked_portrait and first.portrait != "example":
            return m.ErrorEvent(code="consent", message=self.behaviour.revoked_portrait)
        if first.resume and self.behaviour.forget_sessions:
            return m.ErrorEvent(code="no_session", message="there is no such session any more")
        return None

    async def _listen(self, ws: WebSocket) -> None:
        while True:
            received = await ws.receive()
            if received["type"] == "websocket.disconnect":
                return
            if (data := received.get("bytes")) is not None:
                self.packets.append(Packet.from_bytes(data))
                continue
            try:
                message = m.CLIENT_MESSAGES.validate_json(received["text"])
            except ValueError as e:
                self.faults.append(str(e))
                continue
            self.messages.append(message)
            await self._answer(ws, message)

    async def _answer(self, ws: WebSocket, message: Any) -> None:
        answer: Any = None
        match message:
            case m.SessionUpdate():
                answer = m.SessionUpdated()
            case m.TextAppend():
                answer = m.SpeakStartedEvent(utterance=1, time_s=0)
            case m.Interrupt():
                answer = m.SpeakEndedEvent(utterance=1, time_s=0, played_ms=0, interrupted=True)
            case m.RecordStop():
                answer = m.RecordReady(url="/v1/sessions/s/recording.mp4", seconds=1.25)
            case m.SessionClose():
                await ws.close()
        if answer is not None:
            await ws.send_text(answer.model_dump_json())

    async def _stream(self, ws: WebSocket, video: str, audio: bool) -> None:
        """Send pattern and tone by the clock until cancelled."""
        turn = self._turns.get({"h264": Kind.H264, "jpeg": Kind.JPEG}.get(video, Kind.VP8), [])
        loop = asyncio.get_running_loop()
        began, count = loop.time(), OUTPUT_RATE_HZ // FPS
        for i in range(10**9):
            await asyncio.sleep(max(0.0, began + i / FPS - loop.time()))
            if audio:
                at = (np.arange(count) + i * count) / OUTPUT_RATE_HZ
                tone = (2000 * np.sin(2 * math.pi * 440 * at)).astype("<i2")
                await ws.send_bytes(Packet(Kind.PCM, i / FPS, tone.tobytes(), i).to_bytes())
            if turn:
                one = turn[i % LOOP]
                packet = Packet(one.kind, i / FPS, one.payload, i, one.flags)
                await ws.send_bytes(packet.to_bytes())
            if i % 8 == 0:
                await ws.send_text(motion(i).model_dump_json())
            if i % FPS == 0:
                await ws.send_text(stats(i).model_dump_json())
