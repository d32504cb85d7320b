"""Reduced luma of a video, all of it or parts spread over it. Runs confined.

A video that is longer than what may be looked at is looked at in parts, spread evenly, each from a
key frame on, and in single key frames between them. Every packet is read for that, since indices
are what a stranger wrote and often missing; only those packets are decoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import VideoDecodeError
from gioconda.sandbox.luma_stream import LookedAt, packed, packed_end
from gioconda.sandbox.wire import Kind
from gioconda.speech.sound_file import COMMON_FORMATS

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from gioconda.sandbox.file_tasks import Say

ByteImage = npt.NDArray[np.uint8]

#: Containers that are looked for. It names playlists and scripts out, which lead to other places.
FORMATS: Final = (
    *COMMON_FORMATS,
    "dv", "flv", "h264", "hevc", "ivf", "m4v", "mpeg", "mpegvideo", "mxf", "nut", "obu", "rm",
    "yuv4mpegpipe",
)  # fmt: skip
#: Broken packets that are left out, at most, before the file is given up.
_BROKEN: Final = 500
#: Frames of so many more a second than are wanted: those that no other frame needs are not decoded.
_SPARE_RATE: Final = 1.6
#: Single frames between parts: at most about so many, at least so many seconds apart.
_SINGLES: Final = 900
_SINGLES_APART_S: Final = 1.0
#: So much of the processor time may parts spend ahead of the position in the file, as a share;
#: single frames none.
_PACE: Final = 0.1
#: Pixel aspects beyond this are not believed.
_ASPECT: Final = 4.0
#: Packets by which it is told whether a file has instants.
_PEEKED: Final = 48
#: Frames of a second, where the file tells no instants.
COUNTED_FPS: Final = 25.0
#: Share of the processor time that counting them may take.
_COUNTING: Final = 0.3


class Nameless:
    """Hides a file's name and descriptor from FFmpeg, and everything but reading."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def opened(file: BinaryIO) -> InputContainer:
    """Open a container; it can lead nowhere else.

    Raises:
        VideoDecodeError: it is none that is known here.
    """
    import av

    options = {"protocol_whitelist": "", "format_whitelist": ",".join(FORMATS)}
    try:
        container = av.open(Nameless(file), "r", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError, OSError) as e:
        if isinstance(e, MemoryError):
            raise
        raise VideoDecodeError(
            "the file is no picture, video or sound that can be read here"
        ) from e
    return container


def picture_stream(container: InputContainer) -> VideoStream | None:
    """Return the video stream; a cover picture is none."""
    import av

    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover and stream.codec_context is not None:
            return stream
    return None


def length_s(container: InputContainer, stream: VideoStream | None) -> float | None:
    """Return how long the file says it is, in seconds; None where it says nothing credible."""
    seconds = 0.0
    if stream is not None and stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    return seconds if 0 < seconds < 1e6 else None


def stream(file: BinaryIO, options: dict[str, Any], say: Say) -> None:
    """Stream frames, then what was looked at.

    Args:
        file: of the video.
        options: ``side`` and ``pixels`` bound frames out and in; ``fps``, ``frames``; ``whole_s``
            is looked at in all, in parts of ``part_s`` where the file is longer; ``seconds`` of
            processor time may be spent.
        say: takes the stream.

    Raises:
        VideoDecodeError: no video, no pictures in it, too large, or nothing can be decoded.
    """
    seconds = float(options["seconds"])
    with opened(file) as container:
        counted = not _tells_instants(container, _pictures(container))
    counted_s = None
    if counted:
        file.seek(0)
        with opened(file) as container:
            counted_s = _counted_s(container, _pictures(container), _COUNTING * seconds)
    file.seek(0)
    with opened(file) as container:
        video = _pictures(container)
        _check_size(video, options)
        video.thread_type = "SLICE"
        rate = float(video.average_rate or 0)
        if rate >= _SPARE_RATE * float(options["fps"]) and not counted:
            video.codec_context.skip_frame = "NONREF"
        say(Kind.HEAD, b"")
        whole_s = counted_s if counted else length_s(container, video)
        plan = Plan(
            whole_s, float(options["whole_s"]), float(options["part_s"]),
            lambda: time.process_time() / seconds,
        )  # fmt: skip
        looked = _look(container, video, plan, options, say, whole_s, counted)
        say(Kind.DATA, packed_end(looked))


def _pictures(container: InputContainer) -> VideoStream:
    video = picture_stream(container)
    if video is None:
        raise VideoDecodeError("the file holds no pictures")
    return video


def _tells_instants(container: InputContainer, video: VideoStream) -> bool:
    """Tell whether the first packets of a file have instants that differ."""
    import av

    stamps = []
    with suppress(av.error.FFmpegError):
        for packet in islice(container.demux(video), _PEEKED):
            if packet.size:
                stamps.append(packet.pts if packet.pts is not None else packet.dts)
    return len(stamps) < 2 or len(set(stamps) - {None}) > 1


def _counted_s(container: InputContainer, video: VideoStream, seconds: float) -> float | None:
    """Return how long a file lasts by its number of packets; None where counting takes too long."""
    import av

    until, count = time.process_time() + seconds, 0
    with suppress(av.error.FFmpegError):
        for packet in container.demux(video):
            count += bool(packet.size)
            if time.process_time() > until:
                return None
    return count / COUNTED_FPS


def _check_size(video: VideoStream, options: dict[str, Any]) -> None:
    context = video.codec_context
    if context.width * context.height > int(options["pixels"]):
        raise VideoDecodeError(
            f"the video has {context.width} x {context.height} pixels; "
            f"up to {int(options['pixels']) / 1e6:.0f} megapixels a frame are looked at"
        )


class Wanted(Enum):
    """What is to be done with a packet."""

    NO = 0
    PART = 1  #: it belongs to a stretch that is decoded
    SINGLE = 2  #: it is decoded alone


class Plan:
    """Which parts of a video are decoded: all of it, or stretches and key frames spread over it.

    Args:
        length_s: of the video; None where that is not known.
        whole_s: seconds that are decoded in all.
        part_s: seconds of a stretch.
        spent: tells the share, 0 to 1, of the processor time that is spent; what is costly is then
            spread as well, and does not all go to the beginning.
    """

    def __init__(
        self, length_s: float | None, whole_s: float, part_s: float, spent: Callable[[], float]
    ) -> None:
        self._all = length_s is not None and length_s <= whole_s
        self._length_s, self._whole_s, self._part_s = length_s, whole_s, part_s
        self._spent = spent
        self._part_ends_s = self._last_s = float("-inf")
        self._apart_s = max(_SINGLES_APART_S, (length_s or 0.0) / _SINGLES)
        self.parts, self.singles, self.seconds = 0, 0, 0.0

    def wants(self, time_s: float, key: bool) -> Wanted:
        """Tell what to do with a packet; ``key`` says that decoding can begin there."""
        if self._all:
            self.parts, self.seconds = 1, max(self.seconds, time_s)
            return Wanted.PART
        if time_s < self._part_ends_s:
            self._last_s = time_s
            return Wanted.PART
        if not key:
            return Wanted.NO
        # Where the length is not known, there may be no more than the beginning.
        done = 1.0 if self._length_s is None else min(max(time_s / self._length_s, 0.0), 1.0)
        spare = done - self._spent()
        behind = self.seconds < self._whole_s * done and spare >= -_PACE
        if behind or not self.parts:
            self._part_ends_s = time_s + self._part_s
            self._last_s = time_s
            self.parts += 1
            self.seconds += self._part_s
            return Wanted.PART
        if self._length_s is None or time_s < self._last_s + self._apart_s or spare < 0:
            return Wanted.NO
        self._last_s = time_s
        self.singles += 1
        return Wanted.SINGLE


def _look(
    container: InputContainer,
    video: VideoStream,
    plan: Plan,
    options: dict[str, Any],
    say: Say,
    length: float | None,
    counted: bool,
) -> LookedAt:
    fps, most, side = float(options["fps"]), int(options["frames"]), int(options["side"])
    start_s = (container.start_time or 0) / 1_000_000
    due_s, last_s, count, end_s = float("-inf"), float("-inf"), 0, 0.0
    cut = False
    for packet_s, frame, time_s in _decoded(container, video, plan, start_s, counted):
        end_s = max(end_s, packet_s)
        if time.process_time() > float(options["seconds"]) or count >= most:
            cut = True
            break
        if frame is None or time_s is None or time_s < due_s or time_s <= last_s:
            continue
        if frame.width * frame.height > int(options["pixels"]):
            raise VideoDecodeError("the video's frames become too large")
        say(Kind.DATA, packed(time_s, reduced(frame, video, side)))
        count, last_s = count + 1, time_s
        due_s = time_s + 0.9 / fps if due_s < time_s - 2 / fps else due_s + 1 / fps
    if not count:
        raise VideoDecodeError("no frame of the video can be decoded")
    seconds = min(plan.seconds, end_s) if plan.parts else 0.0
    if plan.parts == 1 and not cut:
        seconds = max(end_s, last_s)
    whole_s = length if length is not None else (None if cut else max(end_s, last_s))
    return LookedAt(max(seconds, 0.0), whole_s, plan.parts, cut, plan.singles, counted)


def _decoded(
    container: InputContainer, video: VideoStream, plan: Plan, start_s: float, counted: bool
) -> Iterator[tuple[float, av.VideoFrame | None, float | None]]:
    """Yield the instant of each packet, with each frame that comes of it and its instant, or None.

    Where instants are counted, packets are in the order of the file, and frames from the packet on
    where decoding began.
    """
    import av

    broken = number = 0
    frame_s = 0.0
    decoding = False
    packets = container.demux(video)
    base = float(video.time_base or 1)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            stamp = packet.pts if packet.pts is not None else packet.dts
            if packet.size and (counted or stamp is not None):
                packet_s = number / COUNTED_FPS if counted else (stamp or 0) * base - start_s
                number += 1
                wanted = plan.wants(packet_s, packet.is_keyframe)
                yield packet_s, None, None
                if wanted is Wanted.NO:
                    decoding = False
                    continue
                if not decoding or wanted is Wanted.SINGLE:
                    video.codec_context.flush_buffers()
                    frame_s = packet_s
                decoding = wanted is Wanted.PART
                frames = packet.decode()
                if wanted is Wanted.SINGLE:  # it waits for others, which will not come
                    frames += video.codec_context.decode(None)
                    video.codec_context.flush_buffers()
            else:
                packet_s = 0.0
                frames = packet.decode()
            for frame in frames:
                if not isinstance(frame, av.VideoFrame):
                    continue
                if counted:
                    yield packet_s, frame, frame_s
                    frame_s += 1 / COUNTED_FPS
                elif frame.pts is not None:
                    # Of frames that were drained the decoder tells no time base.
                    yield packet_s, frame, frame.pts * base - start_s
        except av.error.FFmpegError as e:
            broken += 1
            if isinstance(e, av.error.EOFError) or broken > _BROKEN:
                return


def reduced(frame: av.VideoFrame, video: VideoStream, side: int) -> ByteImage:
    """Return a frame's luma, upright, its pixels square, its longer side at most ``side``."""
    from av.video.reformatter import Interpolation

    aspect = float(video.sample_aspect_ratio or 1)
    if not 1 / _ASPECT < aspect < _ASPECT:
        aspect = 1.0
    width, height = frame.width * aspect, float(frame.height)
    scale = min(1.0, side / max(width, height))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    grey = frame.reformat(*size, format="gray", interpolation=Interpolation.AREA).to_ndarray()
    return np.ascontiguousarray(np.rot90(grey, round(frame.rotation / 90) % 4))
