"""The sound's way to motion, and how its look-ahead is split between hearing and performing.

By default the phonetic net hears 120 ms ahead and the performer sees 120 ms of features more.
With less look-ahead to spend, all of it goes into the net's delay, and the performer's future are
the rows that the net's heads of less delay have heard already: provisional, but free.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gioconda.errors import OptionError
from gioconda.motion import MOTION_RATE_HZ, Motion, concatenate
from gioconda.performance.registry import create
from gioconda.performance.types import AheadPerformer
from gioconda.speech import SpeechAnalyser

if TYPE_CHECKING:
    import numpy.typing as npt

    from gioconda.controls import Controls
    from gioconda.performance.types import Performer
    from gioconda.speech.types import SpeechFeatures

#: What a look-ahead may be, in milliseconds.
LOOKAHEAD_RANGE_MS: Final = (40.0, 500.0)
#: The net's delays to choose from; 200 ms is no better than 120.
_DELAYS_MS: Final = (120, 80, 40, 0)
#: Motion is on a grid of rows, so that an instant between two of them waits for the later one.
_ROW_MS: Final = 1000.0 / MOTION_RATE_HZ


class SoundToMotion:
    """PCM in, motion out, chunk by chunk.

    Args:
        controls: the dials.
        performer: name in the registry of performers.
        lookahead_ms: how much of the sound after an instant may be waited for, grid included, 40
            to 500; None for the default split, 272.5 ms.

    Raises:
        OptionError: the look-ahead is out of range, or the performer cannot do with so little.
    """

    def __init__(
        self, controls: Controls, performer: str = "rules", lookahead_ms: float | None = None
    ) -> None:
        self._analyser, self._performer = _split(performer, lookahead_ms)
        self._ahead: AheadPerformer | None = None
        if lookahead_ms is not None:
            if not isinstance(self._performer, AheadPerformer):
                raise OptionError(f"performer {performer!r} has no look-ahead to choose")
            self._ahead = self._performer
        self._speech = self._analyser.start()
        self._state: Any = self._performer.start(controls)

    @property
    def lookahead_ms(self) -> float:
        """How far behind the sound the motion runs at most, its grid of 20 ms included."""
        return float(self._analyser.latency_ms + self._performer.lookahead_ms + _ROW_MS)

    def push(self, pcm: npt.ArrayLike, heard: Callable[[], object]) -> Motion:
        """Return the motion that became final; ``heard`` is called between the two stages."""
        if self._ahead is None:
            features = self._analyser.step(self._speech, pcm)
            heard()
            return self._performer.step(self._state, features)
        rows = self._analyser.step_ahead(self._speech, pcm)
        heard()
        return self._moved(self._ahead, rows)

    def finish(self, heard: Callable[[], object]) -> list[Motion]:
        """Return the motion that was waiting for look-ahead."""
        if self._ahead is None:
            features = self._analyser.finish(self._speech)
            heard()
            return [
                self._performer.step(self._state, features),
                self._performer.finish(self._state),
            ]
        rows = self._analyser.finish_ahead(self._speech)
        heard()
        return [self._moved(self._ahead, rows)]

    def _moved(
        self, performer: AheadPerformer, rows: list[tuple[SpeechFeatures, SpeechFeatures]]
    ) -> Motion:
        if not rows:
            return self._performer.finish(self._state)  # nothing waits: no rows, rightly timed
        return concatenate([performer.step_ahead(self._state, *row) for row in rows])


def _split(performer: str, lookahead_ms: float | None) -> tuple[SpeechAnalyser, Performer]:
    if lookahead_ms is None:
        return SpeechAnalyser(), create(performer)
    low, high = LOOKAHEAD_RANGE_MS
    if not low <= lookahead_ms <= high:
        raise OptionError(
            f"look-ahead is {lookahead_ms:g} ms; it must lie between {low:g} and {high:g}"
        )
    for delay_ms in _DELAYS_MS:
        analyser = SpeechAnalyser(delay_ms)
        if analyser.latency_ms + _ROW_MS <= lookahead_ms:
            break
    return analyser, create(performer, lookahead_ms=0.0)
