"""Head motion: stochastic, with the measured statistics, modulated by speech.

Measured talkers move their heads hardly linearly with loudness or pitch (|r| about .2), so the
motion is generated: a posture that shifts at phrase starts, filtered noise on top, a small lift
at strong loudness peaks, and a trace of the breath. Half of the power of real yaw lies below
0.4 Hz, 90 % below 1.2 Hz and 98 % below 2.5 Hz; real talkers spread 5.0, 4.2 and 3.7 degrees in
yaw, pitch and roll. A head on a calm body looks restless at that, so :data:`NATURAL_SHARE` of it
is the default.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.performance.activity import Activity, smoothstep
from gioconda.performance.dials import Dials
from gioconda.performance.emotion import EmotionTrack
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Spread of real talkers in degrees: yaw, pitch, roll.
REAL_SPREAD_DEG: Final = (5.0, 4.2, 3.7)
#: ``Controls.head`` of 1 stands for this share of it.
NATURAL_SHARE: Final = 0.65
#: Shares of the spread in posture and in noise (their squares sum to about 1).
_POSTURE_SHARE: Final = 0.76
_NOISE_SHARE: Final = 0.66
#: Bandwidth of the noise at tempo 1.
_NOISE_CUT_HZ: Final = 0.85
#: The posture's spring: critically damped, natural frequency in rad/s.
_SPRING_RAD_S: Final = 3.2
#: While somebody talks on, posture changes after this many seconds.
_SHIFT_AFTER_S: Final = (2.0, 6.5)
#: In pauses the head comes this near to neutral, and moves this much.
_QUIET_POSTURE: Final = 0.4
_QUIET_NOISE: Final = 0.5
#: Lifts at loudness peaks: degrees, rise and fall in rows, shortest distance in rows.
_LIFT_DEG: Final = (0.7, 1.0)
_LIFT_RISE_ROWS: Final = 4
_LIFT_FALL_ROWS: Final = 13
_LIFT_EVERY_ROWS: Final = 18
#: Motion grows from neutral over this time.
START_S: Final = 1.2
#: What a full breath lifts the head: degrees of pitch, and outer-eye distances.
_BREATH_DEG: Final = 0.32
_BREATH_Y: Final = 0.008
#: Translation that comes with rotation (neck), and of its own, in outer-eye distances.
_SWAY_PER_DEG: Final = 0.0035
_SWAY_SPREAD: Final = 0.010


@dataclass
class HeadState:
    """What :func:`move_head` remembers.

    Attributes:
        noise: draws the noise, six values a row of its own time, in order.
        events: draws postures and lifts.
        filter: state of the noise filter.
        noise_time: rows of the noise's own time since the start; it runs at the tempo.
        drawn: rows of noise drawn so far.
        last_two: the last two of them, (2, 6).
        posture, speed, goal: angles in degrees, (3,).
    """

    noise: np.random.Generator
    events: np.random.Generator
    filter: FloatArray
    posture: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    speed: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    goal: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    noise_time: float = 0.0
    drawn: int = 0
    last_two: FloatArray = field(default_factory=lambda: np.zeros((2, 6)))
    row: int = 0
    rows_to_shift: int = 0
    lift_age: int = 1_000_000
    lift_deg: float = 0.0


def start_head(seed: int) -> HeadState:
    """Return the state before row 0."""
    events = _generator(seed, 2)
    events.uniform()  # keeps the later draws, and so every seed's performance, as they were
    return HeadState(_generator(seed, 1), events, np.zeros((3, 6)))


def move_head(
    state: HeadState,
    activity: Activity,
    dials: Dials,
    emotion: EmotionTrack,
    breath: FloatArray,
) -> FloatArray:
    """Return yaw, pitch, roll in degrees and x, y, z in outer-eye distances, (rows, 6).

    ``breath``, (rows,), 0 to 1, lifts the head a trace.
    """
    n = len(activity.gate)
    amount = (dials.head * emotion.head_scale * NATURAL_SHARE)[:, None]
    noise = _noise(state, emotion.tempo)
    posture, lift = _postures_and_lifts(state, activity, emotion.tempo)
    talking = activity.talking[:, None]
    spread = np.array(REAL_SPREAD_DEG)
    posture *= _QUIET_POSTURE + (1 - _QUIET_POSTURE) * talking
    noise *= _QUIET_NOISE + (1 - _QUIET_NOISE) * talking
    angles = amount * spread * (_POSTURE_SHARE * posture + _NOISE_SHARE * noise[:, :3])
    time_s = (state.row + np.arange(n)) / FEATURE_RATE_HZ
    angles[:, 1] += dials.head * (lift - _BREATH_DEG * breath)
    # Heads tilt a little into a turn.
    angles[:, 2] += 0.15 * angles[:, 0]
    shift = dials.head[:, None] * _SWAY_SPREAD * noise[:, 3:] * np.array([1.0, 0.5, 1.2])
    shift[:, 0] += _SWAY_PER_DEG * angles[:, 0]
    shift[:, 1] += _SWAY_PER_DEG * 0.6 * angles[:, 1] - dials.head * _BREATH_Y * breath
    state.row += n
    grown = smoothstep(time_s / START_S)[:, None]
    moved: FloatArray = np.concatenate([angles, shift], axis=1) * grown
    return moved


def write_head(values: FloatArray, head: FloatArray) -> None:
    """Add head angles and translation to the head channels of ``values``, in place."""
    for k, name in enumerate(("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")):
        values[:, INDEX[name]] += head[:, k]


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
    run_filter(*_noise_filter(), fresh, state.filter)
    first = state.drawn - 2
    held = np.concatenate([state.last_two, fresh])
    state.drawn += missing
    state.last_two = held[-2:].copy()
    index = np.floor(times).astype(np.int64)
    share = (times - index)[:, None]
    drawn: FloatArray = held[index - first] * (1.0 - share) + held[index - first + 1] * share
    return drawn


@cache
def _noise_filter() -> tuple[FloatArray, FloatArray]:
    """Return a low-pass of third order that makes unit-variance noise of unit-variance noise."""
    from gioconda.performance.filter_kernels import run_filter

    one, one_below = _butterworth_1(_NOISE_CUT_HZ)
    two, two_below = _butterworth_2(1.6 * _NOISE_CUT_HZ)
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


def _postures_and_lifts(
    state: HeadState, activity: Activity, tempo: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return unit-spread postures, (rows, 3), and lifts in degrees of pitch, (rows,)."""
    n = len(activity.gate)
    postures, lifts = np.zeros((n, 3)), np.zeros(n)
    delay = max(_LIFT_RISE_ROWS // 2, activity.peak_lead_rows)
    for i in range(n):
        dt = float(tempo[i]) / FEATURE_RATE_HZ
        state.rows_to_shift -= 1
        talks_on = state.rows_to_shift <= 0 and activity.talking[i] > 0.5
        if activity.phrase_start[i] or talks_on:
            state.goal = [float(g) for g in _bounded(state.events.standard_normal(3))]
            wait = state.events.uniform(*_SHIFT_AFTER_S) / float(tempo[i])
            state.rows_to_shift = int(wait * FEATURE_RATE_HZ)
        for k in range(3):
            pull = _SPRING_RAD_S**2 * (state.goal[k] - state.posture[k])
            state.speed[k] += dt * (pull - 2 * _SPRING_RAD_S * state.speed[k])
            state.posture[k] += dt * state.speed[k]
        postures[i] = state.posture
        if activity.peak[i] > 0 and state.lift_age > _LIFT_EVERY_ROWS:
            up = state.events.uniform() < 0.8
            size = state.events.uniform(*_LIFT_DEG) * min(float(activity.peak[i]), 1.25)
            state.lift_deg = -size if up else size
            state.lift_age = min(_LIFT_RISE_ROWS - delay, 0)
        lifts[i] = state.lift_deg * _lift_shape(state.lift_age)
        state.lift_age += 1
    return postures, lifts


def _bounded(x: FloatArray) -> FloatArray:
    """Fold rare far postures back: nobody holds a pose three spreads away."""
    result: FloatArray = 1.6 * np.tanh(x / 1.35)
    return result


def _lift_shape(age: int) -> float:
    """Return 0 to 1: raised cosine up, slower down."""
    if 0 <= age <= _LIFT_RISE_ROWS:
        return 0.5 - 0.5 * math.cos(math.pi * age / _LIFT_RISE_ROWS)
    fall = (age - _LIFT_RISE_ROWS) / _LIFT_FALL_ROWS
    if 0 < fall < 1:
        return 0.5 + 0.5 * math.cos(math.pi * fall)
    return 0.0
