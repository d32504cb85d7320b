"""What comes out of a live session, on its own timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import FloatArray

ByteImage = npt.NDArray[np.uint8]

#: Sound leaves a session at this rate, mono.
OUTPUT_RATE_HZ: Final = 48_000


def pcm16(samples: FloatArray) -> npt.NDArray[np.int16]:
    """Return samples of -1 to 1 as 16 bits, little-endian."""
    return np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2")


@dataclass(frozen=True)
class LiveFrame:
    """A frame of the timeline.

    Attributes:
        index: number of the instant, from 0; numbers that are missing were late and are dropped.
        time_s: the instant that it shows, ``index / fps``.
        image: uint8 RGB, (height, width, 3), or with alpha (height, width, 4); valid until the
            next three frames are made.
        moment: of motion that it shows, (60,), by :data:`gioconda.CHANNELS`.
    """

    index: int
    time_s: float
    image: ByteImage
    moment: FloatArray


@dataclass(frozen=True)
class LiveAudio:
    """A stretch of the timeline's sound, which has no gaps: each begins where the last ended.

    Attributes:
        sample: number of its first sample, from 0, at :data:`OUTPUT_RATE_HZ`.
        pcm: float32, (n,), -1 to 1; silence where nothing is said.
    """

    sample: int
    pcm: FloatArray

    @property
    def time_s(self) -> float:
        """The instant of its first sample."""
        return self.sample / OUTPUT_RATE_HZ


@dataclass(frozen=True)
class SpeakStarted:
    """What was pushed has begun to be heard.

    Attributes:
        time_s: the instant of its first sample.
        utterance: its number, from 1.
    """

    time_s: float
    utterance: int


@dataclass(frozen=True)
class SpeakEnded:
    """What was pushed has been heard to its end, or was interrupted.

    Attributes:
        time_s: the instant after its last sample.
        utterance: its number, from 1.
        played_s: seconds of the pushed sound that were heard.
        interrupted: whether some of it was not.
    """

    time_s: float
    utterance: int
    played_s: float
    interrupted: bool


LiveEvent = SpeakStarted | SpeakEnded


@dataclass(frozen=True)
class Step:
    """Everything that a session has to give at one instant.

    Attributes:
        frame: the newest frame that is due; None where none is.
        audio: the sound up to here; None where its length is zero.
        events: that belong to this sound.
    """

    frame: LiveFrame | None
    audio: LiveAudio | None
    events: tuple[LiveEvent, ...] = ()
