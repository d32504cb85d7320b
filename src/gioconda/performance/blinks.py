"""Blinks: when, and how the lids move.

People blink 26 times a minute in conversation (Bentivoglio 1997), 95 % of them between 10.5 and
32.5 (Doughty 2001); speakers blink at the ends of phrases and in pauses (Nakano 2010), and with
large gaze shifts. Lids close in about 90 ms and open more slowly (Stern 1984, Sforza 2008).
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

#: Spontaneous interval: median and spread of its logarithm. With the blinks that phrase ends and
#: gaze shifts bring, about 20 a minute come out.
_MEDIAN_INTERVAL_S: Final = 3.6
_LOG_SPREAD: Final = 0.55
_SHORTEST_INTERVAL_S: Final = 0.7
#: Probability of a blink at a phrase end and with a large gaze shift, and its delay at the former.
_AT_PHRASE_END: Final = 0.4
_PHRASE_END_DELAY_S: Final = (0.0, 0.25)
_WITH_GAZE_SHIFT: Final = 0.35
#: Under this scale of the rate nobody blinks.
_NEVER: Final = 1e-3
#: No blink before this.
_FIRST_S: Final = 1.0
#: Movement of the lids.
_CLOSING_S: Final = 0.09
_CLOSED_S: Final = 0.015
_OPENING_S: Final = 0.16


@dataclass
class BlinkState:
    """What :func:`move_lids` remembers."""

    draw: np.random.Generator
    row: int = 0
    rows_to_blink: int = 0
    age_s: float = 10.0
    depth: float = 1.0
    slowness: float = 1.0


def start_blinks(seed: int) -> BlinkState:
    """Return the state before row 0."""
    draw = np.random.Generator(np.random.PCG64([seed, 4]))
    state = BlinkState(draw)
    state.rows_to_blink = round((_FIRST_S + float(draw.uniform(0.0, 2.0))) * FEATURE_RATE_HZ)
    return state


def move_lids(
    state: BlinkState, activity: Activity, rates: FloatArray, shifts: FloatArray
) -> FloatArray:
    """Return how far blinks close the lids, 0 to 1, (rows,).

    Args:
        state: advanced in place.
        activity: phrase ends.
        rates: (rows,) scale of the rate of blinks, 0 and above.
        shifts: (rows,) size of gaze shifts that start in a row, degrees.
    """
    lids = np.zeros(len(shifts))
    for i in range(len(shifts)):
        rate = float(rates[i])
        if rate > _NEVER:
            _schedule(state, bool(activity.phrase_end[i]), shifts[i] >= LARGE_SHIFT_DEG, rate)
            rested = state.age_s >= _SHORTEST_INTERVAL_S / max(rate, 1.0)
            if state.rows_to_blink <= 0 and rested:
                _begin(state, rate)
            state.rows_to_blink -= 1
        lids[i] = _closure(state)
        state.age_s += 1.0 / FEATURE_RATE_HZ
        state.row += 1
    return lids


def _schedule(state: BlinkState, phrase_end: bool, gaze_shift: bool, rate: float) -> None:
    """Bring the next blink forward where speakers blink."""
    if state.row < _FIRST_S * FEATURE_RATE_HZ:
        return
    chance = min(rate, 1.0)
    if phrase_end and state.draw.uniform() < _AT_PHRASE_END * chance:
        delay = round(float(state.draw.uniform(*_PHRASE_END_DELAY_S)) * FEATURE_RATE_HZ)
        state.rows_to_blink = min(state.rows_to_blink, delay)
    if gaze_shift and state.draw.uniform() < _WITH_GAZE_SHIFT * chance:
        state.rows_to_blink = min(state.rows_to_blink, 0)


def _begin(state: BlinkState, rate: float) -> None:
    interval = _MEDIAN_INTERVAL_S / rate * math.exp(_LOG_SPREAD * state.draw.standard_normal())
    if state.draw.uniform() < 0.06:  # now and then a second one follows at once
        interval = _SHORTEST_INTERVAL_S
    state.rows_to_blink = round(interval * FEATURE_RATE_HZ)
    state.age_s = 0.0
    state.depth = 1.0 if state.draw.uniform() < 0.88 else float(state.draw.uniform(0.65, 0.95))
    state.slowness = float(state.draw.uniform(0.9, 1.15))


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
