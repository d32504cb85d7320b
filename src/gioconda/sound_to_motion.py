"""The sound's way to motion, and how its look-ahead is split between hearing and performing.

By default the phonetic net hears 120 ms ahead and the performer sees 200 ms of features more.
With less look-ahead to spend, all of it goes into the net's delay, and the performer's future are
the rows that the net's heads of less delay have heard already: provisional, but free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.motion import CHANNELS, MOTION_RATE_HZ, FloatArray, Motion, concatenate
from gioconda.partner import PartnerEar
from gioconda.performance.registry import create
from gioconda.performance.types import AheadPerformer, Listener
from gioconda.speech import SpeechAnalyser
from gioconda.speech.analyser import check_pcm
from gioconda.speech.known_phones import KnownPhones
from gioconda.speech.types import SAMPLE_RATE_HZ, SpeechFeatures

if TYPE_CHECKING:
    from gioconda.control_track import Direction
    from gioconda.performance.types import Performer
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.voices.types import TimedPhone

#: A row of features, and what the next rows look like so far.
_Row = tuple[SpeechFeatures, SpeechFeatures]

#: What a look-ahead may be, in milliseconds.
LOOKAHEAD_RANGE_MS: Final = (40.0, 500.0)
#: The net's delays to choose from; 200 ms is no better than 120.
_DELAYS_MS: Final = (120, 80, 40, 0)
#: Motion is on a grid of rows, so that an instant between two of them waits for the later one.
_ROW_MS: Final = 1000.0 / MOTION_RATE_HZ


class SoundToMotion:
    """PCM in, motion out, chunk by chunk.

    Args:
        controls: the dials, constant or over time.
        performer: name in the registry of performers.
        lookahead_ms: how much of the sound after an instant may be waited for, grid included, 40
            to 500; None for the default split, 352.5 ms.
        phones: that are known to sound, in seconds of the sound; the net hears the rest.

    Raises:
        OptionError: the look-ahead is out of range, or the performer cannot do with so little.
    """

    def __init__(
        self,
        controls: Direction,
        performer: str = "rules",
        lookahead_ms: float | None = None,
        phones: PhoneTrack | None = None,
    ) -> None:
        self._analyser, self._performer = _split(performer, lookahead_ms)
        self._ahead: AheadPerformer | None = None
        if lookahead_ms is not None:
            if not isinstance(self._performer, AheadPerformer):
                raise OptionError(f"performer {performer!r} has no look-ahead to choose")
            self._ahead = self._performer
        self._speech = self._analyser.start()
        self._known = KnownPhones(phones)
        self._ear = PartnerEar(self._analyser)
        self._state: Any = self._performer.start(controls)
        self._ended = False
        self._end_s = 0.0

    @property
    def lookahead_ms(self) -> float:
        """How far behind the sound the motion runs at most, its grid of 20 ms included."""
        return float(self._analyser.latency_ms + self._performer.lookahead_ms + _ROW_MS)

    def set(self, controls: Direction) -> None:
        """Give other controls to the motion still to be made."""
        self._performer.set(self._state, controls)

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not given.

        Raises:
            OptionError: the performer cannot listen.
        """
        if not isinstance(self._performer, Listener):
            raise OptionError("this performer cannot listen")
        self._performer.set_listening(self._state, listening)

    def push(
        self,
        pcm: FloatArray,
        heard: Callable[[], object],
        *,
        phones: Sequence[TimedPhone] | None = None,
        partner: FloatArray | None = None,
    ) -> Motion:
        """Return the motion that became final.

        Args:
            pcm: float32 mono at 16 kHz, any length.
            heard: called between the two stages.
            phones: that sound in ``pcm`` and after, in seconds from its start, if known.
            partner: somebody else's samples over the same time; None for silence.

        Raises:
            OptionError: the sound has been finished, or the partner's samples have another length,
                or an array is not one channel of floats, or the performer cannot listen.
            BadSamplesError: a sample is NaN or infinite.
        """
        # Everything is checked before anything advances: what is refused leaves no trace.
        if self._ended:
            raise OptionError("this sound has been finished; start another performance")
        check_pcm(pcm)
        self._ear.check(pcm, partner)
        if partner is not None and not isinstance(self._performer, Listener):
            raise OptionError("this performer cannot listen to a partner")
        if phones:
            self._known.add_spoken(phones, self._speech.samples / SAMPLE_RATE_HZ)
        if self._ahead is None:
            features = self._known.sharpen(self._analyser.step(self._speech, pcm))
            other = self._ear.step(partner, len(pcm))
            heard()
            return self._step(features, other)
        rows = self._sharpened(self._analyser.step_ahead(self._speech, pcm))
        other = self._ear.step(partner, len(pcm))
        heard()
        return self._moved(self._ahead, rows, other)

    def finish(self, heard: Callable[[], object]) -> list[Motion]:
        """Return the motion that was waiting for look-ahead; none the second time."""
        if self._ended:
            return []
        self._ended = True
        if self._ahead is None:
            features = self._known.sharpen(self._analyser.finish(self._speech))
            other = self._ear.finish()
            heard()
            return [self._step(features, other), self._performer.finish(self._state)]
        rows = self._sharpened(self._analyser.finish_ahead(self._speech))
        other = self._ear.finish()
        heard()
        return [self._moved(self._ahead, rows, other), self._performer.finish(self._state)]

    def _sharpened(self, rows: list[_Row]) -> list[_Row]:
        return [(self._known.sharpen(row), self._known.sharpen(ahead)) for row, ahead in rows]

    def _step(self, features: SpeechFeatures, other: SpeechFeatures | None) -> Motion:
        if other is None:
            return self._performer.step(self._state, features)
        if not isinstance(self._performer, Listener):
            raise OptionError("this performer cannot listen to a partner")
        return self._performer.step(self._state, features, other)

    def _moved(
        self, performer: AheadPerformer, rows: list[_Row], other: SpeechFeatures | None
    ) -> Motion:
        if not rows:
            return Motion(np.zeros((0, len(CHANNELS)), np.float32), MOTION_RATE_HZ, self._end_s)
        others = [None] * len(rows) if other is None else other.rows()
        motion = concatenate(
            [
                performer.step_ahead(self._state, row, ahead, partner)
                for (row, ahead), partner in zip(rows, others, strict=True)
            ]
        )
        self._end_s = motion.start_s + motion.duration_s
        return motion


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
