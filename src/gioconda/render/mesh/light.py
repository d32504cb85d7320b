"""How the face's light changes as it turns and folds.

A first-order spherical-harmonic light (constant and direction) is fitted to the brightness of the
face over the normals of its mesh. When the face moves, each vertex is relit by the ratio of that
light on its normal now and at rest. Folds of the skin (:mod:`.fold_map`) come on top, pixel by
pixel.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.light_kernels import relight_vertices, shade_vertices
from gioconda.render.mesh.raster_kernels import LIGHT_LIMIT, LIGHT_ONE
from gioconda.render.mesh.types import FloatArray, HeadMesh, IntArray, PosedHead

#: Share of the fitted light's change that is shown; the fit is coarse.
RELIGHT_STRENGTH: Final = 0.6
RELIGHT_LOW: Final = 0.7
RELIGHT_HIGH: Final = 1.4
#: Skin is not lit beyond this value of its brightest channel, where it would lose its colour.
BRIGHTEST: Final = 240.0
LIGHT_FLOOR: Final = 0.25
#: Light scatters under skin and comes out red: in a shadow blue falls fastest.
WARM_GAINS: Final = (0.74, 1.10, 1.22)
#: Mean difference of the largest and smallest channel below which a picture has no colour.
COLOURLESS: Final = 6.0
#: Residual, in grey levels, at which a sample of the fit counts half.
FIT_OUTLIER: Final = 15.0

_SKIN_SAMPLES: Final = (205, 425, 50, 280, 164, 206, 426, 199)
_NOT_SKIN: Final = frozenset(
    (
        *topo.LIPS, *topo.RIGHT_UPPER_LID, *topo.RIGHT_LOWER_LID, *topo.LEFT_UPPER_LID,
        *topo.LEFT_LOWER_LID, *topo.RIGHT_BROW_UPPER, *topo.RIGHT_BROW_LOWER,
        *topo.LEFT_BROW_UPPER, *topo.LEFT_BROW_LOWER,
    )
)  # fmt: skip


class FaceLight:
    """Light of each vertex at each moment.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        rest: the mesh posed at the neutral moment.

    Attributes:
        direction: (3,) fitted light in view axes; its length is the contrast it gives.
        rest_shade: (face_count,) that light on the face's vertices at rest.
        gains: (3,) int32, how strongly shadow darkens R, G, B; 256 = as it is.
    """

    def __init__(self, view: View, mesh: HeadMesh, rest: PosedHead) -> None:
        count = mesh.face_count
        self._triangles = np.ascontiguousarray(
            mesh.triangles[(mesh.triangles < count).all(1)], np.int32
        )
        self._normals = np.zeros((count, 3), np.float32)
        self._shade = np.ones(count, np.float32)
        self.direction = np.zeros(3, np.float32)
        self._measure(rest.position)
        normals = self._normals / (np.linalg.norm(self._normals, axis=1, keepdims=True) + 1e-9)
        self.direction = _fitted_direction(view, mesh, normals)
        self._measure(rest.position)
        self.rest_shade = self._shade.copy()

        weight = np.ones(count, np.float32)
        weight[mesh.rings["oval"]] = 0
        self._weight = weight
        self._high = _headroom(view, mesh)
        self._light = np.full(len(mesh.vertices), LIGHT_ONE, np.float32)
        gains = (1.0, 1.0, 1.0) if _colourless(view) else WARM_GAINS
        self.gains: IntArray = np.round(np.array(gains) * 256).astype(np.int32)

    def vertex_light(self, head: PosedHead) -> FloatArray:
        """Return the light of each vertex, (V,) float32, 256 = unchanged; overwritten next call."""
        self._measure(head.position)
        relight_vertices(
            self._shade, self.rest_shade, self._weight, np.float32(RELIGHT_STRENGTH),
            np.float32(RELIGHT_LOW), self._high, np.float32(LIGHT_ONE), np.float32(LIGHT_LIMIT),
            self._light,
        )  # fmt: skip
        return self._light

    def _measure(self, position: FloatArray) -> None:
        shade_vertices(
            position, self._triangles, len(self._shade), self.direction, np.float32(LIGHT_FLOOR),
            self._normals, self._shade,
        )  # fmt: skip


def _fitted_direction(view: View, mesh: HeadMesh, normals: FloatArray) -> FloatArray:
    """Fit brightness = a (1 + direction . normal) over the skin's landmarks, robustly."""
    grey = cv2.cvtColor(view.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.8 * mesh.mm)
    skin = np.array([i for i in range(topo.LANDMARKS) if i not in _NOT_SKIN])
    at = np.clip(mesh.vertices[skin, :2].astype(int), 0, view.size - 1)
    brightness = grey[at[:, 1], at[:, 0]].astype(np.float64)
    terms = np.c_[np.ones(len(skin)), normals[skin]]
    damping = np.diag([1e-3, 0.5, 0.5, 0.5])
    weight = np.ones(len(skin))
    for _ in range(6):
        weighted = (terms * weight[:, None]).T
        solution = np.linalg.solve(weighted @ terms + damping, weighted @ brightness)
        weight = 1 / (1 + ((brightness - terms @ solution) / FIT_OUTLIER) ** 2)
    direction: FloatArray = (solution[1:] / max(solution[0], 1.0)).astype(np.float32)
    return direction


def _headroom(view: View, mesh: HeadMesh) -> FloatArray:
    """Return the greatest ratio of light that each vertex of the face bears, (face_count,)."""
    brightest = cv2.GaussianBlur(view.image.max(2), (0, 0), max(1.5 * mesh.mm, 0.8))
    at = np.clip(mesh.vertices[: mesh.face_count, :2].astype(int), 0, view.size - 1)
    room = BRIGHTEST / np.maximum(brightest[at[:, 1], at[:, 0]], 1.0) - 1
    high: FloatArray = np.clip(1 + room / RELIGHT_STRENGTH, 1.0, RELIGHT_HIGH).astype(np.float32)
    return high


def _colourless(view: View) -> bool:
    samples = []
    for x, y in view.landmarks[list(_SKIN_SAMPLES), :2].astype(int):
        x, y = (int(np.clip(v, 3, view.size - 4)) for v in (x, y))
        samples.append(view.image[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0))
    colours = np.array(samples)
    return bool((colours.max(1) - colours.min(1)).mean() < COLOURLESS)
