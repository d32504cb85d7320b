"""What melody and loudness do to a face: the share of its movement that follows the voice.

Natural head motion follows F0 and loudness (Munhall et al., 2004), yet in tracked talkers hardly
linearly, |r| about .2; so this is one of several parts, sized to give such a correlation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity
from gioconda.performance.envelopes import ROW_S, Lag
from gioconda.performance.window import FeatureWindow

FloatArray = npt.NDArray[np.float64]

#: Rows ahead that the voice is read at, and the rate of the lag that this makes up for.
_AHEAD_ROWS: Final = 5
_RATE: Final = 30.0
#: Memory for the speaker's mean pitch and its spread, and for loudness.
_PITCH_MEMORY_S: Final = 6.0
_EFFORT_MEMORY_S: Final = 8.0
#: Spread assumed before any pitch was heard, and the least, in octaves.
_FIRST_SPREAD: Final = 0.2
_LEAST_SPREAD: Final = 0.08
#: Between voiced stretches the melody fades to the mean with this time constant.
_FADE_S: Final = 0.3
_LIMIT: Final = 2.5
#: Effort above the mean that counts as one spread.
_EFFORT_SPREAD: Final = 0.25
#: Arousal follows melody and loudness slowly.
_AROUSAL_S: Final = 1.2


@dataclass
class IntonationState:
    """What :func:`follow_voice` remembers: the speaker's usual pitch (log2) and effort."""

    mean_octave: float = 0.0
    variance: float = _FIRST_SPREAD**2
    heard_s: float = 0.0
    held: float = 0.0
    mean_effort: float = 0.85
    arousal: float = 0.0
    melody: Lag = field(default_factory=Lag)
    loudness: Lag = field(default_factory=Lag)


@dataclass(frozen=True)
class Intonation:
    """The voice over the rows of a window, each (rows,).

    Attributes:
        melody: pitch above the speaker's mean, in spreads, -2.5 to 2.5; 0 without voice.
        loudness: likewise.
        arousal: both, slowly, -1 to 1.
    """

    melody: FloatArray
    loudness: FloatArray
    arousal: FloatArray


def follow_voice(state: IntonationState, window: FeatureWindow, activity: Activity) -> Intonation:
    """Advance over the rows of a window."""
    n = window.rows
    f0 = window.at(window.features.f0_hz, _AHEAD_ROWS)
    effort = window.at(window.features.effort, _AHEAD_ROWS)
    tracks = np.zeros((3, n))
    for i in range(n):
        speaks = float(activity.gate[i])
        if f0[i] > 0 and effort[i] > 0:
            state.held = _above_mean(state, math.log2(float(f0[i])))
        else:
            state.held -= state.held * ROW_S / _FADE_S
        loud = 0.0
        if effort[i] > 0.05:
            state.mean_effort += (float(effort[i]) - state.mean_effort) * ROW_S / _EFFORT_MEMORY_S
            loud = (float(effort[i]) - state.mean_effort) / _EFFORT_SPREAD
        loud = min(max(loud, -_LIMIT), _LIMIT) * speaks
        melody = state.held * speaks
        now = min(max(0.6 * melody + 0.4 * loud, -1.0), 1.0)
        state.arousal += (now - state.arousal) * ROW_S / _AROUSAL_S
        tracks[0, i] = state.melody.step(melody, _RATE)
        tracks[1, i] = state.loudness.step(loud, _RATE)
        tracks[2, i] = state.arousal
    return Intonation(*tracks)


def _above_mean(state: IntonationState, octave: float) -> float:
    """Return how far a pitch is above the mean, in spreads, and let the mean follow."""
    if state.heard_s == 0.0:
        state.mean_octave = octave
    state.heard_s = min(state.heard_s + ROW_S, _PITCH_MEMORY_S)
    share = ROW_S / max(state.heard_s, 1.0)
    off = octave - state.mean_octave
    state.mean_octave += share * off
    state.variance += share * (off * off - state.variance)
    spread = max(math.sqrt(state.variance), _LEAST_SPREAD)
    return min(max(off / spread, -_LIMIT), _LIMIT)
