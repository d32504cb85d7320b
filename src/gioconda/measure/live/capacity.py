"""How many sessions one machine carries."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any, Final

from gioconda.live.packets import Kind, Packet
from gioconda.live.types import pcm16
from gioconda.measure.floor import Row
from gioconda.measure.live.browser import ServedHere
from gioconda.motion import FloatArray

#: Sessions that are tried at once, and the frames a second that all must hold.
TRIED: Final = (2, 3, 4, 5, 6)
_FPS: Final = 25
_HELD: Final = 24.5
_SECONDS: Final = 12.0


def sessions_held(speech: FloatArray) -> list[Row]:
    """Try more and more talking sessions at 25 frames a second, 512 x 512, by WebSocket.

    Args:
        speech: what all say, float32 at 16 kHz.
    """
    held, rows = 0, []
    for count in TRIED:
        server = ServedHere(sessions=count)
        try:
            server.wait(workers=count)
            rates = asyncio.run(_all(server.port, count, speech))
        finally:
            server.stop()
        slowest = round(min(rates), 2)
        rows.append(Row(f"{count} talking sessions at 25: the slowest receives", slowest, ""))
        if slowest < _HELD:
            break
        held = count
    return [Row("talking sessions at once that hold 25, no browser beside them", held, ""), *rows]


async def _all(port: int, count: int, speech: FloatArray) -> list[float]:
    return list(await asyncio.gather(*(_one(port, speech) for _ in range(count))))


async def _one(port: int, speech: FloatArray) -> float:
    """Return the frames a second that one client receives."""
    import websockets

    samples = pcm16(speech).tobytes()
    audio = base64.b64encode(samples).decode()
    times: list[float] = []
    async with websockets.connect(f"ws://127.0.0.1:{port}/v1/live", max_size=2**23) as socket:
        await _send(socket, type="session.update", fps=_FPS)
        await _send(socket, type="input_audio_buffer.append", rate=16_000, audio=audio)
        async for data in socket:
            if isinstance(data, bytes) and Packet.from_bytes(data).kind is Kind.H264:
                times.append(time.monotonic())
                # The first seconds are those in which all begin.
                if times[-1] - times[0] > _SECONDS:
                    break
        await _send(socket, type="session.close")
    counted = [t for t in times if t - times[0] > 3.0]
    return (len(counted) - 1) / (counted[-1] - counted[0])


async def _send(socket: Any, **message: Any) -> None:
    await socket.send(json.dumps(message))
