"""The built-in performer: measured visemes for the lips, measured statistics for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.control_track import Direction
from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, Motion, set_gaze
from gioconda.performance.activity import ActivityState, track_activity
from gioconda.performance.articulation import lip_targets
from gioconda.performance.blinks import BlinkCues, BlinkState, move_lids, start_blinks
from gioconda.performance.breath import BreathState, breathe, start_breath, write_breath
from gioconda.performance.dials import DialState, turn_dials
from gioconda.performance.emotion import (
    EmotionState,
    brows_taken,
    start_emotion,
    track_emotion,
    write_emotion,
)
from gioconda.performance.eyes import GazeState, move_gaze, start_gaze
from gioconda.performance.face import FaceState, enliven, start_face, write_face
from gioconda.performance.head import HeadState, held_back, move_head, start_head, write_head
from gioconda.performance.intonation import IntonationState, follow_voice
from gioconda.performance.listening import ListeningState, hear, listen, start_listening
from gioconda.performance.mouth import write_mouth
from gioconda.performance.pauses import PauseState, pass_time, start_pauses, write_pauses
from gioconda.performance.poses import PoseState, blinks_allowed, pose_face, pose_head
from gioconda.performance.readout import Readout, shipped
from gioconda.performance.sustain import SustainState, sustain
from gioconda.performance.window import FeatureWindow, LookaheadLine
from gioconda.speech.types import FEATURE_RATE_HZ, SpeechFeatures

FloatArray = npt.NDArray[np.float64]

#: Look-ahead that all parts can use: brows lead loudness by 120 ms, the mouth speech by 200.
DEFAULT_LOOKAHEAD_MS: Final = 200.0


@dataclass
class PerformanceState:
    """All that a running performance remembers.

    Attributes:
        controls: see :meth:`RulePerformer.set`.
        line: rows that wait for their look-ahead.
        rows_out: rows of motion given so far.
        start_s: the instant of row 0; None until features came.
        asymmetry: -1 to 1, by the seed.
    """

    controls: Direction
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
    voice: IntonationState
    listening: ListeningState
    pauses: PauseState
    poses: PoseState
    asymmetry: float
    rows_out: int = 0
    start_s: float | None = None


class RulePerformer:
    """Turns speech features into motion by rules and measured statistics.

    Args:
        lookahead_ms: how far into the features' future a row of motion looks, 0 to 500. Under
            200 ms the mouth's start, and under 120 ms closures and brows, come later than people's.
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

    def start(self, controls: Direction) -> PerformanceState:
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
            emotion=start_emotion(seed),
            voice=IntonationState(),
            listening=start_listening(seed),
            pauses=start_pauses(seed),
            poses=PoseState(),
            asymmetry=float(own.uniform(-1.0, 1.0)),
        )

    def set(self, state: PerformanceState, controls: Direction) -> None:
        """Give other controls to the rows still to come; every dial follows smoothly.

        The seed remains that of the start.

        Raises:
            OptionError: ``still`` would change.
        """
        if controls.still != state.controls.still:
            raise OptionError("still cannot change while a performance runs; start a new one")
        state.controls = controls

    def set_listening(self, state: PerformanceState, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not given, from the next row on."""
        state.listening.told = bool(listening)

    def step(
        self,
        state: PerformanceState,
        features: SpeechFeatures,
        partner: SpeechFeatures | None = None,
    ) -> Motion:
        """Take the next features and return the rows of motion that became final.

        Args:
            state: of this performance; advanced in place.
            features: of one's own voice.
            partner: of somebody else's voice over the same rows, which is listened to; None if
                nobody else is heard.

        Raises:
            OptionError: both have not the same number of rows.
        """
        if partner is not None and len(partner) != len(features):
            raise OptionError(
                f"the partner's features have {len(partner)} rows and one's own {len(features)}; "
                "they must be of the same instants"
            )
        if state.start_s is None and len(features):
            state.start_s = features.start_s
        heard = hear(state.listening, state.line, partner, len(features))
        return self._perform(state, state.line.push(features), heard)

    def step_ahead(
        self,
        state: PerformanceState,
        row: SpeechFeatures,
        ahead: SpeechFeatures,
        partner: SpeechFeatures | None = None,
    ) -> Motion:
        """Take one row of features and what the next rows look like so far; return its motion.

        The performer must have been made with no look-ahead of its own. ``partner`` is the same
        row of somebody else's voice.
        """
        if state.start_s is None:
            state.start_s = row.start_s
        heard = hear(state.listening, state.line, partner, len(row))
        return self._perform(state, state.line.with_ahead(row, ahead), heard)

    def finish(self, state: PerformanceState) -> Motion:
        """Return the rows that were waiting for look-ahead; silence follows the last of them."""
        heard = state.listening.line.flush() if state.listening.line is not None else None
        return self._perform(state, state.line.flush(), heard)

    def _perform(
        self, state: PerformanceState, window: FeatureWindow, heard: FeatureWindow | None
    ) -> Motion:
        start_s = (state.start_s or 0.0) + state.rows_out / FEATURE_RATE_HZ
        values = np.zeros((window.rows, len(CHANNELS)))
        if window.rows:
            # Each instant from its own number, so that it does not depend on the chunks.
            times_s = _instants(state, window.rows)
            _fill(values, state, window, heard, times_s, self._readout)
        state.rows_out += window.rows
        return Motion(values.astype(np.float32), FEATURE_RATE_HZ, start_s)


def perform(
    features: SpeechFeatures,
    controls: Direction | None = None,
    lookahead_ms: float = DEFAULT_LOOKAHEAD_MS,
    *,
    partner: SpeechFeatures | None = None,
) -> Motion:
    """Return the motion of a whole sound at once; ``partner`` is who is listened to."""
    from gioconda.motion import concatenate

    performer = RulePerformer(lookahead_ms)
    state = performer.start(controls or Controls())
    return concatenate([performer.step(state, features, partner), performer.finish(state)])


def _instants(state: PerformanceState, rows: int) -> FloatArray:
    number = state.rows_out + np.arange(rows)
    times: FloatArray = (state.start_s or 0.0) + number / FEATURE_RATE_HZ
    return times


def _fill(
    values: FloatArray,
    state: PerformanceState,
    window: FeatureWindow,
    heard: FeatureWindow | None,
    times_s: FloatArray,
    readout: Readout,
) -> None:
    """Write all channels of the rows of a window."""
    dials = turn_dials(state.dials, state.controls, times_s)
    state.poses.take(state.dials.track, float(times_s[0]))
    activity = track_activity(state.activity, window)
    emotion = track_emotion(state.emotion, dials, window)
    targets = lip_targets(window, activity.strength, readout)
    targets = sustain(state.sustain, window, targets)
    write_mouth(values, targets, activity.gate, state.asymmetry)
    breath = breathe(state.breath, activity, still=dials.still)
    voice = follow_voice(state.voice, window, activity)
    listening = listen(state.listening, heard, activity)
    pauses = pass_time(state.pauses, activity)
    moved = move_head(state.head, activity, dials, emotion, breath, voice, listening)
    head = moved.pose
    own_pitch = held_back(head[:, :3])[:, 1]
    life = enliven(state.face, window, activity, voice, listening, own_pitch)
    head[:, :3] = held_back(head[:, :3] + emotion.head_deg)
    pose_head(state.poses, head, times_s)
    gaze = move_gaze(state.gaze, activity, dials, head, moved.turns, emotion.gaze_deg)
    cues = BlinkCues(gaze.shifts, moved.turns, listening.blinks)
    rates = dials.blinks * emotion.blink_scale * blinks_allowed(state.poses, times_s)
    lids = move_lids(state.blinks, activity, rates, cues)
    eyes, vergence = gaze.eyes, gaze.vergence
    if dials.still:
        head[:] = 0.0
        head[:, :3] = emotion.head_deg
        eyes, vergence = dials.gaze + emotion.gaze_deg, np.zeros(window.rows)
    else:
        write_face(values, life, activity.gate, dials.expression, brows_taken(emotion))
        write_pauses(values, pauses, dials.expression)
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
    written = values.astype(np.float32)
    set_gaze(written, eyes[:, 0], eyes[:, 1], vergence)
    values[:] = written
    pose_face(state.poses, values, times_s)
