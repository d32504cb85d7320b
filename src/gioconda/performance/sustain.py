"""Long held vowels, as in song: the mouth holds its shape and breathes, and does not freeze.

A row is held while the sound has a pitch and its colour stays the same. After a third of a second
of it the lips follow the features slowly, which wander over a long note, and sway a little, as the
jaw of a singer does who keeps a note alive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.articulation import LipTargets
from gioconda.performance.window import PAST_ROWS, FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: The bands may differ by this from those of 60 ms before, on their scale of -1 to 1.
STEADY_CHANGE: Final = 0.07
_CHANGE_ROWS: Final = 3
#: A note counts as held from the first of these durations on, and wholly from the second.
HELD_FROM_S: Final = 0.30
HELD_S: Final = 0.60
#: A row that is not held takes away so many rows of it.
_LOST_ROWS: Final = 5
#: The lips of a held note follow with this time constant.
FOLLOW_S: Final = 0.25
#: Parts of the opening that come and go, and how often a second.
SWAY: Final = ((0.06, 0.83), (0.03, 2.1))


@dataclass
class SustainState:
    """What :func:`sustain` remembers: for how long a note is held, and where the lips are."""

    held_rows: float = 0.0
    row: int = 0
    aperture: float = 0.0
    jaw: float = 0.0
    rounding: float = 0.0


def sustain(state: SustainState, window: FeatureWindow, targets: LipTargets) -> LipTargets:
    """Return the targets with long vowels held and swaying; closures are left alone."""
    steady = _steady(window)
    columns = np.stack([targets.aperture, targets.jaw, targets.rounding])
    free = 1.0 - np.maximum(targets.closure, targets.labiodental)
    follow = 1.0 / (FOLLOW_S * FEATURE_RATE_HZ)
    most = HELD_S * FEATURE_RATE_HZ
    for i in range(window.rows):
        step = 1.0 if steady[i] else -_LOST_ROWS
        state.held_rows = min(max(state.held_rows + step, 0.0), most)
        state.row += 1
        held = state.held_rows / FEATURE_RATE_HZ - HELD_FROM_S
        held = min(max(held / (HELD_S - HELD_FROM_S), 0.0), 1.0) * float(free[i])
        rate = 1.0 + (follow - 1.0) * held
        state.aperture += rate * (float(columns[0, i]) - state.aperture)
        state.jaw += rate * (float(columns[1, i]) - state.jaw)
        state.rounding += rate * (float(columns[2, i]) - state.rounding)
        alive = 1.0 + held * _sway(state.row)
        columns[:, i] = state.aperture * alive, state.jaw * alive, state.rounding
    return replace(targets, aperture=columns[0], jaw=columns[1], rounding=columns[2])


def _steady(window: FeatureWindow) -> npt.NDArray[np.bool_]:
    """Return where the sound has a pitch and the colour that it had just before, (rows,)."""
    from gioconda.performance import articulation_kernels as kernels

    f = window.features
    held: npt.NDArray[np.bool_] = kernels.steady(
        f.bands, f.f0_hz, PAST_ROWS, window.rows, _CHANGE_ROWS, STEADY_CHANGE
    )
    return held


def _sway(row: int) -> float:
    """Return the part by which an opening differs at a row; periods have no common multiple."""
    time_s = row / FEATURE_RATE_HZ
    return sum(size * math.sin(2 * math.pi * rate * time_s) for size, rate in SWAY)
