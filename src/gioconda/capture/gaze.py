"""Where the eyes look, from the irises."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.unpose import Unposed
from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: From the eyeball's centre to the iris, millimetres of a typical face, as the renderer turns it.
EYEBALL_MM: Final = 10.5
#: The eyes turn at most this far, degrees.
LIMIT_DEG: Final = 35.0


def gaze(unposed: Unposed) -> Array:
    """Return the gaze, (T, 2) yaw and pitch in degrees, relative to the reference frame.

    The mean of both eyes: how far the iris has moved against the corners of its eye.
    """
    offsets = []
    for iris, corners in (
        (topo.RIGHT_IRIS, topo.RIGHT_EYE_CORNERS),
        (topo.LEFT_IRIS, topo.LEFT_EYE_CORNERS),
    ):
        eye = unposed.moved[:, list(corners), :2].mean(axis=1)
        offsets.append(unposed.moved[:, list(iris), :2].mean(axis=1) - eye)
    sine = np.mean(offsets, axis=0) / EYEBALL_MM
    limit = np.sin(np.radians(LIMIT_DEG))
    result: Array = np.degrees(np.arcsin(np.clip(sine, -limit, limit)))
    return result
