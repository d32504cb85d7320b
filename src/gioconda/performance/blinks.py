"""Blinks: when, and how the lids move.

People blink 26 times a minute in conversation (Bentivoglio 1997), 95 % of them between 10.5 and
32.5 (Doughty 2001); speakers blink at the ends of phrases and in pauses (Nakano 2010), and with
large gaze shifts and turns of the head. Lids close in about 90 ms and open more slowly (Stern 1984,
Sforza 2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity
from gioconda.performance.eyes import LARGE_SHIFT_DEG
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Spontaneous interval: median and spread of its logarithm. With the blinks that phrase ends, gaze
#: shifts and turns of the head bring, about 26 a minute come out while talking.
_MEDIAN_INTERVAL_S: Final = 6.2
_LOG_SPREAD: Final = 0.8
_SHORTEST_INTERVAL_S: Final = 0.7
#: Rate while nobody here speaks, as a share (17 against 26 a minute, Bentivoglio 1997).
_QUIET_RATE: Final = 0.75
#: Probability of a blink at a phrase end, with a large gaze shift and with a turn of the head, and
#: its delay at the first.
_AT_PHRASE_END: Final = 0.4
_PHRASE_END_DELAY_S: Final = (0.0, 0.25)
_WITH_GAZE_SHIFT: Final = 0.35
_WITH_TURN: Final = 0.34
_TURN_DEG: Final = 6.0
#: Probability that a second blink follows at once, and after which time.
_DOUBLE: Final = 0.1
_DOUBLE_AFTER_S: Final = (0.36, 0.5)
#: Probability that the lids do not meet, and how far they then come.
_PARTIAL: Final = 0.13
_PARTIAL_DEPTH: Final = (0.55, 0.9)
#: Under this scale of the rate nobody blinks.
_NEVER: Final = 1e-3
#: No blink before this.
_FIRST_S: Final = 1.0
#: Movement of the lids: closed by half for 135 ms, as measured (130 to 145 ms in tracked faces).
_CLOSING_S: Final = 0.075
_CLOSED_S: Final = 0.015
_OPENING_S: Final = 0.15


@dataclass
class BlinkState:
    """What :func:`move_lids` remembers."""

    draw: np.random.Generator
    row: int = 0
    rows_to_blink: int = 0
    age_s: float = 10.0
    doubles: bool = False
    depth: float = 1.0
    slowness: float = 1.0


def start_blinks(seed: int) -> BlinkState:
    """Return the state before row 0."""
    draw = np.random.Generator(np.random.PCG64([seed, 4]))
    state = BlinkState(draw)
    state.rows_to_blink = round((_FIRST_S + float(draw.uniform(0.0, 2.0))) * FEATURE_RATE_HZ)
    return state


@dataclass(frozen=True)
class BlinkCues:
    """What blinks come with, over the rows of a window, each (rows,).

    Attributes:
        shifts: size of gaze shifts that start in a row, degrees.
        turns: turns of the head about to begin, degrees.
        asked: True where a blink is due at once.
    """

    shifts: FloatArray
    turns: FloatArray
    asked: BoolArray


def move_lids(
    state: BlinkState, activity: Activity, rates: FloatArray, cues: BlinkCues
) -> FloatArray:
    """Return how far blinks close the lids, 0 to 1, (rows,).

    Args:
        state: advanced in place.
        activity: phrase ends.
        rates: (rows,) scale of the rate of blinks, 0 and above.
        cues: what else they come with.
    """
    n = len(activity.gate)
    lids = np.zeros(n)
    for i in range(n):
        rate = float(rates[i])
        if rate > _NEVER:
            _schedule(state, activity, cues, i, rate)
            rested = state.age_s >= _SHORTEST_INTERVAL_S / max(rate, 1.0)
            if state.rows_to_blink <= 0 and (rested or state.doubles):
                quiet = _QUIET_RATE + (1.0 - _QUIET_RATE) * float(activity.talking[i])
                _begin(state, rate * quiet)
            state.rows_to_blink -= 1
        lids[i] = _closure(state)
        state.age_s += 1.0 / FEATURE_RATE_HZ
        state.row += 1
    return lids


def _schedule(state: BlinkState, activity: Activity, cues: BlinkCues, i: int, rate: float) -> None:
    """Bring the next blink forward where people blink."""
    if state.row < _FIRST_S * FEATURE_RATE_HZ or state.doubles:
        return
    chance = min(rate, 1.0)
    if activity.phrase_end[i] and state.draw.uniform() < _AT_PHRASE_END * chance:
        delay = round(float(state.draw.uniform(*_PHRASE_END_DELAY_S)) * FEATURE_RATE_HZ)
        state.rows_to_blink = min(state.rows_to_blink, delay)
    shifts = cues.shifts[i] >= LARGE_SHIFT_DEG
    if shifts and state.draw.uniform() < _WITH_GAZE_SHIFT * chance:
        state.rows_to_blink = min(state.rows_to_blink, 0)
    if abs(cues.turns[i]) >= _TURN_DEG and state.draw.uniform() < _WITH_TURN * chance:
        state.rows_to_blink = min(state.rows_to_blink, 4)
    if cues.asked[i] and state.draw.uniform() < chance:
        state.rows_to_blink = min(state.rows_to_blink, 0)


def _begin(state: BlinkState, rate: float) -> None:
    draw = state.draw
    interval = _MEDIAN_INTERVAL_S / rate * math.exp(_LOG_SPREAD * draw.standard_normal())
    second, after = draw.uniform() < _DOUBLE, float(draw.uniform(*_DOUBLE_AFTER_S))
    partial, depth = draw.uniform() < _PARTIAL, float(draw.uniform(*_PARTIAL_DEPTH))
    state.doubles = second and not state.doubles
    state.rows_to_blink = round((after if state.doubles else interval) * FEATURE_RATE_HZ)
    state.age_s = 0.0
    state.depth = depth if partial else 1.0
    state.slowness = float(draw.uniform(0.9, 1.15))


def _closure(state: BlinkState) -> float:
    """Return the closure at the blink's present age."""
    t = state.age_s / state.slowness
    if t < _CLOSING_S:
        return state.depth * (0.5 - 0.5 * math.cos(math.pi * t / _CLOSING_S))
    t -= _CLOSING_S + _CLOSED_S
    if t <= 0:
        return state.depth
    if t < _OPENING_S:
        # Fast first, then slowly: the upper lid settles.
        x = (t / _OPENING_S) ** 0.85
        return state.depth * (0.5 + 0.5 * math.cos(math.pi * x))
    return 0.0
