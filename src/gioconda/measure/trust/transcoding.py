"""Frames through real encoders and back, as a stranger's programs would do it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

# SVT-AV1 talks on standard error without this.
os.environ.setdefault("SVT_LOG", "-1")

#: Frames of one size, uint8 RGB (height, width, 3).
Frames = Sequence[ByteImage]


@dataclass(frozen=True)
class Coding:
    """How frames are encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        options: of the encoder.
        container: FFmpeg's name of the format.
        pixels: FFmpeg's name of how they are stored.
    """

    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    container: str = "mp4"
    pixels: str = "yuv420p"


def x264(crf: int) -> Coding:
    """Return H.264 at a constant quality, as uploads are made."""
    return Coding(options={"crf": str(crf), "preset": "veryfast", "threads": "1"})


HEVC: Final = Coding(
    "libx265",
    {"crf": "28", "preset": "veryfast", "x265-params": "log-level=error:pools=1:frame-threads=1"},
)
VP9: Final = Coding(
    "libvpx-vp9",
    {"crf": "34", "b": "0", "deadline": "realtime", "cpu-used": "7", "threads": "1"},
    "webm",
)
#: Without any loss.
LOSSLESS: Final = Coding("ffv1", {"threads": "1"}, "matroska", "bgr0")
#: Encoders of AV1, the one that FFmpeg has is used.
AV1: Final = (
    Coding("libsvtav1", {"crf": "35", "preset": "10", "svtav1-params": "lp=1"}),
    Coding("libaom-av1", {"crf": "34", "cpu-used": "8", "threads": "1"}),
)


@cache
def encoder_there(codec: str) -> bool:
    """Tell whether FFmpeg has an encoder."""
    try:
        av.Codec(codec, "w")
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def encoded(frames: Iterable[ByteImage], fps: float, coding: Coding) -> bytes:
    """Return a file of frames; an odd row or column at the edge is cut off."""
    file = io.BytesIO()
    rate = Fraction(fps).limit_denominator(1001)
    output: OutputContainer = av.open(file, "w", format=coding.container)
    with output:
        stream: VideoStream | None = None
        for i, frame in enumerate(frames):
            height, width = (side - side % 2 for side in frame.shape[:2])
            if stream is None:
                added = output.add_stream(coding.codec, rate=rate, options=dict(coding.options))
                stream = cast("VideoStream", added)
                stream.width, stream.height, stream.pix_fmt = width, height, coding.pixels
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]))
            picture.pts, picture.time_base = i, 1 / rate
            output.mux(stream.encode(picture))
        if stream is not None:
            output.mux(stream.encode())
    return file.getvalue()


def decoded(file: bytes | Path, most: int | None = None) -> tuple[list[ByteImage], float]:
    """Return a file's frames, the first ``most`` of them, and their rate."""
    source = io.BytesIO(file) if isinstance(file, bytes) else str(file)
    with cast("InputContainer", av.open(source)) as read:
        rate = float(read.streams.video[0].average_rate or 25)
        pictures = islice(read.decode(video=0), most)
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in pictures], rate


def through(frames: Frames, fps: float, coding: Coding) -> list[ByteImage]:
    """Return frames encoded and decoded again."""
    return decoded(encoded(frames, fps, coding))[0]


def jpeg(frame: ByteImage, quality: int) -> ByteImage:
    """Return a frame as a JPEG gives it back."""
    bgr = np.ascontiguousarray(frame[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(read[..., ::-1])
