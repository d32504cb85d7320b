"""Poses to hit: at their instants they overrule what their channels would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from gioconda.control_poses import POSE_ANGLES, PoseCurve
from gioconda.control_track import ControlTrack
from gioconda.motion import BLENDSHAPES, INDEX
from gioconda.performance.activity import smoothstep

FloatArray = npt.NDArray[np.float64]

#: New poses replace old ones within this time when controls are changed.
_CHANGE_S: Final = 0.5
#: A blink that begins this long before a pose of the lids is over when that comes.
_BLINK_S: Final = 0.35
#: A held head keeps this much of its own movement, degrees, or it would look frozen.
_ALIVE_DEG: Final = 0.3


@dataclass
class PoseState:
    """The tracks whose poses hold, each with the instant from which it replaces those before."""

    layers: list[tuple[float, ControlTrack]] = field(default_factory=list)

    def take(self, track: ControlTrack, now_s: float) -> None:
        """Let another track's poses take over; cheap if it is the last one."""
        if not self.layers:
            self.layers = [(-np.inf, track)]
        elif self.layers[-1][1] is not track:
            if not track.pose_curves and not any(t.pose_curves for _, t in self.layers):
                self.layers = [(-np.inf, track)]
            else:
                self.layers.append((now_s, track))
        while len(self.layers) > 1 and _changed(self.layers[1][0], now_s) >= 1.0:
            del self.layers[0]


def pose_head(state: PoseState, head: FloatArray, times_s: FloatArray) -> None:
    """Draw yaw, pitch and roll, the first columns of ``head``, to the poses, in place."""
    for k, name in enumerate(POSE_ANGLES):
        head[:, k] = _drawn(state, name, head[:, k], times_s, _ALIVE_DEG)


def pose_face(state: PoseState, values: FloatArray, times_s: FloatArray) -> None:
    """Draw the blendshapes of ``values``, (rows, 60), to the poses, in place."""
    names = {n for _, track in state.layers for n in track.pose_curves if n in BLENDSHAPES}
    for name in sorted(names):
        column = values[:, INDEX[name]]
        values[:, INDEX[name]] = _drawn(state, name, column, times_s, 0.0)


def blinks_allowed(state: PoseState, times_s: FloatArray) -> FloatArray:
    """Return 0 where a pose has the lids or is about to, else 1, (rows,): a wink is one-sided."""
    allowed = np.ones(len(times_s))
    for number, (_, track) in enumerate(state.layers):
        counts = np.ones(len(times_s), np.bool_)
        if number + 1 < len(state.layers):  # once replaced, a layer forbids nothing any more
            counts = _changed(state.layers[number + 1][0], times_s) < 1.0
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            curve = track.pose_curves.get(name)
            if curve is not None:
                for ahead in (0.0, 0.5 * _BLINK_S, _BLINK_S):
                    allowed[counts & (curve.weight.at(times_s + ahead)[:, 0] > 0.0)] = 0.0
    return allowed


@overload
def _changed(since_s: float, times_s: float) -> float: ...
@overload
def _changed(since_s: float, times_s: FloatArray) -> FloatArray: ...
def _changed(since_s: float, times_s: float | FloatArray) -> float | FloatArray:
    """Return how much of the time in which a layer takes over has passed; 1 and above is all."""
    return (times_s - since_s) / _CHANGE_S


def _drawn(
    state: PoseState, name: str, own: FloatArray, times_s: FloatArray, alive: float
) -> FloatArray:
    """Return a channel drawn to its poses."""
    result = own
    for number, (since_s, track) in enumerate(state.layers):
        curve = track.pose_curves.get(name)
        posed = own
        if curve is not None and _near(curve, times_s):
            weight = curve.weight.at(times_s)[:, 0]
            target = curve.target.at(times_s)[:, 0]
            if alive:
                target = target + alive * own / (10.0 * alive + np.abs(own))
            posed = own + weight * (target - own)
        if number:
            passed = _changed(since_s, times_s)
            mixed = result + smoothstep(passed) * (posed - result)
            # Bit for bit what remains when the layers before are dropped.
            posed = np.where(passed >= 1.0, posed, mixed)
        result = posed
    return result


def _near(curve: PoseCurve, times_s: FloatArray) -> bool:
    """Tell whether any of the instants may lie in a pose."""
    times = curve.weight.times_s
    i = int(np.searchsorted(times, times_s[0], "right"))
    between = i == int(np.searchsorted(times, times_s[-1], "right"))
    weights = curve.weight.values[max(i - 1, 0) : i + 1, 0]
    return not between or bool(weights.any())
