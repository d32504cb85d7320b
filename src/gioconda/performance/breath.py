"""Breathing: 12 to 18 breaths a minute; talkers breathe in quickly, in a pause if there is one.

At rest a breath in takes some two fifths of the cycle; talkers draw it in half a second or so, at
a pause, and let it out over the phrase (Winkworth et al., 1995, "Breathing patterns during
spontaneous speech"). A critically damped spring draws the curve, so that it never has a corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.activity import Activity
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: From one breath in to the next: at a pause from the first on, at the second at the latest.
CYCLE_S: Final = (3.35, 5.0)
#: A cycle at rest.
_REST_S: Final = (3.7, 4.8)
#: Breathing in, at rest and while somebody talks.
_IN_REST_S: Final = (1.3, 1.7)
_IN_TALK_S: Final = (0.55, 0.8)
#: How full a breath is, and what stays of it at its end.
_DEPTH: Final = (0.78, 1.0)
_LEFT: Final = (0.0, 0.1)
#: The first breath comes within this time.
_FIRST_S: Final = (0.1, 1.6)
#: The spring's goal is up after this part of the breath in; the chest follows.
_RISE_SHARE: Final = 0.75
#: Natural frequency of the spring, in and out, rad/s.
_SPRING_IN_RAD_S: Final = 7.0
_SPRING_OUT_RAD_S: Final = 4.0
#: Gate below which the mouth pauses.
_PAUSE_GATE: Final = 0.5


@dataclass
class BreathState:
    """What :func:`breathe` remembers; times in seconds.

    Attributes:
        events: draws each breath, once when it begins.
        level: how full the chest is, 0 to 1.
        speed: of the level, a second.
        age: since the present breath in began; negative before the first.
        cycle: when the next one is due at rest.
        inhaling: how long this one draws in.
        depth: how full it gets.
        left: what remains at its end.
        base: the level from which it rose.
    """

    events: np.random.Generator
    level: float = 0.0
    speed: float = 0.0
    age: float = 0.0
    cycle: float = 0.0
    inhaling: float = 0.0
    depth: float = 0.0
    left: float = 0.0
    base: float = 0.0


def start_breath(seed: int) -> BreathState:
    """Return the state before row 0: breathed out, the first breath soon to come."""
    events = np.random.Generator(np.random.PCG64([seed, 9]))
    return BreathState(events, age=-float(events.uniform(*_FIRST_S)))


def breathe(state: BreathState, activity: Activity, *, still: bool) -> FloatArray:
    """Return how far breathed in, (rows,), 0 to 1; all 0 where nothing but the mouth may move."""
    rows = len(activity.gate)
    levels = np.zeros(rows)
    dt = 1.0 / FEATURE_RATE_HZ
    for i in range(rows):
        levels[i] = state.level
        talks = float(activity.talking[i]) > 0.35
        if _due(state, pauses=float(activity.gate[i]) < _PAUSE_GATE, talks=talks):
            _begin(state, talks)
        inhales = 0.0 <= state.age < state.inhaling
        goal, spring = _goal(state), _SPRING_IN_RAD_S if inhales else _SPRING_OUT_RAD_S
        state.speed += dt * (spring**2 * (goal - state.level) - 2 * spring * state.speed)
        state.level = min(max(state.level + dt * state.speed, 0.0), 1.0)
        state.age += dt
    return np.zeros(rows) if still else levels


def write_breath(values: FloatArray, levels: FloatArray) -> None:
    """Write the breath channel of ``values``, in place."""
    values[:, INDEX["breath"]] = levels


def _due(state: BreathState, *, pauses: bool, talks: bool) -> bool:
    if state.cycle == 0.0:  # before the first breath
        return state.age >= 0.0
    if talks or not pauses:
        return state.age >= CYCLE_S[1] or (pauses and state.age >= CYCLE_S[0])
    return state.age >= state.cycle


def _begin(state: BreathState, talks: bool) -> None:
    draw = state.events.uniform
    state.age, state.base = 0.0, state.level
    # All are drawn every time, so that a pause more or less changes no later breath's draws.
    rest_s, in_rest, in_talk = (float(draw(*r)) for r in (_REST_S, _IN_REST_S, _IN_TALK_S))
    state.cycle = rest_s
    state.inhaling = in_talk if talks else in_rest
    state.depth, state.left = float(draw(*_DEPTH)), float(draw(*_LEFT))


def _goal(state: BreathState) -> float:
    """Return where the level is drawn to: up, down more slowly, then rest."""
    if state.cycle == 0.0:
        return 0.0
    if state.age < state.inhaling:
        done = min(state.age / (_RISE_SHARE * state.inhaling), 1.0)
        return state.base + (state.depth - state.base) * done
    out_s = 0.85 * (state.cycle - state.inhaling)
    done = min((state.age - state.inhaling) / out_s, 1.0)
    return state.depth + (state.left - state.depth) * done
