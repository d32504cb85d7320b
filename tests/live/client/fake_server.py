"""A live server with fake sessions: the messages, packets and routes are the real ones."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http import HTTPStatus
from typing import Any

import av
import numpy as np
from tests.live.client.fake_session import FPS, SIZE, FakeSession

from gioconda.live.messages import (
    CLIENT_MESSAGES,
    ErrorEvent,
    SessionClosed,
    SessionCreated,
    SessionRestarted,
    SessionUpdated,
    SpeakEndedEvent,
    SpeakStartedEvent,
)
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.live.types import LiveEvent, SpeakStarted


class Encoder:
    """H.264 as the real server sends it."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libx264", "w")
        self._codec.width = self._codec.height = SIZE
        self._codec.pix_fmt = "yuv420p"
        self._codec.time_base = Fraction(1, 1000)
        self._codec.options = {"preset": "ultrafast", "tune": "zerolatency"}
        self._codec.profile = "Baseline"

    def packet(self, image: np.ndarray, time_s: float, number: int) -> Packet:
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts = number * 25
        (encoded,) = self._codec.encode(frame)
        key = Flag.KEY if encoded.is_keyframe else Flag(0)
        return Packet(Kind.H264, time_s, bytes(encoded), number, key)


@dataclass
class FakeServer:
    """What was asked of the server, and what it is to do wrong.

    Attributes:
        url: where it listens.
        heard: every message and packet that clients sent, in order.
        sessions: by id.
        token: asked for where it is not empty.
        full: answers 503 to every new session.
        lose: a worker is lost: sessions that run begin anew, and say so.
    """

    url: str = ""
    heard: list[Any] = field(default_factory=list)
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    sockets: list[Any] = field(default_factory=list)
    token: str = ""
    full: bool = False
    lose: bool = False
    close_with: str = ""

    def kinds(self) -> list[str]:
        return [getattr(m, "type", None) or m.kind.name for m in self.heard]

    async def drop(self) -> None:
        """Cut every connection."""
        for each in self.sockets:
            each.transport.abort()
        self.sockets.clear()


@asynccontextmanager
async def serve(fake: FakeServer | None = None) -> AsyncIterator[FakeServer]:
    """Run a server on a free port of this machine."""
    from websockets.asyncio.server import serve as websocket_server

    fake = fake or FakeServer()

    def refuse(connection: Any, request: Any) -> Any:
        wrong = None
        if fake.token and request.headers.get("Authorization") != f"Bearer {fake.token}":
            wrong = (HTTPStatus.UNAUTHORIZED, "unauthorized", "the token is missing or wrong")
        elif fake.full:
            wrong = (HTTPStatus.SERVICE_UNAVAILABLE, "busy", "both places are taken")
        if wrong is None:
            return None
        body = json.dumps({"error": {"code": wrong[1], "message": wrong[2]}})
        return connection.respond(wrong[0], body)

    async def talk(ws: Any) -> None:
        fake.sockets.append(ws)
        first = CLIENT_MESSAGES.validate_json(await ws.recv())
        fake.heard.append(first)
        if first.resume is not None:
            if first.resume not in fake.sessions:
                await ws.send(ErrorEvent(code="bad_option", message="gone").model_dump_json())
                return
            name = first.resume
        else:
            name = f"s{len(fake.sessions) + 1}"
            fake.sessions[name] = FakeSession()
        created = SessionCreated(
            session=name, portrait=first.portrait or "example", width=SIZE, height=SIZE, fps=FPS,
            lookahead_ms=80, codec="avc1.42E01F", video="h264", audio="pcm",
        )  # fmt: skip
        await ws.send(created.model_dump_json())
        loop = asyncio.ensure_future(_pace(fake, name, ws))
        try:
            await _listen(fake, name, ws, first.input_rate or 24_000)
        finally:
            loop.cancel()

    async with websocket_server(talk, "127.0.0.1", 0, process_request=refuse) as server:
        fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield fake


async def _listen(fake: FakeServer, name: str, ws: Any, rate: int) -> None:
    async for data in ws:
        session = fake.sessions[name]
        if isinstance(data, bytes):
            packet = Packet.from_bytes(data)
            fake.heard.append(packet)
            if packet.kind is Kind.VOICE:
                session.push_audio(_floats(packet.payload), rate)
            continue
        message = CLIENT_MESSAGES.validate_json(data)
        fake.heard.append(message)
        match message.type:
            case "session.update":
                rate = message.input_rate or rate
                await ws.send(SessionUpdated().model_dump_json())
            case "input_audio_buffer.append":
                session.push_audio(_floats(base64.b64decode(message.audio)), message.rate)
            case "input_audio_buffer.commit":
                session.end_of_speech()
            case "agent.interrupt":
                session.interrupt()
            case "session.close":
                return


async def _pace(fake: FakeServer, name: str, ws: Any) -> None:
    """Step the session in real time."""
    session, encoder = fake.sessions[name], Encoder()
    start = time.monotonic() - session.given / 48_000
    number = 0
    while True:
        await asyncio.sleep(1 / FPS)
        if fake.close_with:
            await ws.send(SessionClosed(reason=fake.close_with).model_dump_json())
            return
        if fake.lose:
            fake.lose = False
            session = fake.sessions[name] = FakeSession()
            start, encoder = time.monotonic(), Encoder()
            await ws.send(SessionRestarted(reason="its process was lost").model_dump_json())
            continue
        step = session.step(time.monotonic() - start)
        for event in step.events:
            await ws.send(_message(event))
        assert step.audio is not None
        pcm = np.rint(step.audio.pcm * 32767).astype("<i2").tobytes()
        await ws.send(Packet(Kind.PCM, step.audio.time_s, pcm, number).to_bytes())
        if step.frame is not None:
            packet = encoder.packet(step.frame.image, step.frame.time_s, number)
            await ws.send(packet.to_bytes())
        number += 1


def _message(event: LiveEvent) -> str:
    if isinstance(event, SpeakStarted):
        return SpeakStartedEvent(utterance=event.utterance, time_s=event.time_s).model_dump_json()
    return SpeakEndedEvent(
        utterance=event.utterance,
        time_s=event.time_s,
        played_ms=event.played_s * 1000,
        interrupted=event.interrupted,
    ).model_dump_json()


def _floats(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768
