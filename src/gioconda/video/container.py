"""Video containers: H.264 with AAC, or VP9 with Opus, through FFmpeg.

Frame i has the time stamp i in units of 1 / fps; Matroska and WebM round it to a millisecond.
The picture is BT.709 in limited range, by conversion and by tag. Odd sizes are made even by
repeating the last column or row, so nothing is cropped. With alpha it is VP9 with a second
picture of alpha in WebM, and ProRes 4444 in MOV; neither is premultiplied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

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
        pixels: FFmpeg's name of the pixel format it is given.
    """

    name: str
    options: dict[str, str]
    levels: dict[Quality, dict[str, str]]
    pixels: str = "yuv420p"


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
VP9_ALPHA: Final = replace(VP9, pixels="yuva420p")
#: Intra only, so that editors take every frame. Its quantiser, times FFmpeg's unit of 118; left to
#: its rate, smooth pictures come out some levels off.
PRORES_4444: Final = VideoCodec(
    "prores_ks",
    {"profile": "4444", "alpha_bits": "16", "vendor": "apl0", "flags": "+qscale"},
    {
        "fast": {"global_quality": str(8 * 118)},
        "good": {"global_quality": str(4 * 118)},
        "best": {"global_quality": str(118)},
    },
    pixels="yuva444p10le",
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
#: The same for pictures with alpha.
ALPHA_CONTAINERS: Final[dict[str, Container]] = {
    ".mov": Container("mov", PRORES_4444, "aac", _FASTSTART),
    ".webm": Container("webm", VP9_ALPHA, "libopus", {}),
}


class ContainerEncoder:
    """Encodes picture and sound into one file; a :class:`gioconda.video.encoder.FrameEncoder`.

    Args:
        path: the file to write.
        suffix: a key of :data:`CONTAINERS`, or of :data:`ALPHA_CONTAINERS` for a job with alpha.
        job: what is to be written.

    Raises:
        av.error.FFmpegError: the file cannot be written, or an encoder is missing or refuses.
    """

    def __init__(self, path: Path, suffix: str, job: Job) -> None:
        import av

        kind = (ALPHA_CONTAINERS if job.alpha else CONTAINERS)[suffix]
        # The prefix keeps FFmpeg from reading a colon in the path as a protocol.
        self._container: OutputContainer = av.open(
            "file:" + os.fspath(path), "w", format=kind.format, container_options=kind.options
        )
        try:
            self._container.metadata.update(job.metadata)
            self._fps = job.fps
            self._stream = _video_stream(self._container, kind.video, job)
            self._sound = Soundtrack(job.sound, self._container, kind.audio) if job.sound else None
            self._pixels = kind.video.pixels
            self._pictures = _yuv_ring(job.width, job.height, self._pixels)
            self._count = 0
            self._flushed = False
            self._container.start_encoding()  # what does not work fails here, before long work
        except BaseException:
            self.discard()
            raise

    def add(self, frame: ByteImage) -> None:
        """Encode the next frame and the sound up to its end."""
        from gioconda.video.colour_kernels import rgb_to_i420, rgba_to_yuva444p10

        picture, planes = next(self._pictures)
        if self._pixels == "yuva444p10le":
            rgba_to_yuva444p10(frame, *planes)
        else:
            y, u, v, *alpha = planes
            rgb_to_i420(np.ascontiguousarray(frame[..., :3]), y, u, v)
            for plane in alpha:
                _write_even(frame[..., 3], plane)
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
    stream.pix_fmt = codec.pixels
    stream.time_base = 1 / job.fps
    context = stream.codec_context
    context.time_base = 1 / job.fps
    context.gop_size = max(round(job.fps * KEY_FRAME_S), 1)
    context.thread_count = 1 if job.width * job.height <= TWO_THREADS_PX else 2
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    return stream


def _write_even(alpha: ByteImage, plane: ByteImage) -> None:
    """Write (height, width) into a plane, made even by repeating the last row and column."""
    height, width = alpha.shape
    plane[:height, :width] = alpha
    if width % 2:
        plane[:height, width] = alpha[:, -1]
    if height % 2:
        plane[height, : width + width % 2] = plane[height - 1, : width + width % 2]


def _yuv_ring(
    width: int, height: int, pixels: str
) -> Iterator[tuple[av.VideoFrame, tuple[Any, ...]]]:
    """Yield a few frames in turn, forever, each with views of its planes."""
    import av

    ring = []
    for _ in range(_RING):
        frame = av.VideoFrame(width + width % 2, height + height % 2, pixels)
        frame.colorspace = frame.color_trc = frame.color_primaries = _BT709
        frame.color_range = _LIMITED
        frame.duration = 1
        kind = np.uint16 if pixels.endswith("10le") else np.uint8
        planes = tuple(
            np.frombuffer(p, np.uint8)[: p.height * p.line_size]  # type: ignore[call-overload]
            .reshape(p.height, p.line_size)
            .view(kind)
            for p in frame.planes
        )
        ring.append((frame, planes))
    while True:
        yield from ring
