"""A peer's sound comes through at its pace, and not faster."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiortc", reason="the extra [live] is not installed")
av = pytest.importorskip("av")

from aiortc.mediastreams import MediaStreamError  # noqa: E402

from gioconda.live.server.rtc.microphone import AT_ONCE_S, PACE, RATE_HZ, listen  # noqa: E402

FRAME_S = 0.02


def heard(frames: int, between_s: float, layout: str = "mono") -> tuple[float, bytes]:
    """Return seconds of sound that came through of frames of 20 ms, and the last of it."""
    now_s, left, came = 0.0, frames, []

    class Track:
        async def recv(self) -> Any:
            nonlocal now_s, left
            if not left:
                raise MediaStreamError
            left -= 1
            now_s += between_s
            count = 1 if layout == "mono" else 2
            samples = np.full((1, count * int(FRAME_S * RATE_HZ)), 300, np.int16)
            return av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)

    async def give(pcm: bytes) -> None:
        came.append(pcm)

    asyncio.run(listen(Track(), give, lambda: now_s))
    return sum(map(len, came)) / (2 * RATE_HZ), came[-1]


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_all_is_heard_of_who_speaks_at_the_pace_of_speech(layout: str) -> None:
    seconds, last = heard(3000, FRAME_S, layout)
    assert seconds == pytest.approx(60.0)
    assert last == np.full(int(FRAME_S * RATE_HZ), 300, "<i2").tobytes()


def test_of_a_flood_only_as_much_is_heard_as_could_be_said() -> None:
    seconds, _ = heard(5000, FRAME_S / 50)
    assert seconds <= AT_ONCE_S + PACE * 2.0 + FRAME_S
