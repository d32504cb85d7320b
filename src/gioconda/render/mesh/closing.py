"""What brings a portrait's own open mouth to closed, neutral lips.

A portrait that talks, laughs or shouts has no neutral mouth of its own. Its target is a blend of
its own shape with the canonical one: mouth width, lip line and lip thickness; the jaw turns up so
that the chin follows the lower lip, and cheeks that a smile has pulled are let go in part. Where
lips are closed already, smiling or not, nothing is done: the portrait at rest is the portrait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import canonical_landmarks, mirror_index
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.head_frame import EYE_SPAN_MM, measure_head
from gioconda.render.mesh.jaw import jaw_swing
from gioconda.render.mesh.lip_line import CLOSED_GAP_MM
from gioconda.render.mesh.lower_lip import lip_overhang
from gioconda.render.mesh.types import ByteImage, HeadMesh
from gioconda.render.mesh.unfold import CHIN_COLUMNS, CHIN_ROWS

Array = npt.NDArray[np.float64]

#: Part of the lower lip's way that the chin follows, for a wide and for a narrow gap.
CHIN_FOLLOWS: Final = 0.74
CHIN_FOLLOWS_NARROW: Final = 0.35
CHIN_LIMIT_MM: Final = 30.0
#: Corners of a closed mouth lie this much below its middle.
CORNER_DROP_MM: Final = 0.8
#: How a full smile has moved the cheek (outwards, upwards), in millimetres, and the part undone.
SMILE_PULL: Final[dict[int, tuple[float, float]]] = {
    216: (4.0, 4.2), 206: (2.8, 3.2), 212: (4.0, 2.6), 214: (2.8, 2.4), 207: (3.0, 3.4),
    187: (1.8, 3.0), 205: (1.4, 2.8), 50: (0.4, 1.8), 192: (1.8, 1.2), 204: (2.0, 1.0),
    165: (1.2, 1.0), 129: (0.6, 0.5),
}  # fmt: skip
SMILE_UNDONE: Final = 0.75
#: The skin over the lips follows their outer edge by this much.
PHILTRUM_FOLLOWS: Final = {164: 0.55, 167: 0.55, 393: 0.55, 165: 0.45, 391: 0.45}


@dataclass(frozen=True)
class RestingMouth:
    """A portrait's own mouth, in millimetres.

    Attributes:
        gap_mm: between the inner lips at the middle.
        width_mm: corner to corner, inner.
        smile: 0 none, 1 broad.
    """

    gap_mm: float
    width_mm: float
    smile: float


def mouth_at_rest(face: Array) -> RestingMouth:
    """Measure the mouth of a face given in head axes and millimetres, (468, 3)."""
    own, typical = _mouth_measures(face), _mouth_measures(canonical_face())
    lift = (own.lift_mm - typical.lift_mm - 1.0) / 3.5
    widening = (own.width_mm / typical.width_mm - 1.04) / 0.16
    smile = 1.3 * (0.55 * np.clip(lift, 0, 1) + 0.45 * np.clip(widening, 0, 1))
    if own.gap_mm > 6:  # a mouth wide open is stretched by the jaw, not by a smile
        smile *= np.clip(1 - (own.gap_mm - 14) / 12, 0, 1)
    return RestingMouth(own.gap_mm, own.width_mm, float(np.clip(smile, 0, 1)))


def canonical_face() -> Array:
    """Return the canonical face in its head axes, millimetres, nose tip at 0, (468, 3)."""
    landmarks = canonical_landmarks().astype(np.float64)
    return measure_head(landmarks).coordinates(landmarks) * EYE_SPAN_MM


def face_in_mm(mesh: HeadMesh) -> Array:
    """Return the mesh's landmarks in head axes, millimetres, nose tip at 0, (468, 3)."""
    p = mesh.vertices[: topo.LANDMARKS].astype(np.float64)
    result: Array = (p - p[topo.NOSE_TIP]) @ mesh.axes.T.astype(np.float64) / mesh.mm
    return result


def closing_displacement(mesh: HeadMesh, image: ByteImage) -> tuple[Array, RestingMouth]:
    """Return the displacement of all landmarks that closes the mouth, and the mouth at rest.

    Args:
        mesh: the portrait's mesh.
        image: the view that it was built from.

    Returns:
        (468, 3) in millimetres along the head's axes, zero where lips are closed already; and
        the measures of the portrait's own mouth.
    """
    face = face_in_mm(mesh)
    mouth = mouth_at_rest(face)
    if mouth.gap_mm < CLOSED_GAP_MM:
        return np.zeros_like(face), mouth
    overhang = lip_overhang(mesh, image, mouth.gap_mm)
    target = _closed_target(face, canonical_face(), mouth, overhang)
    return target - face, mouth


@dataclass(frozen=True)
class _MouthMeasures:
    gap_mm: float
    width_mm: float
    lift_mm: float


def _mouth_measures(face: Array) -> _MouthMeasures:
    upper = face[topo.UPPER_LIP_INNER[topo.LIP_MIDDLE], 1]
    lower = face[topo.LOWER_LIP_INNER[topo.LIP_MIDDLE], 1]
    corners = face[[topo.CORNER_RIGHT_OUTER, topo.CORNER_LEFT_OUTER], 1].mean()
    right, left = face[topo.CORNER_RIGHT_INNER, 0], face[topo.CORNER_LEFT_INNER, 0]
    line = 0.5 * (upper + lower)
    return _MouthMeasures(float(lower - upper), float(left - right), float(line - corners))


def _closed_target(face: Array, typical: Array, mouth: RestingMouth, overhang: float) -> Array:
    """Return where the landmarks of a face lie once its mouth is closed, (468, 3)."""
    typical = typical + (face[topo.NOSE_BASE] - typical[topo.NOSE_BASE])
    target = face.copy()
    upper_middle = face[topo.UPPER_LIP_INNER[topo.LIP_MIDDLE], 1]
    lower_middle = face[topo.LOWER_LIP_INNER[topo.LIP_MIDDLE], 1]
    typical_line = typical[topo.UPPER_LIP_INNER[topo.LIP_MIDDLE], 1]
    line_y = upper_middle + float(np.clip(0.65 * (typical_line - upper_middle), -0.5, 4.5))

    follows = CHIN_FOLLOWS if mouth.gap_mm > 4 else CHIN_FOLLOWS_NARROW
    rise = min(follows * max(lower_middle - line_y, 0.0), CHIN_LIMIT_MM)
    target += _jaw_rise(face, rise)
    _release_smile(target, mouth.smile)
    _place_lips(target, face, typical, mouth, line_y)
    scale = _shorten_lower_lip(target, face, overhang)

    upper_shift = target[0, 1] - face[0, 1]
    for i, part in PHILTRUM_FOLLOWS.items():
        target[i, 1] += part * upper_shift
    _spread_chin(target, face, mouth.gap_mm, overhang, scale)
    return _blended(face, target, mouth)


def _jaw_rise(face: Array, rise: float) -> Array:
    """Turn the jaw up until the chin has risen so far, mm; far turns would overshoot."""
    swing = jaw_swing(face, chin_mm=-rise)
    risen = -float(swing[topo.CHIN, 1])
    return swing * min(rise / max(risen, 1e-3), 1.0)


def _blended(face: Array, target: Array, mouth: RestingMouth) -> Array:
    """Go to the target as far as the mouth is away from neutral; the inner lips always meet."""
    parted = float(smoothstep((mouth.gap_mm - CLOSED_GAP_MM) / 1.2))
    smiling = 0.8 * float(smoothstep((mouth.smile - 0.15) / 0.35))
    result = face + max(parted, smiling) * (target - face)
    inner = (topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER)
    outer = (topo.UPPER_LIP_OUTER, topo.LOWER_LIP_OUTER)
    upper, lower = (list(row) for row in inner)
    gap = result[lower] - result[upper]
    result[upper] += 0.4 * gap
    result[lower] -= 0.6 * gap
    result[list(outer[0])] += 0.2 * gap
    result[list(outer[1])] -= 0.35 * gap
    return result


def _shorten_lower_lip(target: Array, face: Array, overhang: float) -> float:
    """Leave room for the part of the lower lip that reaches beyond its landmarks.

    Returns:
        How much that part shrinks as the mouth closes, 1 where there is none.
    """
    if overhang <= 0:
        return 1.0
    outer, inner = list(topo.LOWER_LIP_OUTER), list(topo.LOWER_LIP_INNER)
    own = np.linalg.norm(face[outer, :2] - face[inner, :2], axis=1)
    # Towards the corners the lip ends where its landmarks say.
    part = own / (own + overhang * np.sin(np.linspace(0, np.pi, len(outer) + 2))[1:-1])
    target[outer, 1] = target[inner, 1] + part * (target[outer, 1] - target[inner, 1])
    k = topo.LIP_MIDDLE
    return float((target[outer[k], 1] - target[inner[k], 1]) / max(own[k], 1.0))


def _spread_chin(target: Array, face: Array, gap_mm: float, overhang: float, scale: float) -> None:
    """Let the skin between lower lip and jaw follow both ends.

    Where the mouth was wide open the skin also goes back to its typical distribution. The lip
    that overhangs its landmarks, in millimetres, shrinks by a scale.
    """
    wide = float(smoothstep((gap_mm - 4) / 12)) * float(np.clip(1 - overhang / 2, 0, 1))
    down = np.array([0.0, 1.0, 0.0])
    for column in CHIN_COLUMNS:
        lip, jaw = column[0], column[-1]
        over = overhang * float(np.clip(1 - (face[lip, 0] / 26.0) ** 2, 0, 1))
        length = face[jaw, 1] - face[lip, 1] - over
        at_lip = target[lip] - face[lip]
        at_edge = at_lip + (scale - 1) * over * down
        for i, typical in zip(column[1:-1], CHIN_ROWS[1:-1], strict=True):
            below = face[i, 1] - face[lip, 1]
            own = float(np.clip((below - over) / max(length, 1.0), 0, 1))
            moved = (1 - own) * at_edge + own * (target[jaw] - face[jaw])
            if below < over:
                moved = at_lip + (scale - 1) * below * down
            target[i] = face[i] + moved
            target[i, 1] += wide * (typical - own) * (target[jaw, 1] - target[lip, 1])


def _release_smile(target: Array, smile: float) -> None:
    mirror = mirror_index()
    for i, (outwards, upwards) in SMILE_PULL.items():
        for k, inwards in ((i, 1.0), (int(mirror[i]), -1.0)):
            target[k, 0] += SMILE_UNDONE * smile * inwards * outwards
            target[k, 1] += SMILE_UNDONE * smile * upwards


def _place_lips(
    target: Array, face: Array, typical: Array, mouth: RestingMouth, line_y: float
) -> None:
    """Put both lips on one line, with the width and thickness of a mouth at rest."""
    right, left = topo.CORNER_RIGHT_INNER, topo.CORNER_LEFT_INNER
    middle_x, typical_x = (0.5 * (f[right, 0] + f[left, 0]) for f in (face, typical))
    half, typical_half = (0.5 * (f[left, 0] - f[right, 0]) for f in (face, typical))
    width = half
    if mouth.gap_mm > 3 or mouth.smile > 0.2:
        width = np.clip(0.4 * half + 0.6 * typical_half, 0.86 * typical_half, 1.08 * typical_half)
    tilt = 0.25 * (face[left, 1] - face[right, 1])
    z_corner = 0.5 * (face[right, 2] + face[left, 2])
    z_typical = 0.5 * (typical[right, 2] + typical[left, 2])

    def across(ids: list[int], limit: float) -> Array:
        own = (face[ids, 0] - middle_x) / half
        usual = (typical[ids, 0] - typical_x) / typical_half
        return np.asarray(np.clip(0.35 * own + 0.65 * usual, -limit, limit))

    def on_line(u: Array) -> Array:
        y = line_y + CORNER_DROP_MM * np.abs(u) ** 2.2 + tilt * u
        return np.stack([middle_x + u * width, y], -1)

    def depth(ids: list[int]) -> Array:
        usual = z_corner + typical[ids, 2] - z_typical
        return np.asarray(0.4 * face[ids, 2] + 0.6 * usual)

    for outer, inner, side in (
        (topo.CORNER_RIGHT_OUTER, right, -1.0),
        (topo.CORNER_LEFT_OUTER, left, 1.0),
    ):
        lip = float(np.clip(abs(face[outer, 0] - face[inner, 0]), 1.0, 2.6))
        target[inner, :2] = on_line(np.array(side))
        target[outer, :2] = target[inner, :2] + (side * lip, -0.1)
        target[[outer, inner], 2] = face[[outer, inner], 2]

    upper, lower = list(topo.UPPER_LIP_INNER), list(topo.LOWER_LIP_INNER)
    u = 0.5 * (across(upper, 0.97) + across(lower, 0.97))
    target[upper, :2] = target[lower, :2] = on_line(u)
    target[upper, 2] = target[lower, 2] = 0.5 * (depth(upper) + depth(lower))

    parted = float(smoothstep((mouth.gap_mm - 2) / 6))
    swollen = 1 + 0.15 * float(smoothstep((mouth.gap_mm - 2) / 4))
    for row, inner_row, side in (
        (topo.UPPER_LIP_OUTER, upper, -1.0),
        (topo.LOWER_LIP_OUTER, lower, 1.0),
    ):
        ids = list(row)
        own = np.linalg.norm(face[ids, :2] - face[inner_row, :2], axis=1)
        usual = np.abs(typical[ids, 1] - typical[inner_row, 1])
        thickness = (1 - 0.45 * parted) * swollen * own + 0.45 * parted * usual
        thickness = np.clip(thickness, (0.25 + 0.35 * parted) * usual, 1.6 * usual + 0.5)
        place = on_line(across(ids, 0.98))
        target[ids, 0] = place[:, 0]
        target[ids, 1] = place[:, 1] + side * thickness
        target[ids, 2] = depth(ids)
