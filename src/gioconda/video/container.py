"""Video containers: H.264 with AAC, or VP9 with Opus, through FFmpeg.

Frame i has the time stamp i in units of 1 / fps; Matroska and WebM round it to a millisecond.
The picture is BT.709 in limited range, by conversion and by tag. Odd sizes are made even by
repeating the last column or row, so nothing is cropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from gioconda.video.encoder import ByteImage, Job, Quality
from gioconda.video.soundtrack import Soundtrack

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer
    from av.video.stream import VideoStream

#: Key frames this far apart keep seeking quick.
KEY_FRAME_S: Final = 4
#: Above this many pixels a second thread pays; below, it only takes time from the renderer.
TWO_THREADS_PX: Final = 700_000
#: ITU-T H.273 code points.
_BT709, _LIMITED = 1, 1
#: Frames given to an encoder may be referred to for a while; none here holds more.
_RING: Final = 3


@dataclass(frozen=True)
class VideoCodec:
    """An encoder with its settings.

    Attributes:
        name: as FFmpeg calls it.
        options: for every quality.
        levels: further options for each quality.
    """

    name: str
    options: dict[str, str]
    levels: dict[Quality, dict[str, str]]


#: No B-frames and no look-ahead (``zerolatency``): half the memory, frames leave at once.
#: Measured at 512 x 512 on one core, whole picture in motion: superfast 2.0 ms and a third of
#: the size of ultrafast (1.6 ms); veryfast 4.6 ms.
H264: Final = VideoCodec(
    "libx264",
    {"tune": "zerolatency"},
    {
        "fast": {"preset": "ultrafast", "crf": "20"},
        "good": {"preset": "superfast", "crf": "20"},
        "best": {"preset": "medium", "crf": "16"},
    },
)
VP9: Final = VideoCodec(
    "libvpx-vp9",
    {"deadline": "realtime", "lag-in-frames": "0", "auto-alt-ref": "0", "row-mt": "1", "b": "0"},
    {
        "fast": {"cpu-used": "8", "crf": "32"},
        "good": {"cpu-used": "8", "crf": "24"},
        "best": {"cpu-used": "5", "crf": "18"},
    },
)


@dataclass(frozen=True)
class Container:
    """A container format with its codecs."""

    format: str
    video: VideoCodec
    audio: str
    options: dict[str, str]


_FASTSTART: Final = {"movflags": "+faststart"}
CONTAINERS: Final[dict[str, Container]] = {
    ".mp4": Container("mp4", H264, "aac", _FASTSTART),
    ".mov": Container("mov", H264, "aac", _FASTSTART),
    ".mkv": Container("matroska", H264, "aac", {}),
    ".webm": Container("webm", VP9, "libopus", {}),
}


class ContainerEncoder:
    """Encodes picture and sound into one file; a :class:`gioconda.video.encoder.FrameEncoder`.

    Args:
        path: the file to write.
        suffix: a key of :data:`CONTAINERS`.
        job: what is to be written.

    Raises:
        av.error.FFmpegError: the file cannot be written, or an encoder is missing or refuses.
    """

    def __init__(self, path: Path, suffix: str, job: Job) -> None:
        import av

        kind = CONTAINERS[suffix]
        # The prefix keeps FFmpeg from reading a colon in the path as a protocol.
        self._container: OutputContainer = av.open(
            "file:" + os.fspath(path), "w", format=kind.format, container_options=kind.options
        )
        try:
            self._container.metadata.update(job.metadata)
            self._fps = job.fps
            self._stream = _video_stream(self._container, kind.video, job)
            self._sound = Soundtrack(job.sound, self._container, kind.audio) if job.sound else None
            self._pictures = _yuv_ring(job.width, job.height)
            self._count = 0
            self._flushed = False
            self._container.start_encoding()  # what does not work fails here, before long work
        except BaseException:
            self.discard()
            raise

    def add(self, frame: ByteImage) -> None:
        """Encode the next frame and the sound up to its end."""
        from gioconda.video.colour_kernels import rgb_to_i420

        picture, planes = next(self._pictures)
        rgb_to_i420(frame, *planes)
        picture.pts = self._count
        self._count += 1
        self._container.mux(self._stream.encode(picture))
        if self._sound is not None:
            self._sound.advance(self._count / self._fps)

    def finish(self) -> None:
        """Flush both encoders and complete the file."""
        if not self._flushed:
            self._container.mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.finish(self._count / self._fps)
            self._flushed = True
        self._container.close()

    def discard(self) -> None:
        """Close the file as it is."""
        with suppress(Exception):
            self._container.close()


def _video_stream(container: OutputContainer, codec: VideoCodec, job: Job) -> VideoStream:
    options = codec.options | codec.levels[job.quality]
    stream = cast("VideoStream", container.add_stream(codec.name, rate=job.fps, options=options))
    stream.width, stream.height = job.width + job.width % 2, job.height + job.height % 2
    stream.pix_fmt = "yuv420p"
    stream.time_base = 1 / job.fps
    context = stream.codec_context
    context.time_base = 1 / job.fps
    context.gop_size = max(round(job.fps * KEY_FRAME_S), 1)
    context.thread_count = 1 if job.width * job.height <= TWO_THREADS_PX else 2
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    return stream


def _yuv_ring(
    width: int, height: int
) -> Iterator[tuple[av.VideoFrame, tuple[ByteImage, ByteImage, ByteImage]]]:
    """Yield a few frames in turn, forever, each with views of its planes."""
    import av

    ring = []
    for _ in range(_RING):
        frame = av.VideoFrame(width + width % 2, height + height % 2, "yuv420p")
        frame.colorspace = frame.color_trc = frame.color_primaries = _BT709
        frame.color_range = _LIMITED
        frame.duration = 1
        y, u, v = (
            np.frombuffer(p, np.uint8)[: p.height * p.line_size].reshape(p.height, p.line_size)  # type: ignore[call-overload]
            for p in frame.planes
        )
        ring.append((frame, (y, u, v)))
    while True:
        yield from ring
