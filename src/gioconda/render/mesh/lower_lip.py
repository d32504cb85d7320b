"""How far the lower lip of a wide open mouth reaches beyond its landmarks in the photo.

Landmarks of a shouting or astonished face put the lower lip's outer edge into the middle of the
lip. Closed by its landmarks alone, the rest of the lip would hang out below like a tongue.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import ByteImage, HeadMesh

Array = npt.NDArray[np.float64]

#: Only mouths open at least this far are measured; from the second on the measure counts fully.
LEAST_GAP_MM: Final = 6.0
FULL_GAP_MM: Final = 10.0
#: Difference of redness between lip and chin below which no edge can be told.
LEAST_CONTRAST: Final = 0.04
#: The measure counts no further than this.
LONGEST_MM: Final = 9.0
#: The blur of the measurement moves the edge outwards.
_BIAS_MM: Final = 0.6
#: Inner edge, outer edge and jaw in the three middle columns.
_COLUMNS: Final = ((87, 84, 148), (14, 17, 152), (317, 314, 377))
#: The edge is sought in this part of the way from the outer edge to the jaw; what lies beyond
#: two thirds of that part is taken for skin.
_SOUGHT: Final = 0.6


def lip_overhang(mesh: HeadMesh, image: ByteImage, gap_mm: float) -> float:
    """Return by how much the lower lip reaches beyond its outer landmarks, mm, 0 or more.

    The edge is where redness, (R - G) / (R + G + B), falls half-way from the lip's to the chin's.

    Args:
        mesh: the portrait's mesh.
        image: the view that the mesh was built from.
        gap_mm: how far the portrait's own lips are parted.
    """
    certain = float(smoothstep((gap_mm - LEAST_GAP_MM) / (FULL_GAP_MM - LEAST_GAP_MM)))
    if certain <= 0:
        return 0.0
    import cv2

    smooth = cv2.GaussianBlur(image, (0, 0), max(0.4 * mesh.mm, 0.6)).astype(np.float64)
    found = [
        edge
        for column in _COLUMNS
        if (edge := _edge_mm(smooth, mesh.landmarks[list(column), :2].astype(float), mesh.mm))
        is not None
    ]
    if len(found) < 2:
        return 0.0
    return certain * float(np.clip(np.median(found) - _BIAS_MM, 0, LONGEST_MM))


def _edge_mm(image: Array, column: Array, mm: float) -> float | None:
    """Return the edge's distance from the outer landmark; None where lip and skin look alike."""
    inner, outer, jaw = column
    lip = _redness(image, inner, outer, np.linspace(0.3, 0.8, 7))
    way = np.linspace(0, _SOUGHT, 61)
    below = _redness(image, outer, jaw, way)
    skin = float(np.median(below[40:]))
    contrast = float(np.median(lip)) - skin
    if contrast < LEAST_CONTRAST:
        return None
    past = np.flatnonzero(below - skin < 0.5 * contrast)
    return float(way[past[0]] * np.linalg.norm(jaw - outer) / mm)


def _redness(image: Array, start: Array, end: Array, parts: Array) -> Array:
    """Redness at parts of the way between two points."""
    at = np.rint(start + (end - start) * parts[:, None]).astype(int)
    at = np.clip(at, 0, np.array(image.shape[1::-1]) - 1)
    colour = image[at[:, 1], at[:, 0]]
    redness: Array = (colour[:, 0] - colour[:, 1]) / (colour.sum(1) + 1.0)
    return redness
