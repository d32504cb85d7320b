"""Speech that waits to be heard: utterances, one after the other, at the output's rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from gioconda.live.resample import Resampler
from gioconda.live.types import OUTPUT_RATE_HZ
from gioconda.motion import FloatArray

if TYPE_CHECKING:
    from gioconda.voices.types import TimedPhone

#: After it ran dry a microphone's sound is given so much time to come late.
JITTER_S: Final = 0.02
#: What waited at least, over so long, was not needed against jitter; but for the margin.
_WATCHED_S: Final = 0.5
_MARGIN_S: Final = 0.006
#: Softer than this is silence (-46 dB: a quiet room).
_SILENCE: Final = 0.005
#: Where silence is left out, both sides are faded into each other.
_CROSSFADE: Final = OUTPUT_RATE_HZ // 500
#: An utterance of which nothing more comes for so long has ended.
ABANDONED_S: Final = 2.0


@dataclass
class _Utterance:
    """What was pushed between two ends of speech."""

    number: int
    live: bool
    chunks: deque[FloatArray] = field(default_factory=deque)
    phones: deque[tuple[int, tuple[TimedPhone, ...]]] = field(default_factory=deque)
    pushed: int = 0
    waiting: int = 0
    taken: int = 0
    complete: bool = False
    flowing: bool = False
    idle: int = 0
    watched: int = 0
    least: int = 2**62
    excess: int = 0


@dataclass(frozen=True)
class Piece:
    """Where a part of an utterance lies.

    Attributes:
        utterance: its number.
        start, end: samples, counted from the start of what was taken.
        before: samples of the utterance that were taken before.
    """

    utterance: int
    start: int
    end: int
    before: int


@dataclass(frozen=True)
class Taken:
    """A stretch taken off the queue.

    Attributes:
        pcm: float32, (n,), silence where nothing was there.
        phones: with the sample, counted from the start of ``pcm``, that their times count from.
        pieces: of utterances, in order.
        ended: (number of an utterance, sample after its last, samples of it that were taken).
    """

    pcm: FloatArray
    phones: tuple[tuple[int, tuple[TimedPhone, ...]], ...]
    pieces: tuple[Piece, ...]
    ended: tuple[tuple[int, int, int], ...]


class SpeechQueue:
    """Utterances wait here; sound is never dropped but by :meth:`clear`.

    Only a live utterance, one from a microphone, may lose silence: as much as waited all the time
    and so only adds delay, be it of a client's clock that runs faster than ours, or of a stall.
    """

    def __init__(self) -> None:
        self._queue: deque[_Utterance] = deque()
        self._count = 0
        self._open: _Utterance | None = None
        self._resampler: tuple[int, Resampler] | None = None

    @property
    def waiting_samples(self) -> int:
        """Samples that wait, at the output's rate."""
        return sum(u.waiting for u in self._queue)

    def push(
        self, pcm: FloatArray, rate_hz: int, phones: Sequence[TimedPhone] | None, live: bool
    ) -> int:
        """Add sound to the open utterance, or open one; return its number."""
        if self._resampler is None or self._resampler[0] != rate_hz:
            resampler = Resampler(rate_hz, OUTPUT_RATE_HZ)
            self._flush()
            self._resampler = (rate_hz, resampler)
        if self._open is None:
            self._count += 1
            self._open = _Utterance(self._count, live)
            self._queue.append(self._open)
        if phones:
            self._open.phones.append((self._open.pushed, tuple(phones)))
        self._add(self._resampler[1].step(pcm))
        return self._open.number

    def end(self) -> None:
        """Close the open utterance."""
        if self._open is not None:
            self._flush()
            self._open.complete = True
            self._open = None

    def clear(self) -> list[int]:
        """Forget all that waits; return the numbers of the utterances that are cut or lost."""
        lost = [u.number for u in self._queue]
        self._queue.clear()
        self._open = self._resampler = None
        return lost

    def take(self, count: int) -> Taken:
        """Return the next ``count`` samples; time passes whether there is speech or not."""
        parts: list[FloatArray] = []
        phones: list[tuple[int, tuple[TimedPhone, ...]]] = []
        pieces: list[Piece] = []
        ended: list[tuple[int, int, int]] = []
        at = 0
        while at < count:
            u = self._queue[0] if self._queue else None
            if u is None or not self._flows(u):
                parts.append(np.zeros(count - at, np.float32))
                if u is not None:
                    u.idle += count - at
                    if u.idle > ABANDONED_S * OUTPUT_RATE_HZ and not u.waiting:
                        self._abandon(u, at, ended)
                break
            chunk = self._pop(u, count - at)
            while u.phones and u.phones[0][0] < u.taken + max(len(chunk), 1):
                start, told = u.phones.popleft()
                phones.append((at + start - u.taken, told))
            if len(chunk):
                pieces.append(Piece(u.number, at, at + len(chunk), u.taken))
            u.taken += len(chunk)
            at += len(chunk)
            parts.append(chunk)
            if u.waiting:
                continue
            if u.complete:
                self._queue.popleft()
                if u.taken:
                    ended.append((u.number, at, u.taken))
            else:
                u.flowing = False
        if self._queue and self._queue[0].live and self._queue[0].flowing:
            self._watch(self._queue[0], count)
        pcm = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return Taken(pcm, tuple(phones), tuple(pieces), tuple(ended))

    def _flows(self, u: _Utterance) -> bool:
        """Tell whether an utterance goes on now; a live one is given time after it ran dry."""
        if u.complete or u.flowing:
            return True
        # What is less than the jitter and gets no company is a rest, and is heard after all.
        jitter = JITTER_S * OUTPUT_RATE_HZ
        enough = jitter if u.live and u.idle <= jitter else 1
        u.flowing = u.waiting >= enough
        if u.flowing:
            u.idle = 0
        return u.flowing

    def _pop(self, u: _Utterance, most: int) -> FloatArray:
        if not u.chunks:
            return np.zeros(0, np.float32)
        if u.live and u.excess > _CROSSFADE:
            self._skip_silence(u)
        chunk = u.chunks.popleft()
        if len(chunk) > most:
            u.chunks.appendleft(chunk[most:])
            chunk = chunk[:most]
        u.waiting -= len(chunk)
        return chunk

    def _skip_silence(self, u: _Utterance) -> None:
        """Leave out silence at the front, as much as waits without need."""
        wanted = u.excess + 2 * _CROSSFADE
        front = np.zeros(0, np.float32)
        while u.chunks and len(front) < wanted:
            front = np.concatenate([front, u.chunks.popleft()])
        loud = np.flatnonzero(np.abs(front) > _SILENCE)
        silent = int(loud[0]) if len(loud) else len(front)
        gone = max(min(u.excess, silent - _CROSSFADE), 0)
        if gone:
            rising = np.linspace(0, 1, _CROSSFADE, dtype=np.float32)
            joined = front[gone:].copy()
            joined[:_CROSSFADE] *= rising
            joined[:_CROSSFADE] += (1 - rising) * front[:_CROSSFADE]
            front = joined
        u.chunks.appendleft(front)
        u.waiting -= gone
        u.excess -= gone
        # Times of phones count samples that were pushed.
        u.taken += gone

    @staticmethod
    def _watch(u: _Utterance, count: int) -> None:
        """Note what a live utterance has waiting after a take; the least of it is delay."""
        u.least = min(u.least, u.waiting)
        u.watched += count
        if u.watched >= _WATCHED_S * OUTPUT_RATE_HZ:
            u.excess = max(u.least - round(_MARGIN_S * OUTPUT_RATE_HZ), 0)
            u.watched, u.least = 0, 2**62

    def _abandon(self, u: _Utterance, at: int, ended: list[tuple[int, int, int]]) -> None:
        self._queue.popleft()
        if u is self._open:
            self._open = self._resampler = None
        if u.taken:
            ended.append((u.number, at, u.taken))

    def _add(self, pcm: FloatArray) -> None:
        if self._open is not None and len(pcm):
            self._open.chunks.append(pcm)
            self._open.pushed += len(pcm)
            self._open.waiting += len(pcm)

    def _flush(self) -> None:
        if self._resampler is not None:
            self._add(self._resampler[1].finish())
            self._resampler = None
