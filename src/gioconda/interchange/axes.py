"""Axes, units and time as other tools count them.

Ours are the picture's: x to its right, y down, z away from the camera. Files for other tools have
y up and z towards the viewer, so the face looks along +z and its own left lies at +x: our axes
turned by 180 degrees about x. In them the head's rotation ``Rz(roll) Ry(yaw) Rx(pitch)`` of the
renderer is ``Rz(-roll) Ry(yaw) Rx(pitch)``, all three right-handed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX, FloatArray, Motion

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation
else:
    Rotation = Any

Array = npt.NDArray[np.float64]

#: Outer eye corner to outer eye corner of a typical adult face, the unit of our translations.
EYE_SPAN_M: Final = 0.09
#: Our axes to those of other tools, and back.
FLIP: Final = np.array([1.0, -1.0, -1.0])
_ANGLES: Final = [INDEX[n] for n in ("headYaw", "headPitch", "headRoll")]
_SHIFTS: Final = [INDEX[n] for n in ("headX", "headY", "headZ")]


def rotations(values: FloatArray) -> Rotation:
    """Return the head's rotation for rows of motion, (n, 60), with y up and z to the viewer."""
    from scipy.spatial.transform import Rotation as R

    yaw, pitch, roll = values[:, _ANGLES].astype(np.float64).T
    return R.from_euler("ZYX", np.stack([-roll, yaw, pitch], axis=1), degrees=True)


def set_rotations(values: FloatArray, rotation: Rotation) -> None:
    """Write rotations, y up, into the head's angles of rows of motion, (n, 60), in place."""
    roll, yaw, pitch = rotation.as_euler("ZYX", degrees=True).T
    values[:, _ANGLES] = np.stack([yaw, pitch, -roll], axis=1)


def translations(values: FloatArray) -> Array:
    """Return the head's translation in metres of a typical face, y up, (n, 3)."""
    result: Array = values[:, _SHIFTS].astype(np.float64) * FLIP * EYE_SPAN_M
    return result


def set_translations(values: FloatArray, metres: Array) -> None:
    """Write translations in metres, (n, 3), y up, into rows of motion, in place."""
    values[:, _SHIFTS] = metres * FLIP / EYE_SPAN_M


def from_zero(motion: Motion, *, hold: bool) -> Motion:
    """Return motion whose rows lie at or after the start of the sound.

    Args:
        motion: any motion.
        hold: begin at 0 exactly, with the first row held until its time; else a later start is
            kept.
    """
    start, rate_hz = motion.start_s, motion.rate_hz
    if not len(motion) or start == 0 or (start > 0 and not hold):
        return motion
    rows = max(round(len(motion) + start * rate_hz), 1)
    on_grid = abs(start * rate_hz - round(start * rate_hz)) < 1e-6
    if on_grid and start < 0:
        return Motion(motion.values[-rows:], rate_hz, 0.0)
    return Motion(np.stack([motion.at(i / rate_hz) for i in range(rows)]), rate_hz, 0.0)
