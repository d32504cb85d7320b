"""Small life in brows, lids and cheeks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.activity import Activity
from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Brows lead loudness by this.
BROW_LEAD_S: Final = 0.12
#: Weight of the inner brows at an effort of 1 above the speaker's recent mean.
_BROW_PER_EFFORT: Final = 0.35
#: Slow drifts: time constant and spread in weights, for brows, smile, squint and side.
_DRIFT_S: Final = (1.1, 1.8, 1.4, 1.5)
_DRIFT_SPREAD: Final = (0.11, 0.07, 0.06, 0.06)
#: Brow raises that a loudness peak brings: probability, size, length in seconds.
_RAISE_CHANCE: Final = 0.3
_RAISE: Final = (0.15, 0.42)
_RAISE_S: Final = (0.5, 1.2)


@dataclass
class FaceState:
    """What :func:`enliven` remembers."""

    noise: np.random.Generator
    events: np.random.Generator
    drift: list[float] = field(default_factory=lambda: [0.0] * 4)
    smooth: list[float] = field(default_factory=lambda: [0.0] * 4)
    mean_effort: float = 0.0
    emphasis: float = 0.0
    raise_age_s: float = 10.0
    raise_length_s: float = 1.0
    raise_weight: float = 0.0


@dataclass(frozen=True)
class FaceLife:
    """Weights over the rows of a window, each (rows,): brow may be negative, meaning down."""

    brow: FloatArray
    brow_side: FloatArray
    smile: FloatArray
    squint: FloatArray


def start_face(seed: int) -> FaceState:
    """Return the state before row 0."""
    noise, events = (np.random.Generator(np.random.PCG64([seed, k])) for k in (5, 6))
    return FaceState(noise, events)


def enliven(state: FaceState, window: FeatureWindow, activity: Activity) -> FaceLife:
    """Return brows, smile and squint of the rows of a window."""
    n = window.rows
    effort = window.at(window.features.effort, round(BROW_LEAD_S * FEATURE_RATE_HZ))
    white = state.noise.standard_normal((n, 4))
    tracks = np.zeros((4, n))
    dt = 1.0 / FEATURE_RATE_HZ
    for i in range(n):
        lively = 0.35 + 0.65 * activity.talking[i]
        drift = state.smooth
        brow = lively * drift[0] + _BROW_PER_EFFORT * state.emphasis + _raised(state)
        tracks[:, i] = brow, lively * drift[3], lively * drift[1], lively * drift[2]
        _advance_drift(state, white[i])
        state.mean_effort += (effort[i] - state.mean_effort) * dt / 1.5
        emphasis = max(effort[i] - max(state.mean_effort, 0.4), 0.0)
        state.emphasis += (emphasis - state.emphasis) * dt / 0.05
        if activity.peak[i] > 0 and state.raise_age_s > state.raise_length_s + 1.0:
            _maybe_raise(state)
        state.raise_age_s += dt
    return FaceLife(*tracks)


def write_face(
    values: FloatArray, life: FaceLife, gate: FloatArray, expression: FloatArray
) -> None:
    """Add the life to the channels of ``values``, (rows, 60), in place.

    ``expression``, (rows,), scales it.
    """

    def add(name: str, weight: FloatArray) -> None:
        values[:, INDEX[name]] += weight

    up, down = np.maximum(life.brow, 0.0) * expression, np.maximum(-life.brow, 0.0) * expression
    squint = np.maximum(life.squint, 0.0) * expression
    smile = np.maximum(life.smile, 0.0) * gate * np.minimum(expression, 1.0)
    add("browInnerUp", up)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        lean = np.maximum(sign * life.brow_side, 0.0) * expression
        add("browOuterUp" + side, 0.75 * up + lean)
        add("browDown" + side, 0.7 * down)
        add("eyeSquint" + side, squint + 0.3 * down)
        add("eyeWide" + side, 0.25 * up)
        add("cheekSquint" + side, 0.5 * smile * expression)
        add("mouthSmile" + side, smile)


def _advance_drift(state: FaceState, white: FloatArray) -> None:
    """Advance four Ornstein-Uhlenbeck drifts, each smoothed once more, of the stated spread."""
    dt = 1.0 / FEATURE_RATE_HZ
    for k in range(4):
        keep = 1.0 - dt / _DRIFT_S[k]
        kick = (1.0 - keep * keep) ** 0.5
        state.drift[k] = keep * state.drift[k] + kick * float(white[k]) * _DRIFT_SPREAD[k]
        state.smooth[k] += (state.drift[k] - state.smooth[k]) * dt / 0.15


def _maybe_raise(state: FaceState) -> None:
    if state.events.uniform() < _RAISE_CHANCE:
        state.raise_weight = float(state.events.uniform(*_RAISE))
        state.raise_length_s = float(state.events.uniform(*_RAISE_S))
        state.raise_age_s = 0.0


def _raised(state: FaceState) -> float:
    """Return the running brow raise: up in 140 ms, held, down in 300 ms."""
    rise = min(state.raise_age_s / 0.14, 1.0)
    fall = min(max((state.raise_length_s - state.raise_age_s) / 0.3, 0.0), 1.0)
    x = min(rise, fall)
    return state.raise_weight * x * x * (3.0 - 2.0 * x)
