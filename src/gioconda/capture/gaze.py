"""Where the eyes look, from the irises."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.unpose import Unposed
from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: How far the tracker's irises move for an eye that turns, as a radius in millimetres of a
#: typical face. Irises really move by 10.5 mm times the sine; the tracker follows two thirds of it
#: (measured with our own frames of known gaze).
IRIS_RADIUS_MM: Final = 7.2
#: The eyes turn at most this far, degrees.
LIMIT_DEG: Final = 35.0


def gaze(unposed: Unposed) -> Array:
    """Return the gaze, (T, 2) yaw and pitch in degrees, relative to the reference frame.

    The mean of both eyes: how far the iris has moved against the corners of its eye.
    """
    # The tracker's depth of irises says nothing, so what it adds along the sight is taken out.
    points = list(topo.RIGHT_IRIS + topo.LEFT_IRIS + topo.RIGHT_EYE_CORNERS + topo.LEFT_EYE_CORNERS)
    seen = unposed.moved.copy()
    deep = np.einsum("tnc,tc->tn", seen[:, points], unposed.sight)
    seen[:, points] -= deep[..., None] * unposed.sight[:, None]
    offsets = []
    for iris, corners in (
        (topo.RIGHT_IRIS, topo.RIGHT_EYE_CORNERS),
        (topo.LEFT_IRIS, topo.LEFT_EYE_CORNERS),
    ):
        eye = seen[:, list(corners), :2].mean(axis=1)
        offsets.append(seen[:, list(iris), :2].mean(axis=1) - eye)
    sine = np.mean(offsets, axis=0) / IRIS_RADIUS_MM
    limit = np.sin(np.radians(LIMIT_DEG))
    result: Array = np.degrees(np.arcsin(np.clip(sine, -limit, limit)))
    return result
