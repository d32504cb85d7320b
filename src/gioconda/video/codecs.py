"""Which encoders work in this installation, by trying each on one frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.video.codeccontext import VideoCodecContext

#: Encoders that the writers use: name, kind, and the targets that need it.
ENCODERS: Final[tuple[tuple[str, str, str], ...]] = (
    ("libx264", "video", ".mp4 .mov .mkv"),
    ("aac", "audio", ".mp4 .mov .mkv"),
    ("libvpx-vp9", "video", ".webm"),
    ("libopus", "audio", ".webm"),
    ("prores_ks", "video", ".mov with transparency"),
    ("gif", "video", ".gif"),
    ("pcm_s16le", "audio", "the .wav beside .png"),
)


@dataclass(frozen=True)
class EncoderReport:
    """The outcome of trying one encoder.

    Attributes:
        name: as FFmpeg calls it.
        needed_for: the targets that need it.
        problem: why it does not work; empty where it works.
    """

    name: str
    needed_for: str
    problem: str = ""

    @property
    def works(self) -> bool:
        """Whether one frame went through it."""
        return not self.problem


def check_encoders() -> tuple[EncoderReport, ...]:
    """Encode one frame with each encoder that the writers use; takes well under a second."""
    return tuple(
        EncoderReport(name, needed_for, _problem(name, kind)) for name, kind, needed_for in ENCODERS
    )


def _problem(name: str, kind: str) -> str:
    import av

    try:
        packets = _try_video(name) if kind == "video" else _try_audio(name)
    except (av.error.FFmpegError, ValueError) as e:
        return str(e) or type(e).__name__
    return "" if packets else "it gave no data"


def _try_video(name: str) -> int:
    import av

    context = cast("VideoCodecContext", av.CodecContext.create(name, "w"))
    context.width = context.height = 64
    pixels = {"gif": "rgb8", "prores_ks": "yuva444p10le"}.get(name, "yuv420p")
    context.pix_fmt = pixels
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame(64, 64, pixels)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = 0
    return len(context.encode(frame)) + len(context.encode(None))


def _try_audio(name: str) -> int:
    import av

    context = cast("AudioCodecContext", av.CodecContext.create(name, "w"))
    formats = av.Codec(name, "w").audio_formats
    assert formats
    context.sample_rate = 48_000
    context.layout = "mono"
    context.format = formats[0]
    context.time_base = Fraction(1, 48_000)
    frame = av.AudioFrame(format=formats[0].name, layout="mono", samples=4800)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts = 48_000, 0
    return len(context.encode(frame)) + len(context.encode(None))
