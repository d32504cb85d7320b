"""Arousal of the voice: how excited or calm it sounds, slowly, against the speaker's own habit.

Excited voices are louder, higher, wider in pitch and faster (Scherer, 2003, "Vocal communication of
emotion"); whether the excitement is joy or anger, sound hardly tells. Each of the four is held
against its own running mean over the speech heard so far, at most :data:`MEMORY_S` of it; pitch
range and tempo also against what is usual among talkers, so that a voice that is lively from
beginning to end counts as lively.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]

#: The speaker's habit is a mean over this much speech, pauses left out.
MEMORY_S: Final = 20.0
#: What is heard now is a mean over this.
NOW_S: Final = 1.2
#: Deviations count in full once so much speech was heard.
_SURE_S: Final = 3.0
#: Arousal follows within this time, and is forgotten in silence within the other.
_FOLLOW_S: Final = 0.7
_FORGET_S: Final = 1.5
#: Voice activity from which a row counts.
_VOICE_FROM: Final = 0.5
#: Deviations that count as 1: level in dB, pitch and its spread in octaves, phones a second.
_UNITS: Final = (4.0, 0.22, 0.30, 3.5)
_WEIGHTS: Final = (0.45, 0.40, 0.20, 0.25)
#: What is usual among talkers, spread of pitch and changes of phone a second as counted here, in
#: some ten recordings; and its share in the habit.
_USUAL: Final = (None, None, 0.35, 13.5)
_USUAL_SHARE: Final = 0.5


@dataclass
class ArousalState:
    """What :func:`track_arousal` remembers.

    Attributes:
        now, habit: level, pitch (log2 of Hz), its spread and phones a second: of late, and of
            the speaker.
        heard_s, pitched_s: speech, and voiced speech, heard so far.
        posteriors: of the row before.
        arousal: the last value.
    """

    now: list[float] = field(default_factory=lambda: [0.0] * 4)
    habit: list[float] = field(default_factory=lambda: [0.0] * 4)
    heard_s: float = 0.0
    pitched_s: float = 0.0
    posteriors: npt.NDArray[np.floating] | None = None
    arousal: float = 0.0


def track_arousal(state: ArousalState, window: FeatureWindow) -> FloatArray:
    """Return the arousal of the rows of a window, (rows,): -1 calm, 0 usual, 1 excited."""
    rows = window.rows
    arousal = np.zeros(rows)
    first = len(window.features) - window.future - rows
    f = window.features
    for i in range(rows):
        arousal[i] = state.arousal
        k = first + i
        present = f.posteriors[k]
        changed = 0.0
        if state.posteriors is not None:
            changed = 0.5 * float(np.abs(present - state.posteriors).sum()) * FEATURE_RATE_HZ
        state.posteriors = present.copy()
        if f.voice[k] < _VOICE_FROM:
            state.arousal -= state.arousal / (_FORGET_S * FEATURE_RATE_HZ)
            continue
        _hear(state, float(f.loudness_db[k]), float(f.f0_hz[k]), changed)
        goal = _deviation(state)
        state.arousal += (goal - state.arousal) / (_FOLLOW_S * FEATURE_RATE_HZ)
    return arousal


def _hear(state: ArousalState, level_db: float, f0_hz: float, changed: float) -> None:
    """Take a row of speech into both means."""
    dt = 1.0 / FEATURE_RATE_HZ
    state.heard_s += dt
    heard: list[tuple[int, float, float]] = [(0, level_db, state.heard_s)]
    if f0_hz > 0.0:
        state.pitched_s += dt
        octave = math.log2(f0_hz)
        heard.append((1, octave, state.pitched_s))
        if state.pitched_s > dt:
            # The mean distance of a normal spread is 0.8 of it.
            heard.append((2, abs(octave - state.now[1]) / 0.8, state.pitched_s - dt))
    heard.append((3, changed, state.heard_s))
    for k, value, since_s in heard:
        for means, memory_s in ((state.now, NOW_S), (state.habit, MEMORY_S)):
            means[k] += (value - means[k]) * dt / min(since_s, memory_s)


def _deviation(state: ArousalState) -> float:
    """Return how far speech of late is from the habit, -1 to 1."""
    total = 0.0
    for k, (unit, weight, usual) in enumerate(zip(_UNITS, _WEIGHTS, _USUAL, strict=True)):
        habit = state.habit[k]
        if usual is not None:
            habit += _USUAL_SHARE * (usual - habit)
        off = (state.now[k] - habit) / unit
        total += weight * min(max(off, -1.5), 1.5)
    sure = min(min(state.heard_s, state.pitched_s + 0.5) / _SURE_S, 1.0)
    return sure * min(max(total, -1.0), 1.0)
