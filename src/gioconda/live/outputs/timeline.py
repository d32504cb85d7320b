"""A session's times become an output's own, which begin at 0; pure, without any clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.live.types import OUTPUT_RATE_HZ, ByteImage
from gioconda.motion import FloatArray

#: Units of picture times: those of MPEG, which hold every usual frame rate exactly.
TICKS_PER_S: Final = 90_000
#: So long the first of picture and sound waits for the other.
HOLD_S: Final = 0.5
#: Silence is made in stretches of this length.
_STRETCH: Final = OUTPUT_RATE_HZ


@dataclass(frozen=True)
class Picture:
    """A picture and when it is shown, in :data:`TICKS_PER_S` from the output's beginning."""

    ticks: int
    image: ByteImage


@dataclass(frozen=True)
class Sound:
    """A stretch of sound and the number of its first sample; each begins where the last ended."""

    sample: int
    pcm: FloatArray


Piece = Picture | Sound


class Timeline:
    """Moves frames and sound to a timeline that begins with the earlier of the two.

    Nothing is lost at the beginning: sound ahead of the first frame is kept, and that frame then
    shown from 0 on. If only one of picture and sound comes for half a second, it begins alone.
    """

    def __init__(self) -> None:
        #: Frames that came too late to be shown.
        self.late = 0
        self._origin: float | None = None
        self._frames: list[tuple[float, ByteImage]] = []
        self._sounds: list[tuple[int, FloatArray]] = []
        self._ticks = -1
        self._position = 0

    @property
    def end_s(self) -> float:
        """Up to where there is picture or sound."""
        return max(self._position / OUTPUT_RATE_HZ, self._ticks / TICKS_PER_S, 0.0)

    def frame(self, time_s: float, image: ByteImage) -> Iterator[Piece]:
        """Take a frame; yield what is now placed. A frame that is not after the last is dropped."""
        self._frames.append((time_s, image))
        yield from self._placed()

    def sound(self, sample: int, pcm: FloatArray) -> Iterator[Piece]:
        """Take sound; yield what is now placed, gaps filled and overlaps cut."""
        self._sounds.append((sample, pcm))
        yield from self._placed()

    def finish(self) -> Iterator[Piece]:
        """Yield what was still held."""
        yield from self._placed(all_there_is=True)

    def _placed(self, all_there_is: bool = False) -> Iterator[Piece]:
        if self._origin is None and not self._begin(all_there_is):
            return
        frames, self._frames = self._frames, []
        sounds, self._sounds = self._sounds, []
        for time_s, image in frames:
            yield from self._show(time_s, image)
        for sample, pcm in sounds:
            yield from self._hear(sample, pcm)

    def _begin(self, all_there_is: bool) -> bool:
        """Set the origin once it is known; return whether it is."""
        times = [self._frames[0][0]] if self._frames else []
        times += [self._sounds[0][0] / OUTPUT_RATE_HZ] if self._sounds else []
        if not times or not (len(times) == 2 or all_there_is or self._held_s() >= HOLD_S):
            return False
        self._origin = min(times)
        return True

    def _held_s(self) -> float:
        if self._frames:
            return self._frames[-1][0] - self._frames[0][0]
        last, pcm = self._sounds[-1]
        return (last + len(pcm) - self._sounds[0][0]) / OUTPUT_RATE_HZ

    def _show(self, time_s: float, image: ByteImage) -> Iterator[Piece]:
        assert self._origin is not None
        ticks = round((time_s - self._origin) * TICKS_PER_S)
        if self._ticks < 0 and 0 <= ticks < HOLD_S * TICKS_PER_S:
            ticks = 0
        if ticks <= self._ticks:
            self.late += 1
            return
        self._ticks = ticks
        yield Picture(ticks, image)

    def _hear(self, sample: int, pcm: FloatArray) -> Iterator[Piece]:
        assert self._origin is not None
        start = sample - round(self._origin * OUTPUT_RATE_HZ)
        if start < self._position:
            pcm = pcm[self._position - start :]
        while self._position < start:
            missing = min(start - self._position, _STRETCH)
            yield Sound(self._position, np.zeros(missing, np.float32))
            self._position += missing
        if len(pcm):
            yield Sound(self._position, pcm)
            self._position += len(pcm)
