"""Postures of the head: where it goes next, when, and how fast.

Tracked heads do not wander like noise. They stay near the middle, turn aside for a second or
three, hold there, and come back: yaw speeds have a 95th percentile of 4.6 times their median, where
noise of the same spectrum has 2.9. So most of the spread here lies in held postures, which look
calm, and little in unrest. Turns are faster the wider they are, but less than in proportion.
Postures shift widely where somebody starts to speak, and moderately at phrase ends (Hadar et al.,
1984).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity
from gioconda.performance.envelopes import ROW_S, Lag

FloatArray = npt.NDArray[np.float64]

#: Spread of yaw about the middle, and the range of turns aside, degrees.
_HOME_YAW_DEG: Final = 2.9
_ASIDE_YAW_DEG: Final = (6.5, 12.5)
#: Probability that the next turn goes aside, and that it goes to the other side than the last one
#: did; how long a posture aside and one near the middle are held.
_GOES_ASIDE: Final = 0.42
_CHANGES_SIDE: Final = 0.5
_HOLDS_ASIDE_S: Final = (0.5, 1.6)
_HOLDS_HOME_S: Final = (0.5, 2.0)
#: Pitch and roll: spread, and how long one is held.
_PITCH_DEG: Final = 4.9
_HOLDS_PITCH_S: Final = (0.4, 1.2)
_ROLL_DEG: Final = 5.2
_HOLDS_ROLL_S: Final = (0.8, 2.2)
#: Rates of the lags (see :class:`Lag`): yaw's falls with the size of the turn.
_YAW_RATE: Final = 27.0
_YAW_SLOWER_DEG: Final = 14.0
_PITCH_RATE: Final = (8.5, 13.0)
_ROLL_RATE: Final = (7.0, 11.0)
#: Heads tilt a little into a turn.
ROLL_PER_YAW: Final = 0.15
#: At a phrase end the head comes back to the middle with this probability, and dips.
_HOME_AT_END: Final = 0.5
_DIP_AT_END_DEG: Final = (0.5, 3.0)
#: While nobody here speaks: postures last longer by this factor and seldom go aside.
_QUIET_LONGER: Final = 2.6
_QUIET_ASIDE: Final = 0.1
#: A turn is announced this long before it begins, so that the eyes can lead it.
_ANNOUNCED_S: Final = (0.04, 0.10)
#: Attending to somebody, the head is held a little aslant, by this many degrees of roll.
_ATTENTIVE_TILT_DEG: Final = (1.0, 4.0)


@dataclass
class PostureState:
    """What :func:`hold_postures` remembers; angles in degrees, waits in rows."""

    draw: np.random.Generator
    lags: list[Lag] = field(default_factory=lambda: [Lag(), Lag(), Lag()])
    goals: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    rates: list[float] = field(default_factory=lambda: [8.0, 8.0, 5.0])
    waits: list[int] = field(default_factory=lambda: [0, 0, 0])
    next_yaw: float = 0.0
    rows_to_move: int = -1
    side: float = 1.0
    attends: bool = False


@dataclass(frozen=True)
class Postures:
    """Postures over the rows of a window.

    Attributes:
        angles: (rows, 3) yaw, pitch, roll in degrees.
        turns: (rows,) degrees of a turn of yaw that begins within 0.1 s, else 0.
    """

    angles: FloatArray
    turns: FloatArray


def start_postures(seed: int) -> PostureState:
    """Return the state before row 0."""
    return PostureState(np.random.Generator(np.random.PCG64([seed, 14])))


def hold_postures(
    state: PostureState, activity: Activity, tempo: FloatArray, attention: FloatArray
) -> Postures:
    """Advance over the rows of a window.

    Args:
        state: advanced in place.
        activity: phrases.
        tempo: (rows,) speed of head movement.
        attention: (rows,) 0 to 1, how far somebody is being listened to.
    """
    n = len(activity.gate)
    angles, turns = np.zeros((n, 3)), np.zeros(n)
    for i in range(n):
        pace = float(tempo[i])
        talks = float(activity.talking[i]) > 0.5
        longer = (1.0 if talks else _QUIET_LONGER) / pace
        state.waits = [wait - 1 for wait in state.waits]
        if activity.phrase_start[i] or state.waits[0] <= 0:
            turns[i] = _choose_turn(state, talks or bool(activity.phrase_start[i]), longer)
        if activity.phrase_start[i] or state.waits[1] <= 0:
            _choose_pitch(state, longer)
        if activity.phrase_start[i] or state.waits[2] <= 0:
            _choose_roll(state, longer)
        if activity.phrase_end[i]:
            turns[i] += _end_phrase(state)
        _attend(state, float(attention[i]) > 0.5)
        state.rows_to_move -= 1
        if state.rows_to_move == 0:
            _set_off(state)
        for k, lag in enumerate(state.lags):
            angles[i, k] = lag.value
            lag.step(state.goals[k], state.rates[k], pace * ROW_S)
    angles[:, 2] += ROLL_PER_YAW * angles[:, 0]
    return Postures(angles, turns)


def bounded(x: float) -> float:
    """Fold rare far draws back: nobody holds a pose three spreads away."""
    return 1.6 * math.tanh(x / 1.35)


def _choose_turn(state: PostureState, talks: bool, longer: float) -> float:
    """Draw the next yaw and when it is left; return the turn in degrees."""
    draw = state.draw
    # All are drawn every time, so that one event more or less changes no later draw's meaning.
    aside, changes = draw.uniform() < (_GOES_ASIDE if talks else _QUIET_ASIDE), draw.uniform()
    far, near = float(draw.uniform(*_ASIDE_YAW_DEG)), bounded(float(draw.standard_normal()))
    held = (float(draw.uniform(*_HOLDS_ASIDE_S)), float(draw.uniform(*_HOLDS_HOME_S)))
    if aside and changes < _CHANGES_SIDE:
        state.side = -state.side
    yaw = state.side * far if aside else _HOME_YAW_DEG * near
    state.waits[0] = _rows(held[0] if aside else longer * held[1])
    return _announce(state, yaw)


def _announce(state: PostureState, yaw: float) -> float:
    state.next_yaw = yaw
    state.rows_to_move = _rows(float(state.draw.uniform(*_ANNOUNCED_S)))
    return yaw - state.goals[0]


def _set_off(state: PostureState) -> None:
    size = abs(state.next_yaw - state.lags[0].value)
    state.goals[0] = state.next_yaw
    vigour = float(state.draw.uniform(0.75, 1.15))
    state.rates[0] = vigour * _YAW_RATE / (1.0 + size / _YAW_SLOWER_DEG)


def _choose_pitch(state: PostureState, longer: float) -> None:
    draw = state.draw
    state.goals[1] = _PITCH_DEG * bounded(float(draw.standard_normal()))
    state.rates[1] = float(draw.uniform(*_PITCH_RATE))
    state.waits[1] = _rows(longer * float(draw.uniform(*_HOLDS_PITCH_S)))


def _choose_roll(state: PostureState, longer: float) -> None:
    draw = state.draw
    roll = bounded(float(draw.standard_normal()))
    tilt = math.copysign(float(draw.uniform(*_ATTENTIVE_TILT_DEG)), roll)
    state.goals[2] = tilt if state.attends else _ROLL_DEG * roll
    state.rates[2] = float(draw.uniform(*_ROLL_RATE))
    state.waits[2] = _rows(longer * float(draw.uniform(*_HOLDS_ROLL_S)))


def _end_phrase(state: PostureState) -> float:
    """Dip the head, and maybe bring it back to the middle; return the turn in degrees."""
    draw = state.draw
    comes_home = draw.uniform() < _HOME_AT_END
    yaw = 0.5 * _HOME_YAW_DEG * bounded(float(draw.standard_normal()))
    state.goals[1] += float(draw.uniform(*_DIP_AT_END_DEG))
    state.rates[1] = float(draw.uniform(*_PITCH_RATE))
    state.waits[1] = max(state.waits[1], _rows(0.6))
    return _announce(state, yaw) if comes_home else 0.0


def _attend(state: PostureState, attends: bool) -> None:
    """Take another tilt where listening begins."""
    if attends and not state.attends:
        state.waits[2] = min(state.waits[2], _rows(0.3))
    state.attends = attends


def _rows(seconds: float) -> int:
    return max(round(seconds / ROW_S), 1)
