"""The built-in performer: measured visemes for the lips, measured statistics for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion, set_gaze
from gioconda.performance.activity import ActivityState, track_activity
from gioconda.performance.articulation import lip_targets
from gioconda.performance.blinks import BlinkState, move_lids, start_blinks
from gioconda.performance.breath import BreathState, breathe, start_breath, write_breath
from gioconda.performance.dials import DialState, turn_dials
from gioconda.performance.emotion import EmotionState, track_emotion, write_emotion
from gioconda.performance.eyes import GazeState, move_gaze, start_gaze
from gioconda.performance.face import FaceState, enliven, start_face, write_face
from gioconda.performance.head import HeadState, move_head, start_head, write_head
from gioconda.performance.mouth import write_mouth
from gioconda.performance.readout import Readout, shipped
from gioconda.performance.sustain import SustainState, sustain
from gioconda.performance.window import FeatureWindow, LookaheadLine
from gioconda.speech.types import FEATURE_RATE_HZ, SpeechFeatures

FloatArray = npt.NDArray[np.float64]

#: Look-ahead that all parts can use: brows lead loudness by 120 ms.
DEFAULT_LOOKAHEAD_MS: Final = 120.0


@dataclass
class PerformanceState:
    """All that a running performance remembers.

    Attributes:
        controls: may be replaced between steps; every dial follows smoothly.
        line: rows that wait for their look-ahead.
        rows_out: rows of motion given so far.
        start_s: the instant of row 0; None until features came.
        asymmetry: -1 to 1, by the seed.
    """

    controls: Controls
    line: LookaheadLine
    dials: DialState
    activity: ActivityState
    sustain: SustainState
    breath: BreathState
    head: HeadState
    gaze: GazeState
    blinks: BlinkState
    face: FaceState
    emotion: EmotionState
    asymmetry: float
    rows_out: int = 0
    start_s: float | None = None


class RulePerformer:
    """Turns speech features into motion by rules and measured statistics.

    Args:
        lookahead_ms: how far into the features' future a row of motion looks, 0 to 500. Under
            120 ms closures, brows and the mouth's start come later than people's.
        readout: file of another table that reads the lip curves off the features, as
            ``scripts/measure_readout.py`` writes it; None takes the shipped one.

    Raises:
        OptionError: the look-ahead is out of its range, or the file is no such table.
    """

    def __init__(
        self,
        lookahead_ms: float = DEFAULT_LOOKAHEAD_MS,
        readout: str | PathLike[str] | None = None,
    ) -> None:
        if not 0.0 <= lookahead_ms <= 500.0:
            raise OptionError(f"look-ahead is {lookahead_ms:g} ms; it must lie between 0 and 500")
        self._rows = round(lookahead_ms * FEATURE_RATE_HZ / 1000.0)
        self._readout = shipped() if readout is None else Readout.load(readout)

    @property
    def lookahead_ms(self) -> float:
        """How far into the features' future a row of motion looks, in whole rows of 20 ms."""
        return self._rows * 1000.0 / FEATURE_RATE_HZ

    def start(self, controls: Controls) -> PerformanceState:
        """Return the state of a fresh performance."""
        seed = controls.seed
        own = np.random.Generator(np.random.PCG64([seed, 0]))
        return PerformanceState(
            controls=controls,
            line=LookaheadLine.start(self._rows),
            dials=DialState(),
            activity=ActivityState(),
            sustain=SustainState(),
            breath=start_breath(seed),
            head=start_head(seed),
            gaze=start_gaze(seed),
            blinks=start_blinks(seed),
            face=start_face(seed),
            emotion=EmotionState(),
            asymmetry=float(own.uniform(-1.0, 1.0)),
        )

    def step(self, state: PerformanceState, features: SpeechFeatures) -> Motion:
        """Take the next features and return the rows of motion that became final."""
        if state.start_s is None and len(features):
            state.start_s = features.start_s
        return self._perform(state, state.line.push(features))

    def step_ahead(
        self, state: PerformanceState, row: SpeechFeatures, ahead: SpeechFeatures
    ) -> Motion:
        """Take one row of features and what the next rows look like so far; return its motion.

        The performer must have been made with no look-ahead of its own.
        """
        if state.start_s is None:
            state.start_s = row.start_s
        return self._perform(state, state.line.with_ahead(row, ahead))

    def finish(self, state: PerformanceState) -> Motion:
        """Return the rows that were waiting for look-ahead; silence follows the last of them."""
        return self._perform(state, state.line.flush())

    def _perform(self, state: PerformanceState, window: FeatureWindow) -> Motion:
        start_s = (state.start_s or 0.0) + state.rows_out / FEATURE_RATE_HZ
        state.rows_out += window.rows
        values = np.zeros((window.rows, len(CHANNELS)))
        if window.rows:
            _fill(values, state, window, self._readout)
        return Motion(values.astype(np.float32), FEATURE_RATE_HZ, start_s)


def perform(
    features: SpeechFeatures, controls: Controls | None = None, lookahead_ms: float = 120.0
) -> Motion:
    """Return the motion of a whole sound at once."""
    from gioconda.motion import concatenate

    performer = RulePerformer(lookahead_ms)
    state = performer.start(controls or Controls())
    return concatenate([performer.step(state, features), performer.finish(state)])


def _fill(
    values: FloatArray, state: PerformanceState, window: FeatureWindow, readout: Readout
) -> None:
    """Write all channels of the rows of a window."""
    dials = turn_dials(state.dials, state.controls, window.rows)
    activity = track_activity(state.activity, window)
    emotion = track_emotion(state.emotion, dials)
    targets = lip_targets(window, activity.strength, readout)
    targets = sustain(state.sustain, window, targets)
    write_mouth(values, targets, activity.gate, state.asymmetry)
    breath = breathe(state.breath, activity, still=dials.still)
    head = move_head(state.head, activity, dials, emotion, breath)
    head[:, :3] += emotion.head_deg
    eyes, shifts = move_gaze(state.gaze, activity, dials, head, emotion.gaze_deg)
    lids = move_lids(state.blinks, activity, dials.blinks * emotion.blink_scale, shifts)
    life = enliven(state.face, window, activity)
    if dials.still:
        head[:] = 0.0
        head[:, :3] = emotion.head_deg
        eyes[:] = dials.gaze + emotion.gaze_deg
    else:
        write_face(values, life, activity.gate, dials.expression)
    write_head(values, head)
    write_breath(values, breath)
    shut = activity.gate * np.maximum(targets.closure, targets.labiodental)
    write_emotion(values, emotion, shut, activity.gate * targets.rounding)
    if not dials.still:
        for side in ("Left", "Right"):
            drooped = values[:, INDEX["eyeBlink" + side]]
            values[:, INDEX["eyeBlink" + side]] = drooped + (1.0 - drooped) * lids
            values[:, INDEX["eyeSquint" + side]] += 0.06 * lids
    shapes = values[:, : len(BLENDSHAPES)]
    np.minimum(np.maximum(shapes, 0.0, out=shapes), 1.0, out=shapes)
    gaze = values.astype(np.float32)
    set_gaze(gaze, eyes[:, 0], eyes[:, 1])
    values[:] = gaze
