"""Folds of the skin that expressions bring out, as light on the photo's own pixels.

A mesh this coarse cannot bulge like flesh. What a viewer reads as a smile or a frown beyond the
moved features is light: the apple of the cheek, the step beside the mouth, the dimple, the bag
of the lower lid, the lines between and above the brows. A smile is a height field in
millimetres, relit by the portrait's own fitted light, with the shadow that the cheek's mass
throws on the side of the mouth; all folds deepen the creases that the photo already shows, and
what is not there yet is drawn the softer the smoother the skin is.

Amounts were set by eye against photos and video of the same people with and without the
expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import mirror_index
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.fold_forms import (
    CHEEK_RIGHT,
    LINED,
    Beside,
    Side,
    along_line,
    bump,
    crease,
    millimetres,
)
from gioconda.render.mesh.skin_map import SkinMap
from gioconda.render.mesh.types import FloatArray

Array = npt.NDArray[np.floating[Any]]

#: Heights of the smile's forms in mm.
CHEEK_APPLE_MM: Final = 3.2
FOLD_STEP_MM: Final = 1.6
DIMPLE_MM: Final = 0.8
#: The relit smile darkens and brightens by at most this much.
SMILE_LIGHT_LIMIT: Final = (0.16, 0.08)
#: Share of the relit height that shows: flesh is no plaster.
SMILE_LIGHT_SHARE: Final = 0.62
#: A fitted light weaker than this contrast is strengthened to it: it is then the fit that is
#: weak. One weaker than the least is no direction at all and stays.
LIGHT_CONTRAST: Final = 0.45
LEAST_CONTRAST: Final = 0.08
#: Depth of the shadow beside the mouth in a full smile, on smooth skin and on lined skin.
FOLD_SHADOW: Final = (0.060, 0.150)
#: The apple of a cheek lightens by this much in a full smile, whatever the light.
CHEEK_LIT: Final = 0.05
#: Share of the photo's own creases that a full smile adds.
OWN_CREASES: Final = 1.0
#: Share of the shadow beside the mouth that goes as the portrait's own smile is let go.
RELEASED: Final = 0.9
_LOWER_LID_RIGHT: Final = 23
_FROWN_LINES: Final = ((107, 55), (336, 285))
_BELOW_LIP: Final = 18


@dataclass(frozen=True)
class Fold:
    """One fold.

    Attributes:
        light: (h, w) light to add at strength 1, on the pixels of the skin map.
        follows: shape name to the part of its weight that this fold's strength takes.
        eased: shape name to the part of the fold that this shape at weight 1 takes away again.
        least: smallest strength; below 0 the fold can be smoothed away.
        released: strength that it takes where the portrait's own full smile is neutralised.
    """

    light: FloatArray
    follows: Mapping[str, float]
    eased: Mapping[str, float] = field(default_factory=dict)
    least: float = 0.0
    released: float = 0.0


def face_folds(skin: SkinMap, axes: FloatArray, light: FloatArray) -> list[Fold]:
    """Return the folds of a face.

    Args:
        skin: the portrait's skin.
        axes: (3, 3) head axes in view coordinates.
        light: (3,) direction of the fitted light, view axes.
    """
    folds: list[Fold] = []
    helped = _helped(light)
    for side in (Side("Right", -1.0, None), Side("Left", 1.0, mirror_index())):
        name = side.name
        beside = Beside.of(skin, side)
        lined = beside.lined(skin)
        flattened = {
            "mouthPucker": 0.3, "mouthFunnel": 0.2, "cheekPuff": 0.8, f"mouthFrown{name}": 0.4,
        }  # fmt: skip
        folds += [
            Fold(
                _smile(skin, side, axes, helped, beside, lined),
                {
                    f"mouthSmile{name}": 1.0, f"mouthDimple{name}": 0.3,
                    f"mouthStretch{name}": 0.12,
                },
                eased={**flattened, "jawOpen": 0.2},
            ),
            Fold(
                _own_beside(skin, beside),
                {
                    f"mouthSmile{name}": 1.0, f"mouthUpperUp{name}": 0.3,
                    f"noseSneer{name}": 0.5, f"cheekSquint{name}": 0.3,
                },
                eased=flattened,
                least=-0.7,
            ),
            Fold(_released(skin, side, beside), {}, eased={f"mouthSmile{name}": 0.9}, released=1.0),
            Fold(
                _sneer(skin, side, beside, lined),
                {f"noseSneer{name}": 1.0, f"mouthUpperUp{name}": 0.4},
            ),
            Fold(
                _under_eye(skin, side, lined),
                {f"cheekSquint{name}": 0.9, f"mouthSmile{name}": 0.4, f"eyeSquint{name}": 0.5},
                eased={f"eyeBlink{name}": 0.3},
            ),
            Fold(
                _corner(skin, side),
                {f"mouthDimple{name}": 1.0, f"mouthStretch{name}": 0.4, f"mouthPress{name}": 0.4},
            ),
        ]  # fmt: skip
    folds += [
        Fold(
            _frown(skin),
            {
                "browDownRight": 0.5, "browDownLeft": 0.5, "noseSneerLeft": 0.2,
                "noseSneerRight": 0.2,
            },
            eased={"browInnerUp": 0.3},
            least=-0.15,
        ),
        Fold(
            _forehead(skin),
            {"browInnerUp": 0.7, "browOuterUpLeft": 0.35, "browOuterUpRight": 0.35},
            eased={"browDownLeft": 0.2, "browDownRight": 0.2},
            least=-0.15,
        ),
        Fold(
            _chin(skin),
            {
                "mouthShrugLower": 0.8, "mouthPucker": 0.5, "mouthFunnel": 0.3,
                "mouthPressLeft": 0.25, "mouthPressRight": 0.25, "mouthFrownLeft": 0.25,
                "mouthFrownRight": 0.25, "mouthRollLower": 0.4,
            },
            eased={"jawOpen": 0.4},
        ),
    ]  # fmt: skip
    return folds


def _helped(light: FloatArray) -> FloatArray:
    contrast = float(np.linalg.norm(light))
    helped = LEAST_CONTRAST < contrast < LIGHT_CONTRAST
    return (light * (LIGHT_CONTRAST / contrast if helped else 1.0)).astype(np.float32)


def _smile_height(skin: SkinMap, side: Side, beside: Beside, lined: float) -> FloatArray:
    lateral = np.maximum(beside.distance, 0)
    step = np.exp(-((np.maximum(lateral - 5, 0) / 6) ** 2)) * smoothstep(lateral / 4)
    height = beside.along * (FOLD_STEP_MM * (0.5 + 0.5 * lined) * step)
    apple = skin.landmarks[side(CHEEK_RIGHT)] + millimetres((side.out * 3.0, -5.0))
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + millimetres((side.out * 4.0, 0.2))
    height = height + CHEEK_APPLE_MM * bump(skin, apple, 12, 9)
    height -= DIMPLE_MM * bump(skin, corner, 3.2, 4.5)
    return np.asarray(height, np.float32)


def _relit(skin: SkinMap, height: FloatArray, axes: FloatArray, light: FloatArray) -> FloatArray:
    """Return the change of light as skin rises by a height in millimetres."""
    # pixels to head axes: the inverse of the head coordinates' gradient along rows and columns
    px, py = np.gradient(skin.x, axis=1), np.gradient(skin.y, axis=1)
    qx, qy = np.gradient(skin.x, axis=0), np.gradient(skin.y, axis=0)
    area = px * qy - py * qx
    flat = np.abs(area) < 1e-3
    area[flat] = 1
    along_row, along_column = np.gradient(height, axis=1), np.gradient(height, axis=0)
    slope_x = (along_row * qy - along_column * py) / area
    slope_y = (along_column * px - along_row * qx) / area
    # normals of the mesh point into the head, so a slope tilts them along itself
    relit = slope_x * np.float32(axes[0] @ light) + slope_y * np.float32(axes[1] @ light)
    relit[flat] = 0
    relit *= SMILE_LIGHT_SHARE / np.maximum(skin.light, 0.3)
    darkest, brightest = SMILE_LIGHT_LIMIT
    limit = np.where(relit < 0, darkest, brightest).astype(np.float32)
    return np.asarray(limit * np.tanh(relit / limit), np.float32)


def _smile(
    skin: SkinMap,
    side: Side,
    axes: FloatArray,
    light: FloatArray,
    beside: Beside,
    lined: float,
) -> FloatArray:
    relit = _relit(skin, _smile_height(skin, side, beside, lined), axes, light)
    # the cheek overhangs the fold: dark at once on its edge, fading out towards the mouth
    depth = FOLD_SHADOW[0] + lined * (FOLD_SHADOW[1] - FOLD_SHADOW[0])
    sharp = 2.4 - 1.1 * lined
    d = beside.distance
    shadow = np.where(d > 0, np.exp(-((d / sharp) ** 2)), np.exp(-((d / (1.4 * sharp)) ** 2)))
    shadow *= depth * beside.along
    # ... and its apple is the nearest to whatever light there is
    apple = skin.landmarks[side(CHEEK_RIGHT)] + millimetres((side.out * 2.0, -6.0))
    lit = CHEEK_LIT * bump(skin, apple, 10, 7) - 0.5 * CHEEK_LIT * bump(
        skin, apple + millimetres((side.out * 3.0, 15.0)), 13, 7
    )
    lit = lit + 0.02 * np.exp(-(((d - 6) / 3.5) ** 2)) * beside.along
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + millimetres((side.out * 3.0, 0.2))
    tuck = 0.07 * bump(skin, corner, 2.4, 3.6)
    return np.asarray(relit - shadow + lit - tuck, np.float32)


def _own_beside(skin: SkinMap, beside: Beside) -> FloatArray:
    near = np.exp(-((beside.distance / 5) ** 2)) * beside.along * skin.bare
    return np.asarray(OWN_CREASES * skin.creases * near, np.float32)


def _released(skin: SkinMap, side: Side, beside: Beside) -> FloatArray:
    """Return what lifts the shadow of the portrait's own fold, where its smile is let go."""
    whole = smoothstep(beside.place / 0.1) * smoothstep((1 - beside.place) / 0.2)
    near = np.exp(-((np.abs(beside.distance) / 8) ** 4)) * whole
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + millimetres((side.out * 6.0, 1.0))
    near = np.maximum(near, np.minimum(1.6 * bump(skin, corner, 7, 9), 1))
    dark = np.minimum(skin.hollows, skin.creases)
    return np.asarray(RELEASED * -dark * near * skin.bare, np.float32)


def _sneer(skin: SkinMap, side: Side, beside: Beside, lined: float) -> FloatArray:
    top = np.exp(-((beside.place / 0.4) ** 2)) * smoothstep(beside.place / 0.03)
    shadow = (0.06 + 0.06 * lined) * crease(beside.distance, 3.2 - 1.8 * lined) * top
    # the nose wrinkles across its side, up from the wing
    wing, root = skin.landmarks[side(129)], skin.landmarks[side(133)]
    for part in (0.45, 0.68):
        middle = wing + np.float32(part) * (root - wing)
        inner = middle + millimetres((side.out * -7.0, -2.5))
        line = np.stack([inner, middle + millimetres((side.out * 1.0, 2.0))])
        distance, place = along_line(skin.x, skin.y, line)
        shadow += (
            (0.03 + 0.02 * lined)
            * crease(distance, 1.8 - 0.7 * lined)
            * np.sin(np.pi * np.clip(place, 0, 1))
        )
    return np.asarray(shadow, np.float32)


def _under_eye(skin: SkinMap, side: Side, lined: float) -> FloatArray:
    # the bag of the lower lid and the crow's feet: above all what the photo has already
    lid = skin.landmarks[side(_LOWER_LID_RIGHT)] + millimetres((0, 2.0))
    outer = skin.landmarks[side(topo.RIGHT_EYE_CORNERS[0])]
    temple = outer + millimetres((side.out * 7.0, 1.0))
    region = np.clip(bump(skin, lid, 13, 5) + bump(skin, temple, 8, 8), 0, 1)
    shading = skin.creases * region * skin.bare
    bag = lid + millimetres((0, 2.2))
    shading = shading - 0.055 * bump(skin, bag, 10, 1.5) + 0.03 * bump(skin, lid, 9, 2.0)
    for turn in (-0.45, 0.05, 0.5):
        start = outer + millimetres((side.out * 3.5, 7.0 * turn * 0.5))
        line = np.stack([start, start + 8 * millimetres((side.out * np.cos(turn), np.sin(turn)))])
        distance, place = along_line(skin.x, skin.y, line)
        fade = np.sin(np.pi * np.clip(0.15 + 0.85 * place, 0, 1))
        shading += 0.06 * lined * crease(distance, 0.9) * fade * skin.bare
    return np.asarray(shading, np.float32)


def _corner(skin: SkinMap, side: Side) -> FloatArray:
    corner = skin.landmarks[side(topo.CORNER_RIGHT_OUTER)] + millimetres((side.out * 2.6, 0.3))
    shade = -0.12 * bump(skin, corner, 2.0, 3.2)
    return np.asarray(shade + 0.03 * bump(skin, corner + millimetres((side.out * 4, 0)), 2.5, 4))


def _lined_near(skin: SkinMap, region: Array) -> float:
    weight = region * skin.bare * skin.inside
    mean = float((-skin.creases * weight).sum() / max(float(weight.sum()), 1e-3))
    return float(np.clip(mean / LINED, 0, 1))


def _frown(skin: SkinMap) -> FloatArray:
    middle = skin.landmarks[9] + millimetres((0, 3))
    region = bump(skin, middle, 11, 12)
    lined = _lined_near(skin, region)
    shading = 0.9 * skin.creases * region * skin.bare
    for line in _FROWN_LINES:
        ends = skin.landmarks[list(line)]
        # the lines stand beside the brows' ends, a little inside them
        ends = np.stack([ends[0] * millimetres((0.62, 1)) - millimetres((0, 3)),
                         ends[1] * millimetres((0.70, 1)) + millimetres((0, 1))])  # fmt: skip
        distance, place = along_line(skin.x, skin.y, ends)
        along = np.sin(np.pi * np.clip(place * 0.86 + 0.10, 0, 1)) ** 0.8
        shading += (0.09 + 0.04 * lined) * crease(distance, 1.5 - 0.4 * lined) * along
    return np.asarray(shading, np.float32)


def _forehead(skin: SkinMap) -> FloatArray:
    brow = skin.landmarks[list(topo.RIGHT_BROW_UPPER + topo.LEFT_BROW_UPPER)]
    over = (brow[:, 1].mean() - skin.y) / 1.0
    region = smoothstep((over - 3) / 4) * smoothstep((38 - over) / 8)
    region *= np.exp(-((np.abs(skin.x) / 36) ** 4))
    lined = _lined_near(skin, region)
    shading = 0.9 * skin.creases * region * skin.bare
    # lines arch with the brows; each ends where it likes
    arch = over + 0.0035 * skin.x**2
    for height, half, depth in ((9.0, 27.0, 0.8), (15.5, 30.0, 1.0), (22.0, 24.0, 0.7)):
        ends = np.exp(-((np.abs(skin.x - 0.1 * height) / half) ** 4))
        wave = 0.6 * np.sin(skin.x / 9 + height)
        line = crease(arch - height - wave, 1.6 - 0.4 * lined)
        shading = shading + (0.035 + 0.03 * lined) * depth * line * ends * skin.bare
    return np.asarray(shading, np.float32)


def _chin(skin: SkinMap) -> FloatArray:
    below = skin.landmarks[_BELOW_LIP] + millimetres((0, 0.8))
    bulge = 0.03 * bump(skin, below + millimetres((0, 7)), 9, 4.5)
    return np.asarray(bulge - 0.12 * bump(skin, below, 11, 1.9), np.float32)
