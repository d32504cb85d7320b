"""Cuts the speech out of a timeline of sound, to the sample."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from gioconda.live.types import OUTPUT_RATE_HZ, LiveAudio, LiveEvent, SpeakEnded, SpeakStarted

#: Sound is kept for so long, in case that the event that opens the gate comes after it.
_KEPT: Final = OUTPUT_RATE_HZ // 2


class SpeechGate:
    """Lets sound through while something is said, with the events in their places.

    A face's sound goes on while it is silent; the frameworks of voice agents want what is said and
    nothing else, since they count its seconds. Events may come a little before or after the sound
    that they belong to.
    """

    def __init__(self) -> None:
        self._open = False
        self._line: deque[LiveAudio] = deque()
        self._ahead: deque[tuple[int, LiveEvent]] = deque()
        self._end = 0
        self._cut = 0

    @property
    def open(self) -> bool:
        """Whether something is being said."""
        return self._open

    def cut(self, upto: int) -> None:
        """Let nothing more through of the utterances up to a number."""
        self._cut = max(self._cut, upto)
        self._open = False
        self._line.clear()
        self._ahead.clear()

    def sound(self, audio: LiveAudio) -> Iterator[LiveAudio | LiveEvent]:
        """Take sound; return what of it is speech, and the events in it."""
        self._end = audio.sample + len(audio.pcm)
        while self._ahead and self._ahead[0][0] <= self._end:
            at, event = self._ahead.popleft()
            before, audio = _split(audio, at)
            yield from self._pass(before)
            yield from self._turn(event)
        yield from self._pass(audio)

    def event(self, event: LiveEvent) -> Iterator[LiveAudio | LiveEvent]:
        """Take an event; return it if its place is reached, and sound that had come before it."""
        late_end = isinstance(event, SpeakEnded) and event.interrupted
        if event.utterance <= self._cut:
            if late_end:
                yield event
            return
        at = round(event.time_s * OUTPUT_RATE_HZ)
        if at > self._end and not late_end:
            self._ahead.append((at, event))
            return
        if late_end:
            self._ahead = deque(a for a in self._ahead if a[1].utterance > event.utterance)
        kept = list(self._line) if isinstance(event, SpeakStarted) else []
        yield from self._turn(event)
        for audio in kept:
            yield from self._pass(_split(audio, at)[1])

    def _turn(self, event: LiveEvent) -> Iterator[LiveEvent]:
        self._open = isinstance(event, SpeakStarted)
        self._line.clear()
        yield event

    def _pass(self, audio: LiveAudio) -> Iterator[LiveAudio]:
        if not len(audio.pcm):
            return
        if self._open:
            yield audio
            return
        self._line.append(audio)
        while len(self._line) > 1 and self._end - self._line[1].sample > _KEPT:
            self._line.popleft()


def _split(audio: LiveAudio, at: int) -> tuple[LiveAudio, LiveAudio]:
    count = min(max(at - audio.sample, 0), len(audio.pcm))
    return (
        LiveAudio(audio.sample, audio.pcm[:count]),
        LiveAudio(audio.sample + count, audio.pcm[count:]),
    )
