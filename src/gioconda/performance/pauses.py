"""What a mouth does in long pauses: it swallows, and the lips are pressed or wetted.

People swallow about once a minute at rest. Nothing of this comes within :data:`FIRST_S` of speech,
each takes about a second, and the portrait's rest is what it ends in; whoever begins to speak
drops it at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.activity import Activity
from gioconda.performance.envelopes import ROW_S, Bump

FloatArray = npt.NDArray[np.float64]

#: Nothing happens until the mouth has rested this long; then so much later, and again.
FIRST_S: Final = 5.0
_LATER_S: Final = (1.0, 14.0)
_AGAIN_S: Final = (22.0, 55.0)
#: Share of swallows among these movements; the others press the lips inwards.
_SWALLOWS: Final = 0.6
_SIZE: Final = (0.75, 1.0)
#: Weights at full size.
_SWALLOW: Final = {
    "mouthPressLeft": 0.35, "mouthPressRight": 0.35, "mouthShrugLower": 0.35,
    "mouthRollLower": 0.12,
}  # fmt: skip
_WET: Final = {
    "mouthRollLower": 0.5, "mouthRollUpper": 0.42, "mouthPressLeft": 0.22, "mouthPressRight": 0.22,
}  # fmt: skip


@dataclass
class PauseState:
    """What :func:`pass_time` remembers; times in rows."""

    draw: np.random.Generator
    rows_at_rest: int = 0
    rows_to_next: int = 0
    swallow: Bump = field(default_factory=Bump)
    wet: Bump = field(default_factory=Bump)


@dataclass(frozen=True)
class PauseMoves:
    """Over the rows of a window, each (rows,): how far into a swallow, and into pressed lips."""

    swallow: FloatArray
    wet: FloatArray


def start_pauses(seed: int) -> PauseState:
    """Return the state before row 0: the mouth rests."""
    state = PauseState(np.random.Generator(np.random.PCG64([seed, 13])))
    _wait(state)
    return state


def pass_time(state: PauseState, activity: Activity) -> PauseMoves:
    """Advance over the rows of a window."""
    n = len(activity.gate)
    swallow, wet = np.zeros(n), np.zeros(n)
    for i in range(n):
        gate = float(activity.gate[i])
        if gate > 0.0:
            if state.rows_at_rest:
                _wait(state)
            state.rows_at_rest = 0
        else:
            state.rows_at_rest += 1
            state.rows_to_next -= 1
            if state.rows_to_next <= 0:
                _move(state)
        swallow[i] = (1.0 - gate) * state.swallow.step()
        wet[i] = (1.0 - gate) * state.wet.step()
    return PauseMoves(swallow, wet)


def write_pauses(values: FloatArray, moves: PauseMoves, expression: FloatArray) -> None:
    """Add the moves to ``values``, (rows, 60), in place; ``expression``, (rows,), scales them."""
    scale = np.minimum(expression, 1.0)
    for weights, amount in ((_SWALLOW, moves.swallow), (_WET, moves.wet)):
        if amount.any():
            for name, weight in weights.items():
                values[:, INDEX[name]] += weight * scale * amount


def _wait(state: PauseState) -> None:
    seconds = FIRST_S + float(state.draw.uniform(*_LATER_S))
    state.rows_to_next = round(seconds / ROW_S)


def _move(state: PauseState) -> None:
    draw = state.draw.uniform
    swallows, size, again = draw() < _SWALLOWS, float(draw(*_SIZE)), float(draw(*_AGAIN_S))
    if swallows:
        state.swallow.begin(size, 0.28, 0.18, 0.4)
    else:
        state.wet.begin(size, 0.25, 0.35, 0.4)
    state.rows_to_next = round(again / ROW_S)
