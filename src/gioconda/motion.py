"""The motion space, where everything that makes motion and everything that shows it meet.

A moment of motion is a float32 vector of shape ``(59,)``, one number for each name in
:data:`CHANNELS`:

* the 52 ARKit blendshape weights, 0 to 1, by their standard names ("Left" is the
  subject's left);
* ``headYaw``, ``headPitch``, ``headRoll`` in degrees: yaw > 0 turns the nose to the
  image's right, pitch > 0 down, roll > 0 clockwise as seen;
* ``headX``, ``headY``, ``headZ``: translation in outer-eye distances; x to the image's
  right, y down, z away from the camera;
* ``articulation``, 0 to 1: how far the mouth is under the motion's control. At 0 the
  mouth rests as it does in the portrait; at 1 a portrait with parted lips or a smile is
  first brought to closed, neutral lips, so that closures close.

All zeros is the neutral moment: the portrait as it is. Gaze is carried by the eyeLook
shapes; a weight of 1 stands for :data:`GAZE_FULL_DEG` degrees.
"""

from __future__ import annotations

import csv
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
CHANNELS: Final[tuple[str, ...]] = (*BLENDSHAPES, *HEAD_CHANNELS, "articulation")
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(CHANNELS)}
#: Eye rotation, in degrees, that an eyeLook weight of 1 stands for.
GAZE_FULL_DEG: Final = 30.0
#: Motion is made on this clock and sampled wherever a renderer asks.
MOTION_RATE_HZ: Final = 50.0


def neutral() -> FloatArray:
    """Return the neutral moment: the portrait as it is. Shape (59,), all zeros."""
    return np.zeros(len(CHANNELS), np.float32)


def moment(**channels: float) -> FloatArray:
    """Return a moment, shape (59,), with the named channels set and all others zero.

    Raises:
        OptionError: a name is not in :data:`CHANNELS`.
    """
    m = neutral()
    for name, value in channels.items():
        if name not in INDEX:
            raise OptionError(f"there is no motion channel named {name!r}; see gioconda.CHANNELS")
        m[INDEX[name]] = value
    return m


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


def set_gaze(values: FloatArray, yaw_deg: npt.ArrayLike, pitch_deg: npt.ArrayLike) -> None:
    """Write gaze angles in degrees into the eight eyeLook channels of ``values``, in place.

    ``values`` has shape (..., 59); the angles broadcast against its leading axes.
    """
    yaw = np.asarray(yaw_deg, np.float32) / GAZE_FULL_DEG
    pitch = np.asarray(pitch_deg, np.float32) / GAZE_FULL_DEG
    right, left = np.maximum(yaw, 0), np.maximum(-yaw, 0)
    for name, weight in (
        ("eyeLookOutLeft", right), ("eyeLookInRight", right),
        ("eyeLookInLeft", left), ("eyeLookOutRight", left),
    ):  # fmt: skip
        values[..., INDEX[name]] = weight
    for side in ("Left", "Right"):
        values[..., INDEX["eyeLookDown" + side]] = np.maximum(pitch, 0)
        values[..., INDEX["eyeLookUp" + side]] = np.maximum(-pitch, 0)


@dataclass(frozen=True)
class Motion:
    """Named channels over time, at a stated rate.

    Attributes:
        values: float32, shape (frames, 59), in the order of :data:`CHANNELS`. Row i is the
            instant ``start_s + i / rate_hz``.
        rate_hz: rows a second.
        start_s: the instant of row 0, in seconds of the sound.
    """

    values: FloatArray
    rate_hz: float = MOTION_RATE_HZ
    start_s: float = 0.0

    def __post_init__(self) -> None:
        """Check shape and rate.

        Raises:
            MotionError: the array is not (frames, 59), is not finite, or the rate is not positive.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(CHANNELS):
            raise MotionError(
                f"motion has shape {self.values.shape}; (frames, {len(CHANNELS)}) is needed"
            )
        if not self.rate_hz > 0:
            raise MotionError(f"motion has a rate of {self.rate_hz} Hz; it must be above 0")
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
        """Return one channel over time, shape (frames,)."""
        return self.values[:, INDEX[name]]

    def at(self, time_s: float) -> FloatArray:
        """Return the moment at an instant, shape (59,), linear between rows, held at the ends."""
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

    def save(self, path: str | Path) -> None:
        """Write ``.npz`` (values, channels, rate_hz, start_s) or ``.csv`` (a time column first).

        Raises:
            MotionError: the suffix is neither ``.npz`` nor ``.csv``.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".npz":
            with path.open("wb") as f:
                np.savez_compressed(
                    f, values=self.values, channels=np.array(CHANNELS),
                    rate_hz=self.rate_hz, start_s=self.start_s,
                )  # fmt: skip
        elif suffix == ".csv":
            with path.open("w", newline="", encoding="utf-8") as f:
                writer = csv.writer(f)
                writer.writerow(("time_s", *CHANNELS))
                for i, row in enumerate(self.values):
                    time_s = self.start_s + i / self.rate_hz
                    writer.writerow((f"{time_s:.6f}", *(f"{v:.5g}" for v in row)))
        else:
            raise MotionError(f"motion is saved as .npz or .csv, not as {path.name!r}")

    @classmethod
    def load(cls, path: str | Path) -> Motion:
        """Read what :meth:`save` wrote, or a table with any subset of the channels.

        Missing channels are zero; a file without ``articulation`` (one from a capture
        application) gets 1 throughout, since its mouth is fully driven.

        Raises:
            MotionError: the file is missing or is not such a table.
        """
        path = Path(path)
        try:
            if path.suffix.lower() == ".csv":
                return cls._from_csv(path)
            with np.load(path, allow_pickle=False) as data:
                names = [str(n) for n in data["channels"]]
                values = np.asarray(data["values"], np.float32)
                return cls(
                    _arranged(values, names, path),
                    float(data["rate_hz"]),
                    float(data["start_s"]) if "start_s" in data else 0.0,
                )
        except FileNotFoundError:
            raise MotionError(f"there is no motion file {str(path)!r}") from None
        except (OSError, ValueError, KeyError, EOFError, IndexError, UnicodeDecodeError) as e:
            if isinstance(e, MotionError):
                raise
            raise MotionError(f"{path.name!r} is not a motion file (.npz or .csv)") from e

    @classmethod
    def _from_csv(cls, path: Path) -> Motion:
        with path.open(newline="", encoding="utf-8-sig") as f:
            rows = [row for row in csv.reader(f) if row]
        if len(rows) < 2 or rows[0][0] != "time_s":
            raise MotionError(f"{path.name!r} has no 'time_s' column first and no rows of motion")
        table = np.array(rows[1:], np.float64)
        times = table[:, 0]
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1.0 / MOTION_RATE_HZ
        if not step > 0:
            raise MotionError(f"the times in {path.name!r} do not rise")
        return cls(
            _arranged(table[:, 1:].astype(np.float32), rows[0][1:], path),
            round(1.0 / step, 3),
            float(times[0]),
        )


def _arranged(values: FloatArray, names: list[str], path: Path) -> FloatArray:
    """Put named columns into the order of CHANNELS."""
    unknown = [n for n in names if n not in INDEX]
    if unknown:
        raise MotionError(f"{path.name!r} has a channel named {unknown[0]!r}, which is not known")
    if values.ndim != 2 or values.shape[1] != len(names):
        raise MotionError(f"{path.name!r} has {values.shape} values for {len(names)} channels")
    out = np.zeros((len(values), len(CHANNELS)), np.float32)
    out[:, [INDEX[n] for n in names]] = values
    if "articulation" not in names:
        out[:, INDEX["articulation"]] = 1.0
    return out


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
        """Return the moment at an instant, shape (59,), and forget what lies before it."""
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
