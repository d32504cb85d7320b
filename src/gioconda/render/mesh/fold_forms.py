"""Forms that folds of the skin are made of: lines beside which skin lies, bumps and creases."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.crease_line import nearest_crease
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.skin_map import SkinMap
from gioconda.render.mesh.types import FloatArray

Array = npt.NDArray[np.floating[Any]]

#: Mean contrast of creases beside the mouth at which skin counts as fully lined.
LINED: Final = 0.05
#: Folds are drawn within this distance of their lines.
REACH_MM: Final = 16.0
#: From the wing of the nose past the corner of the mouth, on the subject's right.
NASOLABIAL: Final = (129, 203, 206, 216, 212)
CHEEK_RIGHT: Final = 205


@dataclass(frozen=True)
class Side:
    """One half of the face; calling it gives the landmark on this side for one of the right side.

    Attributes:
        name: "Right" or "Left", the subject's, as blendshapes end.
        out: -1 or 1, x away from the midline.
        mirror: (468,) each landmark's mirror image; None on the right side.
    """

    name: str
    out: float
    mirror: npt.NDArray[np.int32] | None

    def __call__(self, landmark: int) -> int:
        """Return this side's landmark for one of the right side."""
        return landmark if self.mirror is None else int(self.mirror[landmark])


@dataclass(frozen=True)
class Beside:
    """Where pixels lie beside the nasolabial fold.

    Attributes:
        distance: signed, millimetres, > 0 on the cheek.
        place: 0 at the wing of the nose to 1 below the corner of the mouth.
        along: strength along the fold, 0 at both ends.
    """

    distance: FloatArray
    place: FloatArray
    along: FloatArray

    @classmethod
    def of(cls, skin: SkinMap, side: Side) -> Beside:
        """Measure one side of a face, from its own crease where it has one."""
        line = skin.landmarks[[side(i) for i in NASOLABIAL]]
        cheek = skin.landmarks[side(CHEEK_RIGHT)]
        line = nearest_crease(skin, line, towards=cheek)[::2]
        distance, place = along_line(skin.x, skin.y, line)
        towards, _ = along_line(cheek[:1], cheek[1:], line, reach_mm=1e3)
        along = smoothstep(place / 0.3) * smoothstep((1 - place) / 0.55)
        return cls(distance * np.sign(towards[0]), place, along.astype(np.float32))

    def lined(self, skin: SkinMap) -> float:
        """Return how lined the skin beside the mouth is, 0 to 1."""
        weight = np.exp(-((self.distance / 5) ** 2)) * self.along * skin.bare * skin.inside
        mean = float((-skin.creases * weight).sum() / max(float(weight.sum()), 1e-3))
        return float(np.clip(mean / LINED, 0, 1))


def millimetres(way: tuple[float, float]) -> FloatArray:
    """Return a way (x, y) on the head as an array, (2,)."""
    return np.array(way, np.float32)


def bump(skin: SkinMap, centre: FloatArray, wide: float, high: float) -> FloatArray:
    """Return a Gaussian bump of height 1 about a point, (h, w); sizes in millimetres."""
    x, y = (skin.x - centre[0]) / np.float32(wide), (skin.y - centre[1]) / np.float32(high)
    return np.asarray(np.exp(-(x * x + y * y)), np.float32)


def along_line(
    x: Array, y: Array, line: FloatArray, reach_mm: float = REACH_MM
) -> tuple[FloatArray, FloatArray]:
    """Return each point's signed distance from a polyline, and its place along it, 0 to 1.

    Args:
        x: of the points, any shape.
        y: of the points.
        line: (n, 2).
        reach_mm: points that cannot be as near as that are given as far away, at place 0.
    """
    (left, top), (right, bottom) = line.min(0) - reach_mm, line.max(0) + reach_mm
    near = (x > left) & (x < right) & (y > top) & (y < bottom)
    px, py = x[near], y[near]
    best = np.full(px.shape, np.inf, np.float32)
    sign, along = np.zeros_like(best), np.zeros_like(best)
    for k, (a, b) in enumerate(pairwise(line)):
        step = b - a
        dx, dy = px - a[0], py - a[1]
        t = np.clip((dx * step[0] + dy * step[1]) / (step @ step + np.float32(1e-6)), 0, 1)
        distance = np.hypot(dx - t * step[0], dy - t * step[1])
        nearer = distance < best
        best = np.where(nearer, distance, best)
        sign = np.where(nearer, np.sign(step[0] * dy - step[1] * dx), sign)
        along = np.where(nearer, (k + t) / (len(line) - 1), along)
    distances = np.full(x.shape, 10 * reach_mm, np.float32)
    places = np.zeros(x.shape, np.float32)
    distances[near], places[near] = best * sign, along
    return distances, places


def crease(distance: FloatArray, width: float) -> FloatArray:
    """Return the profile of a crease: a dark line between two faintly lit ridges, 1 deep."""
    dark = np.exp(-((distance / np.float32(width)) ** 2))
    ridge = np.exp(-(((np.abs(distance) - 2.3 * width) / (1.3 * width)) ** 2))
    return np.asarray(-dark + 0.25 * ridge, np.float32)
