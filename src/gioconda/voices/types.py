"""What a voice gives, and the seam at which text-to-speech engines plug in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gioconda.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RATE_RANGE: Final = (0.5, 2.0)
PITCH_RANGE_SEMITONES: Final = (-7.0, 7.0)


@dataclass(frozen=True)
class Manner:
    """How a text is to be spoken.

    Attributes:
        voice: a name that the engine knows (``it``, ``en-gb+f3``, a model's path); None lets the
            engine choose by the text.
        rate: 0.5 to 2 times the voice's usual speed.
        pitch: semitones above the voice's usual pitch, -7 to 7.

    Raises:
        OptionError: a value lies outside its range.
    """

    voice: str | None = None
    rate: float = 1.0
    pitch: float = 0.0

    def __post_init__(self) -> None:
        """Check every value against its range."""
        for name, value, (low, high) in (
            ("rate", self.rate, RATE_RANGE),
            ("pitch", self.pitch, PITCH_RANGE_SEMITONES),
        ):
            if not (math.isfinite(value) and low <= value <= high):
                raise OptionError(f"{name} is {value:g}; it must lie between {low:g} and {high:g}")
        if self.voice is not None and not self.voice.strip():
            raise OptionError("the voice has no name; leave it out, or name one")
        if self.voice is not None and not self.voice.isprintable():
            raise OptionError(f"the voice {self.voice!r} has characters that no name has")


@dataclass(frozen=True)
class TimedPhone:
    """One phone of a spoken text: seconds from the start of its sound, and its IPA.

    Diphthongs and affricates are one phone; an empty ``ipa`` is a pause.
    """

    start_s: float
    end_s: float
    ipa: str


@dataclass(frozen=True)
class Spoken:
    """A piece of speech, usually a sentence; the next one follows it without a gap.

    Attributes:
        text: what is said.
        samples: (n,) int16, mono.
        rate_hz: samples a second; the same in all pieces of one text.
        phones: when each phone sounds, without gaps; None where the engine does not know.
        language: of the voice, as espeak-ng names it (``it``, ``en-gb``); None if unknown.
    """

    text: str
    samples: npt.NDArray[np.int16]
    rate_hz: int
    phones: tuple[TimedPhone, ...] | None = None
    language: str | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True)
class VoiceEntry:
    """A voice that an engine has: its name for ``Manner.voice``, and what it is, for people."""

    name: str
    description: str


class TextToSpeech(Protocol):
    """Turns text into speech, piece by piece."""

    def check(self, manner: Manner) -> None:
        """Refuse what cannot be done, before anything is said.

        Raises:
            VoiceError: the engine is not installed, or does not have the voice.
            OptionError: the engine cannot do what is asked for.
        """
        ...

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        """Yield the text's speech sentence by sentence, each as soon as it is made.

        Raises:
            VoiceError: the engine is not installed, does not have the voice, or failed.
            OptionError: the engine cannot do what is asked for.
        """
        ...

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        """Return the voices there are, of one language or of all.

        Raises:
            VoiceError: the engine is not installed.
            OptionError: the engine cannot tell.
        """
        ...
