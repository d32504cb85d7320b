"""Where a portrait's eyes lie, and whether they can be animated at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.types import FloatArray, HeadMesh, IntArray

#: Opening of the lids over the eye's width below which an eye counts as closed.
LEAST_OPENING: Final = 0.13
#: An eye this open or more (opening over width) needs least contrast to count as seen.
WIDE_OPENING: Final = 0.30
#: Brightness of the white over that of the iris below which no eye is seen. The far eye of a
#: turned face may have little white; a narrow opening must show it more clearly.
LEAST_CONTRAST: Final = 0.90
#: Dark glasses, statues: neither contrast of white and iris nor any other (brightest over darkest
#: tenth of the opening).
FLAT_CONTRAST: Final = 1.12
FLAT_SPREAD: Final = 1.5


@dataclass(frozen=True)
class EyeRegion:
    """Landmarks of one eye; rows run from the outer corner to the inner one.

    Attributes:
        side: "Right" or "Left", the subject's.
        ring: name of its ring in the mesh.
        corners, upper, lower, crease, under, brow: landmark ids.
        iris: centre and the four points round it.
    """

    side: str
    ring: str
    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    under: tuple[int, ...]
    brow: tuple[int, ...]
    iris: tuple[int, ...]


EYES: Final = (
    EyeRegion(
        "Right", "eye_right", topo.RIGHT_EYE_CORNERS, topo.RIGHT_UPPER_LID, topo.RIGHT_LOWER_LID,
        topo.RIGHT_CREASE, topo.RIGHT_UNDER_EYE, topo.RIGHT_BROW_LOWER, topo.RIGHT_IRIS,
    ),
    EyeRegion(
        "Left", "eye_left", topo.LEFT_EYE_CORNERS, topo.LEFT_UPPER_LID, topo.LEFT_LOWER_LID,
        topo.LEFT_CREASE, topo.LEFT_UNDER_EYE, topo.LEFT_BROW_LOWER, topo.LEFT_IRIS,
    ),
)  # fmt: skip


def eyes_visible(view: View, mesh: HeadMesh) -> bool:
    """Tell whether both eyes are open and seen, so that gaze and blinks can be shown.

    Closed eyes, dark glasses and statues fail; moving one eye only would make a squint, so one
    hidden eye holds both.
    """
    return all(_is_visible(view, mesh, eye) for eye in EYES)


def opening_polygon(mesh: HeadMesh, eye: EyeRegion) -> FloatArray:
    """Return the outline of the opening between the lids at rest, (n, 2)."""
    return mesh.vertices[mesh.rings[eye.ring], :2]


def iris_radius(mesh: HeadMesh, eye: EyeRegion) -> float:
    """Return the mean radius of the iris in pixels."""
    points = mesh.landmarks[list(eye.iris), :2]
    return float(np.linalg.norm(points[1:] - points[0], axis=1).mean())


def opening_ratio(mesh: HeadMesh, eye: EyeRegion) -> float:
    """Return the opening of the lids at rest over the eye's width; a human's is 0.2 to 0.4."""
    points = mesh.landmarks[:, :2]
    width = np.linalg.norm(points[eye.corners[0]] - points[eye.corners[1]])
    middle = slice(2, 5)
    gaps = points[list(eye.upper[middle])] - points[list(eye.lower[middle])]
    return float(np.linalg.norm(gaps, axis=1).mean() / max(width, 1e-3))


def split_ring(ring: IntArray) -> tuple[IntArray, IntArray]:
    """Return the vertices along the upper and the lower edge, both from left to right corner."""
    half = len(ring) // 2
    upper: IntArray = ring[: half + 1]
    lower: IntArray = np.r_[ring[:1], ring[: half - 1 : -1]].astype(np.int32)
    return upper, lower


def _is_visible(view: View, mesh: HeadMesh, eye: EyeRegion) -> bool:
    opening = opening_ratio(mesh, eye)
    if opening < LEAST_OPENING:
        return False
    outline = opening_polygon(mesh, eye)
    x0, y0 = np.clip(np.floor(outline.min(0)).astype(int), 0, view.size - 1)
    x1, y1 = np.clip(np.ceil(outline.max(0)).astype(int) + 1, 1, view.size)
    if x1 - x0 < 4 or y1 - y0 < 2:
        return False
    luma = cv2.cvtColor(view.image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = polygon_mask(outline - (x0, y0), luma.shape) > 0.5
    distance = iris_distance(mesh, eye, x0, y0, luma.shape)
    iris, white = luma[inside & (distance < 0.8)], luma[inside & (distance > 1.2)]
    if not len(iris) or not len(white):
        return False
    contrast = float(np.percentile(white, 60) / max(iris.mean(), 1.0))
    darkest, brightest = np.percentile(luma[inside], (10, 90))
    flat = contrast < FLAT_CONTRAST and brightest < FLAT_SPREAD * max(darkest, 1.0)
    return contrast * min(opening / WIDE_OPENING, 1.0) >= LEAST_CONTRAST and not flat


def polygon_mask(outline: npt.NDArray[np.floating], shape: tuple[int, ...]) -> FloatArray:
    """Return how much of each pixel of an (h, w) box a polygon covers, 0 to 1."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    result: FloatArray = (mask / 255).astype(np.float32)
    return result


def iris_distance(
    mesh: HeadMesh, eye: EyeRegion, x0: int, y0: int, shape: tuple[int, ...]
) -> FloatArray:
    """Return each pixel's distance from the iris centre in iris radii, for a box at (x0, y0)."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    centre = mesh.landmarks[eye.iris[0], :2] - (x0, y0)
    pixels = np.hypot(columns - centre[0], rows - centre[1])
    result: FloatArray = (pixels / max(iris_radius(mesh, eye), 0.5)).astype(np.float32)
    return result
