"""Where the faces are: the protocol, and MediaPipe behind it."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from gioconda.portrait import mediapipe_models as models
from gioconda.portrait.crop import cut
from gioconda.portrait.face import face_height_px, fit_canonical
from gioconda.portrait.human import human_evidence, needed_evidence
from gioconda.portrait.types import ByteImage, FloatArray

logger = logging.getLogger(__name__)

#: The search looks at a picture of at most this many pixels on its longer side.
SEARCH_SIDE_PX: Final = 1280
#: In pictures above this side the halves are searched as well as the whole.
CLOSER_LOOK_PX: Final = 768
#: Tiles in which faces of 64 px are large enough for the detectors; where nothing else is found.
SMALL_TILE_PX: Final = 900
#: A crop round one face is shown to the mesh model at this size.
MESH_SIDE_PX: Final = 384
#: Side of that crop, in face heights.
MESH_CROP_HEIGHTS: Final = 2.0
#: Two boxes that overlap by more than this (intersection over the smaller) are one face.
SAME_FACE_OVERLAP: Final = 0.5


_Tile = tuple[int, int, int, int]


class FaceFinder(Protocol):
    """Finds the faces of a picture."""

    def find(self, picture: ByteImage) -> list[FloatArray]:
        """Return one (478, 3) MediaPipe-topology mesh a face, in pixels of the picture.

        Args:
            picture: (height, width, 3) uint8 RGB.

        Returns:
            Faces in any order; x right, y down, z away from the camera. Empty if there is none.
        """
        ...


@dataclass(frozen=True)
class _Candidate:
    """A square in which a face may be, in pixels of the picture."""

    centre: tuple[float, float]
    side: float
    score: float


class MediapipeFinder:
    """MediaPipe's detectors and face mesh, kept to human faces.

    The mesh's own detector sees the picture at 128 px and misses small faces, the full-range one
    misses some large ones; so both look at the whole picture and at overlapping tiles of it, and
    the mesh is then fitted twice on a crop round each hit.
    """

    def find(self, picture: ByteImage) -> list[FloatArray]:
        """Return the meshes of all human faces; see :class:`FaceFinder`."""
        meshes: list[tuple[FloatArray, float]] = []
        for candidate in _distinct(_search(picture)):
            mesh = _fit(picture, candidate)
            if mesh is None:
                continue
            evidence = human_evidence(picture, mesh)
            if evidence >= needed_evidence(fit_canonical(mesh).angles_deg()[0]):
                meshes.append((mesh, evidence))
            else:
                logger.info("a face-like spot is not human: evidence %.2f", evidence)
        return _without_doubles(meshes)


def _search(picture: ByteImage) -> list[_Candidate]:
    """Look at the whole picture, then closer: in large pictures, or where nothing was found."""
    height, width = picture.shape[:2]
    found = _detect(picture, [(0, 0, width, height)])
    if max(width, height) > CLOSER_LOOK_PX or not found:
        found += _detect(picture, _tiles(width, height, width // 2, height // 2))
    if max(width, height) > 2 * SMALL_TILE_PX and not found:
        found += _detect(picture, _tiles(width, height, SMALL_TILE_PX, SMALL_TILE_PX))
    return found


def _detect(picture: ByteImage, tiles: list[_Tile]) -> list[_Candidate]:
    """Show tiles of the picture to both detectors."""
    found: list[_Candidate] = []
    for x0, y0, side_x, side_y in tiles:
        scale = min(1.0, SEARCH_SIDE_PX / max(side_x, side_y))
        tile = cut(picture, x0, y0, side_x, side_y, scale)
        for full_range in (False, True):
            for d in models.detect_faces(tile, full_range=full_range):
                left, top, w, h = d.box / scale
                centre = (x0 + left + w / 2, y0 + top + h / 2)
                found.append(
                    _Candidate((float(centre[0]), float(centre[1])), float(max(w, h)), d.score)
                )
    return found


def _tiles(width: int, height: int, tile_width: int, tile_height: int) -> list[_Tile]:
    """Return (left, top, width, height) of tiles that overlap by about half."""

    def starts(extent: int, tile: int) -> list[int]:
        count = max(1, math.ceil(2 * extent / tile) - 1)
        return [round(v) for v in np.linspace(0, max(extent - tile, 0), count)]

    return [
        (x, y, min(tile_width, width), min(tile_height, height))
        for y in starts(height, tile_height)
        for x in starts(width, tile_width)
    ]


def _fit(picture: ByteImage, candidate: _Candidate) -> FloatArray | None:
    """Fit the mesh on a crop round the candidate, then again on one round that mesh."""
    mesh: FloatArray | None = None
    centre, side = candidate.centre, candidate.side * 1.6
    for _ in range(2):
        again = mesh_in(picture, centre, side)
        if again is None:
            break
        mesh = again
        middle = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
        centre, side = (
            (float(middle[0]), float(middle[1])),
            MESH_CROP_HEIGHTS * face_height_px(mesh),
        )
    return mesh


def mesh_in(picture: ByteImage, centre: tuple[float, float], side: float) -> FloatArray | None:
    """Return the mesh that is found in a square of the picture, in pixels of the picture."""
    whole = round(side)
    x0, y0 = round(centre[0] - side / 2), round(centre[1] - side / 2)
    scale = MESH_SIDE_PX / whole
    found = models.face_meshes(cut(picture, x0, y0, whole, whole, scale))
    if not found:
        return None
    mesh = found[0]
    mesh[:, :2] = (mesh[:, :2] + 0.5) / scale - 0.5 + (x0, y0)
    mesh[:, 2] /= scale
    return mesh


def _distinct(candidates: list[_Candidate]) -> list[_Candidate]:
    """Keep the best-scored of candidates that lie on one another."""
    kept: list[_Candidate] = []
    for c in sorted(candidates, key=lambda c: -c.score):
        if all(_apart(c, k) for k in kept):
            kept.append(c)
    return kept


def _apart(a: _Candidate, b: _Candidate) -> bool:
    reach = 0.5 * max(a.side, b.side)
    return abs(a.centre[0] - b.centre[0]) > reach or abs(a.centre[1] - b.centre[1]) > reach


def _without_doubles(meshes: list[tuple[FloatArray, float]]) -> list[FloatArray]:
    """Keep one of meshes that fell onto the same face."""
    kept: list[FloatArray] = []
    for mesh, _ in sorted(meshes, key=lambda m: -m[1]):
        if all(_overlap(mesh, other) < SAME_FACE_OVERLAP for other in kept):
            kept.append(mesh)
    return kept


def _overlap(a: FloatArray, b: FloatArray) -> float:
    """Return the intersection of two meshes' boxes over the smaller box."""
    low = np.maximum(a[:, :2].min(axis=0), b[:, :2].min(axis=0))
    high = np.minimum(a[:, :2].max(axis=0), b[:, :2].max(axis=0))
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(m[:, :2].max(axis=0) - m[:, :2].min(axis=0))) for m in (a, b)]
    return common / max(min(areas), 1e-6)
