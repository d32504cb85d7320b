"""Listening: attention to somebody else's voice, and the small answers that a listener gives.

A listener nods, lifts the brows or smiles where the speaker pauses, and some 0.7 s after a stretch
of low pitch: 110 ms under the speaker's 26th percentile, once 0.7 s were spoken and nothing was
answered for a while (Ward and Tsukahara, 2000, "Prosodic features which cue back-channel responses
in English and Japanese"). The other's voice never moves the lips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.activity import Activity, ActivityState, track_activity
from gioconda.performance.envelopes import ROW_S, Bump
from gioconda.performance.window import FeatureWindow, LookaheadLine, silent_features
from gioconda.speech.types import SpeechFeatures

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Attention comes and goes with these time constants, and outlasts the other's pauses.
_COMES_S: Final = 0.4
_GOES_S: Final = 1.0
_OUTLASTS_S: Final = 3.0
#: The cue in the pitch: percentile, length, speech before it, and the answer's delay.
_LOW_SHARE: Final = 0.26
_LOW_ROWS: Final = 6
_SPOKEN_FIRST_S: Final = 0.7
_CUE_DELAY_S: Final = (0.5, 0.8)
#: How fast the percentile is learnt, octaves a row, at first and at last.
_LEARNS: Final = (0.02, 0.003)
_LEARNT_ROWS: Final = 150
#: Probability of an answer to the cue and to a pause, and the pause's delay.
_AFTER_CUE: Final = 0.4
_AFTER_PAUSE: Final = 0.7
_PAUSE_DELAY_S: Final = (0.0, 0.25)
#: Answers come at least so far apart; without the other's sound, at such intervals.
_APART_S: Final = 2.2
_UNPROMPTED_S: Final = (3.5, 9.0)
#: A nod: degrees downwards, its time, probabilities of one, two and three, and what a repetition
#: keeps of the size.
_NOD_DEG: Final = (2.0, 4.2)
_NOD_S: Final = (0.42, 0.62)
_NODS: Final = (0.45, 0.37, 0.18)
_REPEATED: Final = 0.62
#: What comes with an answer, or instead of a nod: probability and weight.
_BROWS: Final = (0.4, 0.25, 0.55)
_SMILE: Final = (0.35, 0.14, 0.32)
_NODS_SHARE: Final = 0.85
_BLINK: Final = 0.3


@dataclass
class ListeningState:
    """What :func:`listen` remembers.

    Attributes:
        told: attention is asked for, whatever is heard.
        line: the other's features; None before any came.
        activity: the other's.
        level: attention, 0 to 1.
    """

    draw: np.random.Generator
    told: bool = False
    line: LookaheadLine | None = None
    activity: ActivityState = field(default_factory=ActivityState)
    level: float = 0.0
    rows_since_voice: int = 1_000_000
    spoken_rows: int = 0
    low_octave: float = 0.0
    pitched_rows: int = 0
    low_run: int = 0
    rows_to_answer: int = -1
    rows_since_answer: int = 1_000_000
    rows_to_unprompted: int = 0
    nod_age_s: float = math.inf
    nod_s: float = 0.5
    nods: int = 0
    nod_deg: float = 0.0
    brow: Bump = field(default_factory=Bump)
    smile: Bump = field(default_factory=Bump)


@dataclass(frozen=True)
class Listening:
    """Listening over the rows of a window, each (rows,).

    Attributes:
        attention: 0 to 1.
        nod_deg: degrees of pitch, downwards.
        brow, smile: weights.
        blinks: a blink comes with an answer.
    """

    attention: FloatArray
    nod_deg: FloatArray
    brow: FloatArray
    smile: FloatArray
    blinks: BoolArray


def start_listening(seed: int) -> ListeningState:
    """Return the state before row 0: nobody has been heard."""
    return ListeningState(np.random.Generator(np.random.PCG64([seed, 12])))


def hear(
    state: ListeningState, line: LookaheadLine, features: SpeechFeatures | None, rows: int
) -> FeatureWindow | None:
    """Take the other's next rows; return those that leave together with one's own.

    Args:
        state: advanced in place.
        line: one's own, before its next rows are pushed.
        features: the other's; None stands for silence.
        rows: how many of one's own come with them.

    Returns:
        The window; None while the other has never been heard.
    """
    if state.line is None:
        if features is None:
            return None
        state.line = LookaheadLine.start(line.future)
        state.line.push(silent_features(line.waiting))
    return state.line.push(silent_features(rows) if features is None else features)


def listen(state: ListeningState, window: FeatureWindow | None, own: Activity) -> Listening:
    """Advance over the rows of a window.

    Args:
        state: advanced in place.
        window: the other's rows; None if nobody was ever heard.
        own: whoever speaks does not listen.
    """
    n = len(own.gate)
    attention, nods, brows, smiles = (np.zeros(n) for _ in range(4))
    blinks = np.zeros(n, np.bool_)
    heard = None if window is None else track_activity(state.activity, window)
    f0 = None if window is None else window.at(window.features.f0_hz, 0)
    for i in range(n):
        speaks = float(own.talking[i]) > 0.3
        if heard is not None and f0 is not None:
            _follow(state, heard, float(f0[i]), i)
        attends = state.told or state.rows_since_voice < _OUTLASTS_S / ROW_S
        goal = float(attends and not speaks)
        attention[i] = state.level
        state.level += (goal - state.level) * ROW_S / (_COMES_S if goal else _GOES_S)
        _prompt_oneself(state, heard is not None)
        state.rows_since_answer += 1
        state.rows_to_answer -= 1
        if state.rows_to_answer == 0 and attends and not speaks:
            blinks[i] = _answer(state)
        silent = 1.0 - float(own.talking[i])
        nods[i] = silent * _nod(state)
        brows[i], smiles[i] = silent * state.brow.step(), silent * state.smile.step()
    return Listening(attention, nods, brows, smiles, blinks)


def _follow(state: ListeningState, heard: Activity, f0_hz: float, i: int) -> None:
    """Advance what is known of the other by a row, and let it prompt an answer."""
    speaks = float(heard.gate[i]) > 0.5
    state.rows_since_voice = 0 if speaks else state.rows_since_voice + 1
    if speaks:
        state.spoken_rows += 1
        if _low_stretch_ends(state, f0_hz) and state.spoken_rows * ROW_S > _SPOKEN_FIRST_S:
            _prompt(state, _AFTER_CUE, _CUE_DELAY_S)
    if heard.phrase_end[i]:
        if state.spoken_rows * ROW_S > _SPOKEN_FIRST_S:
            _prompt(state, _AFTER_PAUSE, _PAUSE_DELAY_S)
        state.spoken_rows = 0


def _low_stretch_ends(state: ListeningState, f0_hz: float) -> bool:
    """Learn the percentile; tell whether the pitch has just been low for long enough."""
    if f0_hz <= 0:
        return False
    octave = math.log2(f0_hz)
    if not state.pitched_rows:
        state.low_octave = octave
    state.pitched_rows += 1
    low = octave < state.low_octave
    pace = _LEARNS[1] + (_LEARNS[0] - _LEARNS[1]) * max(1 - state.pitched_rows / _LEARNT_ROWS, 0.0)
    state.low_octave += pace * (_LOW_SHARE - float(low))
    state.low_run = state.low_run + 1 if low else 0
    return state.low_run == _LOW_ROWS


def _prompt(state: ListeningState, chance: float, delay_s: tuple[float, float]) -> None:
    drawn, delay = state.draw.uniform(), float(state.draw.uniform(*delay_s))
    if drawn < chance and state.rows_to_answer < 0:
        rows = max(round(delay / ROW_S), 1)
        if (state.rows_since_answer + rows) * ROW_S > _APART_S:
            state.rows_to_answer = rows


def _prompt_oneself(state: ListeningState, hears: bool) -> None:
    """Told to listen without hearing anything, answer now and then."""
    if not state.told or (hears and state.rows_since_voice < 10 / ROW_S):
        return
    state.rows_to_unprompted -= 1
    if state.rows_to_unprompted == 0:
        _prompt(state, 1.0, (0.02, 0.02))
    if state.rows_to_unprompted <= 0:
        state.rows_to_unprompted = round(float(state.draw.uniform(*_UNPROMPTED_S)) / ROW_S)


def _answer(state: ListeningState) -> bool:
    """Begin a nod, brows, a smile, or some of these; return whether a blink comes with it."""
    draw = state.draw.uniform
    state.rows_since_answer = 0
    nods, count = draw() < _NODS_SHARE, float(draw())
    size, length = float(draw(*_NOD_DEG)), float(draw(*_NOD_S))
    brow, brow_weight, brow_s = float(draw()), float(draw(*_BROWS[1:])), float(draw(0.3, 0.8))
    smile, smile_weight, smile_s = float(draw()), float(draw(*_SMILE[1:])), float(draw(0.6, 1.8))
    if nods:
        state.nods = 1 + int(count > _NODS[0]) + int(count > _NODS[0] + _NODS[1])
        state.nod_deg, state.nod_s, state.nod_age_s = size, length, 0.0
    if brow < _BROWS[0] or not nods:
        state.brow.begin(brow_weight, 0.16, brow_s, 0.4)
    if smile < _SMILE[0]:
        state.smile.begin(smile_weight, 0.45, smile_s, 0.9)
    return float(draw()) < _BLINK


def _nod(state: ListeningState) -> float:
    """Return the running nod's degrees and advance it by a row."""
    number = int(state.nod_age_s / state.nod_s) if state.nod_age_s < math.inf else state.nods
    if number >= state.nods:
        state.nod_age_s = math.inf
        return 0.0
    phase = state.nod_age_s / state.nod_s - number
    state.nod_age_s += ROW_S
    down = math.sin(math.pi * phase) ** 2
    return state.nod_deg * _REPEATED**number * down
