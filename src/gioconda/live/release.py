"""How the mouth comes to rest when speech is cut off, and how it takes up speech again.

Speech that ends by itself relaxes over a third of a second, and what was heard already would still
be articulated. After an interruption the mouth's channels are therefore faded, by a critically
damped spring, so that neither their values nor their speeds jump.
"""

from __future__ import annotations

import math
from typing import Final

from gioconda.motion import INDEX, MOUTH_CHANNELS, FloatArray

#: Natural frequency of the fade: within 5 % of rest after 79 ms.
_CLOSE_RAD_S: Final = 60.0
#: The same of taking up speech: 90 % after 97 ms, of which the lips need some to begin with.
_OPEN_RAD_S: Final = 40.0
#: Without new speech the performer's own mouth, at rest by then, takes over after this.
_REST_S: Final = 0.7
#: The mouth is given free this much before the first sound of new speech.
_BEFORE_S: Final = 0.08

_MOUTH: Final = tuple(INDEX[name] for name in MOUTH_CHANNELS)


class Release:
    """Scale of the mouth's channels over time: 1 but after an interruption."""

    def __init__(self) -> None:
        self._value, self._speed = 1.0, 0.0
        self._time_s = 0.0
        self._until_s = -math.inf
        self._closed = False

    def interrupt(self, time_s: float) -> None:
        """Close the mouth from an instant on."""
        self._closed = True
        self._until_s = time_s + _REST_S

    def speak(self, time_s: float) -> None:
        """Say that new speech begins at an instant."""
        if self._closed:
            self._until_s = min(self._until_s, time_s - _BEFORE_S)

    def apply(self, moment: FloatArray, time_s: float) -> FloatArray:
        """Return a moment with its mouth scaled; instants rise from call to call."""
        step_s = max(time_s - self._time_s, 0.0)
        self._time_s = time_s
        if self._closed and time_s >= self._until_s:
            self._closed = False
        if not self._closed and self._value == 1.0:
            return moment
        target, rate = (0.0, _CLOSE_RAD_S) if self._closed else (1.0, _OPEN_RAD_S)
        keep = math.exp(-rate * step_s)
        offset = self._value - target
        pull = (self._speed + rate * offset) * step_s
        self._value = target + (offset + pull) * keep
        self._speed = (self._speed - rate * pull) * keep
        if not self._closed and abs(self._value - 1.0) < 1e-4:
            self._value, self._speed = 1.0, 0.0
        scaled = moment.copy()
        for channel in _MOUTH:
            scaled[channel] *= min(max(self._value, 0.0), 1.0)
        return scaled
