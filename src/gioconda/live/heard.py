"""Sound that is on its way out: a delay line, and the events that lie in it."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from gioconda.live.speech_queue import Piece, Taken
from gioconda.live.types import (
    OUTPUT_RATE_HZ,
    LiveAudio,
    LiveEvent,
    SpeakEnded,
    SpeakStarted,
)
from gioconda.motion import FloatArray

#: Speech that is cut off fades within this.
_FADE: Final = OUTPUT_RATE_HZ // 100


class HeardSound:
    """What was taken off the queue, and how much of it was given out.

    Attributes:
        taken: samples that came in.
        given: samples that went out.
        saying: the utterance that is being heard; None between two.
    """

    def __init__(self) -> None:
        self.taken = self.given = 0
        self.saying: int | None = None
        self._line: deque[FloatArray] = deque()
        self._events: deque[tuple[int, LiveEvent]] = deque()
        self._pieces: deque[tuple[int, Piece]] = deque()
        self._last_begun = 0

    @property
    def spoken_to(self) -> int:
        """The sample after the last one of speech that came in; 0 before any."""
        if not self._pieces:
            return 0
        base, piece = self._pieces[-1]
        return base + piece.end

    def put(self, taken: Taken) -> list[float]:
        """Take a stretch in; return the instants at which utterances begin in it."""
        events: list[tuple[int, LiveEvent]] = []
        begun_s = []
        for number, at, samples in taken.ended:
            end_s, played_s = (n / OUTPUT_RATE_HZ for n in (self.taken + at, samples))
            events.append((self.taken + at, SpeakEnded(end_s, number, played_s, False)))
        for piece in taken.pieces:
            start = self.taken + piece.start
            self._pieces.append((self.taken, piece))
            if piece.utterance != self._last_begun:
                self._last_begun = piece.utterance
                begun_s.append(start / OUTPUT_RATE_HZ)
                events.append((start, SpeakStarted(begun_s[-1], piece.utterance)))
        # One utterance ends before the next begins.
        self._events += sorted(events, key=lambda e: (e[0], isinstance(e[1], SpeakStarted)))
        self._line.append(taken.pcm)
        self.taken += len(taken.pcm)
        return begun_s

    def give(self, until: int) -> tuple[LiveAudio | None, tuple[LiveEvent, ...]]:
        """Return the sound up to a sample, and the events in it."""
        parts: list[FloatArray] = []
        at = self.given
        while at < until:
            chunk = self._line.popleft()
            if len(chunk) > until - at:
                self._line.appendleft(chunk[until - at :])
                chunk = chunk[: until - at]
            parts.append(chunk)
            at += len(chunk)
        audio = LiveAudio(self.given, np.concatenate(parts)) if parts else None
        self.given = at
        events: list[LiveEvent] = []
        while self._events and self._events[0][0] <= self.given:
            event = self._events.popleft()[1]
            self.saying = event.utterance if isinstance(event, SpeakStarted) else None
            events.append(event)
        while len(self._pieces) > 1 and self._pieces[0][0] + self._pieces[0][1].end < at - _FADE:
            self._pieces.popleft()
        return audio, tuple(events)

    def cut(self, lost: list[int]) -> None:
        """Fade what is on its way, and tell the end of every utterance that is cut.

        Args:
            lost: utterances that still waited.
        """
        unheard = {*lost, *(event.utterance for _, event in self._events)}
        if self.saying is not None:
            unheard.add(self.saying)
        if self._line:
            rest = np.concatenate(self._line)
            fade = min(len(rest), _FADE)
            rest[:fade] *= np.linspace(1, 0, fade, dtype=np.float32)
            rest[fade:] = 0
            self._line = deque([rest])
        self._events.clear()
        now_s = self.given / OUTPUT_RATE_HZ
        for number in sorted(unheard):
            ended = SpeakEnded(now_s, number, self._played_s(number), interrupted=True)
            self._events.append((self.given, ended))
        self._pieces.clear()

    def _played_s(self, utterance: int) -> float:
        """Return how much of an utterance was given out."""
        played = 0
        for base, piece in self._pieces:
            if piece.utterance == utterance:
                heard = min(max(self.given - base - piece.start, 0), piece.end - piece.start)
                played = max(played, piece.before + heard if heard else played)
        return played / OUTPUT_RATE_HZ
