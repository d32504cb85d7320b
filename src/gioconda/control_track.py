"""Controls over time: keyframes for each dial, and poses to hit.

A :class:`ControlTrack` is accepted wherever :class:`gioconda.Controls` is. Dials run smoothly from
keyframe to keyframe (see :mod:`gioconda.control_curve`); before the first and after the last its
value holds. Files of keyframes are read by :meth:`ControlTrack.open`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Final, TypeAlias

import numpy as np

from gioconda.control_curve import Curve, FloatArray
from gioconda.control_poses import Pose, PoseCurve, check_time, pose_curves
from gioconda.controls import (
    DISTANCE_RANGE,
    EMOTION_CHOICES,
    GAZE_PITCH_RANGE_DEG,
    GAZE_YAW_RANGE_DEG,
    SCALE_RANGE,
    Controls,
    check_emotion,
    check_number,
)
from gioconda.errors import OptionError

#: The dials that may have keyframes.
DIALS: Final = ("gaze", "distance", "emotion", "expression", "head", "blinks")
#: Keyframes of one dial keep this distance.
LEAST_STEP_S: Final = 0.2
#: Eyes follow a target up to about this speed (smooth pursuit); faster ones take a saccade.
PURSUIT_DEG_S: Final = 30.0
#: A change marked as a jump takes this long in any dial but gaze.
JUMP_S: Final = 0.3
#: Most emotions at once.
MOST_EMOTIONS: Final = 2
USUAL_STRENGTH: Final = 0.6

#: A number; (yaw, pitch) of the gaze; an emotion, "happy", "happy:0.7" or {"sad": 0.4, ...}.
DialValue: TypeAlias = float | tuple[float, float] | str | Mapping[str, float]


def saccade_s(degrees: float) -> float:
    """Return how long a saccade of so many degrees takes, in seconds (Lee et al., 2002)."""
    return 0.025 + 0.0024 * degrees


@dataclass(frozen=True)
class Keyframe:
    """What one dial shall be at an instant.

    Attributes:
        time_s: the instant, seconds of the sound, 0 and above.
        value: a number for distance, expression, head and blinks; (yaw, pitch) in degrees for
            gaze; for emotion a name, with its strength (0 to 1) or without, as in ``"happy"`` and
            ``"happy:0.7"``, or up to two names with strengths that add up to 1 at most, as in
            ``{"sad": 0.5, "tender": 0.3}``.
        jump: hold the value before and change as fast as a face may: the eyes in a saccade,
            everything else within 0.3 s. The change ends at ``time_s``.
    """

    time_s: float
    value: DialValue
    jump: bool = False


@dataclass(frozen=True)
class Saccades:
    """When the main direction of the eyes jumps: instants, (n,), and degrees, (n,)."""

    starts_s: FloatArray
    sizes_deg: FloatArray


@dataclass(frozen=True)
class ControlTrack:
    """Controls over time.

    Attributes:
        constant: what holds throughout: the seed, and the dials that have no keyframes.
        gaze, distance, emotion, expression, head, blinks: keyframes of a dial, in order of time
            and at least 0.2 s apart.
        poses: in any order.
        curves: of every dial; gaze has two columns, emotion ten, one for each of
            :data:`gioconda.controls.EMOTION_CHOICES`.
        pose_curves: of every channel that a pose sets.
        saccades: of the gaze.

    Raises:
        OptionError: a keyframe or pose is out of range, out of order or too near another, or
            keyframes meet ``still``; the message names it and says what is allowed.
    """

    constant: Controls = field(default_factory=Controls)
    gaze: Sequence[Keyframe] = ()
    distance: Sequence[Keyframe] = ()
    emotion: Sequence[Keyframe] = ()
    expression: Sequence[Keyframe] = ()
    head: Sequence[Keyframe] = ()
    blinks: Sequence[Keyframe] = ()
    poses: Sequence[Pose] = ()
    curves: Mapping[str, Curve] = field(init=False, repr=False, compare=False)
    pose_curves: Mapping[str, PoseCurve] = field(init=False, repr=False, compare=False)
    saccades: Saccades = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check everything and lay the curves."""
        curves, jumps = {}, []
        for dial in DIALS:
            frames = tuple(getattr(self, dial))
            object.__setattr__(self, dial, frames)
            if frames and self.constant.still and dial != "distance":
                raise OptionError(
                    f"{dial} has keyframes, but still lets nothing move but the mouth; choose one"
                )
            curves[dial], of_dial = _curve(dial, frames, self.constant)
            jumps += of_dial if dial == "gaze" else []
        object.__setattr__(self, "poses", tuple(self.poses))
        if self.poses and self.constant.still:
            raise OptionError(
                "there are poses, but still lets nothing move but the mouth; choose one"
            )
        starts, sizes = (np.array([j[k] for j in jumps], np.float64) for k in (0, 1))
        object.__setattr__(self, "curves", curves)
        object.__setattr__(self, "pose_curves", pose_curves(self.poses))
        object.__setattr__(self, "saccades", Saccades(starts, sizes))

    @classmethod
    def open(cls, path: str | PathLike[str], constant: Controls | None = None) -> ControlTrack:
        """Read a .json or .csv file of keyframes and poses; see docs/controls.md.

        Args:
            path: of the file.
            constant: what holds where the file says nothing.

        Raises:
            OptionError: the file cannot be read, or holds something that is not allowed; the
                message names the line or key.
        """
        from gioconda.control_files import read

        return read(path, constant or Controls())

    @property
    def seed(self) -> int:
        """The seed of the performance."""
        return self.constant.seed

    @property
    def still(self) -> bool:
        """Whether nothing but the mouth moves."""
        return self.constant.still

    @property
    def distances(self) -> tuple[float, float]:
        """The nearest and the furthest distance of the camera."""
        values = self.curves["distance"].values
        return float(values.min()), float(values.max())

    def after(self, end_s: float) -> tuple[float, ...]:
        """Return the instants of keyframes and poses after an instant, sorted, in seconds."""
        times = [frame.time_s for dial in DIALS for frame in getattr(self, dial)]
        times += [pose.time_s for pose in self.poses]
        return tuple(sorted(t for t in times if t > end_s))

    def distance_at(self, time_s: float) -> float:
        """Return the distance of the camera at an instant."""
        return float(self.curves["distance"].at(np.array([time_s]))[0, 0])


#: What directs a performance.
Direction: TypeAlias = Controls | ControlTrack


def track_of(controls: Direction | None) -> ControlTrack:
    """Return controls as a track; constant ones, and None, as one without keyframes."""
    if isinstance(controls, ControlTrack):
        return controls
    return ControlTrack(constant=controls or Controls())


def check_keyframes(dial: str, frames: Sequence[Keyframe]) -> None:
    """Check keyframes of a dial.

    Raises:
        OptionError: one is not allowed.
    """
    _curve(dial, frames, Controls())


def emotion_strengths(value: DialValue) -> FloatArray:
    """Return the strength of each of :data:`gioconda.controls.EMOTION_CHOICES`, (10,).

    Raises:
        OptionError: a name is unknown, a strength out of range, or there are too many.
    """
    if isinstance(value, str):
        value = parse_emotions(value)
    if not isinstance(value, Mapping) or not value:
        raise OptionError(
            f'emotion is {value!r}; it must be a name, as in "happy:0.7", or up to two with '
            "strengths"
        )
    if len(value) > MOST_EMOTIONS:
        raise OptionError(f"{len(value)} emotions are asked for at once; 2 at most")
    strengths = np.zeros(len(EMOTION_CHOICES))
    for name, strength in value.items():
        check_emotion(name)
        check_number(f"strength of {name}", strength, (0.0, 1.0))
        strengths[EMOTION_CHOICES.index(name)] = strength
    if strengths.sum() > 1.0 + 1e-9:
        raise OptionError(f"strengths of emotions at once add up to {strengths.sum():g}; 1 at most")
    return strengths


def parse_emotions(text: str) -> dict[str, float]:
    """Read "happy", "happy:0.7" or "sad:0.5+tender:0.3".

    Raises:
        OptionError: a strength is not a number, or a name comes twice.
    """
    found: dict[str, float] = {}
    for part in text.split("+"):
        name, colon, strength = part.partition(":")
        name = name.strip().lower()
        if name in found:
            raise OptionError(f"emotion {name!r} comes twice in {text!r}")
        try:
            found[name] = float(strength) if colon else USUAL_STRENGTH
        except ValueError:
            raise OptionError(
                f"strength of {name} is {strength.strip()!r}; it must be a number from 0 to 1"
            ) from None
    return found


def _gaze_value(value: DialValue) -> list[float]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence) or len(value) != 2:
        raise OptionError(f"gaze is {value!r}; it must be two angles, yaw and pitch in degrees")
    check_number("gaze yaw", value[0], GAZE_YAW_RANGE_DEG, " degrees")
    check_number("gaze pitch", value[1], GAZE_PITCH_RANGE_DEG, " degrees")
    return [float(v) for v in value]


def _number_in(name: str, bounds: tuple[float, float]) -> Callable[[DialValue], list[float]]:
    def read(value: DialValue) -> list[float]:
        check_number(name, value, bounds)
        assert isinstance(value, (int, float))
        return [float(value)]

    return read


_READERS: Final[Mapping[str, Callable[[DialValue], list[float]]]] = {
    "gaze": _gaze_value,
    "distance": _number_in("distance", DISTANCE_RANGE),
    "emotion": lambda value: list(map(float, emotion_strengths(value))),
    "expression": _number_in("expression", SCALE_RANGE),
    "head": _number_in("head", SCALE_RANGE),
    "blinks": _number_in("blinks", SCALE_RANGE),
}


def _constant_value(dial: str, constant: Controls) -> DialValue:
    if dial == "emotion":
        return {constant.emotion: constant.emotion_strength}
    value: DialValue = getattr(constant, dial)
    return value


def _curve(
    dial: str, frames: Sequence[Keyframe], constant: Controls
) -> tuple[Curve, list[tuple[float, float]]]:
    """Return a dial's curve, and the instants and sizes of its jumps."""
    read = _READERS[dial]
    if not frames:
        only = np.array([read(_constant_value(dial, constant))])
        return Curve.through(np.zeros(1), only), []
    times: list[float] = []
    values: list[list[float]] = []
    jumps: list[tuple[float, float]] = []
    for number, frame in enumerate(frames, 1):
        try:
            value = read(frame.value)
            check_time(frame.time_s)
        except OptionError as e:
            raise OptionError(f"{dial}, keyframe {number}: {e}") from None
        if times and frame.time_s < times[-1] + LEAST_STEP_S - 1e-9:
            raise OptionError(
                f"{dial}, keyframe {number}: time_s is {frame.time_s:g} after {times[-1]:g}; "
                f"keyframes of a dial rise by {LEAST_STEP_S:g} s at least"
            )
        if times:
            size = math.dist(value, values[-1])
            abrupt = dial == "gaze" and size > PURSUIT_DEG_S * (frame.time_s - times[-1])
            if (frame.jump or abrupt) and size > 0.0:
                lasts = saccade_s(size) if dial == "gaze" else JUMP_S
                start = frame.time_s - lasts
                if start > times[-1]:
                    times.append(start)
                    values.append(list(values[-1]))
                jumps.append((start, size))
        times.append(float(frame.time_s))
        values.append(value)
    return Curve.through(np.array(times), np.array(values)), jumps
