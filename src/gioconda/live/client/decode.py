"""Frames out of packets, in a thread, so that decoding keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from gioconda.live.client.face import FaceFrame
from gioconda.live.client.options import Pixels
from gioconda.live.packets import Kind, Packet

if TYPE_CHECKING:
    from av import VideoCodecContext

#: Packets that may wait; beyond them everything up to the next key frame is dropped.
_MOST: Final = 20
_TICKS: Final = 90_000


class FrameDecoder:
    """Decodes H.264 and JPEG packets in the order that they come.

    Args:
        pixels: of the frames.
        give: is called, in the event loop, with each frame and the offset it was put with.
    """

    def __init__(self, pixels: Pixels, give: Callable[[FaceFrame], None]) -> None:
        self._format = "rgb24" if pixels == "rgb" else "yuv420p"
        self._give = give
        self._codecs: dict[Kind, VideoCodecContext] = {}
        self._inbox: deque[tuple[Packet, float]] = deque()
        self._news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gioconda-decode")
        self._needs_key = True
        self.dropped = 0

    def put(self, packet: Packet, time_s: float) -> None:
        """Add a packet that shows an instant."""
        if len(self._inbox) >= _MOST:
            self.dropped += len(self._inbox)
            self._inbox.clear()
            self._needs_key = True
        if self._needs_key and not (packet.is_key or packet.kind is Kind.JPEG):
            self.dropped += 1
            return
        self._needs_key = False
        self._inbox.append((packet, time_s))
        self._news.set()

    def restart(self) -> None:
        """Forget what came; the next frame is a key frame."""
        self._inbox.clear()
        self._needs_key = True

    async def run(self) -> None:
        """Decode until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            while not self._inbox:
                self._news.clear()
                await self._news.wait()
            packet, time_s = self._inbox.popleft()
            frames = await loop.run_in_executor(self._thread, self._decode, packet, time_s)
            if frames is None:
                self.dropped += 1
                self._needs_key = True
                continue
            for frame in frames:
                self._give(frame)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _decode(self, packet: Packet, time_s: float) -> list[FaceFrame] | None:
        """Return the frames of a packet; None where it cannot be decoded."""
        import av

        sent = av.Packet(packet.payload)
        sent.pts = round(time_s * _TICKS)
        try:
            frames = self._codec(packet.kind).decode(sent)
        except av.error.FFmpegError:
            self._codecs.pop(packet.kind, None)
            return None
        return [self._face_frame(frame, time_s) for frame in frames]

    def _codec(self, kind: Kind) -> VideoCodecContext:
        if kind not in self._codecs:
            import av

            name = "mjpeg" if kind is Kind.JPEG else "h264"
            codec = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
            # Frame threads would hold frames back.
            codec.thread_count = 1
            codec.flags |= av.codec.context.Flags.low_delay
            self._codecs[kind] = codec
        return self._codecs[kind]

    def _face_frame(self, frame: Any, time_s: float) -> FaceFrame:
        shown_s = time_s if frame.pts is None else frame.pts / _TICKS
        image = np.asarray(frame.to_ndarray(format=self._format), np.uint8)
        return FaceFrame(shown_s, image, i420=self._format == "yuv420p")
