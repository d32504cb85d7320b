"""The body under the head: shoulders that follow it a little, and breathe.

A head that moves on a perfectly still body looks cut out. Torso and head share one motion at a
reduced size, and a breath at rest lifts the shoulders by some millimetres.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray, HeadMesh, IntArray, PosedHead

Array = npt.NDArray[np.float64]

#: Vertices that follow the body by less than this stay where they are.
NEGLIGIBLE: Final = 2e-3
#: Rise of the shoulders at a full breath, in face heights (some 2.5 mm); below them the chest
#: rises less, down to a share of it this far below the chin.
RISE: Final = 0.013
CHEST_SHARE: Final = 0.45
CHEST_BELOW: Final = 1.5
#: A full breath widens the trunk by this, each side, in face heights, a face height off the middle.
WIDEN: Final = 0.004
#: Shares of the head's own translation, x and y, and of its roll.
FOLLOW_X: Final = 0.30
FOLLOW_Y: Final = 0.15
FOLLOW_ROLL: Final = 0.10
#: Sideways way of the shoulders for a degree of yaw, in face heights.
SWAY_PER_DEG: Final = 0.0008
#: Angles beyond these move the body no further.
MOST_DEG: Final = 30.0
#: The neck's root, face heights below the chin: the body tilts about it.
ROOT_BELOW: Final = 0.45
#: Where the picture goes on beyond the view, the body's motion ends within this part of its side.
HELD_WITHIN: Final = 0.10
#: The same for what turns with the head: hair comes nearer to the sides than shoulders may.
HEAD_HELD_WITHIN: Final = 0.04


def body_weights(
    vertices: Array, rotation: Array, size: float, joined: tuple[bool, bool, bool, bool]
) -> Array:
    """Return how far each vertex follows the body, (V,), 0 to 1.

    What the head does not carry the body does, so that neither tears the neck.

    Args:
        vertices: (V, 3) in a view of ``size``.
        rotation: (V,) how far each follows the head.
        size: side of the view.
        joined: left, top, right, bottom: whether the picture goes on there, and is shown.
    """
    weight = (1.0 - rotation) * border_fade(vertices, size, joined, HELD_WITHIN)
    return np.where(weight < NEGLIGIBLE, 0.0, weight)


def border_fade(
    vertices: Array, size: float, joined: tuple[bool, bool, bool, bool], within: float
) -> Array:
    """Return 0 at the sides beyond which the picture goes on, 1 inside them, (V,).

    Args:
        vertices: (V, 3) in a view of ``size``.
        size: side of the view.
        joined: as for :func:`body_weights`.
        within: part of the side over which it rises, from a tenth of it on.
    """
    fade = np.ones(len(vertices))
    x, y = vertices[:, 0], vertices[:, 1]
    for held, inwards in zip(joined, (x, y, size - 1 - x, size - 1 - y), strict=True):
        if held:
            fade = fade * smoothstep((inwards / (within * size) - 0.1) / 0.9)
    return fade


class Body:
    """Moves the shoulders of posed heads of one mesh."""

    def __init__(self, mesh: HeadMesh) -> None:
        ids = np.flatnonzero(mesh.body_weight > 0)
        self._ids: IntArray = ids.astype(np.int32)
        self._weight: FloatArray = np.ascontiguousarray(mesh.body_weight[ids], np.float32)
        self._height = mesh.face_height
        self._eyes = mesh.eye_distance
        chin = mesh.landmarks[topo.CHIN, :2].astype(np.float64)
        self._pivot = np.array([chin[0], chin[1] + ROOT_BELOW * mesh.face_height], np.float32)
        way = np.zeros((len(ids), 2))
        x, y = ((mesh.vertices[ids, :2] - chin) / mesh.face_height).T
        lower = smoothstep((y - ROOT_BELOW) / (CHEST_BELOW - ROOT_BELOW))
        way[:, 0] = WIDEN * np.clip(x, -1.5, 1.5) * lower
        way[:, 1] = -RISE * (1 - (1 - CHEST_SHARE) * lower)
        way *= mesh.face_height * mesh.body_weight[ids, None]
        self._inhaled: FloatArray = np.ascontiguousarray(way, np.float32)

    def move(self, head: PosedHead) -> None:
        """Add the body's motion at the head's moment to its vertices, in place."""
        from gioconda.render.mesh.body_kernels import move_body

        if not len(self._ids):
            return
        m = head.moment
        yaw, roll, x, y, breath = (
            float(m[INDEX[n]]) for n in ("headYaw", "headRoll", "headX", "headY", "breath")
        )
        yaw, roll = (MOST_DEG * math.tanh(a / MOST_DEG) for a in (yaw, roll))
        f = np.float32
        sway = FOLLOW_X * x * self._eyes + SWAY_PER_DEG * yaw * self._height
        shift = np.array([sway, FOLLOW_Y * y * self._eyes], np.float32)
        move_body(
            self._ids, self._weight, self._inhaled, f(min(max(breath, 0.0), 1.0)), shift,
            f(FOLLOW_ROLL * math.radians(roll)), self._pivot, f(head.camera_now),
            f(head.size / 2), head.position, head.screen,
        )  # fmt: skip
