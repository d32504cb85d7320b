"""Small life in brows, lids and cheeks.

Tracked brows range over .064 to .090 outer-eye distances, most of it slowly (half of the power lies
under 0.4 Hz): they are raised for a word or a phrase, held, and let down; and they rise with the
head. Brows lead loudness by 120 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.activity import Activity
from gioconda.performance.envelopes import ROW_S, Bump, Lag
from gioconda.performance.intonation import Intonation
from gioconda.performance.listening import Listening
from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Brows lead loudness by this.
BROW_LEAD_S: Final = 0.12
#: Weight of the inner brows at an effort of 1 above the speaker's recent mean, and for a degree
#: that the head is lifted.
_BROW_PER_EFFORT: Final = 0.42
_BROW_PER_LIFT: Final = 0.025
#: Slow drifts: time constant and spread in weights, for brows, smile, squint and side.
_DRIFT_S: Final = (1.1, 1.8, 1.4, 1.5)
_DRIFT_SPREAD: Final = (0.10, 0.07, 0.06, 0.06)
#: How the brows are held through a stretch of speech: at such weights (negative is down), with
#: such probabilities, for such times; and the rate of the lag that takes them there.
_HELD: Final = ((-0.02, 0.08), (0.36, 0.78), (-0.32, -0.08))
_HELD_SHARES: Final = (0.44, 0.34, 0.22)
_HELD_S: Final = (0.8, 3.0)
_HELD_RATE: Final = 9.0
#: All that together is scaled to the range of tracked brows, and set lower while talking, so that
#: brows rise from about their rest.
_BROW_GAIN: Final = 1.2
_BROW_LOW: Final = 0.22
#: Nobody keeps brows raised for long: of their mean over the last seconds so much is let go.
_LET_GO: Final = 0.75
_LET_GO_S: Final = 3.5
#: Brows raised by all that together are held back from this weight on, by so much at most.
_BROW_FREE: Final = 0.75
_BROW_ROOM: Final = 0.25
#: ... and likewise downwards, where a little already looks stern.
_FROWN_FREE: Final = -0.10
_FROWN_ROOM: Final = 0.18
#: Raises at stresses: effort above the recent mean that brings one, probability, size, rise, hold
#: and fall in seconds, and the least distance.
_RAISE_AT: Final = 0.30
_RAISE_CHANCE: Final = 0.4
_RAISE: Final = (0.35, 0.80)
_RAISE_RISE_S: Final = 0.14
_RAISE_HOLD_S: Final = (0.15, 0.7)
_RAISE_FALL_S: Final = 0.32
_RAISE_APART_S: Final = 0.7
#: What arousal, -1 to 1, adds: liveliness as a share, and weights of smile and squint.
_LIVELIER: Final = 0.45
_SMILE_PER_AROUSAL: Final = 0.07
_SQUINT_PER_AROUSAL: Final = 0.05


@dataclass
class FaceState:
    """What :func:`enliven` remembers."""

    noise: np.random.Generator
    events: np.random.Generator
    drift: list[float] = field(default_factory=lambda: [0.0] * 4)
    smooth: list[float] = field(default_factory=lambda: [0.0] * 4)
    mean_effort: float = 0.0
    emphasis: float = 0.0
    stressed: bool = False
    raised: Bump = field(default_factory=Bump)
    rows_since_raise: int = 1_000_000
    held: Lag = field(default_factory=Lag)
    hold: float = 0.0
    rows_to_hold: int = 0
    kept: float = 0.0


@dataclass(frozen=True)
class FaceLife:
    """Weights over the rows of a window, each (rows,): brow may be negative, meaning down.

    ``answer`` is a listener's smile, which a silent mouth shows too.
    """

    brow: FloatArray
    brow_side: FloatArray
    smile: FloatArray
    squint: FloatArray
    answer: FloatArray


@dataclass(frozen=True)
class BrowsTaken:
    """How much of brows and lids an emotion holds, each (rows,), 0 to 1."""

    brows: FloatArray
    lids: FloatArray


def start_face(seed: int) -> FaceState:
    """Return the state before row 0."""
    noise, events = (np.random.Generator(np.random.PCG64([seed, k])) for k in (5, 6))
    return FaceState(noise, events)


def enliven(
    state: FaceState,
    window: FeatureWindow,
    activity: Activity,
    voice: Intonation,
    listening: Listening,
    pitch_deg: FloatArray,
) -> FaceLife:
    """Return brows, smile and squint of the rows of a window.

    ``pitch_deg``, (rows,), is the head's, positive downwards.
    """
    n = window.rows
    effort = window.at(window.features.effort, round(BROW_LEAD_S * FEATURE_RATE_HZ))
    white = state.noise.standard_normal((n, 4))
    tracks = np.zeros((4, n))
    for i in range(n):
        talking, aroused = float(activity.talking[i]), float(voice.arousal[i])
        drift, lively = state.smooth, (0.35 + 0.65 * talking) * (1.0 + _LIVELIER * aroused)
        brow = lively * (drift[0] + _held(state, activity, i))
        brow += _BROW_PER_EFFORT * state.emphasis + lively * state.raised.step()
        smile = lively * drift[1] + _SMILE_PER_AROUSAL * aroused
        squint = lively * drift[2] + _SQUINT_PER_AROUSAL * max(aroused, 0.0)
        tracks[:, i] = brow, lively * drift[3], smile, squint
        _advance_drift(state, white[i])
        _stress(state, float(effort[i]))
    brow = (
        _BROW_GAIN * tracks[0]
        - _BROW_LOW * activity.talking
        - _BROW_PER_LIFT * pitch_deg
        + listening.brow
    )
    for i in range(n):
        state.kept += (float(brow[i]) - state.kept) * ROW_S / _LET_GO_S
        brow[i] -= _LET_GO * state.kept
    return FaceLife(brow, tracks[1], tracks[2], tracks[3], listening.smile)


def write_face(
    values: FloatArray,
    life: FaceLife,
    gate: FloatArray,
    expression: FloatArray,
    taken: BrowsTaken,
) -> None:
    """Add the life to the channels of ``values``, (rows, 60), in place.

    ``expression``, (rows,), scales it; ``taken`` is what an emotion holds of the upper face, which
    leaves the rest to life: so both together stay in range.
    """
    from gioconda.performance import face_kernels as kernels

    inner, sides = _life_columns()
    brow = _held_back(life.brow * expression) * (1.0 - taken.brows)
    kernels.add_life(
        values, brow, life.brow_side * (1.0 - taken.brows), life.smile, life.squint, life.answer,
        gate, np.ascontiguousarray(expression), 1.0 - taken.lids, inner, sides,
    )  # fmt: skip


@cache
def _life_columns() -> tuple[int, npt.NDArray[np.intp]]:
    from gioconda.performance.face_kernels import LIFE_SHAPES

    sides = [[INDEX[shape + side] for shape in LIFE_SHAPES] for side in ("Left", "Right")]
    return INDEX["browInnerUp"], np.array(sides)


def _held_back(brow: FloatArray) -> FloatArray:
    """Return brows that never reach the end of their way, neither up nor down."""
    beyond = np.maximum(brow - _BROW_FREE, 0.0)
    brow = np.minimum(brow, _BROW_FREE) + _BROW_ROOM * beyond / (_BROW_ROOM + beyond)
    beyond = np.maximum(_FROWN_FREE - brow, 0.0)
    held: FloatArray = np.maximum(brow, _FROWN_FREE) - _FROWN_ROOM * beyond / (_FROWN_ROOM + beyond)
    return held


def _advance_drift(state: FaceState, white: FloatArray) -> None:
    """Advance four Ornstein-Uhlenbeck drifts, each smoothed once more, of the stated spread."""
    dt = 1.0 / FEATURE_RATE_HZ
    for k in range(4):
        keep = 1.0 - dt / _DRIFT_S[k]
        kick = (1.0 - keep * keep) ** 0.5
        state.drift[k] = keep * state.drift[k] + kick * float(white[k]) * _DRIFT_SPREAD[k]
        state.smooth[k] += (state.drift[k] - state.smooth[k]) * dt / 0.15


def _held(state: FaceState, activity: Activity, i: int) -> float:
    """Return how the brows are held, and choose again where a phrase starts or time is up."""
    state.rows_to_hold -= 1
    if activity.phrase_start[i] or state.rows_to_hold <= 0:
        draw = state.events
        chosen, share = float(draw.uniform()), float(draw.uniform())
        state.rows_to_hold = round(float(draw.uniform(*_HELD_S)) * FEATURE_RATE_HZ)
        k = int(chosen > _HELD_SHARES[0]) + int(chosen > _HELD_SHARES[0] + _HELD_SHARES[1])
        low, high = _HELD[k] if activity.talking[i] > 0.3 or activity.phrase_start[i] else _HELD[0]
        state.hold = low + share * (high - low)
    held = state.held.value
    state.held.step(state.hold, _HELD_RATE)
    return held


def _stress(state: FaceState, effort: float) -> None:
    """Take the effort 120 ms ahead: brows follow it, and a stress may raise them."""
    state.mean_effort += (effort - state.mean_effort) * ROW_S / 1.5
    above = effort - max(state.mean_effort, 0.4)
    state.emphasis += (max(above, 0.0) - state.emphasis) * ROW_S / 0.05
    state.rows_since_raise += 1
    stressed = above > _RAISE_AT
    if stressed and not state.stressed:
        draw = state.events.uniform
        raises, size, held = draw() < _RAISE_CHANCE, draw(*_RAISE), draw(*_RAISE_HOLD_S)
        apart = state.rows_since_raise * ROW_S > _RAISE_APART_S
        if raises and apart and not state.raised.runs:
            state.raised.begin(float(size), _RAISE_RISE_S, float(held), _RAISE_FALL_S)
            state.rows_since_raise = 0
    state.stressed = stressed
