"""Binary messages of the WebSocket: a header of 16 bytes, little-endian, then the payload.

====== ======= ===========================================================
offset type    what
====== ======= ===========================================================
0      uint8   kind, see :class:`Kind`
1      uint8   flags, see :class:`Flag`
2      uint16  reserved, 0
4      uint32  number of the packet among those of its kind, from 0
8      float64 instant on the session's timeline, in seconds
====== ======= ===========================================================
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from gioconda.errors import OptionError

_HEADER: Final = struct.Struct("<BBHId")
HEADER_BYTES: Final = _HEADER.size


class Kind(IntEnum):
    """What a packet carries. The first four come from the server, the others from a client."""

    H264 = 1  #: one frame, Annex B, baseline profile, no reordering
    JPEG = 2  #: one frame
    PCM = 3  #: int16, mono, 48 kHz: the sound heard from ``time_s`` on
    VP8 = 4  #: one frame (between processes; WebRTC clients get it as RTP)
    VOICE = 16  #: int16, mono, at the rate of ``session.update``: to be spoken
    PARTNER = 17  #: the same, of the other speaker: to be listened to
    WEBCAM = 18  #: one JPEG of the puppeteer; ``time_s`` is the client's own clock


class Flag(IntFlag):
    """What is said about a packet."""

    KEY = 1  #: a frame that needs none before it
    ENDS = 2  #: the last of an utterance (VOICE)


NO_FLAG: Final = Flag(0)


@dataclass(frozen=True)
class Packet:
    """A binary message.

    Attributes:
        kind: what the payload is.
        time_s: instant on the session's timeline.
        payload: see :class:`Kind`.
        number: among those of its kind, wrapping at 2^32.
        flags: see :class:`Flag`.
    """

    kind: Kind
    time_s: float
    payload: bytes
    number: int = 0
    flags: Flag = NO_FLAG

    @property
    def is_key(self) -> bool:
        """Whether the frame needs none before it."""
        return bool(self.flags & Flag.KEY)

    def to_bytes(self) -> bytes:
        """Return header and payload."""
        head = _HEADER.pack(self.kind, self.flags, 0, self.number & 0xFFFFFFFF, self.time_s)
        return head + self.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> Packet:
        """Read a message.

        Raises:
            OptionError: it is shorter than a header, of an unknown kind, or its time is no number.
        """
        if len(data) < HEADER_BYTES:
            raise OptionError(f"a binary message has {len(data)} bytes; its header alone has 16")
        kind, flags, _, number, time_s = _HEADER.unpack_from(data)
        try:
            known = Kind(kind)
        except ValueError:
            raise OptionError(f"there is no binary message of kind {kind}") from None
        if not math.isfinite(time_s):
            raise OptionError("a binary message has a time that is no number")
        return cls(known, time_s, bytes(data[HEADER_BYTES:]), number, Flag(flags & 3))
