"""The face's skin as the photo shows it: where each pixel lies on the head, its creases, its hair.

Folds of the skin are laid out in millimetres of the head on the photo's own pixels, because the
mesh is far too coarse for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.eye_regions import polygon_mask
from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING, rasterize
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh

#: Pixels are thinned out to no more than this many a millimetre.
FINEST_PER_MM: Final = 1.4
#: Dark lines up to this wide are creases; darker than this share of the skin they are hair.
CREASE_WIDTH_MM: Final = 4.0
CREASE_LIMIT: Final = 0.22
#: Broad shadows up to this wide are hollows, and the darkest that counts.
HOLLOW_WIDTH_MM: Final = 13.0
HOLLOW_LIMIT: Final = 0.45
#: Contrast that skin has without any crease.
GRAIN: Final = 0.015
#: Folds end this far inside the face's outline.
EDGE_MM: Final = 9.0
#: Skin is at least this bright, as part of the median of its neighbourhood; hair is not.
HAIR_BELOW: Final = 0.55
#: Value of the brightest channel from which on nothing gets lighter, and the range before it.
WHITE: Final = 245.0
WHITE_RANGE: Final = 60.0
#: Reach of that neighbourhood.
NEAR_MM: Final = 14.0

_STEPS_PER_MM: Final = 64.0
_MIDDLE: Final = 32768.0
_SKIN_SAMPLES: Final = (50, 280, 205, 425, 151, 108, 337, 117, 346)


@dataclass(frozen=True)
class SkinMap:
    """Pixels of the face, every ``step``-th of the view from (x0, y0); arrays are (h, w).

    Attributes:
        x0, y0, step: which pixels of the view.
        x, y: head axes, millimetres, nose tip at 0.
        light: fitted light of the mesh at rest.
        inside: 1 well inside the face, falling to 0 at its outline, 0 in eyes and mouth.
        creases: how much darker than the skin beside them the photo's own creases are, <= 0.
        hollows: the same for the broad shadows in which deep folds lie, <= 0.
        bare: 1 on skin, 0 on hair.
        headroom: share of a brightening that the photo bears, 0 where it is white already.
        landmarks: (468, 2) in head axes, millimetres.
    """

    x0: int
    y0: int
    step: int
    x: FloatArray
    y: FloatArray
    light: FloatArray
    inside: FloatArray
    creases: FloatArray
    hollows: FloatArray
    bare: FloatArray
    headroom: FloatArray
    landmarks: FloatArray


def skin_map(view: View, mesh: HeadMesh, rest_shade: FloatArray) -> SkinMap:
    """Map the skin of a portrait.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        rest_shade: (face_count,) fitted light at rest.
    """
    size, mm = view.size, mesh.mm
    face = mesh.vertices[: mesh.face_count]
    head = (face - face[topo.NOSE_TIP]) @ mesh.axes.T / np.float32(mm)
    low = np.clip(np.floor(face[:, :2].min(0)), 0, size - 8).astype(int)
    high = np.clip(np.ceil(face[:, :2].max(0)) + 1, low + 8, size).astype(int)
    step = max(int(mm / FINEST_PER_MM), 1)
    box = (slice(int(low[1]), int(high[1]), step), slice(int(low[0]), int(high[0]), step))
    drawn = [
        _interpolated(mesh, values * scale, size)[box]
        for values, scale in (
            (head[:, 0] + _MIDDLE / _STEPS_PER_MM, _STEPS_PER_MM),
            (head[:, 1] + _MIDDLE / _STEPS_PER_MM, _STEPS_PER_MM),
            (rest_shade, _STEPS_PER_MM * 64),
        )
    ]
    x, y, light = (d.astype(np.float32) for d in drawn)
    covered = drawn[0] != LIGHT_NOTHING
    grey = cv2.cvtColor(view.image, cv2.COLOR_RGB2GRAY)
    return SkinMap(
        x0=int(low[0]),
        y0=int(low[1]),
        step=step,
        x=np.asarray((x - _MIDDLE) / _STEPS_PER_MM, np.float32),
        y=np.asarray((y - _MIDDLE) / _STEPS_PER_MM, np.float32),
        light=np.where(covered, light / (_STEPS_PER_MM * 64), 1).astype(np.float32),
        inside=(_well_inside(mesh, size)[box] * covered).astype(np.float32),
        creases=_creases(grey, mm)[box],
        hollows=_hollows(grey, mm)[box],
        bare=_bare(grey, mesh)[box],
        headroom=smoothstep((WHITE - view.image[box].max(2)) / WHITE_RANGE).astype(np.float32),
        landmarks=head[: topo.LANDMARKS, :2].astype(np.float32),
    )


def _interpolated(mesh: HeadMesh, values: FloatArray, size: int) -> ByteImage:
    """Draw one value of the face's vertices over the view; LIGHT_NOTHING beside the face."""
    triangles = np.ascontiguousarray(mesh.triangles[(mesh.triangles < mesh.face_count).all(1)])
    at = np.ascontiguousarray(mesh.vertices[:, :2], np.float32)
    drawn = np.full((size, size), LIGHT_NOTHING, np.uint16)
    padded = np.zeros(len(mesh.vertices), np.float32)
    padded[: mesh.face_count] = values
    rasterize(
        at, np.ascontiguousarray(mesh.vertices, np.float32), at, padded,
        triangles.astype(np.int32), np.float32(1e6), np.zeros(size * size, np.uint32),
        np.zeros((size, size), np.uint16), drawn, np.full((size, size), 1e9, np.float32),
        np.zeros(4, np.int32),
    )  # fmt: skip
    return drawn  # type: ignore[return-value]


def _well_inside(mesh: HeadMesh, size: int) -> FloatArray:
    oval = polygon_mask(mesh.vertices[mesh.rings["oval"], :2], (size, size))
    reach = max(round(EDGE_MM * mesh.mm), 2)
    distance = cv2.distanceTransform((oval > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    inside: FloatArray = smoothstep(distance / reach).astype(np.float32)
    return inside


def _creases(grey: ByteImage, mm: float) -> FloatArray:
    fine = cv2.GaussianBlur(grey, (0, 0), max(0.45 * mm, 0.6)).astype(np.float32)
    reach = 2 * max(round(0.5 * CREASE_WIDTH_MM * mm), 1) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    filled = cv2.morphologyEx(fine, cv2.MORPH_CLOSE, kernel)
    darker = (filled - fine) / np.maximum(filled, 14)
    darker = np.clip(darker - GRAIN, 0, CREASE_LIMIT)
    creases: FloatArray = -cv2.GaussianBlur(darker, (0, 0), max(0.3 * mm, 0.5))
    return creases


def _hollows(grey: ByteImage, mm: float) -> FloatArray:
    # broad forms need few pixels
    scale = min(1 / mm, 1.0)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.9)
    reach = 2 * round(0.5 * HOLLOW_WIDTH_MM * mm * scale) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    filled = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 2.0)
    darker = np.clip((filled - small) / np.maximum(filled, 14) - 2 * GRAIN, 0, HOLLOW_LIMIT)
    hollows: FloatArray = -cv2.resize(darker, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return hollows


def _bare(grey: ByteImage, mesh: HeadMesh) -> FloatArray:
    """Tell skin from hair: brows, beards and locks are far darker than the skin near them."""
    size = grey.shape[0]
    at = np.clip(mesh.vertices[list(_SKIN_SAMPLES), :2].astype(int), 2, size - 3)
    typical = float(np.median([grey[v - 2 : v + 3, u - 2 : u + 3].mean() for u, v in at]))
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(small.astype(np.float32), (0, 0), max(0.25 * NEAR_MM * mesh.mm, 1))
    around = np.maximum(cv2.resize(around, (size, size)), 0.6 * typical)
    fine = cv2.GaussianBlur(grey, (0, 0), max(0.8 * mesh.mm, 0.6)).astype(np.float32)
    skin = smoothstep((fine / np.maximum(around, 8) - HAIR_BELOW) / 0.2).astype(np.float32)
    bare: FloatArray = cv2.GaussianBlur(skin, (0, 0), max(1.5 * mesh.mm, 1))
    return bare
