"""Frames through real encoders and back, as a stranger's programs would do it."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
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
    """

    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    container: str = "mp4"


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


def encoded(frames: Frames, fps: float, coding: Coding) -> bytes:
    """Return a file of frames; an odd row or column at the edge is cut off."""
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    file = io.BytesIO()
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(file, "w", format=coding.container) as output:
        stream = output.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]))
            picture.pts, picture.time_base = i, 1 / rate
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return file.getvalue()


def decoded(data: bytes) -> list[ByteImage]:
    """Return a file's frames."""
    with av.open(io.BytesIO(data)) as file:
        return [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]


def through(frames: Frames, fps: float, coding: Coding) -> list[ByteImage]:
    """Return frames encoded and decoded again."""
    return decoded(encoded(frames, fps, coding))


def jpeg(frame: ByteImage, quality: int) -> ByteImage:
    """Return a frame as a JPEG gives it back."""
    bgr = np.ascontiguousarray(frame[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
