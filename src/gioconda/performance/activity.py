"""When somebody speaks: the mouth's gate, the slow talking envelope, phrase bounds, loud peaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ, PHONES

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Voice activity above which a row counts as speech.
VOICE_THRESHOLD = 0.5
#: The mouth starts this long before the voice (visible movement leads at utterance onset,
#: Schwartz and Savariaux 2014) ...
LEAD_S = 0.10
#: ... stays for this long after it, across stop gaps and breaths, and returns in this time.
HOLD_S = 0.16
RELEASE_S = 0.24
#: Time constants of the talking envelope that drives the head.
TALK_RISE_S = 0.25
TALK_FALL_S = 0.8
#: A pause at least this long makes what follows a new phrase, and is a phrase end.
PHRASE_PAUSE_S = 0.30
#: A loudness peak: effort above this, and this much above the dip before it.
PEAK_EFFORT = 0.85
PEAK_PROMINENCE = 0.25
_PEAK_REACH_ROWS = 3
_DIP_REACH_ROWS = 8


@dataclass(frozen=True)
class Activity:
    """Signals that all parts of the face share; every array has shape (rows,).

    Attributes:
        gate: 0 where the mouth rests, 1 where it speaks, with smooth ramps.
        talking: slow envelope of the gate, 0 to 1.
        phrase_start: True at the row where a new phrase's gate opens.
        phrase_end: True once a pause has proved to be one.
        peak: strength of a loudness peak that lies :attr:`peak_lead_rows` ahead; 0 for none.
        peak_lead_rows: rows from the row that reports a peak to the peak itself.
    """

    gate: FloatArray
    talking: FloatArray
    phrase_start: BoolArray
    phrase_end: BoolArray
    peak: FloatArray
    peak_lead_rows: int


@dataclass
class ActivityState:
    """What :func:`track_activity` remembers."""

    rows_since_voice: int = 1_000_000
    ramp: float = 0.0
    talking: float = 0.0
    was_active: bool = False
    end_reported: bool = True


def smoothstep(x: FloatArray) -> FloatArray:
    """Return 3x^2 - 2x^3 of x clipped to 0..1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def track_activity(state: ActivityState, window: FeatureWindow) -> Activity:
    """Advance over the rows of a window."""
    n = window.rows
    speaking = _speaking(window)
    ramp, talking = np.zeros(n), np.zeros(n)
    start, end = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    dt = 1.0 / FEATURE_RATE_HZ
    pause_rows = round(PHRASE_PAUSE_S * FEATURE_RATE_HZ)
    hold_rows = round(HOLD_S * FEATURE_RATE_HZ)
    for i in range(n):
        ahead, now = bool(speaking[0, i]), bool(speaking[1, i])
        if ahead and state.rows_since_voice >= pause_rows and not state.was_active:
            start[i] = True
        state.rows_since_voice = 0 if now else state.rows_since_voice + 1
        if now:
            state.end_reported = False
        elif state.rows_since_voice >= pause_rows and not state.end_reported:
            end[i] = state.end_reported = True
        active = ahead or state.rows_since_voice <= hold_rows
        ramp[i], talking[i] = state.ramp, state.talking
        step = dt / LEAD_S if active else -dt / RELEASE_S
        state.ramp = min(max(state.ramp + step, 0.0), 1.0)
        state.was_active = active
        tau = TALK_RISE_S if active else TALK_FALL_S
        state.talking += (float(active) - state.talking) * dt / tau
    peak, lead = _peaks(window)
    return Activity(smoothstep(ramp), talking, start, end, peak, lead)


def _speaking(window: FeatureWindow) -> BoolArray:
    """Return (2, rows): speech now or within the lead, and speech now.

    A row counts when voice activity and the phone posteriors do not contradict each other: one
    alone mistakes music, hum or a door for a voice now and then.
    """
    f = window.features
    silence = f.posteriors[:, PHONES.index("sil")]
    column = ((f.voice > VOICE_THRESHOLD) & (silence < 0.95)).astype(np.float32)
    lead_rows = round(LEAD_S * FEATURE_RATE_HZ)
    ahead = np.zeros(window.rows)
    for k in range(lead_rows + 1):
        ahead = np.maximum(ahead, window.at(column, k))
    return np.stack([ahead > 0.5, window.at(column, 0) > 0.5])


def _peaks(window: FeatureWindow) -> tuple[FloatArray, int]:
    """Return the strength of peaks of the smoothed effort, and how far ahead they lie."""
    effort = window.features.effort.astype(np.float64)
    smooth = effort.copy()
    smooth[1:-1] = 0.25 * effort[:-2] + 0.5 * effort[1:-1] + 0.25 * effort[2:]
    lead = min(2, window.future - _PEAK_REACH_ROWS - 1)
    here = window.at(smooth, lead)
    highest = here > PEAK_EFFORT
    for k in range(1, _PEAK_REACH_ROWS + 1):
        highest &= here >= window.at(smooth, lead + k)
        highest &= here > window.at(smooth, lead - k)
    dip = here.copy()
    for k in range(1, _DIP_REACH_ROWS + 1):
        dip = np.minimum(dip, window.at(smooth, lead - k))
    strength = np.where(highest & (here - dip > PEAK_PROMINENCE), np.minimum(here, 1.5), 0.0)
    return strength, lead
