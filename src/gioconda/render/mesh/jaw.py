"""The jaw: a hinge near the ears and the part of its motion that each landmark follows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import mirror_index
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.shape_tables import JAW_FOLLOW, JAW_JOINT_MM, JAW_SWING

Array = npt.NDArray[np.float64]

#: The chin lies at least this far in front of the joint, whatever a flat drawing's depth says.
_SHORTEST_REACH_MM = 40.0


def jaw_follow() -> Array:
    """Return the part of the jaw's motion that each landmark follows, (468,)."""
    follow = np.zeros(topo.LANDMARKS)
    mirror = mirror_index()
    for i, part in JAW_FOLLOW.items():
        follow[i] = follow[mirror[i]] = part
    return follow


def jaw_joint(face: Array) -> Array:
    """Return a point on the jaw's axis of rotation, (3,); the axis is the head's x axis."""
    ears = 0.5 * (face[topo.EAR_RIGHT] + face[topo.EAR_LEFT])
    return np.array([0.0, ears[1] + JAW_JOINT_MM, ears[2] + JAW_JOINT_MM])


def jaw_rotation(face: Array, open_deg: float) -> Array:
    """Return each landmark's displacement as the jaw turns, > 0 opens it.

    Args:
        face: (468, 3) in head axes and millimetres.
        open_deg: angle about the joint.

    Returns:
        (468, 3) millimetres.
    """
    joint = jaw_joint(face)
    angle = math.radians(open_deg) * jaw_follow()
    y, z = face[:, 1] - joint[1], face[:, 2] - joint[2]
    # The chin lies in front of the joint (z < 0): opening takes it down and back.
    moved_y = y * np.cos(angle) - z * np.sin(angle)
    moved_z = y * np.sin(angle) + z * np.cos(angle)
    return np.stack([np.zeros_like(y), moved_y - y, JAW_SWING * (moved_z - z)], -1)


def jaw_swing(face: Array, chin_mm: float) -> Array:
    """Return each landmark's displacement, (468, 3), as the chin moves ``chin_mm`` down."""
    reach = float(jaw_joint(face)[2] - face[topo.CHIN, 2])
    return jaw_rotation(face, math.degrees(chin_mm / max(reach, _SHORTEST_REACH_MM)))
