"""Gaze: the eyes stay on their target while the head moves, look away now and then, and return.

Intervals and saccades after Eyes Alive (Lee, Badler and Badler 2002): talkers look at their
partner and away by turns; a saccade of A degrees lasts 25 ms + 2.4 ms a degree. Between saccades
the eyes are never still: they drift, and micro-saccades of some tenths of a degree, once or twice
a second, bring them back (Martinez-Conde et al. 2004). What is looked at aside lies further away
than the partner, so the eyes' axes part there (vergence), more slowly than they turn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity
from gioconda.performance.dials import Dials, saccade_done
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Intervals in seconds, mean and spread: mutual and away, while talking as published. Of listeners
#: the same source says that they look at the partner 75 % of the time, which its intervals (7.9 s
#: and 0.43 s) do not give: here they look away for longer. Whoever is idle looks like a listener.
_MUTUAL_S: Final = {True: (93.9 / 30, 94.9 / 30), False: (4.4, 2.2)}
_AWAY_S: Final = {True: (27.8 / 30, 24.0 / 30), False: (1.4, 0.8)}
_SHORTEST_S: Final = 0.25
_LONGEST_S: Final = 12.0
#: Directions in steps of 45 degrees from the image's right, upwards first, in percent.
_DIRECTIONS: Final = (15.5, 6.5, 17.7, 7.4, 16.8, 7.9, 20.4, 7.8)
#: Looking away is held under this, talking and listening, in degrees; vertical parts are damped,
#: because lids make them look larger.
_LARGEST_DEG: Final = {True: 12.0, False: 10.0}
_AWAY_SCALE: Final = 0.75
#: The published sizes are -6.9 ln(P / 15.7) degrees with P up to 15; the smaller ones, P above
#: this, stay on the partner's face and are not looking away.
_LARGEST_P: Final = 7.0
_VERTICAL_SCALE: Final = 0.6
#: A turn of the head at least so large takes the eyes along with this probability, so far.
_TURN_DEG: Final = 6.0
_GOES_ALONG: Final = 0.22
_ALONG: Final = (0.5, 0.9)
#: With the head turned by more than this, looking away goes to the same side.
_ASIDE_DEG: Final = 3.0
#: Eyes that look away so far against the head come back.
_STRAINED_DEG: Final = 14.0
#: ... but not sooner than this: a head that follows the eyes takes its time.
_ENDURED_ROWS: Final = 20
#: Small shifts on the partner's face while looking at it.
_FIXATION_S: Final = (0.4, 1.6)
_FIXATION_DEG: Final = 0.7
#: Micro-saccades: interval, size in degrees; drift: spread in degrees and time constant.
_MICRO_S: Final = (0.3, 1.1)
_MICRO_DEG: Final = (0.1, 0.45)
_DRIFT_DEG: Final = 0.12
_DRIFT_S: Final = 0.5
#: Vergence relative to the partner at about 0.7 m, degrees between the axes: aside down to this
#: (5 degrees would be infinity), spread of its own, and time constants of vergence and of that.
_FAR_DEG: Final = (-3.2, -0.4)
_VERGENCE_DEG: Final = 0.12
_VERGENCE_S: Final = 0.16
_VERGENCE_DRIFT_S: Final = 0.8
#: Reflex gain: which part of the head's rotation the eyes undo.
_REFLEX_GAIN: Final = 0.95
#: The eyes cannot turn further in the head.
_LIMIT_DEG: Final = (30.0, 22.0)
#: The first glance, from the portrait's own gaze to the target.
_FIRST_S: Final = 0.25
#: A shift at least this large counts for blinks.
LARGE_SHIFT_DEG: Final = 5.0

_ROW_S: Final = 1.0 / FEATURE_RATE_HZ


@dataclass
class GazeState:
    """What :func:`move_gaze` remembers.

    Directions are in degrees from the main one, in the room and not in the head.
    """

    draw: np.random.Generator
    small: np.random.Generator
    noise: np.random.Generator
    row: int = 0
    away: bool = False
    rows_to_change: int = 0
    rows_since_change: int = 0
    rows_to_fixation: int = 0
    rows_to_micro: int = 30
    offset: tuple[float, float] = (0.0, 0.0)
    aim: tuple[float, float] = (0.0, 0.0)
    saccade_from: tuple[float, float] = (0.0, 0.0)
    saccade_to: tuple[float, float] = (0.0, 0.0)
    saccade_age_s: float = 10.0
    drift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    vergence: float = 0.0
    vergence_goal: float = 0.0


@dataclass(frozen=True)
class GazeTrack:
    """The eyes over the rows of a window.

    Attributes:
        eyes: (rows, 2) mean yaw and pitch of the eyes in the head, degrees.
        vergence: (rows,) by which their axes meet nearer than in the portrait, degrees.
        shifts: (rows,) degrees of a gaze shift that starts in a row, else 0.
    """

    eyes: FloatArray
    vergence: FloatArray
    shifts: FloatArray


def start_gaze(seed: int) -> GazeState:
    """Return the state before row 0."""
    draw, small, noise = (np.random.Generator(np.random.PCG64([seed, k])) for k in (3, 10, 11))
    state = GazeState(draw, small, noise)
    state.rows_to_change = _rows(_interval(draw, _MUTUAL_S[True]) + 1.0)
    state.rows_to_fixation = _rows(_FIRST_S)
    return state


def move_gaze(
    state: GazeState,
    activity: Activity,
    dials: Dials,
    head: FloatArray,
    turns: FloatArray,
    aim: FloatArray,
) -> GazeTrack:
    """Return where the eyes look.

    Args:
        state: advanced in place.
        activity: who speaks when.
        dials: carry the main direction, which the eyes stay on while it moves, and its own
            saccades.
        head: (rows, >=2) yaw and pitch of the head, degrees.
        turns: (rows,) turns of the head about to begin, degrees.
        aim: (rows, 2) offset of the gaze by the emotion, degrees.
    """
    n = len(activity.gate)
    eyes, vergence, shifts = np.zeros((n, 2)), np.zeros(n), np.zeros(n)
    noise = state.noise.standard_normal((n, 3))
    for i in range(n):
        talking = float(activity.talking[i]) > 0.3
        shifts[i] = _decide(state, talking, float(turns[i]), float(head[i, 0]))
        if dials.gaze_shift is not None:
            shifts[i] = max(shifts[i], float(dials.gaze_shift[i]))
        gaze = _saccade_position(state)
        state.saccade_age_s += _ROW_S
        begun = min(state.row / _rows(_FIRST_S), 1.0)
        for k in (0, 1):
            looked = dials.gaze[i, k] + gaze[k] + begun * state.drift[k] + aim[i, k]
            angle = looked - _REFLEX_GAIN * head[i, k]
            eyes[i, k] = min(max(angle, -_LIMIT_DEG[k]), _LIMIT_DEG[k])
        room = 2.0 * (_LIMIT_DEG[0] - abs(eyes[i, 0]))
        vergence[i] = min(max(state.vergence + begun * state.drift[2], -room), room)
        _drift(state, noise[i])
        state.row += 1
    return GazeTrack(eyes, vergence, shifts)


def _decide(state: GazeState, talking: bool, turn: float, head_yaw: float) -> float:
    """Start a saccade about the main direction if it is time for one.

    Returns its size in degrees, else 0.
    """
    state.rows_to_change -= 1
    state.rows_to_fixation -= 1
    state.rows_since_change += 1
    opposed = state.away and state.offset[0] * head_yaw < 0.0
    if (
        opposed
        and state.rows_since_change > _ENDURED_ROWS
        and abs(state.offset[0] - head_yaw) > _STRAINED_DEG
    ):
        state.rows_to_change = 0
    if abs(turn) >= _TURN_DEG and state.draw.uniform() < _GOES_ALONG and not state.away:
        size = min(float(state.draw.uniform(*_ALONG)) * abs(turn), _LARGEST_DEG[talking])
        _change(state, talking, turn)
        state.offset = (math.copysign(size, turn), state.offset[1] * 0.5)
    elif state.rows_to_change <= 0:
        _change(state, talking, head_yaw)
    elif state.rows_to_fixation > 0:
        return _micro_saccade(state)
    jitter = state.draw.standard_normal(2) * _FIXATION_DEG
    state.rows_to_fixation = _rows(state.draw.uniform(*_FIXATION_S))
    state.aim = (
        state.offset[0] + float(jitter[0]),
        state.offset[1] + _VERTICAL_SCALE * float(jitter[1]),
    )
    return _saccade(state, state.aim)


def _change(state: GazeState, talking: bool, head_yaw: float) -> None:
    """Look away, or back; a head that is turned aside is not looked away from."""
    state.away = not state.away
    state.rows_since_change = 0
    table = _AWAY_S if state.away else _MUTUAL_S
    state.rows_to_change = _rows(_interval(state.draw, table[talking]))
    across, down = _away_offset(state.draw, talking) if state.away else (0.0, 0.0)
    if abs(head_yaw) > _ASIDE_DEG:
        across = math.copysign(across, head_yaw)
    state.offset = (across, down)
    far = float(state.draw.uniform(*_FAR_DEG))
    state.vergence_goal = far if state.away else 0.0


def _micro_saccade(state: GazeState) -> float:
    """Start one if it is due: about the fixation's aim, so that it never leads away. Return 0."""
    state.rows_to_micro -= 1
    if state.rows_to_micro <= 0 and state.saccade_age_s > 0.15:
        draw = state.small
        state.rows_to_micro = _rows(float(draw.uniform(*_MICRO_S)))
        size, angle = float(draw.uniform(*_MICRO_DEG)), float(draw.uniform(0.0, 2.0 * math.pi))
        # Mostly horizontal, as they are.
        offset = (size * math.cos(angle), 0.5 * size * math.sin(angle))
        _saccade(state, (state.aim[0] + offset[0], state.aim[1] + offset[1]))
    return 0.0


def _saccade(state: GazeState, target: tuple[float, float]) -> float:
    state.saccade_from = _saccade_position(state)
    state.saccade_to = target
    state.saccade_age_s = 0.0
    return math.dist(state.saccade_from, target)


def _saccade_position(state: GazeState) -> tuple[float, float]:
    """Return the direction now: between the ends of the running saccade."""
    size = math.dist(state.saccade_from, state.saccade_to)
    s = saccade_done(state.saccade_age_s, size)
    a, b = state.saccade_from, state.saccade_to
    return a[0] + s * (b[0] - a[0]), a[1] + s * (b[1] - a[1])


def _drift(state: GazeState, noise: FloatArray) -> None:
    """Advance drift and vergence by a row."""
    a, b, c = state.drift
    keep, keep_c = 1.0 - _ROW_S / _DRIFT_S, 1.0 - _ROW_S / _VERGENCE_DRIFT_S
    kick = _DRIFT_DEG * math.sqrt(1.0 - keep * keep)
    kick_c = _VERGENCE_DEG * math.sqrt(1.0 - keep_c * keep_c)
    state.drift = (
        keep * a + kick * float(noise[0]),
        keep * b + 0.7 * kick * float(noise[1]),
        keep_c * c + kick_c * float(noise[2]),
    )
    share = 1.0 - math.exp(-_ROW_S / _VERGENCE_S)
    state.vergence += share * (state.vergence_goal - state.vergence)


def _away_offset(draw: np.random.Generator, talking: bool) -> tuple[float, float]:
    size = -6.9 * math.log(draw.uniform(0.5, _LARGEST_P) / 15.7)
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
