"""How reduced luma goes over the wire: one frame after another, and what was looked at."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.sandbox.wire import BrokenTalkError

ByteImage = npt.NDArray[np.uint8]

#: Instant in seconds, height, width of a frame; its pixels follow. A height of 0 ends the stream:
#: :data:`END` follows.
FRAME: Final = struct.Struct("!dHH")
#: Seconds looked at, seconds that the file lasts (negative: unknown), parts, single frames between
#: them, whether it was cut short by a limit, whether its frames were counted for want of instants.
END: Final = struct.Struct("!ddII??")


@dataclass(frozen=True)
class LookedAt:
    """How much of a file was looked at.

    Attributes:
        seconds: of it; 0 for a still.
        of_s: how long it is; None where nothing tells.
        parts: stretches that were looked at; 1 where it was all of it.
        cut: whether the time for it ran out before the end.
        singles: single frames that were looked at between the parts.
        counted: whether the file tells no instants, so that frames were counted for them.
    """

    seconds: float
    of_s: float | None
    parts: int
    cut: bool
    singles: int = 0
    counted: bool = False

    @property
    def whole(self) -> bool:
        """Whether all of the file was looked at."""
        return self.parts == 1 and not self.cut


def packed(time_s: float, luma: ByteImage) -> bytes:
    """Return a frame as it goes over the wire."""
    return FRAME.pack(time_s, *luma.shape) + luma.tobytes()


def packed_end(looked: LookedAt) -> bytes:
    """Return the end of a stream."""
    of_s = -1.0 if looked.of_s is None else looked.of_s
    return FRAME.pack(0.0, 0, 0) + END.pack(
        looked.seconds, of_s, looked.parts, looked.singles, looked.cut, looked.counted
    )


def frames_of(
    answer: Iterator[bytes], side: int, most: int
) -> Iterator[tuple[float, ByteImage] | LookedAt]:
    """Read a stream that nobody vouches for; the last thing is a :class:`LookedAt`.

    Args:
        answer: parts of the stream, however cut.
        side: longest side of a frame that there can be.
        most: frames that there can be.

    Raises:
        BrokenTalkError: it is none.
    """
    buffer = bytearray()

    def take(count: int) -> bytes:
        while len(buffer) < count:
            part = next(answer, None)
            if part is None:
                raise BrokenTalkError
            buffer.extend(part)
        taken = bytes(buffer[:count])
        del buffer[:count]
        return taken

    for _ in range(most + 1):
        time_s, height, width = FRAME.unpack(take(FRAME.size))
        if height == 0:
            seconds, of_s, parts, singles, cut, counted = END.unpack(take(END.size))
            if not (np.isfinite(seconds) and np.isfinite(of_s)) or seconds < 0:
                raise BrokenTalkError
            whole_s = of_s if of_s >= 0 else None
            yield LookedAt(seconds, whole_s, parts, cut, singles, counted)
            return
        if not np.isfinite(time_s) or not 0 < width <= side or height > side:
            raise BrokenTalkError
        pixels = take(height * width)
        yield time_s, np.frombuffer(pixels, np.uint8).reshape(height, width)
    raise BrokenTalkError
