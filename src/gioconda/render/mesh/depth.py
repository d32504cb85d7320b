"""Depth of the sheet, how much of the head's rotation each vertex follows, and the far side.

The face takes the depth of its landmarks; hair and ears fall away behind the outline, the neck
sits behind the chin; shoulders and what lies below stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.head_frame import HeadFrame
from gioconda.render.mesh.sheet import Surround

Array = npt.NDArray[np.float64]

# Depth behind the outline and the distance over which it is reached, in face widths.
HAIR_DEPTH: Final = 0.40
HAIR_REACH: Final = 0.20
#: The same reach on a side that turns away: a step, so that the cheek covers ear and hair.
HIDDEN_REACH: Final = 0.04
#: That step fades out above the brows over this many face heights: hair hangs over the forehead.
HIDDEN_BLEND: Final = 0.15
NECK_DEPTH: Final = 0.30
NECK_REACH: Final = 0.06
FAR_DEPTH: Final = 0.02
#: The neck begins below the jaw and is reached within this many face heights.
NECK_BLEND: Final = 0.10
#: Face heights below the jaw at which nothing follows the head any more.
STILL_BELOW: Final = 0.62
#: Yaw of the portrait at which its far side begins to count, and the range to full effect.
FAR_FROM_DEG: Final = 8.0
FAR_RANGE_DEG: Final = 12.0

_NOSE_RIDGE: Final = (168, 6, 197, 195, 5)
_JAW_ANGLES: Final = (172, 397)


@dataclass(frozen=True)
class SurroundDepth:
    """Depth and behaviour of the sheet round the face, one value a grid point.

    Attributes:
        z: depth.
        z_hidden: depth on a side that turns away.
        rotation_weight: how far it follows the head.
        far_side: how far it lies beyond the far contour of a turned face.
    """

    z: Array
    z_hidden: Array
    rotation_weight: Array
    far_side: Array


def smoothstep(x: npt.ArrayLike) -> Array:
    """Rise smoothly from 0 at x <= 0 to 1 at x >= 1."""
    t = np.clip(x, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def smooth_ramp(x: float) -> float:
    """Return :func:`smoothstep` of one number; for what is computed for every frame."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def surround_depth(
    sheet: Surround, outline: Array, landmarks: Array, head: HeadFrame
) -> SurroundDepth:
    """Lay the sheet round the face in depth.

    Args:
        sheet: the grid outside the face.
        outline: (r, 3) the face's outline.
        landmarks: (478, 3).
        head: measures of the head.
    """
    x, y = sheet.points.T
    z_outline = outline[sheet.nearest, 2]
    width, height = head.face_width, head.face_height

    jaw = landmarks[list(topo.JAW), :2]
    jaw = jaw[np.argsort(jaw[:, 0])]
    jaw_angle = landmarks[list(_JAW_ANGLES), 1].mean()
    jaw_line = np.maximum(np.interp(x, jaw[:, 0], jaw[:, 1]), jaw_angle)
    margin = 0.03 * width
    beside = (x < jaw[0, 0] + margin) | (x > jaw[-1, 0] - margin)
    below_jaw = y - np.where(beside, jaw_angle, jaw_line)

    hair, hidden = (
        z_outline + HAIR_DEPTH * width * _reached(sheet.distance, reach * width)
        for reach in (HAIR_REACH, HIDDEN_REACH)
    )
    neck = z_outline + NECK_DEPTH * width * _reached(sheet.distance, NECK_REACH * width)
    is_neck = smoothstep(below_jaw / (NECK_BLEND * height))
    z = hair * (1 - is_neck) + neck * is_neck

    far = far_side(x, landmarks, head)
    z = z * (1 - far) + (z_outline + FAR_DEPTH * width) * far
    z_hidden = z + (hidden - hair) * (1 - is_neck) * (1 - far) * _below_brows(
        sheet, landmarks, head
    )
    still = smoothstep(below_jaw / (STILL_BELOW * height))
    return SurroundDepth(z, z_hidden, 1 - still, far)


def _below_brows(sheet: Surround, landmarks: Array, head: HeadFrame) -> Array:
    down = head.axes[1, :2] / np.linalg.norm(head.axes[1, :2])
    brows = landmarks[list(topo.RIGHT_BROW_UPPER + topo.LEFT_BROW_UPPER), :2].mean(0)
    return smoothstep(1 + (sheet.points - brows) @ down / (HIDDEN_BLEND * head.face_height))


def _reached(distance: Array, reach: float) -> Array:
    result: Array = 1 - np.exp(-distance / reach)
    return result


def far_side(x: Array, landmarks: Array, head: HeadFrame) -> Array:
    """Return how far points at ``x``, (n,), lie on the far side of a turned face, 0 to 1.

    Args:
        x: across the image.
        landmarks: (478, 3).
        head: measures of the head; nothing is far unless it is turned.
    """
    # Beyond the far contour of a turned face lies background: if it fell away in depth, turning
    # the head back would reveal and smear it.
    towards = -np.sign(head.yaw_deg)
    turned = smoothstep((abs(head.yaw_deg) - FAR_FROM_DEG) / FAR_RANGE_DEG)
    middle = landmarks[list(_NOSE_RIDGE), 0].mean()
    return turned * smoothstep(towards * (middle - x) / (0.18 * head.face_width) + 0.3)
