"""When a session is to be stepped, given a clock: pure, so that it is tested without waiting."""

from __future__ import annotations

import math
from typing import Final

#: Sound goes out at least this often.
PIECE_S: Final = 0.014
#: A clock that jumps by more than this, since the machine slept, is taken to have stood still.
_ASLEEP_S: Final = 1.0


class Pacer:
    """Maps a monotonic clock to the session's time, frame by frame.

    Args:
        fps: frames a second.
        delay_s: of the session, after which a frame is due.
        clock_s: the clock's present reading.
    """

    def __init__(self, fps: float, delay_s: float, clock_s: float) -> None:
        self._fps, self._delay_s = fps, delay_s
        self._base_s = clock_s
        self._latest_s = 0.0
        self._parts = math.ceil(1 / (fps * PIECE_S))

    def now_s(self, clock_s: float) -> float:
        """Return the session's time at a reading of the clock; it never falls."""
        now_s = clock_s - self._base_s
        if now_s > self._latest_s + _ASLEEP_S:
            self._base_s = clock_s - self._latest_s - 1 / self._fps
            now_s = clock_s - self._base_s
        self._latest_s = max(now_s, self._latest_s)
        return self._latest_s

    def wait_s(self, clock_s: float) -> float:
        """Return how long to wait until the next frame, or a part of one, is due; 0 if it is.

        Sound goes out in pieces of :data:`PIECE_S` at most: what comes in bursts must be buffered.
        """
        now_s = clock_s - self._base_s
        rate = self._fps * self._parts
        # A little later than due, so that rounding does not miss the frame.
        after = math.floor((self._latest_s - self._delay_s) * rate + 1e-6) + 1
        return max(max(after, 0) / rate + self._delay_s + 1e-4 - now_s, 0.0)

    def due_s(self, index: int) -> float:
        """Return the reading of the clock at which a frame is due."""
        return self._base_s + self._delay_s + index / self._fps
