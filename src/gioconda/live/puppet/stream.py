"""Moments of a webcam's clock, read at the instants of a session.

Frames come 15 to 30 times a second, unevenly and over a network; a session asks 24 to 60 times a
second. In between lies a clock that is estimated and a short buffer: what is shown is as old as
one webcam frame, so that there nearly always is a moment on either side of it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.live.puppet.filters import Fade
from gioconda.motion import CHANNELS, INDEX, MOUTH_CHANNELS, FloatArray
from gioconda.render.mesh.depth import smoothstep

#: What the puppeteer drives: all but the lips, which the voice moves, or all of the face.
HEAD: Final = "head"
FACE: Final = "face"
MODES: Final = (HEAD, FACE)
#: The last moment is held so long after the next one was due, then left within the second time.
HELD_S: Final = 0.5
EASE_S: Final = 0.5
#: The puppeteer takes over, or goes on after having been away, within this time.
ARRIVE_S: Final = 0.4
#: Moments further apart are no course of motion; the later one is gone over to.
_GAP_S: Final = 0.2
#: The buffer is a step of the webcam and what frames came late by lately, within these bounds.
_BUFFER_S: Final = (0.02, 0.12)
#: Lateness is forgotten with this time constant.
_LATE_S: Final = 3.0
_USUAL_STEP_S: Final = 1 / 30
#: Part of the news in the estimate of the step.
_STEP_SHARE: Final = 0.1
#: A clock that arrives later than it was thought is believed so slowly, seconds a second: delay
#: passes, drift of a quartz is a hundredth of this.
_LATER_RATE: Final = 0.02
#: An offset wrong by more than this is another clock, such as that of a page loaded anew.
_OTHER_CLOCK_S: Final = 1.0
#: Moments that are kept.
_KEPT: Final = 64
#: What is shown goes towards what is due no faster than the clock by this factor.
_RATE: Final = (0.5, 1.5)


class PuppetStream:
    """A motion that is pushed at the client's instants and read at the session's.

    Neither clock is asked here: both come as arguments. Memory does not grow.

    Args:
        mode: ``"face"``, or ``"head"``: the mouth stays with the voice.

    Raises:
        OptionError: there is no such mode.
    """

    def __init__(self, mode: str = FACE) -> None:
        self.mode = mode
        self.reset()

    @property
    def mode(self) -> str:
        """What the puppeteer drives."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES:
            raise OptionError(f"the puppet mode is {mode!r}; it is one of {', '.join(MODES)}")
        self._mode = mode
        mask = np.ones(len(CHANNELS), np.float32)
        mask[INDEX["breath"]] = 0
        if mode == HEAD:
            mask[[INDEX[name] for name in MOUTH_CHANNELS]] = 0
        self._driven: FloatArray = mask

    def reset(self) -> None:
        """Forget the puppeteer; what comes next arrives as at the beginning."""
        self._moments: deque[tuple[float, FloatArray]] = deque(maxlen=_KEPT)
        self._offset_s: float | None = None
        self._arrived_s = -np.inf
        self._step_s = _USUAL_STEP_S
        self._late_s = 0.0
        self._read_s: float | None = None
        self._session_s = -np.inf
        self._fade = Fade(ARRIVE_S)
        self._course = 1
        self._presence = 0.0

    def push(self, time_s: float, moment: FloatArray | None, arrived_s: float) -> None:
        """Take a moment.

        Args:
            time_s: its instant on the client's clock. One that is not later than the one before is
                ignored, unless it is of another clock.
            moment: (60,); None says that no face is seen.
            arrived_s: when it came, on the session's timeline.

        Raises:
            OptionError: a time is no number, or this is no moment.
        """
        if not (np.isfinite(time_s) and np.isfinite(arrived_s)):
            raise OptionError("a puppet's moment has a time that is no number")
        offset_s = arrived_s - time_s
        if self._offset_s is None or abs(offset_s - self._offset_s) > _OTHER_CLOCK_S:
            self._moments.clear()
            self._read_s = None
            self._offset_s, self._late_s = offset_s, 0.0
            self._course += 1
        elif offset_s < self._offset_s:  # the least delay so far tells the clocks apart best
            self._offset_s = offset_s
        else:
            most = _LATER_RATE * max(arrived_s - self._arrived_s, 0.0)
            self._offset_s += min(offset_s - self._offset_s, most)
        kept = float(np.exp(-max(arrived_s - self._arrived_s, 0.0) / _LATE_S))
        self._late_s = max(offset_s - self._offset_s, self._late_s * kept)
        if moment is not None:
            self._add(time_s, moment)
        self._arrived_s = max(arrived_s, self._arrived_s)

    def _add(self, time_s: float, moment: FloatArray) -> None:
        if np.shape(moment) != (len(CHANNELS),) or not np.isfinite(moment).all():
            raise OptionError(f"a puppet's moment must hold {len(CHANNELS)} finite numbers")
        if self._moments:
            step_s = time_s - self._moments[-1][0]
            if step_s <= 0:
                return
            if step_s > _GAP_S:
                self._moments.clear()
                self._course += 1
            else:
                self._step_s += _STEP_SHARE * (step_s - self._step_s)
        self._moments.append((time_s, np.array(moment, np.float32)))

    @property
    def delay_s(self) -> float:
        """How far behind its arrival a moment is shown."""
        return float(np.clip(self._step_s + self._late_s, *_BUFFER_S))

    def over(self, performed: FloatArray, time_s: float) -> FloatArray:
        """Return a performed moment as the puppeteer changes it, (60,); breath is never changed.

        Args:
            performed: (60,) what the face would do by itself.
            time_s: instant of the session, rising; one that went before counts as no time.
        """
        moment, presence = self.at(time_s)
        if moment is None or presence <= 0:
            return performed
        share = np.float32(presence) * self._driven
        result: FloatArray = performed + share * (moment - performed)
        return result

    def at(self, time_s: float) -> tuple[FloatArray | None, float]:
        """Return the puppeteer's moment at an instant of the session, and its presence, 0 to 1.

        Presence grows as the puppeteer arrives and falls once nothing has come for half a second;
        then the last moment is held.
        """
        passed_s = max(time_s - self._session_s, 0.0) if np.isfinite(self._session_s) else 0.0
        self._session_s = max(self._session_s, time_s)
        if not self._moments or self._offset_s is None:
            self._presence = 0.0
            return None, 0.0
        due_s = time_s - self._offset_s - self.delay_s
        here = due_s - self._moments[-1][0] <= HELD_S
        self._presence += passed_s / ARRIVE_S if here else -passed_s / EASE_S
        self._presence = float(np.clip(self._presence, 0.0, 1.0))
        self._read_s = self._clock(due_s, passed_s)
        shown = self._fade.towards(self._between(self._read_s), self._course, time_s)
        return shown, float(smoothstep(self._presence))

    def _clock(self, due_s: float, passed_s: float) -> float:
        """Return the instant of the client's clock to show: it never goes back, nor leaps.

        Where nothing newer has come it waits, and then catches up.
        """
        newest_s = self._moments[-1][0]
        if self._read_s is None:
            return min(due_s, newest_s)
        if min(due_s, newest_s) - self._read_s > HELD_S:
            self._course += 1
            return min(due_s, newest_s)
        slow, fast = (self._read_s + passed_s * rate for rate in _RATE)
        return float(min(np.clip(due_s, slow, fast), newest_s))

    def _between(self, read_s: float) -> FloatArray:
        """Return the moment at an instant of the client's clock, linear between neighbours."""
        after: tuple[float, FloatArray] | None = None
        for time_s, moment in reversed(self._moments):
            if time_s <= read_s:
                if after is None:
                    return moment
                part = np.float32((read_s - time_s) / (after[0] - time_s))
                result: FloatArray = moment + part * (after[1] - moment)
                return result
            after = (time_s, moment)
        assert after is not None
        return after[1]
