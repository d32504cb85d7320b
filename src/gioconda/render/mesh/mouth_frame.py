"""The skull-fixed frame, in millimetres, that teeth, tongue and cavity are drawn in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.types import FloatArray, HeadMesh, PosedHead, ShapeBasis

#: The front teeth lie this far behind the lips' surface.
LIP_DEPTH_MM: Final = 5.0
#: The line from chin to forehead, which sets the head's y axis, leans this far (as a sine) from
#: the plane of the teeth; measured on frontal portraits.
_FACE_LEAN: Final = 0.17
#: Limit of how far the portrait's own pitch shifts the teeth against the lips.
_MOST_BARED_MM: Final = 0.8
#: Length over which the frame's axes are projected.
_REACH_MM: Final = 10.0
_UPPER_MIDDLE: Final = topo.UPPER_LIP_INNER[3:6]
_LOWER_MIDDLE: Final = topo.LOWER_LIP_INNER[3:6]


@dataclass(frozen=True)
class ScreenFrame:
    """The frame as seen at one moment.

    Attributes:
        to_mouth: (2, 3) affine from screen pixels to mouth millimetres.
        deeper: (2,) shift in mouth millimetres of a point that lies 1 mm deeper.
        px_per_mm: density of the screen along the mouth's y axis.
    """

    to_mouth: FloatArray
    deeper: FloatArray
    px_per_mm: float


@dataclass(frozen=True)
class MouthFrame:
    """Origin and axes; x to the image's right, y down, in the head's axes.

    Attributes:
        origin: (3,) in view coordinates at rest: the middle of the lips, closed, and
            :data:`LIP_DEPTH_MM` behind them.
        steps: (3, 3), rows are one millimetre in view coordinates along x, y and into the mouth.
        size: side of the view.
    """

    origin: FloatArray
    steps: FloatArray
    size: int

    @property
    def to_view(self) -> FloatArray:
        """The (2, 3) affine from mouth millimetres to the portrait's own view."""
        columns = [self.steps[0, :2], self.steps[1, :2], self.origin[:2]]
        return np.stack(columns, axis=1).astype(np.float32)

    def on_screen(self, head: PosedHead) -> ScreenFrame:
        """Project the frame at a moment."""
        points = self.origin + np.concatenate([np.zeros((1, 3)), _REACH_MM * self.steps])
        # Where the rest camera sees them is what view coordinates mean.
        centre = self.size / 2
        scale = (head.camera + points[:, 2:]) / head.camera
        points[:, :2] = centre + (points[:, :2] - centre) * scale
        p = head.project(head.rigid(points.astype(np.float32))).astype(np.float64)
        basis = (p[1:] - p[0]).T / _REACH_MM
        inverse = np.linalg.inv(basis[:, :2])
        return ScreenFrame(
            to_mouth=np.column_stack([inverse, -inverse @ p[0]]).astype(np.float32),
            deeper=(inverse @ basis[:, 2]).astype(np.float32),
            px_per_mm=float(1 / np.linalg.norm(inverse[1])),
        )


def closed_landmarks(mesh: HeadMesh, basis: ShapeBasis) -> FloatArray:
    """Return the landmarks, (478, 3), with the lips brought to neutral, closed ones."""
    landmarks = mesh.landmarks.copy()
    landmarks[mesh.handles] += basis.closing @ mesh.axes
    return landmarks


def mouth_frame(mesh: HeadMesh, basis: ShapeBasis) -> MouthFrame:
    """Place the frame in a portrait."""
    p = closed_landmarks(mesh, basis).astype(np.float64)
    upper, lower = p[list(_UPPER_MIDDLE)].mean(0), p[list(_LOWER_MIDDLE)].mean(0)
    between = 0.55 * upper + 0.45 * lower
    corners = 0.5 * (p[topo.CORNER_RIGHT_INNER] + p[topo.CORNER_LEFT_INNER])
    # Sideways the corners count as much as the lips' middle, which landmarks may misplace.
    axes = mesh.axes.astype(np.float64)
    origin = between + 0.5 * float((corners - between) @ axes[0]) * axes[0]
    inwards = math.sqrt(1 - _FACE_LEAN**2) * axes[2] + _FACE_LEAN * axes[1]
    # Landmarks tell the pitch of a head poorly: let it hide or bare little of the teeth.
    behind = inwards * LIP_DEPTH_MM
    behind[1] = np.clip(behind[1], -_MOST_BARED_MM, _MOST_BARED_MM)
    origin = origin + behind * mesh.mm
    steps = np.stack([axes[0], axes[1], inwards]) * mesh.mm
    return MouthFrame(origin.astype(np.float32), steps.astype(np.float32), mesh.size)
