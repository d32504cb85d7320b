"""What a peer says, given to its session as it comes and no faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import numpy as np
from aiortc.mediastreams import MediaStreamError

from gioconda.live.server.limits import Bucket

#: Opus is decoded at this rate (RFC 7587, section 4.1).
RATE_HZ: Final = 48_000
#: Seconds of sound that a peer may send in a second, for clocks that run apart, and at once, after
#: the line was held up. What is beyond that is dropped: it could never be heard.
PACE: Final = 1.1
AT_ONCE_S: Final = 5.0


async def listen(
    track: Any, give: Callable[[bytes], Awaitable[None]], clock: Callable[[], float]
) -> None:
    """Pass a track on until it ends.

    Args:
        track: of the peer; its frames are int16.
        give: takes mono PCM16 of :data:`RATE_HZ`.
        clock: seconds, rising.
    """
    bucket = Bucket(PACE, AT_ONCE_S, clock())
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        pcm = _mono(frame)
        if bucket.take(len(pcm) / (2 * RATE_HZ), clock()) == 0:
            await give(pcm)


def _mono(frame: Any) -> bytes:
    """Return a decoded frame, int16, as mono."""
    samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
    if samples.shape[1] == 1:
        return bytes(samples.astype("<i2").tobytes())
    return bytes(np.rint(samples.mean(1)).astype("<i2").tobytes())
