"""Gaze: the eyes stay on their target while the head moves, look away now and then, and return.

Intervals and saccades after Eyes Alive (Lee, Badler and Badler 2002): talkers look at their
partner and away by turns; a saccade of A degrees lasts 25 ms + 2.4 ms a degree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity
from gioconda.performance.dials import Dials
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Intervals in seconds, mean and spread: (talking, listening) x (mutual, away).
_MUTUAL_S: Final = {True: (93.9 / 30, 94.9 / 30), False: (237.5 / 30, 47.1 / 30)}
_AWAY_S: Final = {True: (27.8 / 30, 24.0 / 30), False: (13.0 / 30, 7.1 / 30)}
_SHORTEST_S: Final = 0.25
_LONGEST_S: Final = 12.0
#: Directions in steps of 45 degrees from the image's right, upwards first, in percent.
_DIRECTIONS: Final = (15.5, 6.5, 17.7, 7.4, 16.8, 7.9, 20.4, 7.8)
#: Looking away is held under this, talking and listening, in degrees; vertical parts are damped,
#: because lids make them look larger.
_LARGEST_DEG: Final = {True: 12.0, False: 10.0}
_AWAY_SCALE: Final = 0.75
_VERTICAL_SCALE: Final = 0.6
#: Small shifts on the partner's face while looking at it.
_FIXATION_S: Final = (0.4, 1.6)
_FIXATION_DEG: Final = 0.7
#: Reflex gain: which part of the head's rotation the eyes undo.
_REFLEX_GAIN: Final = 0.95
#: The eyes cannot turn further in the head.
_LIMIT_DEG: Final = (30.0, 22.0)
#: The first glance, from the portrait's own gaze to the target.
_FIRST_S: Final = 0.25
#: A shift at least this large counts for blinks.
LARGE_SHIFT_DEG: Final = 5.0


@dataclass
class GazeState:
    """What :func:`move_gaze` remembers.

    Directions are in degrees from the main one, in the room and not in the head.
    """

    draw: np.random.Generator
    row: int = 0
    away: bool = False
    rows_to_change: int = 0
    rows_to_fixation: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    saccade_from: tuple[float, float] = (0.0, 0.0)
    saccade_to: tuple[float, float] = (0.0, 0.0)
    saccade_age_s: float = 10.0


def start_gaze(seed: int) -> GazeState:
    """Return the state before row 0."""
    draw = np.random.Generator(np.random.PCG64([seed, 3]))
    state = GazeState(draw)
    state.rows_to_change = _rows(_interval(draw, _MUTUAL_S[True]) + 1.0)
    state.rows_to_fixation = _rows(_FIRST_S)
    return state


def move_gaze(
    state: GazeState, activity: Activity, dials: Dials, head: FloatArray, aim: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the eyes' rotation in the head and the size of gaze shifts.

    Args:
        state: advanced in place.
        activity: who speaks when.
        dials: carry the main direction, which the eyes stay on while it moves, and its own
            saccades.
        head: (rows, >=2) yaw and pitch of the head, degrees.
        aim: (rows, 2) offset of the gaze by the emotion, degrees.

    Returns:
        (rows, 2) yaw and pitch of the eyes in the head, degrees, and (rows,) degrees of a shift
        that starts in a row, else 0.
    """
    n = len(activity.gate)
    eyes, shifts = np.zeros((n, 2)), np.zeros(n)
    for i in range(n):
        shifts[i] = _decide(state, activity.talking[i] > 0.3)
        if dials.gaze_shift is not None:
            shifts[i] = max(shifts[i], float(dials.gaze_shift[i]))
        gaze = _saccade_position(state)
        state.saccade_age_s += 1.0 / FEATURE_RATE_HZ
        for k in (0, 1):
            angle = dials.gaze[i, k] + gaze[k] + aim[i, k] - _REFLEX_GAIN * head[i, k]
            eyes[i, k] = min(max(angle, -_LIMIT_DEG[k]), _LIMIT_DEG[k])
        state.row += 1
    return eyes, shifts


def _decide(state: GazeState, talking: bool) -> float:
    """Start a saccade about the main direction if it is time for one.

    Returns its size in degrees, else 0.
    """
    state.rows_to_change -= 1
    state.rows_to_fixation -= 1
    fixate = state.rows_to_fixation <= 0
    if state.rows_to_change <= 0:
        state.away = not state.away
        table = _AWAY_S if state.away else _MUTUAL_S
        state.rows_to_change = _rows(_interval(state.draw, table[talking]))
        state.offset = _away_offset(state.draw, talking) if state.away else (0.0, 0.0)
    elif not fixate:
        return 0.0
    jitter = state.draw.standard_normal(2) * _FIXATION_DEG
    state.rows_to_fixation = _rows(state.draw.uniform(*_FIXATION_S))
    target = (
        state.offset[0] + float(jitter[0]),
        state.offset[1] + _VERTICAL_SCALE * float(jitter[1]),
    )
    state.saccade_from = _saccade_position(state)
    state.saccade_to = target
    state.saccade_age_s = 0.0
    return math.dist(state.saccade_from, target)


def _saccade_position(state: GazeState) -> tuple[float, float]:
    """Return the direction now: minimum-jerk between the ends of the running saccade."""
    size = math.dist(state.saccade_from, state.saccade_to)
    x = min(state.saccade_age_s / (0.025 + 0.0024 * size), 1.0)
    s = x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)
    a, b = state.saccade_from, state.saccade_to
    return a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])


def _away_offset(draw: np.random.Generator, talking: bool) -> tuple[float, float]:
    size = -6.9 * math.log(draw.uniform(0.5, 15.0) / 15.7)
    size = _AWAY_SCALE * min(size, _LARGEST_DEG[talking])
    shares = np.array(_DIRECTIONS) / sum(_DIRECTIONS)
    angle = math.radians(45.0 * float(draw.choice(8, p=shares)) + float(draw.normal(0, 12.0)))
    return size * math.cos(angle), -_VERTICAL_SCALE * size * math.sin(angle)


def _interval(draw: np.random.Generator, mean_and_spread: tuple[float, float]) -> float:
    """Draw from the gamma distribution with this mean and spread, in seconds."""
    mean, spread = mean_and_spread
    shape = (mean / spread) ** 2
    return min(max(float(draw.gamma(shape, mean / shape)), _SHORTEST_S), _LONGEST_S)


def _rows(seconds: float) -> int:
    return max(round(seconds * FEATURE_RATE_HZ), 1)
