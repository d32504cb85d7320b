"""Axes, sizes and pivot of a head, measured from its landmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: Outer-eye span and mouth width of a typical adult face in millimetres.
EYE_SPAN_MM: Final = 90.0
MOUTH_WIDTH_MM: Final = 50.0
#: How far the mouth may pull the scale away from that of the eyes: a grin is wide, not near.
MOUTH_SCALE_LIMIT: Final = 0.12
#: The pivot lies this far from the ears' height towards the chin, and this part of the face
#: width behind the ears.
PIVOT_DOWN: Final = 0.35
PIVOT_BACK: Final = 0.10


@dataclass(frozen=True)
class HeadFrame:
    """Where a head is and how large, in the unit of its landmarks.

    Attributes:
        axes: (3, 3), rows are the head's x (to the image's right), y (down) and z (away from the
            camera) axes in view coordinates.
        mm: length of one millimetre of a typical face.
        eye_distance: outer corner to outer corner.
        face_height: chin to top of the forehead along the head's y axis.
        face_width: ear to ear.
        pivot: (3,) point that the head turns about.
        yaw_deg: > 0 where the nose points to the image's right.
    """

    axes: Array
    mm: float
    eye_distance: float
    face_height: float
    face_width: float
    pivot: Array
    yaw_deg: float

    def coordinates(self, landmarks: Array) -> Array:
        """Return landmarks in head axes, (n, 3), with the nose tip as origin."""
        result: Array = (landmarks - landmarks[topo.NOSE_TIP]) @ self.axes.T
        return result


def measure_head(landmarks: Array) -> HeadFrame:
    """Measure axes, sizes and pivot of a head from its landmarks, (478, 3)."""
    p = landmarks
    outer_right, outer_left = topo.RIGHT_EYE_CORNERS[0], topo.LEFT_EYE_CORNERS[0]
    across = p[outer_left] - p[outer_right]
    eye_distance = float(np.linalg.norm(across))
    x = across / eye_distance
    down = p[topo.CHIN] - p[topo.FOREHEAD_TOP]
    y = down - x * (x @ down)
    y /= np.linalg.norm(y)
    z = np.cross(x, y)

    mouth = np.linalg.norm(p[topo.CORNER_LEFT_OUTER] - p[topo.CORNER_RIGHT_OUTER])
    eye_scale = eye_distance / EYE_SPAN_MM
    mouth_scale = float(
        np.clip(
            mouth / MOUTH_WIDTH_MM,
            eye_scale * (1 - MOUTH_SCALE_LIMIT),
            eye_scale * (1 + MOUTH_SCALE_LIMIT),
        )
    )
    ears = 0.5 * (p[topo.EAR_RIGHT] + p[topo.EAR_LEFT])
    face_width = float(np.linalg.norm(p[topo.EAR_LEFT] - p[topo.EAR_RIGHT]))
    drop = float((p[topo.CHIN] - ears) @ y)
    return HeadFrame(
        axes=np.stack([x, y, z]),
        mm=0.5 * (eye_scale + mouth_scale),
        eye_distance=eye_distance,
        face_height=float(down @ y),
        face_width=face_width,
        pivot=ears + PIVOT_DOWN * drop * y + PIVOT_BACK * face_width * z,
        yaw_deg=-math.degrees(math.atan2(z[0], z[2])),
    )
