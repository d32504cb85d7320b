"""Poses to hit at an instant: checked, and laid as curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.control_curve import Curve
from gioconda.controls import as_float, check_number
from gioconda.errors import OptionError
from gioconda.motion import BLENDSHAPES

POSE_ANGLES: Final = ("headYaw", "headPitch", "headRoll")
#: What a pose may set.
POSE_CHANNELS: Final = (*POSE_ANGLES, *BLENDSHAPES)
#: Yaw, pitch and roll that a pose may ask for, degrees; a portrait that is turned bears less.
POSE_RANGE_DEG: Final = {"headYaw": 20.0, "headPitch": 15.0, "headRoll": 20.0}
#: No keyframe and no pose is later.
LAST_S: Final = 1e6
#: A pose comes and goes within this time, head and face, if it does not say.
HEAD_RAMP_S: Final = 0.6
FACE_RAMP_S: Final = 0.25
RAMP_RANGE_S: Final = (0.1, 10.0)
#: Different poses of one channel keep this distance.
LEAST_GAP_S: Final = 0.1


@dataclass(frozen=True)
class Pose:
    """A pose to hit at an instant: it overrules whatever else those channels would do.

    Attributes:
        time_s: the instant, seconds of the sound, 0 and above.
        channels: headYaw, headPitch (15 degrees at most), headRoll in degrees, 20 at most, or
            any of :data:`gioconda.BLENDSHAPES`, 0 to 1.
        hold_s: how long it stays, 0 and above.
        ramp_s: how long it takes to come and to go, 0.1 to 10; 0.6 s for the head and 0.25 s for
            the face if None.
    """

    time_s: float
    channels: Mapping[str, float]
    hold_s: float = 0.0
    ramp_s: float | None = None


@dataclass(frozen=True)
class PoseCurve:
    """One channel's poses: where it is drawn to, and how much, 0 to 1."""

    target: Curve
    weight: Curve


def check_time(time_s: float) -> None:
    """Check an instant.

    Raises:
        OptionError: it is no number of seconds from 0 on.
    """
    if isinstance(time_s, bool) or not isinstance(time_s, (int, float)):
        raise OptionError(f"time_s is {time_s!r}; it must be a number of seconds")
    time_s = as_float(time_s)
    if not (math.isfinite(time_s) and time_s >= 0):
        raise OptionError(f"time_s is {time_s:g}; it must be 0 or above")
    if time_s > LAST_S:
        raise OptionError(f"time_s is {time_s:g}; it must be {LAST_S:,.0f} seconds at most")


@dataclass(frozen=True)
class _Stop:
    """A channel's part of a pose."""

    start_s: float
    end_s: float
    ramp_s: float
    value: float


def pose_curves(poses: Sequence[Pose]) -> dict[str, PoseCurve]:
    """Return the curve of every channel that poses set.

    Raises:
        OptionError: a pose is not allowed, or two of one channel meet.
    """
    stops: dict[str, list[_Stop]] = {}
    for number, pose in enumerate(poses, 1):
        try:
            _check_pose(pose)
        except OptionError as e:
            raise OptionError(f"poses, pose {number}: {e}") from None
        for name, value in pose.channels.items():
            usual = HEAD_RAMP_S if name in POSE_ANGLES else FACE_RAMP_S
            ramp = usual if pose.ramp_s is None else pose.ramp_s
            end = pose.time_s + pose.hold_s
            stops.setdefault(name, []).append(_Stop(pose.time_s, end, ramp, float(value)))
    return {name: _pose_curve(name, of_channel) for name, of_channel in stops.items()}


def _check_pose(pose: Pose) -> None:
    check_time(pose.time_s)
    check_number("hold_s", pose.hold_s, (0.0, 86_400.0), " seconds")
    if pose.ramp_s is not None:
        check_number("ramp_s", pose.ramp_s, RAMP_RANGE_S, " seconds")
    if not pose.channels:
        raise OptionError("it sets no channel; headYaw, headPitch, headRoll or a blendshape's name")
    for name, value in pose.channels.items():
        if name not in POSE_CHANNELS:
            raise OptionError(
                f"{name!r} is not known; a pose sets headYaw, headPitch, headRoll or a "
                "blendshape by its ARKit name"
            )
        if name in POSE_RANGE_DEG:
            most = POSE_RANGE_DEG[name]
            check_number(name, value, (-most, most), " degrees")
        else:
            check_number(name, value, (0.0, 1.0))


def _pose_curve(name: str, stops: list[_Stop]) -> PoseCurve:
    """Return where a channel is drawn to; it goes from pose to pose where they are near."""
    stops = sorted(stops, key=lambda stop: stop.start_s)
    targets: list[tuple[float, float]] = []
    weights: list[tuple[float, float]] = []
    last: _Stop | None = None
    for stop in stops:
        if last is not None and stop.start_s < last.end_s + LEAST_GAP_S:
            raise OptionError(
                f"poses: {name} at {stop.start_s:g} s meets the pose that lasts until "
                f"{last.end_s:g} s; leave {LEAST_GAP_S:g} s between them"
            )
        apart = last is None or stop.start_s - last.end_s > last.ramp_s + stop.ramp_s
        if last is not None and apart:
            weights.append((last.end_s + last.ramp_s, 0.0))
        if apart and stop.start_s > 0.0:
            weights.append((max(stop.start_s - stop.ramp_s, 0.0), 0.0))
        for instant in {stop.start_s: None, stop.end_s: None}:
            targets.append((instant, stop.value))
            weights.append((instant, 1.0))
        last = stop
    assert last is not None
    weights.append((last.end_s + last.ramp_s, 0.0))
    return PoseCurve(_through(targets), _through(weights))


def _through(points: list[tuple[float, float]]) -> Curve:
    times, values = zip(*points, strict=True)
    return Curve.through(np.array(times), np.array(values)[:, None])
