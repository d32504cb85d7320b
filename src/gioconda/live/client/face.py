"""What a program needs of a face that speaks, wherever it is rendered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from gioconda.controls import Controls
from gioconda.live.messages import (
    ErrorEvent,
    MotionEvent,
    RecordReady,
    SessionClosed,
    SessionRestarted,
    SessionUpdated,
    Stats,
)
from gioconda.live.types import ByteImage, LiveAudio, SpeakEnded, SpeakStarted
from gioconda.motion import FloatArray


@dataclass(frozen=True)
class FaceFrame:
    """A frame, decoded.

    Attributes:
        time_s: the instant that it shows, on the timeline of the sound.
        image: uint8 RGB, (height, width, 3); or, where ``i420`` is true, the three planes of
            YUV 4:2:0 below each other, (height * 3 / 2, width).
        i420: whether the image is planes, as encoders take them.
    """

    time_s: float
    image: ByteImage
    i420: bool = False

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.image.shape[0]) * 2 // 3 if self.i420 else int(self.image.shape[0])


#: What else a server says.
Notice = (
    SessionUpdated | SessionRestarted | SessionClosed | Stats | MotionEvent | RecordReady
    | ErrorEvent
)  # fmt: skip
FaceOutput = FaceFrame | LiveAudio | SpeakStarted | SpeakEnded | Notice


class Face(Protocol):
    """A face that speaks what is pushed. All calls return at once; iterate to see and hear it.

    An utterance is what is pushed up to :meth:`end_of_speech` or :meth:`interrupt`. Every
    utterance ends with exactly one ``SpeakEnded``, whatever happens to the face, and one that is
    heard at all begins with one ``SpeakStarted``. After :meth:`interrupt` nothing is heard of
    earlier utterances. The timeline of frames, sound and events never jumps back.
    """

    @property
    def width(self) -> int:
        """Width of the frames in pixels."""

    @property
    def height(self) -> int:
        """Height of the frames in pixels."""

    @property
    def fps(self) -> float:
        """Frames a second."""

    def push_audio(self, pcm: FloatArray, rate_hz: int) -> int:
        """Push speech, float32 mono (n,), in real time or faster; return its utterance's number."""

    def end_of_speech(self) -> None:
        """Say that the utterance is complete."""

    def interrupt(self) -> None:
        """Stop speaking at once; what was not heard is forgotten."""

    def set(self, controls: Controls) -> None:
        """Change the dials."""

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks."""

    def __aiter__(self) -> AsyncIterator[FaceOutput]:
        """Frames, sound and events as they come; late frames are left out, sound never is."""

    async def aclose(self) -> None:
        """End it."""
