"""The motion space, where everything that makes motion and everything that shows it meet.

A moment of motion is a float32 vector of shape ``(60,)``, one number for each name in
:data:`CHANNELS`:

* the 52 ARKit blendshape weights, 0 to 1, by their standard names ("Left" is the
  subject's left);
* ``headYaw``, ``headPitch``, ``headRoll`` in degrees: yaw > 0 turns the nose to the
  image's right, pitch > 0 down, roll > 0 clockwise as seen;
* ``headX``, ``headY``, ``headZ``: translation in outer-eye distances; x to the image's
  right, y down, z away from the camera;
* ``articulation``, 0 to 1: how far the mouth is under the motion's control. At 0 the
  mouth rests as it does in the portrait; at 1 a portrait with parted lips or a smile is
  first brought to closed, neutral lips, so that closures close;
* ``breath``, 0 to 1: how far breathed in. Shoulders and chest rise with it; the head does not.

All zeros is the neutral moment: the portrait as it is. Gaze is carried by the eyeLook
shapes; a weight of 1 stands for :data:`GAZE_FULL_DEG` degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import MotionError, OptionError

FloatArray = npt.NDArray[np.float32]

BLENDSHAPES: Final[tuple[str, ...]] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
    "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
HEAD_CHANNELS: Final[tuple[str, ...]] = (
    "headYaw", "headPitch", "headRoll", "headX", "headY", "headZ",
)  # fmt: skip
CHANNELS: Final[tuple[str, ...]] = (*BLENDSHAPES, *HEAD_CHANNELS, "articulation", "breath")
#: What speech moves; lids, brows, gaze and head go on without it.
MOUTH_CHANNELS: Final[tuple[str, ...]] = (
    *(n for n in BLENDSHAPES if n.startswith(("jaw", "mouth", "tongue", "cheekPuff"))),
    "articulation",
)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(CHANNELS)}
#: Eye rotation, in degrees, that an eyeLook weight of 1 stands for.
GAZE_FULL_DEG: Final = 30.0
#: Motion is made on this clock and sampled wherever a renderer asks.
MOTION_RATE_HZ: Final = 50.0


def neutral() -> FloatArray:
    """Return the neutral moment: the portrait as it is. Shape (60,), all zeros."""
    return np.zeros(len(CHANNELS), np.float32)


def moment(**channels: float) -> FloatArray:
    """Return a moment, shape (60,), with the named channels set and all others zero.

    Raises:
        OptionError: a name is not in :data:`CHANNELS`.
    """
    m = neutral()
    for name, value in channels.items():
        m[_index_of(name)] = value
    return m


def _index_of(name: str) -> int:
    if not isinstance(name, str) or name not in INDEX:
        raise OptionError(f"there is no motion channel named {name!r}; see gioconda.CHANNELS")
    return INDEX[name]


def gaze_of(m: FloatArray) -> tuple[float, float]:
    """Return the mean gaze (yaw, pitch) of both eyes in degrees, as a moment carries it.

    Yaw > 0 looks to the image's right (the subject's left), pitch > 0 down.
    """
    i = INDEX
    yaw = 0.5 * float(
        m[i["eyeLookOutLeft"]] - m[i["eyeLookInLeft"]]
        + m[i["eyeLookInRight"]] - m[i["eyeLookOutRight"]]
    )  # fmt: skip
    pitch = 0.5 * float(
        m[i["eyeLookDownLeft"]] - m[i["eyeLookUpLeft"]]
        + m[i["eyeLookDownRight"]] - m[i["eyeLookUpRight"]]
    )  # fmt: skip
    return yaw * GAZE_FULL_DEG, pitch * GAZE_FULL_DEG


def set_gaze(
    values: FloatArray,
    yaw_deg: npt.ArrayLike,
    pitch_deg: npt.ArrayLike,
    vergence_deg: npt.ArrayLike = 0.0,
) -> None:
    """Write gaze angles in degrees into the eight eyeLook channels of ``values``, in place.

    ``values`` has shape (..., 60); the angles broadcast against its leading axes. Yaw and pitch
    are those of :func:`gaze_of`; each eye turns towards the nose by half of ``vergence_deg``,
    relative to the portrait.
    """
    yaw = np.asarray(yaw_deg, np.float32) / GAZE_FULL_DEG
    pitch = np.asarray(pitch_deg, np.float32) / GAZE_FULL_DEG
    inwards = np.asarray(vergence_deg, np.float32) * 0.5 / GAZE_FULL_DEG
    for side, turned, right, left in (
        ("Left", yaw - inwards, "eyeLookOut", "eyeLookIn"),
        ("Right", yaw + inwards, "eyeLookIn", "eyeLookOut"),
    ):
        values[..., INDEX[right + side]] = np.maximum(turned, 0)
        values[..., INDEX[left + side]] = np.maximum(-turned, 0)
        values[..., INDEX["eyeLookDown" + side]] = np.maximum(pitch, 0)
        values[..., INDEX["eyeLookUp" + side]] = np.maximum(-pitch, 0)


@dataclass(frozen=True)
class Motion:
    """Named channels over time, at a stated rate.

    Attributes:
        values: float32, shape (frames, 60), in the order of :data:`CHANNELS`. Row i is the
            instant ``start_s + i / rate_hz``.
        rate_hz: rows a second.
        start_s: the instant of row 0, in seconds of the sound. Before it, :meth:`at` holds
            row 0.
    """

    values: FloatArray
    rate_hz: float = MOTION_RATE_HZ
    start_s: float = 0.0

    def __post_init__(self) -> None:
        """Check shape, rate and start.

        Raises:
            MotionError: the array is not (frames, 60), a number is not finite, or the rate is
                not positive.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(CHANNELS):
            raise MotionError(
                f"motion has shape {self.values.shape}; (frames, {len(CHANNELS)}) is needed"
            )
        if not 0 < self.rate_hz < math.inf:
            raise MotionError(f"motion has a rate of {self.rate_hz} Hz; it must be above 0")
        if not math.isfinite(self.start_s):
            raise MotionError(f"motion starts at {self.start_s} s; a finite time is needed")
        if not np.isfinite(self.values).all():
            raise MotionError("motion holds NaN or infinite values")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the columns."""
        return CHANNELS

    @property
    def duration_s(self) -> float:
        """Rows divided by the rate, in seconds."""
        return len(self.values) / self.rate_hz

    def __getitem__(self, name: str) -> FloatArray:
        """Return one channel over time, shape (frames,).

        Raises:
            OptionError: the name is not in :data:`CHANNELS`.
        """
        return self.values[:, _index_of(name)]

    def at(self, time_s: float) -> FloatArray:
        """Return the moment at an instant of the sound, shape (60,), linear between rows.

        Before the first row (at ``start_s``) the first row is held, after the last the last; a
        motion without rows is neutral throughout.
        """
        if not len(self.values):
            return neutral()
        x = (time_s - self.start_s) * self.rate_hz
        i = int(np.clip(np.floor(x), 0, len(self.values) - 1))
        j = min(i + 1, len(self.values) - 1)
        f = np.float32(np.clip(x - i, 0.0, 1.0))
        result: FloatArray = self.values[i] * (1 - f) + self.values[j] * f
        return result

    def resampled(self, rate_hz: float) -> Motion:
        """Return the same performance at another rate (linear interpolation)."""
        n = max(round(self.duration_s * rate_hz), 1)
        rows = np.stack([self.at(self.start_s + k / rate_hz) for k in range(n)])
        return Motion(rows, rate_hz, self.start_s)

    def save(self, path: str | Path, *, format: str | None = None) -> None:
        """Write the motion; the name's suffix chooses the format.

        ``.npz`` (values, channels, rate_hz, start_s) and ``.csv`` (a time column first) hold all
        of it. For other tools: ``.livelink.csv`` as the app Live Link Face writes it, ``.bvh``
        (the head), ``.glb`` and ``.gltf`` (a face that moves). See ``docs/motion.md``.

        Args:
            path: the file; one that exists is replaced once all is written.
            format: ``npz``, ``csv``, ``livelink``, ``bvh``, ``glb`` or ``gltf``, for a name that
                does not tell, such as a ``take.csv`` for Live Link.

        Raises:
            MotionError: the suffix is of no format, or does not suit the one named; the motion has
                no rows; or it starts ten minutes into the sound or later, which a table of Live
                Link Face cannot tell.
            OutputError: the folder is missing, or the file cannot be written.
        """
        from gioconda import motion_files

        motion_files.write(self, Path(path), format)

    @classmethod
    def load(cls, path: str | Path) -> Motion:
        """Read ``.npz`` or ``.csv`` of any subset of the channels, or the head of a ``.bvh``.

        Missing channels are zero; a table without ``articulation`` (one from a capture
        application) gets 1 throughout, since its mouth is fully driven. Nobody breathes in a file
        without ``breath``, one written before there was that channel among them.

        A ``.csv`` file may have commas, semicolons or tabs between its columns, but no decimal
        commas. It needs one column of time in seconds, rising from row to row, named ``time_s``,
        ``time``, ``Time`` or ``timestamp``; ``start_s`` is the first time. Rows that are not
        evenly spaced (within 1 % of a step) are interpolated linearly onto a regular grid of the
        median step, 1 to 1000 Hz: every instant keeps its time, also after a gap. Blendshapes
        may also be spelled as capture applications do, ``EyeBlinkLeft``.

        A table with a ``Timecode`` column is taken to be a take of Live Link Face: its angles are
        in radians, its first row is at 0 s, and rows in which the app saw no face are bridged
        (see :mod:`gioconda.interchange.live_link`).

        Raises:
            MotionError: the file is missing, cannot be read, is damaged or is not such a table;
                a column is unknown or comes twice; a value is not finite or lies outside -1 to 2
                for a weight, -180 to 180 for an angle, -100 to 100 for a translation.
        """
        from gioconda import motion_files

        return motion_files.read(Path(path))


class MotionBuffer:
    """A sliding window of motion that arrives in chunks and is read at rising instants.

    Memory stays bounded: rows older than the last instant read are dropped.
    """

    def __init__(self) -> None:
        self._window: Motion | None = None

    @property
    def end_s(self) -> float:
        """The instant of the last row held; minus infinity while empty."""
        w = self._window
        return w.start_s + (len(w) - 1) / w.rate_hz if w is not None and len(w) else float("-inf")

    def append(self, chunk: Motion) -> None:
        """Add a chunk that follows the one before it without a gap.

        Raises:
            MotionError: the chunk's rate or start does not continue the window.
        """
        if not len(chunk):
            return
        w = self._window
        if w is None or not len(w):
            self._window = chunk
            return
        expected = w.start_s + len(w) / w.rate_hz
        if chunk.rate_hz != w.rate_hz or abs(chunk.start_s - expected) > 0.1 / w.rate_hz:
            raise MotionError(
                f"a motion chunk starts at {chunk.start_s:.3f} s; {expected:.3f} s was expected"
            )
        self._window = Motion(np.concatenate([w.values, chunk.values]), w.rate_hz, w.start_s)

    def at(self, time_s: float) -> FloatArray:
        """Return the moment at an instant, shape (60,), and forget what lies before it."""
        w = self._window
        if w is None:
            return neutral()
        result = w.at(time_s)
        drop = int((time_s - w.start_s) * w.rate_hz) - 1
        if drop > 0:
            drop = min(drop, len(w) - 1)
            self._window = Motion(w.values[drop:], w.rate_hz, w.start_s + drop / w.rate_hz)
        return result


def concatenate(chunks: Iterable[Motion]) -> Motion:
    """Join chunks that follow each other; an empty sequence gives an empty motion at 50 Hz."""
    parts = [c for c in chunks if len(c)]
    if not parts:
        return Motion(np.zeros((0, len(CHANNELS)), np.float32))
    return Motion(np.concatenate([c.values for c in parts]), parts[0].rate_hz, parts[0].start_s)
