"""The two tracks of a peer, which aiortc's senders read: encoded already, in order of time."""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from typing import Any, Final

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, CodecContext
from av import Packet as CodedPacket

from gioconda.live.types import OUTPUT_RATE_HZ

#: Clock of video in RTP.
VIDEO_HZ: Final = 90_000
#: Samples of an Opus packet: 20 ms, what every receiver expects.
OPUS_SAMPLES: Final = OUTPUT_RATE_HZ // 50
OPUS_BITS: Final = 64_000
#: Frames that may wait for the sender before all are dropped.
_FRAMES: Final = 8
#: Opus packets that may wait: two seconds; more comes only if the sender has stopped.
_SOUNDS: Final = 100
#: A jump of more samples is one of the timeline, less is rounding.
_GAP: Final = OPUS_SAMPLES // 4


class CodedTrack(MediaStreamTrack):  # type: ignore[misc]
    """A track of encoded packets.

    Args:
        clock_hz: of its timestamps.

    Attributes:
        waiting: whether the sender waits, and so has sent everything that it took.
        sent: timestamp of the packet that the sender took last, in units of its clock.
    """

    def __init__(self, clock_hz: int) -> None:
        super().__init__()
        self.clock_hz = clock_hz
        self.waiting = False
        self.sent: int | None = None
        self._time_base = fractions.Fraction(1, clock_hz)
        self._coded: deque[tuple[bytes, int]] = deque()
        self._there = asyncio.Event()

    async def recv(self) -> Any:
        """Return the next packet.

        Raises:
            MediaStreamError: the track has ended.
        """
        self.waiting = True
        while not self._coded:
            if self.readyState != "live":
                raise MediaStreamError
            self._there.clear()
            await self._there.wait()
        self.waiting = False
        data, self.sent = self._coded.popleft()
        packet = CodedPacket(data)
        packet.pts, packet.time_base = self.sent, self._time_base
        return packet

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._there.set()

    def _add(self, data: bytes, timestamp: int) -> None:
        self._coded.append((data, timestamp))
        self._there.set()


class FaceVideo(CodedTrack):
    """VP8 frames as they come from the worker.

    Attributes:
        dropped: frames that the sender did not take in time.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__(VIDEO_HZ)
        self.dropped = 0
        self._started = False

    def put(self, data: bytes, instant_s: float, *, key: bool) -> bool:
        """Add a frame; False if a key frame is needed before any other can be shown.

        Args:
            data: the frame.
            instant_s: of it, of the streams' timeline.
            key: whether it needs no other.
        """
        if len(self._coded) >= _FRAMES:
            self.dropped += len(self._coded)
            self._coded.clear()
            self._started = False
        self._started = self._started or key
        if not self._started:
            self.dropped += 1
            return False
        self._add(data, round(instant_s * VIDEO_HZ))
        return True


class FaceSound(CodedTrack):
    """The session's sound, cut anew and encoded as Opus."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__(OUTPUT_RATE_HZ)
        self._codec: Any = CodecContext.create("libopus", "w")
        self._codec.bit_rate = OPUS_BITS
        self._codec.format, self._codec.layout = "s16", "mono"
        self._codec.sample_rate = OUTPUT_RATE_HZ
        self._codec.time_base = self._time_base
        self._codec.options = {"application": "voip", "compression_level": "5"}
        self._rest = np.zeros(0, np.int16)
        self._next = 0
        self._ahead: int | None = None

    def put(self, pcm: bytes, instant_s: float) -> None:
        """Add sound: int16, mono, 48 kHz.

        Args:
            pcm: the samples.
            instant_s: of the first of them, of the streams' timeline.
        """
        samples = np.frombuffer(pcm, "<i2")
        start = round(instant_s * OUTPUT_RATE_HZ)
        if abs(start - self._next - len(self._rest)) > _GAP:
            # A new timeline after a restart: what was cut off belongs to the old one.
            self._rest, self._next = samples[:0], start
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) - len(samples) % OPUS_SAMPLES
        for at in range(0, whole, OPUS_SAMPLES):
            self._encode(samples[at : at + OPUS_SAMPLES])
        self._rest = samples[whole:]
        while len(self._coded) > _SOUNDS:
            self._coded.popleft()

    def _encode(self, samples: Any) -> None:
        frame: Any = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = OUTPUT_RATE_HZ
        frame.pts, frame.time_base = self._next, self._time_base
        for packet in self._codec.encode(frame):
            # A packet's instant is that of the first sample that a decoder gives for it, which lies
            # the encoder's look-ahead before the frame. libavcodec tells it of the first packet
            # rightly, but takes a packet late to a new timeline.
            if self._ahead is None:
                self._ahead = self._next - packet.pts
            self._add(bytes(packet), self._next - self._ahead)
        self._next += OPUS_SAMPLES
