"""What an emotion adds to a performance: face offsets, posture, tempo, gaze, blinking.

The offsets are at full strength and stand for the prototypical expressions of the facial action
coding system (happy: AU 6 + 12, sad: 1 + 4 + 15, angry: 4 + 5 + 7 + 23, surprised: 1 + 2 + 5 + 26,
afraid: 1 + 2 + 4 + 5 + 20, disgusted: 9 + 10 + 15, contemptuous: one-sided 12 + 14), held back
so that a talking mouth stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.controls import EMOTIONS
from gioconda.motion import CHANNELS, INDEX
from gioconda.performance.arousal import ArousalState, track_arousal
from gioconda.performance.dials import Dials
from gioconda.performance.face import BrowsTaken
from gioconda.performance.mouth import GAP, implied_aperture
from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Channels that part the lips; closures overrule them.
PARTING: Final[frozenset[str]] = frozenset(
    {"jawOpen", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft",
     "mouthLowerDownRight", "mouthFunnel"}
)  # fmt: skip


#: While somebody speaks, this part of what parts the lips is left to speech, and all of it where
#: speech nearly closes them: the gap, in outer-eye distances, from which an emotion adds the rest.
PARTING_LOST_TO_SPEECH: Final = 0.4
OPEN_GAP: Final = 0.05

#: Channels that spread the mouth or bare teeth; rounded vowels take part of it back.
SPREADING: Final = ("mouthSmile", "mouthStretch", "mouthDimple", "mouthUpperUp", "mouthLowerDown")
LOST_TO_ROUNDING: Final = 0.4
_MOUTH: Final = tuple(INDEX[name] for name in ("articulation", "mouthClose", "jawOpen"))


@dataclass(frozen=True)
class Style:
    """One emotion at full strength.

    Attributes:
        face: offset for each channel; "smile" style names without a side set both sides.
        head_deg: (yaw, pitch, roll) added to the posture; pitch > 0 is down.
        gaze_deg: (yaw, pitch) added to the gaze.
        head_scale: amount of head movement.
        tempo: speed of head movement.
        blink_scale: rate of blinks.
        settles: how far the portrait's own mouth, which may smile, gives way to a neutral one,
            0 to 1.
    """

    face: Mapping[str, float] = field(default_factory=dict)
    head_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze_deg: tuple[float, float] = (0.0, 0.0)
    head_scale: float = 1.0
    tempo: float = 1.0
    blink_scale: float = 1.0
    settles: float = 0.0


STYLES: Final[Mapping[str, Style]] = {
    "neutral": Style(),
    "happy": Style(
        face={"mouthSmile": 0.95, "mouthDimple": 0.2, "cheekSquint": 0.8, "eyeSquint": 0.45,
              "browOuterUp": 0.25, "browInnerUp": 0.15},
        head_deg=(0.0, -2.0, 1.5), head_scale=1.25, tempo=1.15,
    ),
    "sad": Style(
        face={"browInnerUp": 0.98, "browOuterUp": 0.1, "mouthFrown": 0.9, "mouthShrugLower": 0.35,
              "eyeBlink": 0.25, "eyeSquint": 0.15},
        head_deg=(0.0, 6.0, -3.0), gaze_deg=(0.0, 5.0), head_scale=0.6, tempo=0.6, blink_scale=0.8,
        settles=1.0,
    ),
    "angry": Style(
        face={"browDown": 1.0, "eyeSquint": 0.58, "eyeWide": 0.25, "noseSneer": 0.6,
              "cheekSquint": 0.15, "mouthFrown": 0.55, "mouthPress": 0.45, "mouthShrugLower": 0.25,
              "jawForward": 0.3},
        head_deg=(0.0, 5.0, 0.0), head_scale=1.2, tempo=1.35, blink_scale=0.6, settles=1.0,
    ),
    "surprised": Style(
        face={"browInnerUp": 0.95, "browOuterUp": 0.95, "eyeWide": 1.0, "jawOpen": 0.28,
              "mouthFunnel": 0.1},
        head_deg=(0.0, -3.5, 0.0), tempo=1.15, blink_scale=0.6, settles=0.8,
    ),
    "afraid": Style(
        face={"browInnerUp": 0.95, "browOuterUp": 0.1, "browDown": 0.45, "eyeWide": 1.0,
              "mouthStretch": 1.0, "mouthFrown": 0.3, "mouthLowerDown": 0.4, "jawOpen": 0.06},
        head_deg=(-5.0, -4.0, -1.5), head_scale=0.7, tempo=1.4, blink_scale=1.2, settles=1.0,
    ),
    "disgusted": Style(
        face={"noseSneer": 1.0, "browDown": 0.7, "cheekSquint": 0.3, "eyeSquint": 0.65,
              "mouthUpperUp": 0.9, "mouthFrown": 0.3, "mouthShrugLower": 0.35,
              "mouthShrugUpper": 0.3},
        head_deg=(5.0, -3.5, 3.0), head_scale=0.85, tempo=0.85, blink_scale=1.15, settles=1.0,
    ),
    "contemptuous": Style(
        face={"mouthSmileLeft": 0.6, "mouthDimpleLeft": 1.0, "mouthUpperUpLeft": 0.25,
              "cheekSquintLeft": 0.2, "noseSneerLeft": 0.35, "browOuterUpRight": 0.8,
              "browDownLeft": 0.35, "eyeBlink": 0.32, "mouthPress": 0.25, "mouthShrugLower": 0.3,
              "mouthFrownRight": 0.35},
        head_deg=(-4.0, -8.0, 3.5), gaze_deg=(0.0, 4.0), head_scale=0.7, tempo=0.75, settles=1.0,
    ),
    "tender": Style(
        face={"mouthSmile": 0.55, "cheekSquint": 0.4, "browInnerUp": 0.65, "eyeSquint": 0.25,
              "eyeBlink": 0.1},
        head_deg=(0.0, 1.5, 6.0), head_scale=0.7, tempo=0.7,
    ),
}  # fmt: skip
#: What ``auto`` adds at full arousal and at full calm: liveliness, since sound does not tell joy
#: from anger; brows and lids go up and the mouth corners a little, or everything softens.
EXCITED: Final = Style(
    face={"browInnerUp": 0.4, "browOuterUp": 0.45, "eyeWide": 0.4, "mouthSmile": 0.4,
          "cheekSquint": 0.3},
    head_deg=(0.0, -2.0, 0.0), head_scale=1.45, tempo=1.3, blink_scale=1.1,
)  # fmt: skip
CALM: Final = Style(
    face={"eyeBlink": 0.16, "mouthSmile": 0.1, "browInnerUp": 0.08},
    head_deg=(0.0, 1.5, 1.5), head_scale=0.65, tempo=0.7, blink_scale=0.85,
)  # fmt: skip


#: Brows, lids and cheeks wax and wane slowly by up to this part, or a strong emotion would freeze
#: them; time constants in seconds of the drift, and of its smoothing.
WANES: Final = 0.2
_WANE_S: Final = 2.5
_WANE_SMOOTH_S: Final = 0.5
_WANE_SEEDS: Final = 20


#: The stronger an emotion holds the brows, or widens or narrows the eyes, the less is left to the
#: life in them: so the emotion is seen, and both together stay in range.
_BROWS: Final = (
    "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "browDownLeft", "browDownRight",
)  # fmt: skip
_LIDS: Final = ("eyeWideLeft", "eyeWideRight", "eyeSquintLeft", "eyeSquintRight")


@dataclass
class EmotionState:
    """What :func:`track_emotion` remembers.

    Attributes:
        noise: draws the drift, one value a row.
        drift, smooth: the drift, of unit spread, and the same without corners.
        arousal: of the voice.
    """

    noise: np.random.Generator
    drift: float = 0.0
    smooth: float = 0.0
    arousal: ArousalState = field(default_factory=ArousalState)


def start_emotion(seed: int) -> EmotionState:
    """Return the state before row 0."""
    return EmotionState(np.random.Generator(np.random.PCG64([seed, _WANE_SEEDS])))


@dataclass(frozen=True)
class EmotionTrack:
    """What the emotions, blended, add over the rows of a window.

    Attributes:
        face: (rows, 60) offset of each channel.
        head_deg: (rows, 3) offset of the head's yaw, pitch, roll.
        gaze_deg: (rows, 2) offset of the gaze.
        head_scale, tempo, blink_scale: (rows,) scales of head movement, its speed, blinking.
        settled: (rows,) how far the portrait's own mouth gives way, 0 to 1.
    """

    face: FloatArray
    head_deg: FloatArray
    gaze_deg: FloatArray
    head_scale: FloatArray
    tempo: FloatArray
    blink_scale: FloatArray
    settled: FloatArray


#: Columns of the table of styles: offsets of the lips' channels and of all others, of the head
#: and of the gaze; scales less 1; how far the portrait's own mouth gives way.
_LIPS: Final = slice(0, len(CHANNELS))
_REST: Final = slice(_LIPS.stop, _LIPS.stop + len(CHANNELS))
_HEAD: Final = slice(_REST.stop, _REST.stop + 3)
_GAZE: Final = slice(_HEAD.stop, _HEAD.stop + 2)
_SCALES: Final = slice(_GAZE.stop, _GAZE.stop + 3)
_SETTLES: Final = _SCALES.stop


@cache
def _table() -> FloatArray:
    """Return every style at full strength, one row each."""
    styles = [*(STYLES[emotion] for emotion in EMOTIONS), EXCITED, CALM]
    table = np.zeros((len(styles), _SETTLES + 1))
    for row, style in zip(table, styles, strict=True):
        for name, value in style.face.items():
            for channel in (name, name + "Left", name + "Right"):
                if channel in INDEX:
                    of_lips = channel.startswith(("mouth", "jaw", "tongue"))
                    row[_LIPS if of_lips else _REST][INDEX[channel]] += value
        row[_HEAD], row[_GAZE] = style.head_deg, style.gaze_deg
        row[_SCALES] = style.head_scale - 1.0, style.tempo - 1.0, style.blink_scale - 1.0
        row[_SETTLES] = style.settles
    return table


def track_emotion(state: EmotionState, dials: Dials, window: FeatureWindow) -> EmotionTrack:
    """Return what the emotions add over the rows of a window."""
    lively = np.zeros((window.rows, 2))
    if dials.auto is not None and not dials.still:  # a posture that follows the voice moves
        arousal = track_arousal(state.arousal, window)
        lively[:, 0] = dials.auto * np.maximum(arousal, 0.0)
        lively[:, 1] = dials.auto * np.maximum(-arousal, 0.0)
    swell = np.ones(window.rows) if dials.still else _swell(state, window.rows)
    return _blended(np.concatenate([dials.emotion, lively], axis=1), dials, swell)


def _swell(state: EmotionState, rows: int) -> FloatArray:
    """Return how much of the upper face's offset there is, (rows,), 0.8 to 1."""
    swell = np.empty(rows)
    dt = 1.0 / FEATURE_RATE_HZ
    keep = 1.0 - dt / _WANE_S
    kick = (1.0 - keep * keep) ** 0.5
    for i, white in enumerate(state.noise.standard_normal(rows)):
        swell[i] = 1.0 - 0.5 * WANES * (1.0 + min(max(state.smooth, -1.0), 1.0))
        state.drift = keep * state.drift + kick * float(white)
        state.smooth += (state.drift - state.smooth) * dt / _WANE_SMOOTH_S
    return swell


def _blended(strengths: FloatArray, dials: Dials, swell: FloatArray) -> EmotionTrack:
    """Return the blend of all styles at their strengths, (rows, 11): emotions, excited, calm."""
    # Not a matrix product, whose sums would depend on how many rows are computed together.
    mixed = np.einsum("ne,ec->nc", strengths, _table())
    scales = 1.0 + mixed[:, _SCALES]
    return EmotionTrack(
        face=mixed[:, _LIPS] + mixed[:, _REST] * (dials.expression * swell)[:, None],
        head_deg=mixed[:, _HEAD] * np.minimum(dials.head, 1.0)[:, None],
        gaze_deg=mixed[:, _GAZE],
        head_scale=np.maximum(scales[:, 0], 0.0),
        tempo=np.maximum(scales[:, 1], 0.2),
        blink_scale=np.maximum(scales[:, 2], 0.0),
        settled=np.minimum(mixed[:, _SETTLES], 1.0),
    )


def brows_taken(track: EmotionTrack) -> BrowsTaken:
    """Return how much of brows and lids the emotion holds, and life gives up."""

    def most(of: tuple[str, ...]) -> FloatArray:
        held = track.face[:, [INDEX[name] for name in of]]
        share: FloatArray = np.minimum(np.maximum(held.max(axis=1), 0.0), 1.0)
        return share

    return BrowsTaken(most(_BROWS), most(_LIDS))


def write_emotion(
    values: FloatArray, track: EmotionTrack, shut: FloatArray, rounding: FloatArray
) -> None:
    """Add the emotion's face to ``values``, (rows, 60), in place; speech has the last word.

    Args:
        values: the motion being made.
        track: the emotion.
        shut: 0 to 1, how far lips or lip and teeth meet, (rows,).
        rounding: 0 to 1, (rows,).
    """
    from gioconda.performance import face_kernels as kernels

    open_share = np.minimum(implied_aperture(values) / OPEN_GAP, 1.0)
    kernels.add_emotion(
        values, track.face, track.settled, shut, rounding, open_share, *_lip_channels(), _MOUTH,
        (PARTING_LOST_TO_SPEECH, LOST_TO_ROUNDING),
    )  # fmt: skip


@cache
def _lip_channels() -> tuple[BoolArray, BoolArray, FloatArray]:
    """Return which channels part the lips, which spread them, and what each adds to the gap."""
    parting = np.array([name in PARTING for name in CHANNELS])
    spreading = np.array([name.startswith(SPREADING) for name in CHANNELS])
    return parting, spreading, np.array([_gap_of(name) for name in CHANNELS])


def _gap_of(channel: str) -> float:
    """Return what a weight of 1 adds to the gap of the inner lips, outer-eye distances."""
    return GAP.get(channel, 0.5 * GAP.get(channel.removesuffix("Left").removesuffix("Right"), 0.0))
