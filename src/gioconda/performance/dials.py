"""The controls over time: one value of each dial for every row, without jumps.

A dial is where its track says, plus an offset that fades out: what was left between the old and
the new place when the controls were changed. Scales and emotions fade as a critically damped
spring, so that speed is continuous too and a dial that is dragged follows the hand; the eyes take
a saccade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.control_track import ControlTrack, Direction, saccade_s, track_of
from gioconda.controls import EMOTIONS
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: Natural frequency with which scales, and emotions, reach what is newly asked: half of the way
#: after 1.7 / frequency seconds, 95 % after 4.7 / frequency.
TURN_RAD_S: Final = 8.0
EMOTION_RAD_S: Final = 4.0
#: The first glance, from the portrait's own gaze to the target, starts after this time.
FIRST_GLANCE_S: Final = 0.25
#: Offsets this small are over.
_OVER: Final = 1e-5
_SCALES: Final = ("expression", "head", "blinks")
_RATES: Final = np.array(
    [TURN_RAD_S] * len(_SCALES) + [EMOTION_RAD_S] * (len(EMOTIONS) + 1), np.float64
)
_DT_S: Final = 1.0 / FEATURE_RATE_HZ


@dataclass(frozen=True)
class Dials:
    """The controls over the rows of a window.

    Attributes:
        gaze: (rows, 2) main direction of the eyes, yaw and pitch in degrees, saccades included.
        emotion: (rows, 9) strength of each of :data:`gioconda.controls.EMOTIONS`, 0 to 1.
        expression, head, blinks: (rows,) scales, 0 to 2.
        still: nothing moves but the mouth.
        auto: (rows,) how far emotion follows the voice's arousal, 0 to 1; None for nowhere.
        gaze_shift: (rows,) size in degrees of a saccade of the main direction that starts in a
            row, else 0; None for none.
    """

    gaze: FloatArray
    emotion: FloatArray
    expression: FloatArray
    head: FloatArray
    blinks: FloatArray
    still: bool
    auto: FloatArray | None = None
    gaze_shift: FloatArray | None = None


@dataclass
class DialState:
    """Where the dials stand.

    Attributes:
        asked: the controls last seen; None before row 0.
        track: the same over time.
        fixed: (13,) its scales and emotions where none has keyframes, else None.
        offset, speed: (13,) what fades out, and its change a second, of three scales and ten
            emotions.
        gaze_offset: degrees by which the main direction is off while a saccade lasts.
        gaze_age_s: age of that saccade; negative before it starts.
        follows: whether the voice's arousal is, or has been, asked for.
    """

    asked: Direction | None = None
    track: ControlTrack = field(default_factory=ControlTrack)
    fixed: FloatArray | None = None
    offset: FloatArray = field(default_factory=lambda: np.zeros(len(_RATES)))
    speed: FloatArray = field(default_factory=lambda: np.zeros(len(_RATES)))
    gaze_offset: tuple[float, float] = (0.0, 0.0)
    gaze_age_s: float = 1e9
    follows: bool = False


def turn_dials(state: DialState, controls: Direction, times_s: FloatArray) -> Dials:
    """Advance over rows at instants of the sound, (rows,); the controls hold for all of them."""
    if len(times_s) and controls is not state.asked:
        _take(state, controls, times_s[:1])
    track, rows = state.track, len(times_s)
    still = track.still
    fading = _goals(track, times_s) if state.fixed is None else np.tile(state.fixed, (rows, 1))
    shifts = _saccades(track, times_s)
    gaze = track.curves["gaze"].at(times_s)
    if not still:
        fading += _faded(state, rows)
        gaze += _glances(state, rows, shifts)
    np.maximum(fading, 0.0, out=fading)
    scales, emotions = fading[:, : len(_SCALES)], fading[:, len(_SCALES) :]
    return Dials(
        gaze=gaze,
        emotion=emotions[:, : len(EMOTIONS)],
        expression=scales[:, 0],
        head=scales[:, 1],
        blinks=scales[:, 2],
        still=still,
        auto=emotions[:, len(EMOTIONS)] if state.follows else None,
        gaze_shift=shifts,
    )


def _goals(track: ControlTrack, times_s: FloatArray) -> FloatArray:
    columns = [track.curves[name].at(times_s) for name in (*_SCALES, "emotion")]
    return np.concatenate(columns, axis=1)


def _take(state: DialState, controls: Direction, now_s: FloatArray) -> None:
    """Take other controls from now on; what they change at once becomes an offset."""
    track = track_of(controls)
    if state.asked is None:
        # The first row is the portrait's own: no emotion yet, and its own gaze.
        state.offset[len(_SCALES) :] = -track.curves["emotion"].at(now_s)[0]
        gaze = -track.curves["gaze"].at(now_s)[0]
        state.gaze_age_s = -FIRST_GLANCE_S
    else:
        before, just_before = (_goals(state.track, now_s - lag)[0] for lag in (0.0, _DT_S))
        after, just_after = (_goals(track, now_s - lag)[0] for lag in (0.0, _DT_S))
        state.offset += before - after
        state.speed += ((before - just_before) - (after - just_after)) / _DT_S
        left = _left(state)
        gaze = (state.track.curves["gaze"].at(now_s) - track.curves["gaze"].at(now_s))[0]
        gaze = gaze + np.array(state.gaze_offset) * left
        if gaze.any() and state.gaze_age_s >= 0.0:
            state.gaze_age_s = 0.0
    state.gaze_offset = (float(gaze[0]), float(gaze[1]))
    state.asked, state.track = controls, track
    curves = [track.curves[name] for name in (*_SCALES, "emotion")]
    constant = all(len(curve.times_s) == 1 for curve in curves)
    state.fixed = np.concatenate([c.values[0] for c in curves]) if constant else None
    state.follows = state.follows or bool(track.curves["emotion"].values[:, -1].any())


def _faded(state: DialState, rows: int) -> FloatArray:
    """Return the offsets of the rows, (rows, 13), and let them fade: an exact damped spring."""
    offsets = np.zeros((rows, len(_RATES)))
    keep = np.exp(-_RATES * _DT_S)
    for i in range(rows):
        if not state.offset.any() and not state.speed.any():
            break
        offsets[i] = state.offset
        pull = (state.speed + _RATES * state.offset) * _DT_S
        offset = (state.offset + pull) * keep
        speed = (state.speed - _RATES * pull) * keep
        over = (np.abs(offset) < _OVER) & (np.abs(speed) < _OVER)
        state.offset, state.speed = np.where(over, 0.0, offset), np.where(over, 0.0, speed)
    return offsets


def _left(state: DialState) -> float:
    """Return which part of the gaze's offset is left as the saccade runs."""
    return 1.0 - saccade_done(state.gaze_age_s, math.hypot(*state.gaze_offset))


def saccade_done(age_s: float, degrees: float) -> float:
    """Return which part of its way, 0 to 1, a saccade has made at an age: minimum jerk."""
    x = min(max(age_s / saccade_s(degrees), 0.0), 1.0)
    return x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)


def _glances(state: DialState, rows: int, shifts: FloatArray) -> FloatArray:
    """Return by how much the gaze is off, (rows, 2), and mark where a saccade starts."""
    offsets = np.zeros((rows, 2))
    for i in range(rows):
        if state.gaze_offset == (0.0, 0.0):
            break
        left = _left(state)
        if 0.0 <= state.gaze_age_s < _DT_S - 1e-9:
            shifts[i] = max(shifts[i], math.hypot(*state.gaze_offset))
        offsets[i] = state.gaze_offset[0] * left, state.gaze_offset[1] * left
        state.gaze_age_s += _DT_S
        if left == 0.0:
            state.gaze_offset = (0.0, 0.0)
    return offsets


def _saccades(track: ControlTrack, times_s: FloatArray) -> FloatArray:
    """Return the size of saccades that the track itself starts within a row, (rows,)."""
    shifts = np.zeros(len(times_s))
    starts, sizes = track.saccades.starts_s, track.saccades.sizes_deg
    if len(starts) and len(times_s):
        row = np.searchsorted(starts, times_s + _DT_S) - 1
        inside = (row >= 0) & (starts[np.maximum(row, 0)] >= times_s)
        shifts[inside] = sizes[row[inside]]
    return shifts
