"""Pictures and sound, each at its own time, into H.264 and AAC in one container.

The picture's rate may vary: every one carries its time, and a missing one makes the one before it
stay longer. The conversion to BT.709 is done by the caller (:func:`as_i420`), so that a process
that only encodes need not load the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from gioconda.live.outputs.plan import Plan
from gioconda.live.outputs.timeline import TICKS_PER_S, Picture, Piece
from gioconda.live.types import OUTPUT_RATE_HZ, ByteImage
from gioconda.video.clock import frame_rate

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: ITU-T H.273 code points.
_BT709, _LIMITED = 1, 1
#: What the container says for people and programs that look: FLV and Matroska carry any tag,
#: MPEG-TS those of its service, RTSP a title.
_METADATA: Final = {
    "comment": "Synthetic: made with Gioconda",
    "service_name": "Synthetic",
    "service_provider": "Gioconda",
}
#: Frames given to an encoder may be referred to for a while; none here holds more.
_RING: Final = 3


def i420_shape(width: int, height: int) -> tuple[int, int]:
    """Return the shape of a picture in I420: its planes below one another, made even."""
    return (height + height % 2) * 3 // 2, width + width % 2


def as_i420(image: ByteImage, out: ByteImage) -> ByteImage:
    """Convert uint8 RGB (height, width, 3) to I420 in BT.709, limited range.

    Args:
        image: the picture.
        out: written; of the shape that :func:`i420_shape` gives, contiguous.
    """
    from gioconda.video.colour_kernels import rgb_to_i420

    rgb_to_i420(np.ascontiguousarray(image), *_planes(out))
    return out


def _planes(i420: ByteImage) -> tuple[ByteImage, ByteImage, ByteImage]:
    rows, width = i420.shape
    height = rows * 2 // 3
    u, v = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], u, v


class Muxer:
    """Encodes and muxes in the calling thread.

    Args:
        destination: a file with ``file:`` before it, an address, or a binary file object.
        plan: how.

    Raises:
        av.error.FFmpegError: the destination cannot be opened, or an encoder refuses.
    """

    def __init__(self, destination: Any, plan: Plan) -> None:
        import av

        self.frames = 0
        self.bytes = 0
        self._plan = plan
        self._container: OutputContainer = av.open(
            destination, "w", format=plan.format, container_options=plan.options
        )
        try:
            self._container.metadata.update(_METADATA)
            if plan.format == "rtsp":
                self._container.metadata["title"] = _METADATA["service_name"]
            self._video = self._video_stream()
            self._audio = self._audio_stream() if plan.sound else None
            self._ring = [self._picture() for _ in range(_RING)]
            self._key_ticks = -1
            self._container.start_encoding()
        except BaseException:
            self.discard()
            raise

    def add(self, pieces: Iterable[Piece]) -> None:
        """Encode pieces of a timeline; pictures as I420."""
        for piece in pieces:
            if isinstance(piece, Picture):
                self._show(piece)
            elif self._audio is not None:
                self._hear(piece.pcm, piece.sample)

    def finish(self) -> None:
        """Flush the encoders and complete the container."""
        self._mux(self._video.encode(None))
        if self._audio is not None:
            self._mux(self._audio.encode(None))
        self._container.close()

    def discard(self) -> None:
        """Close as it is; raises nothing."""
        with suppress(Exception):
            self._container.close()

    def _show(self, piece: Picture) -> None:
        from av.video.frame import PictureType

        frame, planes = self._ring[self.frames % _RING]
        for plane, data in zip(planes, _planes(piece.image), strict=True):
            plane[:, : data.shape[1]] = data
        frame.pts = piece.ticks
        if piece.ticks >= self._key_ticks:
            frame.pict_type = PictureType.I
            self._key_ticks = piece.ticks + round(self._plan.key_s * TICKS_PER_S)
        else:
            frame.pict_type = PictureType.NONE
        self._mux(self._video.encode(frame))
        self.frames += 1

    def _hear(self, pcm: Any, sample: int) -> None:
        import av

        assert self._audio is not None
        sound = np.ascontiguousarray(np.clip(pcm, -1, 1), np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(cast(Any, sound), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = OUTPUT_RATE_HZ, sample
        frame.time_base = Fraction(1, OUTPUT_RATE_HZ)
        self._mux(self._audio.encode(frame))

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            self.bytes += packet.size
            self._container.mux(packet)

    def _video_stream(self) -> VideoStream:
        plan = self._plan
        rate = frame_rate(plan.fps)
        stream = self._container.add_stream("libx264", rate=rate, options=dict(plan.video))
        stream.width, stream.height = plan.width + plan.width % 2, plan.height + plan.height % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, TICKS_PER_S)
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_S)
        # By time, not by number: frames may be missing. The number only bounds it.
        context.gop_size = max(round(plan.fps * plan.key_s) * 2, 1)
        context.thread_count = plan.threads
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        return stream

    def _audio_stream(self) -> AudioStream:
        stream = self._container.add_stream(
            "aac", rate=OUTPUT_RATE_HZ, layout="mono", options={"aac_coder": "fast"}
        )
        stream.bit_rate = self._plan.sound_bits
        return stream

    def _picture(self) -> tuple[VideoFrame, tuple[ByteImage, ...]]:
        import av

        plan = self._plan
        frame = av.VideoFrame(plan.width + plan.width % 2, plan.height + plan.height % 2, "yuv420p")
        frame.colorspace = frame.color_trc = frame.color_primaries = _BT709
        frame.color_range = _LIMITED
        frame.time_base = Fraction(1, TICKS_PER_S)
        frame.duration = round(TICKS_PER_S / plan.fps)
        planes = tuple(
            np.frombuffer(p, np.uint8)[: p.height * p.line_size].reshape(p.height, p.line_size)  # type: ignore[call-overload]
            for p in frame.planes
        )
        return frame, planes
