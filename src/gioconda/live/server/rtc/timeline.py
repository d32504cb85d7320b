"""A session's timeline as a peer receives it: always rising, with one clock for both media."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

#: A little is before the first packet, since an Opus encoder's first samples lie before it.
_FIRST_S: Final = 1.0
#: After a restart the timeline goes on at least so much later.
_STEP_S: Final = 0.04
#: Seconds from the epoch of NTP to that of Unix (RFC 5905).
_NTP_EPOCH_S: Final = 2_208_988_800


class Timeline:
    """Maps instants of a session to those of its RTP streams.

    RTP sender reports tell receivers which instants of two streams belong together. They are to be
    those of the session, not those at which packets happened to be sent: a stretch of sound is sent
    after its last sample, a frame at its instant, and the difference would be heard.

    Args:
        monotonic_s: a clock that never jumps.
        epoch_s: seconds since 1970; only its first reading is used.
    """

    def __init__(
        self,
        monotonic_s: Callable[[], float] = time.monotonic,
        epoch_s: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic_s = monotonic_s
        self._ntp_offset_s = epoch_s() - monotonic_s() + _NTP_EPOCH_S
        self._started_s = 0.0
        self._offset_s: float | None = None
        self._latest_s = 0.0
        self._restarted = False

    def at(self, time_s: float) -> float:
        """Return the instant of the streams, in seconds, of one of the session."""
        if self._offset_s is None:
            self._started_s = self._monotonic_s() - _FIRST_S
            self._offset_s = _FIRST_S - time_s
        elif self._restarted:
            now_s = self._monotonic_s() - self._started_s
            self._offset_s = max(now_s, self._latest_s + _STEP_S) - time_s
            self._restarted = False
        instant_s = time_s + self._offset_s
        self._latest_s = max(self._latest_s, instant_s)
        return instant_s

    def restart(self) -> None:
        """Say that the session's timeline begins anew with what comes next."""
        self._restarted = self._offset_s is not None

    def now(self) -> tuple[float, int]:
        """Return the present instant of the streams, and the NTP timestamp that belongs to it.

        Returns:
            Seconds; and 64 bits of which 32 are a fraction (RFC 3550, section 4).
        """
        clock_s = self._monotonic_s()
        ntp_s = clock_s + self._ntp_offset_s
        return clock_s - self._started_s, round(ntp_s * 2**32) & (2**64 - 1)
