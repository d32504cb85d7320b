"""Filters that know the time step: webcams give 15 to 30 frames a second, unevenly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import FloatArray, neutral
from gioconda.render.mesh.depth import smoothstep

Array = npt.NDArray[np.float64]

#: A step is never taken for shorter than this, seconds.
_SHORTEST_S: Final = 1e-3
#: Spread of a head's acceleration from frame to frame at 25 a second: degrees and outer-eye
#: distances. Less than for a clip, whose frames also see what follows.
_ACCELERATION: Final = np.repeat([0.3, 0.012], 3)
_RATE_HZ: Final = 25.0
#: Spread of a first speed, per second.
_FIRST_SPEED: Final = np.repeat([30.0, 0.3], 3)
#: Part of a speed that is left a second later: what is not seen to go on comes to rest.
_SPEED_KEPT: Final = 0.02
#: What cannot be seen at all is held by this much.
_NO_LESS: Final = 1e-6
#: A measurement this many spreads off is a jump: the filter opens for it.
_SURPRISE: Final = 3.0
#: Largest opening, as a factor of the process's variance.
_MOST_OPEN: Final = 100.0


class OneEuro:
    """Smooth channels strongly at rest and hardly in fast motion (Casiez, Roussel, Vogel 2012).

    Args:
        cutoff_hz: (n,) of a channel at rest.
        per_speed: (n,) hertz added for each unit a second.
        speed_cutoff_hz: of the speed.
    """

    def __init__(self, cutoff_hz: Array, per_speed: Array, speed_cutoff_hz: float = 2.0) -> None:
        self._cutoff_hz, self._per_speed = cutoff_hz, per_speed
        self._speed_cutoff_hz = speed_cutoff_hz
        self._value: Array | None = None
        self._raw = self._speed = np.zeros(len(cutoff_hz))

    def reset(self) -> None:
        """Forget the past; the next value comes out as it is."""
        self._value = None

    def step(self, value: Array, step_s: float) -> Array:
        """Return the channels smoothed, (n,).

        Args:
            value: (n,) measured now.
            step_s: since the value before.
        """
        if self._value is None:
            self._value, self._raw, self._speed = value.copy(), value.copy(), np.zeros(len(value))
            return self._value.copy()
        step_s = max(step_s, _SHORTEST_S)
        speed = (value - self._raw) / step_s
        self._speed = self._speed + _share(self._speed_cutoff_hz, step_s) * (speed - self._speed)
        cutoff = self._cutoff_hz + self._per_speed * np.abs(self._speed)
        self._value = self._value + _share(cutoff, step_s) * (value - self._value)
        self._raw = value.copy()
        return self._value.copy()


def _share(cutoff_hz: Array | float, step_s: float) -> Array:
    """Return the share of the new value in a first-order low-pass over a step."""
    result: Array = 1 - np.exp(-2 * np.pi * np.asarray(cutoff_hz) * step_s)
    return result


class Fade:
    """What is shown of something followed: a change to something else is gone over smoothly.

    Args:
        ease_s: seconds that a change takes.

    Attributes:
        shown: (60,) what was shown last; None for rest that has been reached.
    """

    def __init__(self, ease_s: float) -> None:
        self._ease_s = ease_s
        self.shown: FloatArray | None = None
        self._from: FloatArray = neutral()
        self._which = 0
        self._began_s = -np.inf

    def towards(self, aim: FloatArray | None, which: int, time_s: float) -> FloatArray | None:
        """Return what to show.

        Args:
            aim: (60,) that is followed now; None is rest.
            which: tells what is followed from anything else; 0 for rest.
            time_s: the present instant, rising.
        """
        if which != self._which:
            self._which, self._began_s = which, time_s
            self._from = neutral() if self.shown is None else self.shown
        done = min((time_s - self._began_s) / self._ease_s, 1.0)
        if aim is None and done >= 1:
            self.shown = None
            return None
        part = np.float32(smoothstep(done))
        self.shown = self._from + part * ((neutral() if aim is None else aim) - self._from)
        return self.shown


class PoseFilter:
    """A Kalman filter of the head's pose, with a speed that keeps by itself.

    What an image holds loosely (distance, or a turn against a shift) is steadied by its past,
    what it holds firmly follows at once: the causal form of
    :func:`gioconda.capture.smoothing.smooth_where_loose`.
    """

    def __init__(self) -> None:
        self._mean: Array | None = None
        self._spread = np.eye(12)

    def reset(self) -> None:
        """Forget the past."""
        self._mean = None

    def step(self, pose: Array, information: Array, step_s: float) -> Array:
        """Return the pose, (6,), in degrees and outer-eye distances.

        Args:
            pose: (6,) measured now.
            information: (6, 6) the inverse of the covariance of its error.
            step_s: since the pose before.
        """
        noise = np.linalg.inv(information + _NO_LESS * np.eye(6))
        if self._mean is None:
            self._mean = np.concatenate([pose, np.zeros(6)])
            self._spread = np.zeros((12, 12))
            self._spread[:6, :6] = noise
            self._spread[6:, 6:] = np.diag(_FIRST_SPEED**2)
            return pose.copy()
        step_s = max(step_s, _SHORTEST_S)
        kept = _SPEED_KEPT**step_s
        move = np.eye(12)
        move[:6, 6:] = np.eye(6) * (1 - kept) / -np.log(_SPEED_KEPT)
        move[6:, 6:] *= kept
        mean = move @ self._mean
        # white acceleration (Bar-Shalom, Li, Kirubarajan 2001, 6.2.2)
        power = np.diag((_ACCELERATION * _RATE_HZ) ** 2 * _RATE_HZ)
        pushed = np.block([
            [power * step_s**3 / 3, power * step_s**2 / 2],
            [power * step_s**2 / 2, power * step_s],
        ])  # fmt: skip
        carried = move @ self._spread @ move.T
        off = pose - mean[:6]
        expected = (carried + pushed)[:6, :6] + noise
        surprise = float(off @ np.linalg.solve(expected, off)) / 6
        opened = min(max(surprise / _SURPRISE, 1.0), _MOST_OPEN)
        spread = carried + opened * pushed
        gain = np.linalg.solve(spread[:6, :6] + noise, spread[:6]).T
        self._mean = mean + gain @ off
        self._spread = spread - gain @ spread[:6]
        self._spread = 0.5 * (self._spread + self._spread.T)
        return self._mean[:6].copy()
