"""The folds of a face at each moment, added to the light of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.motion import INDEX
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.closing import face_in_mm, mouth_at_rest
from gioconda.render.mesh.eye_regions import polygon_mask
from gioconda.render.mesh.fold_kernels import FIELD_BITS, add_folds, sum_folds
from gioconda.render.mesh.folds import face_folds
from gioconda.render.mesh.skin_map import SkinMap, skin_map
from gioconda.render.mesh.types import FloatArray, HeadMesh, IntArray, PosedHead

#: Strength that a fold may reach, however many shapes bring it out.
MOST: Final = 1.2
#: Light below this share of full light is not kept.
LEAST_LIGHT: Final = 2e-3
#: Share of the folds that shows on lips.
ON_LIPS: Final = 0.2


class FaceFolds:
    """Adds folds to a frame's light map.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        names: names of the shape weights.
        direction: (3,) the fitted light, view axes.
        rest_shade: (face_count,) that light at rest.
    """

    def __init__(
        self,
        view: View,
        mesh: HeadMesh,
        names: tuple[str, ...],
        direction: FloatArray,
        rest_shade: FloatArray,
    ) -> None:
        skin = skin_map(view, mesh, rest_shade)
        folds = face_folds(skin, mesh.axes, direction)
        shown = skin.inside * _off_lips(skin, mesh)
        self._x0, self._y0 = skin.x0, skin.y0
        height, width = (n * skin.step for n in skin.inside.shape)
        self._fields = np.stack(
            [
                _stored(np.minimum(f.light, f.light * skin.headroom) * shown, (width, height))
                for f in folds
            ]
        )
        self._boxes = np.stack([_box(field) for field in self._fields])
        self._follows = _table([fold.follows for fold in folds], names)
        self._eased = _table([fold.eased for fold in folds], names)
        smile = mouth_at_rest(face_in_mm(mesh)).smile
        self._released = np.array([smile * fold.released for fold in folds], np.float32)
        self._least = np.array([fold.least for fold in folds], np.float32)
        self._sum = np.zeros((height, width), np.int16)

    def strengths(self, head: PosedHead) -> FloatArray:
        """Return how strongly each fold shows at a moment, (F,)."""
        articulation = head.moment[INDEX["articulation"]]
        wanted = self._follows @ head.weights + articulation * self._released
        left = 1 - np.minimum(self._eased @ np.maximum(head.weights, 0), 1)
        strengths: FloatArray = np.clip(wanted, self._least, MOST) * left
        return strengths

    def lay(
        self,
        head: PosedHead,
        light_map: npt.NDArray[np.uint16],
        whole: npt.NDArray[np.int16],
        crown: int,
        density: int,
    ) -> None:
        """Add the folds of a moment to a light map.

        Args:
            head: the posed head.
            light_map: (H, W) uint16, 256 = unchanged; changed in place.
            whole: (H, W, 2) int16, the sample of the texture that each pixel shows.
            crown: rows that the texture has above the view.
            density: samples of the texture for each pixel of the view, along each axis.
        """
        strengths = np.round(256 * self.strengths(head)).astype(np.int32)
        if not strengths.any():
            return
        active = np.flatnonzero(strengths).astype(np.int32)
        sum_folds(self._fields, self._boxes, strengths, active, self._sum)
        face = head.screen[: topo.LANDMARKS]
        low = np.clip(np.floor(face.min(0)), 0, head.size).astype(np.int32)
        high = np.clip(np.ceil(face.max(0)) + 1, 0, head.size).astype(np.int32)
        add_folds(
            light_map, whole, low, high, self._sum, np.int32(self._x0),
            np.int32(self._y0 + crown), np.int32(density),
        )  # fmt: skip


def _off_lips(skin: SkinMap, mesh: HeadMesh) -> FloatArray:
    size = mesh.size
    lips = polygon_mask(mesh.vertices[list(topo.LIPS_OUTER), :2], (size, size))
    lips = cv2.GaussianBlur(lips, (0, 0), max(0.8 * mesh.mm, 0.6))
    height, width = skin.inside.shape
    rows = slice(skin.y0, skin.y0 + height * skin.step, skin.step)
    columns = slice(skin.x0, skin.x0 + width * skin.step, skin.step)
    return np.asarray(1 - (1 - ON_LIPS) * lips[rows, columns], np.float32)


def _stored(light: FloatArray, size: tuple[int, int]) -> npt.NDArray[np.int16]:
    """Return a field in fixed point at the view's own resolution."""
    kept = np.where(np.abs(light) < LEAST_LIGHT, 0, light)
    if kept.shape[::-1] != size:
        kept = cv2.resize(kept, size, interpolation=cv2.INTER_LINEAR)
    stored: npt.NDArray[np.int16] = np.round(np.clip(kept, -0.9, 0.9) * 2**FIELD_BITS).astype(
        np.int16
    )
    return stored


def _box(field: npt.NDArray[np.int16]) -> IntArray:
    rows, columns = np.flatnonzero(field.any(1)), np.flatnonzero(field.any(0))
    if not len(rows):
        return np.zeros(4, np.int32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.int32)


def _table(rows: list[Mapping[str, float]], names: tuple[str, ...]) -> FloatArray:
    table = np.zeros((len(rows), len(names)), np.float32)
    for row, shapes in zip(table, rows, strict=True):
        for shape, part in shapes.items():
            row[names.index(shape)] = part
    return table
