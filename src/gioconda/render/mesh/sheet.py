"""The flat layout of the mesh: subdivided face, sheet round it, slits, nothing folded.

Everything here works in reference units: a view of :data:`REFERENCE_SIZE` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Meshes are built at this view size and scaled, so that they do not depend on the view's size.
REFERENCE_SIZE: Final = 512.0
#: Spacing of the hexagonal grid outside the face, and how many rows reach beyond the view.
GRID_SPACING: Final = 14.0
GRID_MARGIN_ROWS: Final = 2
#: Grid points keep this many spacings away from the face's outline.
GRID_CLEARANCE: Final = 0.45


@dataclass(frozen=True)
class Subdivision:
    """The face after one midpoint subdivision.

    Attributes:
        vertices: (n, 3), landmarks first.
        triangles: (4 t, 3).
        parents: (n - landmarks, 2) ends of the edge that each new vertex halves.
        rings: the rings of :data:`topology.RINGS` with the new vertices between the old.
    """

    vertices: Array
    triangles: IntArray
    parents: IntArray
    rings: dict[str, IntArray]


@dataclass(frozen=True)
class Surround:
    """The sheet round the face.

    Attributes:
        points: (m, 2) grid points outside the face.
        distance: (m,) of each to the outline.
        nearest: (m,) index into the outline's ring of its nearest point.
        triangles: (k, 3) that join grid and outline, numbered after ``face_count`` vertices.
    """

    points: Array
    distance: Array
    nearest: IntArray
    triangles: IntArray


def cross2(a: Array, b: Array) -> Array:
    """Return the z component of the cross product of plane vectors, (..., 2)."""
    result: Array = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return result


def doubled_area(points: Array, triangles: IntArray) -> Array:
    """Return twice the signed area of triangles in the image plane, (t,)."""
    p = points[:, :2][triangles]
    return cross2(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])


def subdivide(vertices: Array, triangles: IntArray) -> Subdivision:
    """Halve every edge of the face once."""
    n = len(vertices)
    sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], -1)
    edges, index = np.unique(np.sort(sides.reshape(-1, 2), axis=1), axis=0, return_inverse=True)
    middle = (n + index.reshape(-1, 3)).astype(np.int32)
    a, b, c = triangles.T
    ab, bc, ca = middle.T
    split = np.stack(
        [
            np.stack([a, ab, ca], 1), np.stack([ab, b, bc], 1),
            np.stack([ca, bc, c], 1), np.stack([ab, bc, ca], 1),
        ],
        1,
    ).reshape(-1, 3)  # fmt: skip
    between = {(int(i), int(j)): n + k for k, (i, j) in enumerate(edges)}
    rings = {}
    for name, ring in topo.RINGS.items():
        following = (*ring[1:], ring[0])
        fine = [(i, between[min(i, j), max(i, j)]) for i, j in zip(ring, following, strict=True)]
        rings[name] = np.array(fine, np.int32).ravel()
    return Subdivision(
        np.vstack([vertices, vertices[edges].mean(1)]),
        split.astype(np.int32),
        edges.astype(np.int32),
        rings,
    )


def slit_rows(ring: IntArray) -> tuple[IntArray, IntArray]:
    """Return the upper and lower row of a slit's ring, both from corner to corner."""
    half = len(ring) // 2
    upper = ring[: half + 1]
    lower = np.concatenate([ring[:1], ring[: half - 1 : -1]])
    return upper, lower


def slit_strips(rings: dict[str, IntArray]) -> IntArray:
    """Return triangles that fill mouth and eyes, upper row against lower row, (u, 3)."""
    strips: list[tuple[int, int, int]] = []
    for name in topo.SLITS:
        upper, lower = slit_rows(rings[name])
        last = len(upper) - 2
        for k in range(last + 1):
            u0, u1, l0, l1 = (int(v) for v in (upper[k], upper[k + 1], lower[k], lower[k + 1]))
            if k < last:
                strips.append((u0, u1, l1))
            if k > 0:
                strips.append((u0, l1, l0))
    return np.array(strips, np.int32)


def surround(outline: Array, outline_ids: IntArray, face_count: int) -> Surround:
    """Lay a hexagonal grid round the face and join it to the outline.

    Args:
        outline: (r, 2) points of the face's outline, in order.
        outline_ids: (r,) their vertex ids.
        face_count: id of the first grid point.
    """
    from scipy.spatial import Delaunay

    steps = np.arange(
        -GRID_MARGIN_ROWS * GRID_SPACING,
        REFERENCE_SIZE + GRID_MARGIN_ROWS * GRID_SPACING + 1,
        GRID_SPACING,
    )
    x, y = np.meshgrid(steps, steps)
    x[1::2] += GRID_SPACING / 2
    grid = np.stack([x.ravel(), y.ravel()], 1)
    signed, nearest = signed_distance(grid, outline)
    outside = signed > GRID_CLEARANCE * GRID_SPACING
    grid = grid[outside]

    points = np.vstack([outline, grid])
    joined = Delaunay(points).simplices.astype(np.int32)
    flipped = doubled_area(points, joined) < 0
    joined[flipped] = joined[flipped][:, ::-1]
    centres = points[joined].mean(1)
    within, _ = signed_distance(centres, outline)
    on_outline = (joined < len(outline)).all(1)
    keep = np.where(on_outline, within > 0, within > -0.5)
    ids = np.concatenate([outline_ids, face_count + np.arange(len(grid))]).astype(np.int32)
    return Surround(grid, signed[outside], nearest[outside].astype(np.int32), ids[joined[keep]])


def signed_distance(points: Array, polygon: Array) -> tuple[Array, IntArray]:
    """Return the distance to a closed polygon, > 0 outside, and the nearest corner's index."""
    a = polygon
    ab = np.roll(polygon, -1, axis=0) - a
    ap = points[:, None] - a
    along = (ap * ab).sum(-1) / np.maximum((ab * ab).sum(-1), 1e-12)
    away = ap - np.clip(along, 0, 1)[..., None] * ab
    squared = (away * away).sum(-1)
    # Even-odd rule: count the edges that a ray to the right crosses.
    b_y = a[:, 1] + ab[:, 1]
    spans = (a[:, 1] > points[:, 1:2]) != (b_y > points[:, 1:2])
    slope = ab[:, 0] / np.where(ab[:, 1] == 0, 1e-12, ab[:, 1])
    crosses = spans & (ap[..., 0] < slope * ap[..., 1])
    inside = crosses.sum(1) % 2 == 1
    distance = np.sqrt(squared.min(1)) * np.where(inside, -1.0, 1.0)
    nearest = (ap * ap).sum(-1).argmin(1).astype(np.int32)
    return distance, nearest
