"""Folds of the skin that expressions bring out, as light on the face's vertices.

A mesh this coarse cannot bulge like flesh. What a viewer reads as a smile or a frown beyond the
moved features is light: the apple of the cheek, the step beside the mouth, the dimple, the lines
between and above the brows. A smile is a height field in millimetres on the face, relit by the
portrait's own fitted light; all folds deepen the creases that the photo already shows.

Amounts were set by eye against photos of the same people with and without the expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import mirror_index
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray, HeadMesh

Array = npt.NDArray[np.float64]

#: Heights of the smile's forms in mm.
CHEEK_APPLE_MM: Final = 2.6
FOLD_STEP_MM: Final = 1.3
DIMPLE_MM: Final = 1.3
#: The relit smile changes light by at most this much.
SMILE_LIGHT_LIMIT: Final = 0.15
#: A fitted light weaker than this contrast is strengthened to it: it is then the fit that is
#: weak. One weaker than the least is no direction at all and stays.
LIGHT_CONTRAST: Final = 0.45
LEAST_CONTRAST: Final = 0.08
#: Share of the photo's own creases that a full smile adds.
OWN_CREASES: Final = 0.9

# From the wing of the nose past the corner of the mouth, on the subject's right.
_NASOLABIAL: Final = (129, 203, 206, 216, 212)
_CHEEK_RIGHT: Final = 205
_LOWER_LID_RIGHT: Final = 23
_FROWN_LINES: Final = ((107, 55), (336, 285))
_BELOW_LIP: Final = 18


@dataclass(frozen=True)
class _Skin:
    """The face's vertices in head axes, mm, nose tip at the origin, and the photo's creases."""

    at: Array
    landmarks: Array
    creases: Array


@dataclass(frozen=True)
class _Side:
    """One half of the face: landmarks through ``mirror``, ``out`` = x away from the midline."""

    name: str
    out: float
    mirror: npt.NDArray[np.int32] | None

    def __call__(self, landmark: int) -> int:
        return landmark if self.mirror is None else int(self.mirror[landmark])


def fold_fields(
    view: View,
    mesh: HeadMesh,
    names: tuple[str, ...],
    light: FloatArray,
    rest_shade: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the folds of a face and the shapes they follow.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        names: names of the shape weights.
        light: (3,) direction of the fitted light, view axes.
        rest_shade: (face_count,) that light at rest.

    Returns:
        (F, face_count) light to add at full strength, and (F, K) how strongly each fold follows
        each shape; both float32.
    """
    skin = _skin(view, mesh)
    fields: list[Array] = []
    follows: list[Mapping[str, float]] = []

    def add(field: Array, shapes: Mapping[str, float]) -> None:
        fields.append(field)
        follows.append(shapes)

    for side in (_Side("Right", -1.0, None), _Side("Left", 1.0, mirror_index())):
        name = side.name
        add(
            _smile(skin, side, mesh.axes, _helped(light), rest_shade),
            {f"mouthSmile{name}": 1.0, f"mouthDimple{name}": 0.5, f"mouthStretch{name}": 0.25},
        )
        add(
            _nasolabial(skin, side),
            {f"noseSneer{name}": 0.6, f"mouthUpperUp{name}": 0.35, f"cheekSquint{name}": 0.2},
        )
        add(_under_eye(skin, side), {f"cheekSquint{name}": 0.9, f"mouthSmile{name}": 0.35})
        add(
            _corner(skin, side),
            {f"mouthDimple{name}": 0.9, f"mouthStretch{name}": 0.4, f"mouthPress{name}": 0.4},
        )
    for line in _FROWN_LINES:
        add(_frown(skin, line), {"browDownRight": 0.5, "browDownLeft": 0.5})
    add(
        _forehead(skin),
        {"browInnerUp": 0.7, "browOuterUpLeft": 0.35, "browOuterUpRight": 0.35},
    )
    add(
        _chin(skin),
        {
            "mouthShrugLower": 0.8, "mouthPucker": 0.6, "mouthFunnel": 0.3, "mouthPressLeft": 0.25,
            "mouthPressRight": 0.25, "mouthFrownLeft": 0.2, "mouthFrownRight": 0.2,
        },
    )  # fmt: skip

    followers = np.zeros((len(fields), len(names)), np.float32)
    for row, shapes in zip(followers, follows, strict=True):
        for shape, weight in shapes.items():
            row[names.index(shape)] = weight
    return np.stack(fields).astype(np.float32), followers


def _skin(view: View, mesh: HeadMesh) -> _Skin:
    face = mesh.vertices[: mesh.face_count].astype(np.float64)
    head = (face - face[topo.NOSE_TIP]) @ mesh.axes.T.astype(np.float64) / mesh.mm
    grey = cv2.cvtColor(view.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), max(s * mesh.mm, 0.6)) for s in (0.9, 5.0))
    darker = np.clip((fine - coarse) / np.maximum(coarse, 14), -0.22, 0)
    pixel = np.clip(face[:, :2].astype(int), 0, view.size - 1)
    return _Skin(head[:, :2], head[: topo.LANDMARKS, :2], darker[pixel[:, 1], pixel[:, 0]])


def _helped(light: FloatArray) -> Array:
    contrast = float(np.linalg.norm(light))
    helped = LEAST_CONTRAST < contrast < LIGHT_CONTRAST
    return light.astype(np.float64) * (LIGHT_CONTRAST / contrast if helped else 1.0)


def _bump(at: Array, centre: Array, wide: float, high: float) -> Array:
    offset = (at - centre) / (wide, high)
    return np.asarray(np.exp(-(offset**2).sum(1)))


def _along(at: Array, line: Array) -> tuple[Array, Array]:
    """Return each point's signed distance from a polyline, and its place along it, 0 to 1."""
    best = np.full(len(at), np.inf)
    sign, place = np.zeros(len(at)), np.zeros(len(at))
    for k, (a, b) in enumerate(pairwise(line)):
        step = b - a
        t = np.clip((at - a) @ step / (step @ step + 1e-6), 0, 1)
        distance = np.linalg.norm(at - a - t[:, None] * step, axis=1)
        turn = step[0] * (at - a)[:, 1] - step[1] * (at - a)[:, 0]
        nearer = distance < best
        best[nearer] = distance[nearer]
        sign[nearer] = np.sign(turn[nearer])
        place[nearer] = (k + t[nearer]) / (len(line) - 1)
    return best * sign, place


def _beside_nose(at: Array, skin: _Skin, side: _Side) -> tuple[Array, Array]:
    """Signed distance from the nasolabial fold, > 0 on the cheek, and an envelope along it."""
    line = skin.landmarks[[side(i) for i in _NASOLABIAL]]
    distance, place = _along(at, line)
    cheek, _ = _along(skin.landmarks[[side(_CHEEK_RIGHT)]], line)
    envelope = np.sin(np.pi * np.clip(place * 0.88 + 0.04, 0, 1)) ** 1.2
    return distance * np.sign(cheek[0]), envelope


def _smile_height(at: Array, skin: _Skin, side: _Side) -> Array:
    distance, envelope = _beside_nose(at, skin, side)
    lateral = np.maximum(distance, 0)
    step = np.exp(-((np.maximum(lateral - 5, 0) / 5) ** 2)) * smoothstep(lateral / 4)
    height = envelope * (FOLD_STEP_MM * step - 0.7 * np.exp(-((distance / 2.2) ** 2)))
    apple = skin.landmarks[side(_CHEEK_RIGHT)] + (side.out * 2.0, -5.0)
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + (side.out * 3.0, 0.2)
    height = height + CHEEK_APPLE_MM * _bump(at, apple, 11, 8)
    height -= DIMPLE_MM * _bump(at, corner, 2.6, 3.4)
    height += 0.7 * _bump(at, corner + np.array([side.out * 4.0, 0]), 3, 5)
    return np.asarray(height)


def _smile(
    skin: _Skin, side: _Side, axes: FloatArray, light: Array, rest_shade: FloatArray
) -> Array:
    step = 0.35
    slope_x, slope_y = (
        (_smile_height(skin.at + d, skin, side) - _smile_height(skin.at - d, skin, side))
        / (2 * step)
        for d in (np.array([step, 0.0]), np.array([0.0, step]))
    )
    # normals of the mesh point into the head, so a slope tilts them along itself
    tilt = slope_x[:, None] * axes[0] + slope_y[:, None] * axes[1]
    relit = 0.58 * (tilt @ light) / rest_shade
    relit = SMILE_LIGHT_LIMIT * np.tanh(relit / SMILE_LIGHT_LIMIT)

    distance, envelope = _beside_nose(skin.at, skin, side)
    shadow = 0.060 * np.exp(-((distance / 1.9) ** 2)) + 0.045 * np.exp(-((distance / 4.5) ** 2))
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + (side.out * 2.4, 0.2)
    field = relit - shadow * envelope - 0.10 * _bump(skin.at, corner, 2.2, 2.8)
    field += OWN_CREASES * skin.creases * np.exp(-((distance / 5) ** 2)) * envelope
    field[list(topo.LIPS)] *= 0.3
    return np.asarray(field)


def _nasolabial(skin: _Skin, side: _Side) -> Array:
    distance, envelope = _beside_nose(skin.at, skin, side)
    shadow = -0.04 * np.exp(-((distance / 2.2) ** 2))
    own = 0.7 * skin.creases * np.exp(-((distance / 5) ** 2))
    return np.asarray((shadow + own) * envelope)


def _under_eye(skin: _Skin, side: _Side) -> Array:
    # the bag of the lower lid and the crow's feet: only what the photo has already
    lid = skin.landmarks[side(_LOWER_LID_RIGHT)] + (0, 2.0)
    temple = skin.landmarks[side(topo.RIGHT_EYE_CORNERS[0])] + (side.out * 7.0, 1.0)
    region = np.clip(_bump(skin.at, lid, 13, 5) + _bump(skin.at, temple, 8, 8), 0, 1)
    return np.asarray(skin.creases * region - 0.05 * _bump(skin.at, lid - (0, 1.2), 10, 1.4))


def _corner(skin: _Skin, side: _Side) -> Array:
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + (side.out * 2.2, 0.3)
    return -0.12 * _bump(skin.at, corner, 2.0, 2.6)


def _frown(skin: _Skin, line: tuple[int, ...]) -> Array:
    distance, place = _along(skin.at, skin.landmarks[list(line)])
    envelope = np.sin(np.pi * np.clip(place * 0.86 + 0.10, 0, 1)) ** 0.6
    return np.asarray(-0.11 * np.exp(-((distance / 1.5) ** 2)) * envelope)


def _forehead(skin: _Skin) -> Array:
    x, y = skin.at.T
    brow = skin.landmarks[topo.RIGHT_BROW_UPPER[-1], 1] - 4
    middle = np.exp(-((np.abs(x) / 30) ** 4))
    lines = [np.exp(-(((y - (brow - 5 - 6.5 * k) - 0.004 * x**2) / 1.3) ** 2)) for k in range(3)]
    return np.asarray(-0.05 * sum(lines) * middle)


def _chin(skin: _Skin) -> Array:
    return -0.13 * _bump(skin.at, skin.landmarks[_BELOW_LIP] + (0, 0.8), 11, 1.8)
