"""The WebSocket: what agents and the page do with a session."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import av
import numpy as np
import pytest
from tests.live.server.conftest import Running

from gioconda.live.messages import SERVER_EVENTS, SessionCreated
from gioconda.live.packets import Kind, Packet

websockets = pytest.importorskip("websockets", reason="the extra [live] is not installed")


class Client:
    """A client of the live socket that keeps what it receives."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.packets: list[Packet] = []
        self.events: list[Any] = []

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def speak(self, pcm: np.ndarray, rate: int = 16_000) -> None:
        data = (pcm * 32767).astype("<i2").tobytes()
        await self.send(
            type="input_audio_buffer.append", rate=rate, audio=base64.b64encode(data).decode()
        )

    async def until(self, kind: str, limit_s: float = 20.0) -> Any:
        """Read until an event of a type comes; return it."""

        async def read() -> Any:
            async for data in self.socket:
                if isinstance(data, bytes):
                    self.packets.append(Packet.from_bytes(data))
                    continue
                event = SERVER_EVENTS.validate_json(data)
                self.events.append(event)
                if event.type == kind:
                    return event
            raise AssertionError(f"the socket closed before {kind}")

        return await asyncio.wait_for(read(), limit_s)

    async def for_seconds(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await self.until("never", seconds)

    def of(self, kind: Kind) -> list[Packet]:
        return [p for p in self.packets if p.kind is kind]


@contextlib.asynccontextmanager
async def session(server: Running, **update: Any) -> AsyncIterator[Client]:
    async with websockets.connect(server.socket, max_size=2**23) as socket:
        client = Client(socket)
        await client.send(type="session.update", size=256, **update)
        await client.until("session.created")
        yield client
        await client.send(type="session.close")


def test_a_face_speaks_what_is_pushed(server: Running, voice: np.ndarray) -> None:
    async def story() -> None:
        async with session(server, motion=True) as client:
            created = client.events[0]
            assert isinstance(created, SessionCreated)
            assert created.synthetic is True
            assert created.codec.startswith("avc1.42C0")
            await client.speak(voice[:24_000])
            await client.send(type="input_audio_buffer.commit")
            started = await client.until("speak_started")
            ended = await client.until("speak_ended")
            assert ended.played_ms == pytest.approx(1500, abs=1)
            assert ended.time_s - started.time_s == pytest.approx(1.5, abs=0.06)
            # The sound is there without a gap, and is the one that was pushed.
            sound = client.of(Kind.PCM)
            pcm = np.frombuffer(b"".join(p.payload for p in sound), "<i2") / 32768
            ends = [p.time_s + len(p.payload) / 96_000 for p in sound]
            assert np.allclose(ends[:-1], [p.time_s for p in sound[1:]], atol=1e-6)
            at = round((started.time_s - sound[0].time_s) * 48_000)
            said = pcm[at : at + 72_000 : 3]
            assert np.corrcoef(said, voice[: len(said)])[0, 1] > 0.99
            # Frames decode, beginning with a key frame.
            frames = client.of(Kind.H264)
            assert frames[0].is_key
            decoder = av.CodecContext.create("h264", "r")
            images = [i for p in frames for i in decoder.decode(av.Packet(p.payload))]
            assert len(images) >= len(frames) - 1
            assert (images[0].width, images[0].height) == (256, 256)
            jaws = [r[0] for e in client.events if e.type == "motion" for r in e.rows]
            assert max(jaws) > 0.1

    asyncio.run(story())


def test_interruption_tells_what_was_played(server: Running, voice: np.ndarray) -> None:
    async def story() -> None:
        async with session(server, video="none") as client:
            await client.speak(voice)
            await client.until("speak_started")
            await client.for_seconds(0.6)
            await client.send(type="agent.interrupt")
            ended = await client.until("speak_ended")
            assert ended.interrupted
            assert 300 < ended.played_ms < 3000
            count = len(client.packets)
            await client.for_seconds(0.4)
            late = b"".join(p.payload for p in client.packets[count:])
            # But for the fade of 10 ms, nothing more is heard.
            assert not np.frombuffer(late, "<i2")[960:].any()

    asyncio.run(story())


def test_text_is_spoken(server: Running, espeak_program: str) -> None:
    async def story() -> None:
        async with session(server, video="none") as client:
            await client.send(type="input_text.append", text="Buongiorno a tutti.", voice="it")
            ended = await client.until("speak_ended")
            assert ended.played_ms > 600
            pcm = np.frombuffer(b"".join(p.payload for p in client.of(Kind.PCM)), "<i2")
            assert np.abs(pcm).max() > 3000

    asyncio.run(story())


def test_speech_after_a_text_is_another_utterance(
    server: Running, voice: np.ndarray, espeak_program: str
) -> None:
    async def story() -> None:
        async with session(server, video="none") as client:
            await client.send(type="input_text.append", text="First this.")
            await client.speak(voice[:8000])
            await client.send(type="input_audio_buffer.commit")
            first = await client.until("speak_ended")
            second = await client.until("speak_ended")
            assert (first.utterance, second.utterance) == (1, 2)
            assert second.played_ms == pytest.approx(500, abs=1)

    asyncio.run(story())


def test_dials_act_and_wrong_ones_are_refused_without_harm(server: Running) -> None:
    async def story() -> None:
        async with session(server, motion=True) as client:
            await client.for_seconds(0.5)
            await client.send(type="session.update", controls={"gaze": [25, 0], "head": 0})
            await client.until("session.updated")
            await client.send(type="session.update", controls={"gaze": [99, 0]})
            error = await client.until("error")
            assert error.code == "bad_option"
            assert "-30" in error.message
            await client.send(type="session.update", fps=25)
            assert "beginning" in (await client.until("error")).message
            await client.socket.send("{]")
            assert (await client.until("error")).code == "bad_message"
            await client.socket.send(b"short")
            assert (await client.until("error")).code == "bad_message"
            client.events.clear()
            await client.for_seconds(1.0)
            last = [e for e in client.events if e.type == "motion"][-1]
            assert np.mean([r[last.channels.index("gazeYaw")] for r in last.rows]) > 15

    asyncio.run(story())


def test_a_session_is_resumed_by_another_socket(server: Running) -> None:
    async def story() -> None:
        async with websockets.connect(server.socket, max_size=2**23) as socket:
            first = Client(socket)
            await first.send(type="session.update", size=256)
            created = await first.until("session.created")
            await first.for_seconds(0.3)
        async with session(server, resume=created.session) as second:
            assert second.events[0].session == created.session
            await second.for_seconds(0.3)
            assert second.of(Kind.H264)[0].is_key
            assert second.of(Kind.H264)[0].time_s > 0

    asyncio.run(story())


def test_a_deserted_session_makes_room(server: Running) -> None:
    async def story() -> None:
        for _ in range(3):
            async with websockets.connect(server.socket, max_size=2**23) as socket:
                gone = Client(socket)
                await gone.send(type="session.update", size=256)
                await gone.until("session.created")
        held = server.app.state.server.sessions  # type: ignore[attr-defined]
        assert len(held) <= 2

    asyncio.run(story())


def test_a_place_too_many_is_refused_with_when_to_come_again(server: Running) -> None:
    async def story() -> None:
        async with (
            session(server, video="none"),
            session(server, video="none"),
            websockets.connect(server.socket) as socket,
        ):
            third = Client(socket)
            await third.send(type="session.update")
            error = await third.until("error")
            assert error.code == "busy"
            assert error.retry_after_s > 0
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1013

    asyncio.run(story())


def test_a_killed_worker_is_replaced_and_no_other_session_notices(server: Running) -> None:
    async def story() -> None:
        async with session(server) as one, session(server) as other:
            held = server.app.state.server.sessions  # type: ignore[attr-defined]
            face = held.get(one.events[0].session).face
            await one.send(type="session.update", controls={"emotion": "happy"})
            await one.until("session.updated")
            reading = asyncio.create_task(other.for_seconds(4.0))
            os.kill(face._worker.pid, signal.SIGKILL)
            await one.until("session.restarted")
            one.packets.clear()
            await one.for_seconds(0.5)
            assert one.of(Kind.H264)[0].is_key
            assert face.spec.controls.emotion == "happy"
            await reading
            assert not [e for e in other.events if e.type in ("session.restarted", "error")]
            numbers = [p.number for p in other.of(Kind.PCM)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    asyncio.run(story())


def test_the_first_message_must_open_a_session(server: Running) -> None:
    async def story() -> None:
        for first in ({"type": "agent.interrupt"}, {"type": "session.update", "portrait": "none"}):
            async with websockets.connect(server.socket) as socket:
                client = Client(socket)
                await client.send(**first)
                error = await client.until("error")
                assert error.code in ("bad_message", "no_portrait")

    asyncio.run(story())
