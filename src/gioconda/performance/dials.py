"""The controls over time: one value of each dial for every row, without jumps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import EMOTIONS, Controls
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: A scale that is turned while the face moves follows with this time constant.
TURN_S: Final = 0.25
_SCALES: Final = ("expression", "head", "blinks")


@dataclass(frozen=True)
class Dials:
    """The controls over the rows of a window.

    Attributes:
        gaze: (rows, 2) main direction of the eyes, yaw and pitch in degrees.
        emotion: (rows, 9) strength asked for of each of :data:`gioconda.controls.EMOTIONS`, 0 to
            1; the offsets follow it in their own time.
        expression, head, blinks: (rows,) scales, 0 to 2.
        still: nothing moves but the mouth.
    """

    gaze: FloatArray
    emotion: FloatArray
    expression: FloatArray
    head: FloatArray
    blinks: FloatArray
    still: bool


@dataclass
class DialState:
    """Where the scales stand; None before row 0, which takes them as they are asked for."""

    scales: list[float] | None = field(default=None)


def turn_dials(state: DialState, controls: Controls, rows: int) -> Dials:
    """Advance over rows in which the controls ask for the same."""
    goals = [float(getattr(controls, name)) for name in _SCALES]
    now = goals if state.scales is None else state.scales
    tracks = np.zeros((len(goals), rows))
    rate = 1.0 / (TURN_S * FEATURE_RATE_HZ)
    for i in range(rows):
        tracks[:, i] = now
        now = [a + (b - a) * rate for a, b in zip(now, goals, strict=True)]
    state.scales = list(now)
    strengths = np.zeros(len(EMOTIONS))
    strengths[EMOTIONS.index(controls.emotion)] = controls.emotion_strength
    return Dials(
        gaze=np.tile(np.array(controls.gaze, np.float64), (rows, 1)),
        emotion=np.tile(strengths, (rows, 1)),
        expression=tracks[0],
        head=tracks[1],
        blinks=tracks[2],
        still=controls.still,
    )
