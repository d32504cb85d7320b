"""The head's motion as BVH, which nearly every animation program reads.

One joint, ``Head``, with y up, z towards the viewer and centimetres of a typical face (the format
knows no unit). Frame i is the instant i / rate of the sound. A file from elsewhere gives the
head its rotation; translation is read from a root joint only, since that of other joints is
their place in a skeleton.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import MotionError
from gioconda.interchange import axes
from gioconda.motion import CHANNELS, INDEX, Motion

Array = npt.NDArray[np.float64]

_CM: Final = 100.0
_HIERARCHY: Final = """HIERARCHY
ROOT Head
{
\tOFFSET 0.000000 0.000000 0.000000
\tCHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
\tEnd Site
\t{
\t\tOFFSET 0.000000 12.000000 0.000000
\t}
}
"""
_MAX_FRAMES: Final = 2_000_000


def write(motion: Motion) -> bytes:
    """Return the file of a motion's head; its first row is held from 0 s to its own time."""
    motion = axes.from_zero(motion, hold=True)
    values = motion.values
    places = axes.translations(values) * _CM
    yaw, pitch, roll = (
        values[:, INDEX[n]].astype(np.float64) for n in ("headYaw", "headPitch", "headRoll")
    )
    rows = np.column_stack([places, -roll, yaw, pitch]) + 0.0
    lines = [" ".join(f"{v:.6f}" for v in row) for row in rows]
    head = f"MOTION\nFrames: {len(rows)}\nFrame Time: {1 / motion.rate_hz:.9f}\n"
    return (_HIERARCHY + head + "\n".join(lines) + "\n").encode()


@dataclass
class _Joint:
    name: str
    is_root: bool
    channels: list[str] = field(default_factory=list)
    first: int = 0


def read(data: bytes, file: str) -> Motion:
    """Read the head of a BVH file: the joint named Head, or the root of a file with one joint.

    Every channel but the head's is zero: the mouth rests as in the portrait.

    Raises:
        MotionError: the file is damaged or has no joint for the head.
    """
    words = data.decode("utf-8-sig").split()
    try:
        joints, at = _joints(words)
        head = _head(joints, file)
        if words[at : at + 2] != ["MOTION", "Frames:"] or words[at + 3 : at + 5] != [
            "Frame", "Time:",
        ]:  # fmt: skip
            raise ValueError("no MOTION")
        frames, step_s = int(words[at + 2]), float(words[at + 5])
        width = sum(len(j.channels) for j in joints)
        if not (0 < frames <= _MAX_FRAMES and step_s > 0):
            raise ValueError("no frames")
        numbers = np.array(words[at + 6 :], np.float64).reshape(frames, width)
    except (ValueError, IndexError) as e:
        raise MotionError(f"{file!r} is damaged, or not a BVH file") from e
    own = numbers[:, head.first : head.first + len(head.channels)]
    if not np.isfinite(own).all():
        raise MotionError(f"{file!r} holds NaN or infinite values")
    return Motion(_values(own, head), _rate(step_s))


def _rate(step_s: float) -> float:
    """Return the rate that a step stands for: files round it, often to six or seven places."""
    rate_hz = 1 / step_s
    usual = (float(round(rate_hz)), round(rate_hz * 1.001) * 1000 / 1001)
    nearest = min(usual, key=lambda u: abs(u - rate_hz))
    return nearest if abs(nearest - rate_hz) < 1e-4 * rate_hz else rate_hz


def _values(own: Array, head: _Joint) -> npt.NDArray[np.float32]:
    from scipy.spatial.transform import Rotation

    values = np.zeros((len(own), len(CHANNELS)), np.float32)
    turns = [i for i, c in enumerate(head.channels) if c.endswith("rotation")]
    if turns:
        order = "".join(head.channels[i][0] for i in turns)
        axes.set_rotations(values, Rotation.from_euler(order, own[:, turns], degrees=True))
    if head.is_root:
        metres = np.zeros((len(own), 3))
        for i, channel in enumerate(head.channels):
            if channel.endswith("position"):
                metres[:, "XYZ".index(channel[0])] = own[:, i] / _CM
        axes.set_translations(values, metres)
    return values


def _joints(words: list[str]) -> tuple[list[_Joint], int]:
    """Return the joints in the order of their columns, and where the hierarchy ends."""
    if words[:1] != ["HIERARCHY"]:
        raise ValueError("no HIERARCHY")
    joints: list[_Joint] = []
    columns = 0
    i = 1
    while words[i] != "MOTION":
        word = words[i]
        if word in ("ROOT", "JOINT"):
            joints.append(_Joint(words[i + 1], word == "ROOT"))
            i += 2
        elif word == "CHANNELS":
            count = int(words[i + 1])
            names = [w[:1].upper() + w[1:].lower() for w in words[i + 2 : i + 2 + count]]
            if any(n[1:] not in ("position", "rotation") or n[0] not in "XYZ" for n in names):
                raise ValueError("unknown channel")
            joints[-1].channels, joints[-1].first = names, columns
            columns += count
            i += 2 + count
        else:
            i += 1
    return joints, i


def _head(joints: list[_Joint], file: str) -> _Joint:
    named = [j for j in joints if j.name.lower().rsplit(":", 1)[-1] == "head"]
    named = named or [j for j in joints if "head" in j.name.lower()]
    if not named and len(joints) == 1:
        named = joints
    if not named or not any(c.endswith("rotation") for c in named[0].channels):
        names = ", ".join(j.name for j in joints[:6])
        raise MotionError(f"{file!r} has no joint named Head that turns (its joints: {names})")
    return named[0]
