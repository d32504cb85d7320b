"""Decode the sound of a file from its instant 0, tolerating damage.

Where instant 0 lies is told in :mod:`gioconda.speech.sound`.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
import numpy.typing as npt

from gioconda.errors import SoundDecodeError

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

#: Gaps in a file's time stamps are filled with silence if they are at least and at most this long;
#: shorter ones are rounding, longer ones are broken stamps.
GAP_MIN_S: Final = 0.04
GAP_MAX_S: Final = 30.0
#: A sound that ends this much before its header says so is reported as cut off.
CUT_OFF_S: Final = 1.0
#: So is one of which less than this share is there.
CUT_OFF_SHARE: Final = 0.5
#: Sizes from here on stand in WAV headers that were written before the length was known.
_UNKNOWN_SIZE: Final = 0x7FFF_0000
_PICTURE_FORMATS: Final = ("image2", "gif", "apng", "webp", "ico", "jpegxl_anim")
#: Raw streams carry no length; the demuxer's estimate from their first packets is far off.
_FORMATS_WITHOUT_DURATION: Final = ("aac", "ac3", "eac3", "dts", "truehd")
#: Zero and full scale of integer samples.
_SCALES: Final = {
    "uint8": (128, 2**7), "int16": (0, 2**15), "int32": (0, 2**31), "int64": (0, 2**63),
}  # fmt: skip


#: Where a file is: on the disk, or in memory, as strangers send it.
Source = Path | bytes

#: Containers that are looked for in memory. It names hundreds of rarely tested ones out, and
#: playlists.
COMMON_FORMATS: Final = (
    "aac", "aiff", "amr", "asf", "au", "avi", "caf", "flac", "matroska", "mov", "mp3", "mpegts",
    "ogg", "w64", "wav",
)  # fmt: skip


def _open(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


class _Nameless:
    """Hides a file's name from FFmpeg, which would trust its suffix or take it for a URL."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


@contextmanager
def opened(source: Source, name: str) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a file and find its audio stream, or say in one sentence why there is none."""
    import av

    with _open(source) as file:
        try:
            # Playlists and scripts may not lead to other files or hosts.
            # Longer packets halve the time that a WAV takes; other formats ignore the option.
            options = {"protocol_whitelist": "", "max_size": "32768"}
            if isinstance(source, bytes):
                options["format_whitelist"] = ",".join(COMMON_FORMATS)
            container = av.open(_Nameless(file), "r", options=options, metadata_errors="replace")
        except (av.error.FFmpegError, ValueError) as e:
            raise SoundDecodeError(f"{name!r} is not a sound that can be decoded") from e
        with container:
            stream = container.streams.best("audio")
            if stream is None or stream.codec_context is None:
                raise SoundDecodeError(_why_silent(container, name))
            yield container, cast("AudioStream", stream)


def _why_silent(container: InputContainer, name: str) -> str:
    video = _has_picture(container)
    formats = container.format.name
    if video and (formats.endswith("_pipe") or formats in _PICTURE_FORMATS):
        return f"{name!r} is a picture, not a sound"
    if video:
        return f"the video {name!r} has no audio stream"
    return f"{name!r} is not a sound that can be decoded"


def _has_picture(container: InputContainer) -> bool:
    """Tell whether there is a video stream that is more than a cover picture."""
    import av

    cover = av.stream.Disposition.attached_pic
    return any(not s.disposition & cover for s in container.streams.video)


def stated_duration(container: InputContainer, stream: AudioStream) -> float | None:
    """Return the length that a header states, in seconds, or None where it states none."""
    if container.format.name in _FORMATS_WITHOUT_DURATION:
        return None
    seconds = 0.0
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    return seconds if seconds > 0 else None


def wav_promise(source: Source) -> float | None:
    """Return the length in seconds that a WAV's header promises, or None where it tells none.

    FFmpeg trusts it no further than the file goes, and so does not tell of one that was cut off.
    """
    with _open(source) as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        bytes_per_second = 0
        while len(chunk := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", chunk)
            if kind == b"data":
                known = bytes_per_second and size < _UNKNOWN_SIZE
                return size / bytes_per_second if known else None
            start = file.tell()
            if kind == b"fmt " and len(body := file.read(12)) == 12:
                bytes_per_second = int.from_bytes(body[8:12], "little")
            file.seek(start + size + size % 2)
    return None


@dataclass
class Promise:
    """The length that a header promises; that it is not kept is told only once.

    Attributes:
        seconds: the length, or None where there is none.
        told: whether it was told.
    """

    seconds: float | None
    told: bool = False

    def compare(self, end_s: float, name: str) -> None:
        """Warn where a sound ends long before."""
        if self.told or self.seconds is None:
            return
        if end_s < self.seconds - CUT_OFF_S or end_s < CUT_OFF_SHARE * self.seconds:
            self.told = True
            logger.warning(
                "%r ends at %.2f s, though its header promises %.2f s; what there is is used",
                name, end_s, self.seconds,
            )  # fmt: skip


def file_frames(source: Source, name: str, promise: Promise) -> Iterator[av.AudioFrame]:
    """Decode a file's sound from instant 0, gaps filled with silence."""
    try:
        with opened(source, name) as (container, stream):
            origin_s: float | None = None
            if _has_picture(container) and container.start_time is not None:
                origin_s = container.start_time / 1_000_000
            end_s = 0.0
            for frame in _tolerant_decode(container, stream, name):
                time_s = frame.time
                if time_s is not None:
                    origin_s = time_s if origin_s is None else origin_s
                    gap_s = time_s - origin_s - end_s
                    if GAP_MIN_S <= gap_s <= GAP_MAX_S or (end_s == 0 and 0 < gap_s <= GAP_MAX_S):
                        yield from _silence(gap_s, frame)
                        end_s += gap_s
                yield frame
                end_s += frame.samples / frame.sample_rate
    except OSError as e:
        raise SoundDecodeError(f"cannot read {name!r}: {e.strerror or e}") from e
    if end_s:
        promise.compare(end_s, name)


def _tolerant_decode(
    container: InputContainer, stream: AudioStream, name: str
) -> Iterator[av.AudioFrame]:
    """Decode packet by packet, leaving out those that are broken."""
    import av

    good = broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
        except av.error.FFmpegError as e:
            if not isinstance(e, (av.error.InvalidDataError, av.error.EOFError)):
                logger.warning("decoding %r stopped after %d frames: %s", name, good, e)
                break
            broken += 1
            if broken == 1 or isinstance(e, av.error.EOFError):
                logger.warning("%r is damaged; what cannot be decoded is left out", name)
            if isinstance(e, av.error.EOFError) or broken > 1000 + 10 * good:
                break
            continue
        if packet is None:
            break
        good += len(frames)
        yield from frames
    if broken and not good:
        raise SoundDecodeError(f"{name!r} is not a sound that can be decoded")


def _silence(seconds: float, like: av.AudioFrame) -> Iterator[av.AudioFrame]:
    """Yield silence in the format of a frame, at most a second at a time."""
    import av

    left = round(seconds * like.sample_rate)
    while left > 0:
        count = min(left, like.sample_rate)
        frame = av.AudioFrame(format=like.format.name, layout=like.layout, samples=count)
        frame.sample_rate = like.sample_rate
        middle = 0x80 if like.format.name.startswith("u8") else 0
        for plane in frame.planes:
            plane.update(bytes([middle]) * plane.buffer_size)
        yield frame
        left -= count


def samples_of(frame: av.AudioFrame) -> FloatArray:
    """Return a frame's samples as float32, shape (channels, n), full scale at 1."""
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, frame.layout.nb_channels).T
    offset, full_scale = _SCALES.get(array.dtype.name, (0, 1))
    with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite and is refused
        floats: FloatArray = array.astype(np.float32)
    return floats if full_scale == 1 else (floats - np.float32(offset)) / np.float32(full_scale)


def float_frame(
    planes: FloatArray, rate_hz: int, layout: av.AudioLayout | str | None = None
) -> av.AudioFrame:
    """Build a planar float frame from an array of shape (channels, n)."""
    import av

    channels = len(planes)
    if layout is None:
        known = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
        layout = known.get(channels, f"{channels} channels")
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(planes, np.float32), format="fltp", layout=layout
    )
    frame.sample_rate = int(rate_hz)
    return frame


class Uniform:
    """Brings frames whose rate or layout changes within a file to those of the first frame."""

    def __init__(self) -> None:
        self._target: tuple[str, str, int] | None = None
        self._current: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None

    def step(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        """Return the frame as it is, or as frames of the first one's kind."""
        import av

        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        self._target = self._target or key
        if key != self._current:
            self._current = key
            self._resampler = None if key == self._target else av.AudioResampler(*self._target)
        if self._resampler is None:
            return [frame]
        frame.pts = None
        return self._resampler.resample(frame)
