"""Pairs what a client pushed with what the server says was heard.

The server's own utterances may differ from the client's: one that runs dry for two seconds is
ended there and goes on as another, and a lost worker forgets what it was to say. A program that
waits for the end of its speech must get it exactly once all the same.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from gioconda.live.types import LiveEvent, SpeakEnded, SpeakStarted

#: Resampling may add or take a few samples.
_TOLERANCE_S: Final = 0.02
#: An end that has not come so long after it was due does not come any more.
OVERDUE_S: Final = 3.0


@dataclass
class _Utterance:
    """One of the client's utterances.

    Attributes:
        number: by the client's count.
        first, theirs: numbers, by the server's count, of the first and the last utterance that it
            is spoken as; 0 where that is not known.
        pushed_s: seconds pushed; None where the server makes the sound from text.
        played_s: seconds heard, or lost.
        heard_s: of those, seconds that were heard.
        complete: nothing more will be pushed.
        begun: it has begun to be heard.
        begun_s: when.
        cut: it was interrupted; what is still said of it is late news.
    """

    number: int
    first: int
    theirs: int
    pushed_s: float | None
    played_s: float = 0.0
    heard_s: float = 0.0
    complete: bool = False
    begun: bool = False
    begun_s: float = 0.0
    cut: bool = False

    @property
    def unmade(self) -> bool:
        """Whether it is a text of which nothing has been heard; perhaps it is not spoken yet."""
        return self.pushed_s is None and not self.begun

    @property
    def spent(self) -> bool:
        """Whether everything that was pushed has been played."""
        return self.pushed_s is not None and self.played_s >= self.pushed_s - _TOLERANCE_S


class SpeechLedger:
    """Counts utterances of one client.

    Every method that returns events returns those that are due now, in order; times are the
    timeline's, in seconds.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Utterance] = deque()
        self._count = 0
        self._theirs = 0
        self._open = False
        self._deadline_s = float("inf")
        # The beginning of an utterance that was told before the end of the one before it.
        self._early: tuple[int, float] | None = None

    @property
    def number(self) -> int:
        """Number of the last utterance."""
        return self._count

    @property
    def outstanding(self) -> bool:
        """Whether an end is still owed."""
        return bool(self._waiting)

    @property
    def cutting(self) -> bool:
        """Whether the server has not yet said that what was interrupted has ended."""
        return bool(self._waiting) and self._waiting[0].cut

    def push(self, seconds: float) -> int:
        """Note that sound is pushed; return the number of its utterance."""
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.complete or last.pushed_s is None:
            last = self._begin(0.0)
        if not self._open:
            self._theirs += 1
            self._open = True
        assert last.pushed_s is not None
        last.pushed_s += seconds
        last.theirs = self._theirs
        last.first = last.first or last.theirs
        self._deadline_s = float("inf")
        return last.number

    def say(self) -> int:
        """Note a text that the server speaks; return the number of its utterance."""
        self._close()
        self._theirs += 1
        spoken = self._begin(None)
        spoken.first, spoken.complete = self._theirs, True
        return spoken.number

    def end(self, now_s: float) -> list[LiveEvent]:
        """Note the end of speech; an utterance that was played already ends at once."""
        self._close()
        self._rate(now_s)
        return self._finish_spent(now_s)

    def interrupt(self, now_s: float) -> list[LiveEvent]:
        """Note an interruption: the ends of all utterances are awaited, their sound is not."""
        self._close()
        events: list[LiveEvent] = []
        for utterance in tuple(self._waiting):
            utterance.cut = True
            if utterance.unmade:
                events.append(self._forget(utterance, now_s))
        if self._waiting:
            self._deadline_s = now_s + OVERDUE_S
        return events + self._finish_spent(now_s)

    def started(self, theirs: int, time_s: float) -> list[LiveEvent]:
        """Take the server's word that an utterance has begun to be heard."""
        events: list[LiveEvent] = []
        while self._waiting and self._waiting[0].cut and theirs > self._waiting[0].theirs:
            events.append(self._drop(time_s))
        foreign = not self._waiting
        self._theirs = max(self._theirs, theirs)
        if foreign:
            self._begin(None).complete = True
        head = self._waiting[0]
        if head.begun and len(self._waiting) > 1 and theirs > head.theirs:
            self._early = (theirs, time_s)
        elif not head.begun and not head.cut:
            head.begun, head.begun_s = True, time_s
            events.append(SpeakStarted(time_s, head.number))
        self._rate(time_s)
        return events

    def ended(
        self, theirs: int, time_s: float, played_s: float, interrupted: bool
    ) -> list[LiveEvent]:
        """Take the server's word that an utterance has ended."""
        if not self._waiting:
            return []
        events: list[LiveEvent] = []
        while len(self._waiting) > 1 and self._waiting[0].cut and theirs > self._waiting[0].theirs:
            events.append(self._drop(time_s))
        head = self._waiting[0]
        if theirs < head.first:
            return events
        head.played_s += played_s
        head.heard_s += played_s
        if theirs >= self._theirs and not head.complete:
            # It ran dry; whatever comes now opens another at the server.
            self._open = False
        self._theirs = max(self._theirs, theirs)
        if head.cut or interrupted:
            if interrupted or head.spent:
                events.append(self._drop(time_s))
        elif head.pushed_s is None:
            self._waiting.popleft()
            events.append(SpeakEnded(time_s, head.number, head.heard_s, interrupted=False))
        else:
            events += self._finish_spent(time_s)
        self._rate(time_s)
        if self._early is not None and self._waiting and not self._waiting[0].begun:
            early, self._early = self._early, None
            events += self.started(*early)
        return events

    def restarted(self, now_s: float) -> list[LiveEvent]:
        """Take the server's word that what was being said is lost; its count begins anew."""
        events: list[LiveEvent] = []
        while self._waiting and (self._waiting[0].complete or self._waiting[0].cut):
            events.append(self._lose(now_s))
        for unfinished in self._waiting:
            # Its rest will be heard, and ends it.
            unfinished.played_s = unfinished.pushed_s or 0.0
            unfinished.first = unfinished.theirs = 0
        self._theirs, self._open, self._early = 0, False, None
        return events

    def refused(self, now_s: float) -> list[LiveEvent]:
        """Note that a text could not be spoken: the first that waits ends unheard."""
        for utterance in self._waiting:
            if utterance.unmade:
                return [self._forget(utterance, now_s)]
        return []

    def tick(self, now_s: float) -> list[LiveEvent]:
        """End what is overdue; call it as the timeline goes on."""
        if now_s < self._deadline_s or not self._waiting:
            return []
        events: list[LiveEvent] = [self._lose(now_s)]
        self._rate(now_s)
        return events

    def abandon(self, now_s: float) -> list[LiveEvent]:
        """End everything, since nothing will come any more."""
        return [self._lose(now_s) for _ in range(len(self._waiting))]

    def _begin(self, pushed_s: float | None) -> _Utterance:
        self._count += 1
        begun = _Utterance(self._count, 0, self._theirs, pushed_s)
        self._waiting.append(begun)
        return begun

    def _close(self) -> None:
        self._open = False
        if self._waiting:
            self._waiting[-1].complete = True

    def _forget(self, text: _Utterance, now_s: float) -> SpeakEnded:
        """Take out a text that never became an utterance of the server's."""
        for other in self._waiting:
            if other.first > text.first:
                other.first, other.theirs = other.first - 1, other.theirs - 1
        self._theirs -= 1
        self._waiting.remove(text)
        return SpeakEnded(now_s, text.number, 0.0, interrupted=True)

    def _lose(self, now_s: float) -> SpeakEnded:
        """End the first without the server's word; what was heard of it is an estimate."""
        head = self._waiting[0]
        if head.begun:
            most_s = float("inf") if head.pushed_s is None else head.pushed_s
            head.heard_s = max(head.heard_s, min(now_s - head.begun_s, most_s))
        return self._drop(now_s)

    def _drop(self, now_s: float) -> SpeakEnded:
        lost = self._waiting.popleft()
        return SpeakEnded(now_s, lost.number, lost.heard_s, interrupted=True)

    def _finish_spent(self, now_s: float) -> list[LiveEvent]:
        events: list[LiveEvent] = []
        while self._waiting:
            head = self._waiting[0]
            if not (head.complete and head.spent):
                break
            self._waiting.popleft()
            lost = head.cut or head.heard_s < head.played_s
            events.append(SpeakEnded(now_s, head.number, head.heard_s, interrupted=lost))
        return events

    def _rate(self, now_s: float) -> None:
        """Set when the next end is overdue."""
        head = self._waiting[0] if self._waiting else None
        if head is None or not head.complete:
            self._deadline_s = float("inf")
        elif head.pushed_s is None:
            # Nobody knows how long a text takes to be made and spoken.
            self._deadline_s = now_s + OVERDUE_S if head.cut else float("inf")
        else:
            rest_s = 0.0 if head.cut else max(head.pushed_s - head.played_s, 0.0)
            self._deadline_s = now_s + rest_s + OVERDUE_S
