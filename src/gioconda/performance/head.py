"""Head motion: stochastic, with the measured statistics, coupled to the voice.

Half of the power of real yaw lies below 0.4 Hz, 90 % below 1.2 Hz and 98 % below 2.5 Hz; real
talkers spread 5.0, 4.2 and 3.7 degrees in yaw, pitch and roll. Four parts add up to that:
postures (:mod:`gioconda.performance.posture`), a little filtered noise, what follows the voice
(lifts at stresses, a share of its melody and loudness), and a trace of the breath.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import HEAD_CHANNELS, INDEX
from gioconda.performance.activity import Activity, smoothstep
from gioconda.performance.dials import Dials
from gioconda.performance.emotion import EmotionTrack
from gioconda.performance.intonation import Intonation
from gioconda.performance.listening import Listening
from gioconda.performance.posture import PostureState, hold_postures, start_postures
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Bandwidth of the noise at tempo 1, of rotation and of translation.
_NOISE_CUT_HZ: Final = 1.25
_SWAY_CUT_HZ: Final = 0.25
#: Lifts and nods at loudness peaks (with the loudness followed, 0.7 to 1.0 degrees as tracked over
#: all peaks): degrees, rise and fall in rows, shortest distance in rows,
#: and the share of lifts among them.
_LIFT_DEG: Final = (0.9, 1.6)
_LIFT_RISE_ROWS: Final = 4
_LIFT_FALL_ROWS: Final = 13
_LIFT_EVERY_ROWS: Final = 14
_LIFTS: Final = 0.88
#: Beyond the first of these angles the head is held back, so that it never passes the second: what
#: portraits bear in yaw and pitch, and tilt in roll.
_FREE_DEG: Final = np.array((14.0, 10.0, 11.0))
_LIMIT_DEG: Final = np.array((20.0, 15.0, 16.0))
#: Motion grows from neutral over this time.
START_S: Final = 1.2
_CHANNELS: Final = np.array([INDEX[name] for name in HEAD_CHANNELS])


@dataclass
class HeadState:
    """What :func:`move_head` remembers.

    Attributes:
        noise: draws the noise, six values a row of its own time, in order.
        events: draws lifts.
        posture: the postures' own state.
        filters: state of the noise filters of rotation and of translation.
        noise_time: rows of the noise's own time since the start; it runs at the tempo.
        drawn: rows of noise drawn so far.
        last_two: the last two of them, (2, 6).
    """

    noise: np.random.Generator
    events: np.random.Generator
    posture: PostureState
    filters: tuple[FloatArray, FloatArray]
    noise_time: float = 0.0
    drawn: int = 0
    last_two: FloatArray = field(default_factory=lambda: np.zeros((2, 6)))
    row: int = 0
    lift_age: int = 1_000_000
    lift_deg: float = 0.0


@dataclass(frozen=True)
class HeadTrack:
    """The head over the rows of a window.

    Attributes:
        pose: (rows, 6) yaw, pitch, roll in degrees, not yet held back, and x, y, z in outer-eye
            distances.
        turns: (rows,) degrees of a turn of yaw that is about to begin, else 0.
    """

    pose: FloatArray
    turns: FloatArray


def start_head(seed: int) -> HeadState:
    """Return the state before row 0."""
    filters = (np.zeros((3, 3)), np.zeros((3, 3)))
    return HeadState(_generator(seed, 1), _generator(seed, 2), start_postures(seed), filters)


def move_head(
    state: HeadState,
    activity: Activity,
    dials: Dials,
    emotion: EmotionTrack,
    breath: FloatArray,
    voice: Intonation,
    listening: Listening,
) -> HeadTrack:
    """Return the pose of the head and its turns.

    ``breath``, (rows,), 0 to 1, lifts the head a trace.
    """
    from gioconda.performance import head_kernels as kernels

    n = len(activity.gate)
    noise = _noise(state, emotion.tempo)
    lift = _lifts(state, activity)
    postures = hold_postures(state.posture, activity, emotion.tempo, listening.attention)
    time_s = (state.row + np.arange(n)) / FEATURE_RATE_HZ
    state.row += n
    pose = kernels.assemble(
        postures.angles, noise, activity.talking, voice.loudness, voice.melody,
        emotion.head_scale, np.ascontiguousarray(dials.head), lift, breath, listening.nod_deg,
        listening.attention, smoothstep(time_s / START_S),
    )  # fmt: skip
    return HeadTrack(pose, postures.turns * dials.head)


def held_back(angles: FloatArray) -> FloatArray:
    """Return angles, (rows, 3), softly kept inside what portraits bear."""
    room = _LIMIT_DEG - _FREE_DEG
    beyond = np.maximum(np.abs(angles) - _FREE_DEG, 0.0)
    kept: FloatArray = np.sign(angles) * (
        np.minimum(np.abs(angles), _FREE_DEG) + room * beyond / (room + beyond)
    )
    return kept


def write_head(values: FloatArray, head: FloatArray) -> None:
    """Add head angles and translation to the head channels of ``values``, in place."""
    values[:, _CHANNELS] += head


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, stream]))


def _noise(state: HeadState, tempo: FloatArray) -> FloatArray:
    """Return six channels of unit-variance low-pass noise, (rows, 6), at a tempo, (rows,).

    The noise is drawn once, row by row of a time of its own, which runs faster or slower than
    the motion's; so the tempo may change at any row, and at tempo 1 the two times agree.
    """
    from gioconda.performance.filter_kernels import run_filter

    times = np.empty(len(tempo))
    for i, pace in enumerate(tempo):
        times[i] = state.noise_time
        state.noise_time += float(pace)
    if not len(times):
        return np.zeros((0, 6))
    missing = max(math.floor(times[-1]) + 2 - state.drawn, 0)
    fresh = state.noise.standard_normal((missing, 6))
    turning, swaying = fresh[:, :3].copy(), fresh[:, 3:].copy()
    run_filter(*_noise_filter(_NOISE_CUT_HZ), turning, state.filters[0])
    run_filter(*_noise_filter(_SWAY_CUT_HZ), swaying, state.filters[1])
    fresh = np.concatenate([turning, swaying], axis=1)
    first = state.drawn - 2
    held = np.concatenate([state.last_two, fresh])
    state.drawn += missing
    state.last_two = held[-2:].copy()
    index = np.floor(times).astype(np.int64)
    share = (times - index)[:, None]
    drawn: FloatArray = held[index - first] * (1.0 - share) + held[index - first + 1] * share
    return drawn


@cache
def _noise_filter(cut_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return a low-pass of third order that makes unit-variance noise of unit-variance noise."""
    from gioconda.performance.filter_kernels import run_filter

    one, one_below = _butterworth_1(cut_hz)
    two, two_below = _butterworth_2(1.6 * cut_hz)
    numerator, denominator = np.convolve(one, two), np.convolve(one_below, two_below)
    response = np.zeros((2000, 1))
    response[0] = 1.0
    run_filter(numerator, denominator, response, np.zeros((3, 1)))
    return numerator / np.sqrt(np.sum(response**2)), denominator


# Butterworth low-passes by the bilinear transform, in closed form: importing scipy.signal for
# them would cost the better part of a second at the start of every run.


def _butterworth_1(cut_hz: float) -> tuple[FloatArray, FloatArray]:
    k = math.tan(math.pi * cut_hz / FEATURE_RATE_HZ)
    return np.array([k, k]) / (1 + k), np.array([1.0, (k - 1) / (k + 1)])


def _butterworth_2(cut_hz: float) -> tuple[FloatArray, FloatArray]:
    k = math.tan(math.pi * cut_hz / FEATURE_RATE_HZ)
    scale = 1 + math.sqrt(2) * k + k * k
    below = np.array([scale, 2 * (k * k - 1), 1 - math.sqrt(2) * k + k * k]) / scale
    return k * k * np.array([1.0, 2.0, 1.0]) / scale, below


def _lifts(state: HeadState, activity: Activity) -> FloatArray:
    """Return lifts and nods at loudness peaks in degrees of pitch, (rows,)."""
    n = len(activity.gate)
    lifts = np.zeros(n)
    delay = max(_LIFT_RISE_ROWS // 2, activity.peak_lead_rows)
    for i in range(n):
        if activity.peak[i] > 0 and state.lift_age > _LIFT_EVERY_ROWS:
            up = state.events.uniform() < _LIFTS
            size = state.events.uniform(*_LIFT_DEG) * min(float(activity.peak[i]), 1.25)
            state.lift_deg = -size if up else size
            state.lift_age = min(_LIFT_RISE_ROWS - delay, 0)
        lifts[i] = state.lift_deg * _lift_shape(state.lift_age)
        state.lift_age += 1
    return lifts


def _lift_shape(age: int) -> float:
    """Return 0 to 1: raised cosine up, slower down."""
    if 0 <= age <= _LIFT_RISE_ROWS:
        return 0.5 - 0.5 * math.cos(math.pi * age / _LIFT_RISE_ROWS)
    fall = (age - _LIFT_RISE_ROWS) / _LIFT_FALL_ROWS
    if 0 < fall < 1:
        return 0.5 + 0.5 * math.cos(math.pi * fall)
    return 0.0
