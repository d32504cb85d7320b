"""What a video file holds, and its frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gioconda.errors import VideoDecodeError
from gioconda.video.encoder import ByteImage

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: ITU-T H.273 code points of colour primaries, transfer and matrix, as far as they are common.
_COLOURS: Final = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 13: "srgb"}
_RANGES: Final = {1: "limited", 2: "full"}
#: Untagged video from this height on is taken as BT.709, below as BT.601, as players do.
HD_HEIGHT_PX: Final = 720


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds.

    Attributes:
        width: of the coded picture, in pixels.
        height: of the coded picture, in pixels.
        fps: mean frames a second.
        frames: how many there are, counted.
        duration_s: of the picture, from the first frame to the end of the last.
        video_codec: as FFmpeg calls it.
        audio_codec: as FFmpeg calls it; None without sound.
        audio_rate_hz: None without sound.
        audio_channels: 0 without sound.
        audio_duration_s: as the file states it; None without sound or statement.
        primaries: ``bt709`` and so on, or ``unspecified``.
        transfer: like ``primaries``.
        matrix: like ``primaries``.
        range: ``limited``, ``full`` or ``unspecified``.
        metadata: the container's tags.
    """

    width: int
    height: int
    fps: Fraction
    frames: int
    duration_s: float
    video_codec: str
    audio_codec: str | None
    audio_rate_hz: int | None
    audio_channels: int
    audio_duration_s: float | None
    primaries: str
    transfer: str
    matrix: str
    range: str
    metadata: dict[str, str]


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Tell what a video file holds; reads all of it, decodes none of it.

    Raises:
        VideoDecodeError: missing, not a video, or without pictures.
    """
    with _opened(path) as (container, stream):
        count, begin, end = 0, None, 0
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            count += 1
            begin = packet.pts if begin is None else min(begin, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
        base = stream.time_base or Fraction(1)
        context = stream.codec_context
        sound = container.streams.best("audio")
        audio = None if sound is None else sound.codec_context
        audio_s = None
        if sound is not None and sound.duration and sound.time_base:
            audio_s = float(sound.duration * sound.time_base)
        return VideoInfo(
            width=context.width,
            height=context.height,
            fps=stream.average_rate or Fraction(0),
            frames=count,
            duration_s=float((end - (begin or 0)) * base),
            video_codec=context.codec.canonical_name,
            audio_codec=None if audio is None else audio.codec.canonical_name,
            audio_rate_hz=getattr(audio, "sample_rate", None),
            audio_channels=getattr(getattr(audio, "layout", None), "nb_channels", 0),
            audio_duration_s=audio_s,
            primaries=_COLOURS.get(context.color_primaries, "unspecified"),
            transfer=_COLOURS.get(context.color_trc, "unspecified"),
            matrix=_COLOURS.get(context.colorspace, "unspecified"),
            range=_RANGES.get(context.color_range, "unspecified"),
            metadata=dict(container.metadata),
        )


def read_frames(path: str | os.PathLike[str]) -> Iterator[tuple[float, ByteImage]]:
    """Decode a video.

    Colours are converted as the file's tags say; where it has none, by BT.709 from
    :data:`HD_HEIGHT_PX` on and by BT.601 below. A picture that the file says to turn is turned, and
    one whose pixels it says not to be square is widened until they are.

    Yields:
        Time in seconds on the clock of :class:`gioconda.speech.Sound` for the same file, and a
        frame, uint8 RGB (height, width, 3), the caller's to keep. Damaged frames are left out.

    Raises:
        VideoDecodeError: missing, not a video, or without pictures.
    """
    import av

    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        start_s = (container.start_time or 0) / 1_000_000
        packets = container.demux(stream)
        while (packet := next(packets, None)) is not None:
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame) and frame.pts is not None:
                    aspect = float(stream.sample_aspect_ratio or 1)
                    yield frame.time - start_s, _rgb(frame, aspect)


def _rgb(frame: av.VideoFrame, pixel_aspect: float) -> ByteImage:
    from av.video.reformatter import Colorspace, Interpolation

    matrix = Colorspace.ITU709 if frame.height >= HD_HEIGHT_PX else Colorspace.ITU601
    tagged = {1: Colorspace.ITU709, 5: Colorspace.ITU601, 6: Colorspace.ITU601}
    picture = frame.reformat(
        width=max(round(frame.width * pixel_aspect), 1),
        format="rgb24",
        src_colorspace=tagged.get(frame.colorspace, matrix),
        interpolation=Interpolation.BICUBIC,
    ).to_ndarray()
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns))


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av

    name = Path(path).name
    try:
        with Path(path).open("rb") as file:
            options = {"protocol_whitelist": ""}
            with av.open(file, "r", options=options, metadata_errors="replace") as container:
                if not container.streams.video:
                    raise VideoDecodeError(f"{name!r} holds no pictures")
                yield container, container.streams.video[0]
    except FileNotFoundError:
        raise VideoDecodeError(f"there is no video file {os.fspath(path)!r}") from None
    except IsADirectoryError:
        raise VideoDecodeError(f"{os.fspath(path)!r} is a folder, not a video file") from None
    except (av.error.FFmpegError, OSError) as e:
        raise VideoDecodeError(f"{name!r} is not a video that can be decoded") from e
