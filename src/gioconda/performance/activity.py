"""When somebody speaks: the mouth's gate, the slow talking envelope, phrase bounds, loud peaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gioconda.performance.vigour import VigourState, heard
from gioconda.performance.window import PAST_ROWS, FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ, PHONES

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Phones more surely silent than this overrule voice activity.
SURE_SILENCE = 0.97
#: Voice activity from which speech begins, and down to which it goes on once begun.
VOICE_ON = 0.35
VOICE_OFF = 0.2
#: Under this level nobody is heard, whatever a decaying activity still says.
INAUDIBLE_DB = -65.0
#: Voice activity flickers in steady noise, so nobody is believed to speak before a window of
#: some rows speaks for it: by activity throughout, or by some activity and rows with a pitch.
#: Whoever was believed is believed at once again for the trust's duration.
EVIDENCE_VOICE = 0.85
EVIDENCE_VOICE_WITH_PITCH = 0.6
#: Steady noise does not swell: evidence stands out from the floor by this, or is all pitched.
EVIDENCE_ABOVE_FLOOR_DB = 3.0
#: The floor falls with the level and rises to it, slowly while somebody is believed to speak.
_FLOOR_FALL_S = 0.05
_FLOOR_RISE_S = 0.3
_FLOOR_RISE_IN_SPEECH_S = 4.0
TRUST_S = 2.0
#: The mouth starts this long before the voice (visible movement leads by 100 to 300 ms at
#: utterance onset, Schwartz and Savariaux 2014) and is ready after the attack, so that a first p
#: or m is shut in time. As people's mouths are, it is ajar in short pauses: .01 of r and of
#: closure AUC over 120 ms. It hurries where the voice is there already, ...
LEAD_S = 0.20
ATTACK_S = 0.05
HURRY_S = 0.03
#: ... stays for this long after it, across stop gaps and breaths, and returns in this time.
HOLD_S = 0.24
RELEASE_S = 0.14
#: Time constants of the talking envelope that drives the head.
TALK_RISE_S = 0.25
TALK_FALL_S = 0.8
#: A pause at least this long makes what follows a new phrase, and is a phrase end.
PHRASE_PAUSE_S = 0.30
#: A loudness peak: effort above this, and this much above the dip before it.
PEAK_EFFORT = 0.85
PEAK_PROMINENCE = 0.25
_SILENCE = PHONES.index("sil")
_LEAD_ROWS = round(LEAD_S * FEATURE_RATE_HZ)
_PEAK_REACH_ROWS = 3
_DIP_REACH_ROWS = 8


class _Needed(NamedTuple):
    """Rows of evidence, of them with a pitch, and of those that count as all pitched."""

    rows: int
    pitched: int
    all_pitched: int


EVIDENCE = _Needed(7, 4, 6)
#: Evidence is sought so many rows further ahead where the look-ahead allows it, so that the first
#: word of a speech finds the mouth ready as later ones do.
_EVIDENCE_AHEAD_ROWS = 4
#: With less look-ahead than that the evidence lies in the past; less of it must do, or the first
#: word would come late.
HASTY_EVIDENCE = _Needed(5, 3, 4)


@dataclass(frozen=True)
class Activity:
    """Signals that all parts of the face share; every array has shape (rows,).

    Attributes:
        gate: 0 where the mouth rests, 1 where it speaks, with smooth ramps.
        talking: slow envelope of the gate, 0 to 1.
        strength: of the mouth's movements, 1 for ordinary talk; whispers are lower, shouts
            higher (see :mod:`gioconda.performance.vigour`).
        phrase_start: True at the row where a new phrase's gate opens.
        phrase_end: True once a pause has proved to be one.
        peak: strength of a loudness peak that lies :attr:`peak_lead_rows` ahead; 0 for none.
        peak_lead_rows: rows from the row that reports a peak to the peak itself.
    """

    gate: FloatArray
    talking: FloatArray
    strength: FloatArray
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
    vigour: VigourState = field(default_factory=VigourState)
    speaks: bool = False
    trusted_rows: int = 0
    floor_db: float = -100.0
    was_active: bool = False
    end_reported: bool = True


def smoothstep(x: FloatArray) -> FloatArray:
    """Return 3x^2 - 2x^3 of x clipped to 0..1."""
    x = np.minimum(np.maximum(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def track_activity(state: ActivityState, window: FeatureWindow) -> Activity:
    """Advance over the rows of a window."""
    n = window.rows
    begins_ahead, begins_now, goes_on = _speaking(window)
    evidence = _evidence(window)
    loud = heard(window.at(window.features.effort, 0))
    level = window.at(window.features.loudness_db, 0)
    f0_hz = window.at(window.features.f0_hz, 0)
    ramp, talking, strength = np.zeros(n), np.zeros(n), np.zeros(n)
    start, end = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    dt = 1.0 / FEATURE_RATE_HZ
    pause_rows = round(PHRASE_PAUSE_S * FEATURE_RATE_HZ)
    hold_rows = round(HOLD_S * FEATURE_RATE_HZ)
    for i in range(n):
        trusted = _weigh(state, evidence, i)
        ahead = bool(begins_ahead[i]) and trusted
        now = bool((begins_now[i] and trusted) or (state.speaks and goes_on[i]))
        state.speaks = now
        if ahead and state.rows_since_voice >= pause_rows and not state.was_active:
            start[i] = True
        state.rows_since_voice = 0 if now else state.rows_since_voice + 1
        if now:
            state.end_reported = False
        elif state.rows_since_voice >= pause_rows and not state.end_reported:
            end[i] = state.end_reported = True
        active = ahead or state.rows_since_voice <= hold_rows
        ramp[i], talking[i], strength[i] = state.ramp, state.talking, state.vigour.strength()
        attack_s = HURRY_S if now else ATTACK_S
        step = dt / attack_s if active else -dt / RELEASE_S
        state.ramp = min(max(state.ramp + step, 0.0), 1.0)
        state.was_active = active
        tau = TALK_RISE_S if active else TALK_FALL_S
        state.talking += (float(active) - state.talking) * dt / tau
        if now and loud[i]:
            state.vigour.hear(float(level[i]), float(f0_hz[i]))
    peak, lead = _peaks(window)
    return Activity(smoothstep(ramp), talking, strength, start, end, peak, lead)


def _speaking(window: FeatureWindow) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Return where speech begins within the lead, where now, and where it may go on, (rows,).

    A row counts when voice activity and the phone posteriors do not contradict each other: one
    alone mistakes music, hum or a door for a voice now and then.
    """
    from gioconda.performance import activity_kernels as kernels

    f = window.features
    ahead, now, goes_on = kernels.speaking(
        f.voice, f.posteriors[:, _SILENCE], f.loudness_db, PAST_ROWS, window.rows, window.future,
        _LEAD_ROWS, VOICE_ON, VOICE_OFF, SURE_SILENCE, INAUDIBLE_DB,
    )  # fmt: skip
    return ahead, now, goes_on


@dataclass(frozen=True)
class _Evidence:
    """What the rows about to come say, each (rows,): speech, all of it with a pitch, level."""

    speech: BoolArray
    pitched: BoolArray
    level_db: FloatArray


def _evidence(window: FeatureWindow) -> _Evidence:
    from gioconda.performance import activity_kernels as kernels

    f = window.features
    needed = EVIDENCE if window.future >= EVIDENCE.rows - 1 else HASTY_EVIDENCE
    speech, pitched, level = kernels.evidence(
        f.voice, f.f0_hz, f.loudness_db, PAST_ROWS, window.rows, window.future,
        _EVIDENCE_AHEAD_ROWS, *needed, EVIDENCE_VOICE, EVIDENCE_VOICE_WITH_PITCH,
    )  # fmt: skip
    return _Evidence(speech, pitched, level)


def _weigh(state: ActivityState, evidence: _Evidence, i: int) -> bool:
    """Advance the noise floor and the trust by a row; return whether a voice is believed."""
    level = float(evidence.level_db[i])
    stands_out = level > state.floor_db + EVIDENCE_ABOVE_FLOOR_DB or bool(evidence.pitched[i])
    if evidence.speech[i] and stands_out:
        state.trusted_rows = round(TRUST_S * FEATURE_RATE_HZ)
    elif state.trusted_rows > 0:
        state.trusted_rows -= 1
    rise_s = _FLOOR_RISE_IN_SPEECH_S if state.trusted_rows > 0 else _FLOOR_RISE_S
    time_s = rise_s if level > state.floor_db else _FLOOR_FALL_S
    state.floor_db += (level - state.floor_db) / (time_s * FEATURE_RATE_HZ)
    return state.trusted_rows > 0


def _peaks(window: FeatureWindow) -> tuple[FloatArray, int]:
    """Return the strength of peaks of the smoothed effort, and how far ahead they lie."""
    from gioconda.performance import activity_kernels as kernels

    lead = min(2, window.future - _PEAK_REACH_ROWS - 1)
    strength = kernels.peaks(
        window.features.effort, PAST_ROWS, window.rows, window.future, lead, _PEAK_REACH_ROWS,
        _DIP_REACH_ROWS, PEAK_EFFORT, PEAK_PROMINENCE,
    )  # fmt: skip
    return strength, lead
