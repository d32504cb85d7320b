"""What a director may ask of a performance: frozen, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gioconda.errors import OptionError

EMOTIONS: Final[tuple[str, ...]] = (
    "neutral", "happy", "sad", "angry", "surprised", "afraid", "disgusted", "contemptuous",
    "tender",
)  # fmt: skip
#: The emotion that follows the voice's arousal.
AUTO: Final = "auto"
#: What :attr:`Controls.emotion` may be.
EMOTION_CHOICES: Final[tuple[str, ...]] = (*EMOTIONS, AUTO)
GAZE_YAW_RANGE_DEG: Final = (-30.0, 30.0)
GAZE_PITCH_RANGE_DEG: Final = (-20.0, 20.0)
DISTANCE_RANGE: Final = (0.7, 2.0)
SCALE_RANGE: Final = (0.0, 2.0)


@dataclass(frozen=True)
class Controls:
    """The dials of a performance.

    Attributes:
        gaze: main direction of the eyes (yaw, pitch) in degrees; yaw > 0 to the image's
            right, pitch > 0 down; (0, 0) is the viewer. -30 to 30 and -20 to 20.
        distance: distance of the camera from the head, 1 as in the portrait; 0.7 to 2. It is
            the frame's, not the motion's: the crop shows more of the picture, or less.
        emotion: one of :data:`EMOTIONS`, or ``auto``: livelier and calmer with the voice.
        emotion_strength: 0 to 1.
        expression: scale of the face's expressiveness, 0 to 2; 0 leaves the lips alone moving.
        head: scale of head movement, 0 to 2; 0 holds the head still.
        blinks: scale of the blink rate, 0 to 2; 0 switches blinks off.
        seed: chooses one of many equally good performances; the same seed gives the same one.
        still: nothing moves but the mouth.

    Raises:
        OptionError: a value lies outside its range; the message says the range.
    """

    gaze: tuple[float, float] = (0.0, 0.0)
    distance: float = 1.0
    emotion: str = "neutral"
    emotion_strength: float = 0.6
    expression: float = 1.0
    head: float = 1.0
    blinks: float = 1.0
    seed: int = 0
    still: bool = False

    def __post_init__(self) -> None:
        """Check every value against its range."""
        if len(self.gaze) != 2:
            raise OptionError("gaze needs two angles, YAW,PITCH in degrees")
        check_number("gaze yaw", self.gaze[0], GAZE_YAW_RANGE_DEG, " degrees")
        check_number("gaze pitch", self.gaze[1], GAZE_PITCH_RANGE_DEG, " degrees")
        check_number("distance", self.distance, DISTANCE_RANGE)
        check_number("emotion strength", self.emotion_strength, (0.0, 1.0))
        for name in ("expression", "head", "blinks"):
            check_number(name, getattr(self, name), SCALE_RANGE)
        check_emotion(self.emotion)
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise OptionError(f"seed is {self.seed!r}; it must be a whole number")
        if not 0 <= self.seed < 2**63:
            shown = f"{self.seed}" if abs(self.seed) < 10**30 else "too large"
            raise OptionError(f"seed is {shown}; it must be 0 or above, and under 2^63")


def check_emotion(name: str) -> None:
    """Check an emotion's name.

    Raises:
        OptionError: it is none of :data:`EMOTION_CHOICES`.
    """
    if name not in EMOTION_CHOICES:
        raise OptionError(f"emotion {name!r} is not known; there are: {', '.join(EMOTION_CHOICES)}")


def check_number(name: str, value: object, bounds: tuple[float, float], unit: str = "") -> None:
    """Check that a value is a number between two bounds.

    Raises:
        OptionError: it is not; the message says the range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OptionError(f"{name} is {value!r}; it must be a number")
    low, high = bounds
    number = as_float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise OptionError(f"{name} is {number:g}; it must lie between {low:g} and {high:g}{unit}")


def as_float(value: float) -> float:
    """Return a number as a float; a whole number beyond all floats is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
