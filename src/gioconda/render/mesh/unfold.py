"""Repairs to the landmarks' layout in the image plane, so that the mesh lies flat at rest.

Vertices are where the mesh samples the photo, so moving them changes nothing that is seen at
rest; it decides which skin moves along with which landmark. All lengths are in reference pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.sheet import doubled_area, slit_rows

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: Twice the area, in square pixels, below which a triangle counts as folded, and the one that it
#: is given then.
FOLDED_AREA: Final = 0.02
UNFOLDED_AREA: Final = 0.5
UNFOLD_ROUNDS: Final = 400
#: Landmarks from the lower lip's edge to the jaw, and how far down each lies on a typical face.
CHIN_COLUMNS: Final = (
    (17, 18, 200, 199, 175, 152),
    (84, 83, 201, 208, 171, 148), (314, 313, 421, 428, 396, 377),
    (181, 182, 194, 32, 140, 176), (405, 406, 418, 262, 369, 400),
    (91, 106, 204, 211, 170, 149), (321, 335, 424, 431, 395, 378),
    (146, 43, 202, 210, 169, 150), (375, 273, 422, 430, 394, 379),
)  # fmt: skip
CHIN_ROWS: Final = (0.0, 0.2, 0.4, 0.62, 0.83, 1.0)
#: A row of the chin lies at least this part of its typical way down.
CHIN_LEAST: Final = 0.6
#: A chin nearer than the first two distances to the lower lip's edge, in mm, was not seen at all (a
#: beard hides it, and the fit takes the lip for it): it is put at the third. Real ones, mouths as
#: wide open as they go, lie 14 mm away or more.
CHIN_UNSEEN_MM: Final = (6.0, 12.0)
CHIN_ASSUMED_MM: Final = 24.0
#: Landmarks of the jaw that go with the chin, and how far.
JAW_FOLLOWS: Final = {
    152: 1.0, 148: 1.0, 377: 1.0, 176: 0.95, 400: 0.95, 149: 0.85, 378: 0.85,
    150: 0.65, 379: 0.65, 136: 0.4, 365: 0.4, 172: 0.2, 397: 0.2,
}  # fmt: skip


def lower_jaw(landmarks: Array, down: Array, mm: float) -> None:
    """Put a chin that the landmarks show at the lower lip's edge to a plausible place, in place.

    Args:
        landmarks: (n, 3).
        down: (2,) unit vector from the forehead to the chin in the image.
        mm: one millimetre in the units of the landmarks.
    """
    lip, chin = CHIN_COLUMNS[0][0], CHIN_COLUMNS[0][-1]
    length = float((landmarks[chin, :2] - landmarks[lip, :2]) @ down) / mm
    near, far = CHIN_UNSEEN_MM
    unseen = 1 - float(smoothstep((length - near) / (far - near)))
    for i, part in JAW_FOLLOWS.items():
        landmarks[i, :2] += part * unseen * (CHIN_ASSUMED_MM - length) * mm * down


def spread_chin(landmarks: Array, down: Array) -> None:
    """Move rows of the chin that a wide open mouth has pushed into the lip, in place.

    On shouting faces the fitted landmarks crowd at the lower lip's edge, so that a closed mouth
    would stretch a few pixels of lip over the chin.

    Args:
        landmarks: (n, 3).
        down: (2,) unit vector from the forehead to the chin in the image.
    """
    for column in CHIN_COLUMNS:
        lip, jaw = landmarks[column[0]].copy(), landmarks[column[-1]].copy()
        length = float((jaw[:2] - lip[:2]) @ down)
        if length < 1.0:
            continue
        for i, typical in zip(column[1:-1], CHIN_ROWS[1:-1], strict=True):
            way = float((landmarks[i, :2] - lip[:2]) @ down) / length
            lack = CHIN_LEAST * typical - way
            if lack > 0:
                landmarks[i] += lack * (jaw - lip)


def uncross_slits(vertices: Array, rings: dict[str, IntArray], down: Array) -> None:
    """Move lips and lids that cross at rest to where they meet, in place.

    Args:
        vertices: (n, 3).
        rings: subdivided rings.
        down: (2,) unit vector from the forehead to the chin in the image.
    """
    for name in topo.SLITS:
        upper, lower = slit_rows(rings[name])
        upper, lower = upper[1:-1], lower[1:-1]
        overlap = np.minimum((vertices[lower, :2] - vertices[upper, :2]) @ down, 0.0)
        vertices[upper, :2] += 0.5 * overlap[:, None] * down
        vertices[lower, :2] -= 0.5 * overlap[:, None] * down


def halve_again(vertices: Array, ring: IntArray, parents: IntArray) -> None:
    """Put the subdivided vertices of rings back midway between their landmarks, in place."""
    between = ring[ring >= topo.LANDMARKS]
    vertices[between] = vertices[parents[between - topo.LANDMARKS]].mean(1)


def untangle(
    vertices: Array, triangles: IntArray, slits: IntArray, parents: IntArray, outline: IntArray
) -> int:
    """Unfold triangles in the image plane by the least movement of their corners, in place.

    Landmarks of a turned or badly fitted face fold the mesh at nostrils and far cheek. Each
    folded triangle is moved along the gradient of its area until the area is positive
    (projection of constraints, as in position-based dynamics). Lips and lids hardly give way,
    the outline gives way most.

    Args:
        vertices: (n, 3).
        triangles: (t, 3).
        slits: ids of lips and lids, subdivided; midpoints stay midway between their landmarks.
        parents: of the subdivided vertices.
        outline: ids of what may move freely.

    Returns:
        The number of rounds used; :data:`UNFOLD_ROUNDS` means that folds may be left.
    """
    mobility = np.full(len(vertices), 0.3)
    mobility[slits] = 0.05
    mobility[outline] = 1.0
    for k in range(UNFOLD_ROUNDS):
        area = doubled_area(vertices, triangles)
        folded = np.flatnonzero(area < FOLDED_AREA)
        if not len(folded):
            return k
        corner = triangles[folded]
        p = vertices[corner, :2]
        opposite = np.roll(p, 1, axis=1) - np.roll(p, -1, axis=1)
        gradient = np.stack([-opposite[..., 1], opposite[..., 0]], -1)
        w = mobility[corner]
        pull = (w * (gradient * gradient).sum(-1)).sum(1)
        lack = np.minimum(UNFOLDED_AREA - area[folded], 60.0) / np.maximum(pull, 1e-3)
        step = w[..., None] * lack[:, None, None] * gradient
        step *= np.minimum(1, 4.0 / np.maximum(np.linalg.norm(step, axis=-1), 1e-9))[..., None]
        total = np.zeros((len(vertices), 2))
        count = np.zeros(len(vertices))
        np.add.at(total, corner, step)
        np.add.at(count, corner, 1)
        vertices[:, :2] += total / np.sqrt(np.maximum(count, 1))[:, None]
        halve_again(vertices, slits, parents)
    return UNFOLD_ROUNDS
