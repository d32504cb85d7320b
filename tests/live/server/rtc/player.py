"""A peer made with aiortc: what it asks for, and what it received."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription


class Clock:
    """What a receiver learns of a stream's clock: its first timestamp, and the sender's reports."""

    def __init__(self, receiver: Any, clock_hz: int) -> None:
        self.first: int | None = None
        self.ssrc = 0
        self.reports: list[Any] = []
        self._hz = clock_hz
        rtp, rtcp = receiver._handle_rtp_packet, receiver._handle_rtcp_packet

        async def on_rtp(packet: Any, arrival_time_ms: int) -> None:
            if self.first is None:
                self.first, self.ssrc = packet.timestamp, packet.ssrc
            await rtp(packet, arrival_time_ms)

        async def on_rtcp(packet: Any) -> None:
            if hasattr(packet, "sender_info"):
                self.reports.append(packet.sender_info)
            await rtcp(packet)

        receiver._handle_rtp_packet, receiver._handle_rtcp_packet = on_rtp, on_rtcp

    def ntp_s(self, since_first_s: float, report: int = -1) -> float:
        """Return the sender's time of an instant of the stream, by one of the reports."""
        info = self.reports[report]
        ahead = (info.rtp_timestamp - self.first + 2**31) % 2**32 - 2**31
        return info.ntp_timestamp / 2**32 - ahead / self._hz + since_first_s


class Player:
    """Receives picture and sound and keeps them."""

    def __init__(self, microphone: Any = None) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.video = self.connection.addTransceiver("video", "recvonly")
        self.audio = self.connection.addTransceiver(
            microphone or "audio", "sendrecv" if microphone else "recvonly"
        )
        self.video_clock = Clock(self.video.receiver, 90_000)
        self.audio_clock = Clock(self.audio.receiver, 48_000)
        self.session = ""
        self.channel: Any = None
        self.events: list[dict[str, Any]] = []
        #: (instant of the stream in seconds, mean brightness)
        self.frames: list[tuple[float, float]] = []
        #: (instant of the stream in seconds, samples)
        self.sound: list[tuple[float, np.ndarray]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def open_channel(self) -> None:
        self.channel = self.connection.createDataChannel("gioconda")
        self.channel.on("message", lambda text: self.events.append(json.loads(text)))

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._hear())]

    async def until(self, what: Callable[[], Any], limit_s: float = 20.0) -> None:
        async def wait() -> None:
            while not what():
                await asyncio.sleep(0.02)

        await asyncio.wait_for(wait(), limit_s)

    def send(self, **message: Any) -> None:
        self.channel.send(json.dumps(message))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [e for e in self.events if e["type"] == kind]

    def flashes(self) -> list[float]:
        """Return the instants of the frames that are white."""
        return [t for t, light in self.frames if light > 150]

    def clicks(self) -> list[float]:
        """Return the instants at which clicks begin."""
        pcm = np.concatenate([samples for _, samples in self.sound])
        times = np.concatenate([t + np.arange(len(s)) / 48_000 for t, s in self.sound])
        loud = times[np.abs(pcm) > 0.1]
        return [float(t) for t in loud[np.diff(loud, prepend=-1.0) > 0.5]]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.connection.close()

    async def _watch(self) -> None:
        while True:
            frame = await self.video.receiver.track.recv()
            self.frames.append(
                (frame.pts / 90_000, float(frame.to_ndarray()[: frame.height].mean()))
            )

    async def _hear(self) -> None:
        while True:
            frame = await self.audio.receiver.track.recv()
            samples = frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float32) / 32768
            self.sound.append((frame.pts / frame.sample_rate, samples))


@contextlib.asynccontextmanager
async def playing(
    address: str, *, channel: bool = False, microphone: Any = None, **options: Any
) -> AsyncIterator[Player]:
    """Connect a player by ``POST /offer``."""
    player = Player(microphone)
    if channel:
        player.open_channel()
    async with httpx.AsyncClient(timeout=30) as http:
        offer = {"sdp": await player.offer(), "type": "offer", **options}
        answer = await http.post(f"{address}/offer", json=offer)
    assert answer.status_code == 200, answer.text
    player.session = answer.json()["session"]
    assert answer.json()["synthetic"] is True
    try:
        await player.accept(answer.json()["sdp"])
        yield player
    finally:
        await player.close()
