"""The 52 ARKit blendshapes of a portrait, and four more for lids that follow the gaze.

Directions and amplitudes are hand-set (:mod:`shape_tables`), in millimetres, and fitted to the
portrait's own proportions: width of the mouth, thickness of the lips, aperture of the eyes,
reach of the jaw. They are relative to the portrait with its lips closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import BLENDSHAPES
from gioconda.portrait.canonical import mirror_index
from gioconda.portrait.types import View
from gioconda.render.mesh import shape_revisions as revisions
from gioconda.render.mesh import shape_tables as tables
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.closing import closing_displacement, face_in_mm
from gioconda.render.mesh.head_frame import MOUTH_WIDTH_MM
from gioconda.render.mesh.jaw import jaw_follow, jaw_rotation
from gioconda.render.mesh.measured_shapes import measured_corrections
from gioconda.render.mesh.shape_tables import Table
from gioconda.render.mesh.types import HeadMesh, ShapeBasis

Array = npt.NDArray[np.float64]

#: Lids that follow vertical gaze, after the ARKit names in the basis.
LID_SHAPES: Final = ("lidUpLeft", "lidUpRight", "lidDownLeft", "lidDownRight")
SHAPES: Final = (*BLENDSHAPES, *LID_SHAPES)

#: mouthClose brings the lips together where they share the jaw's drop in these parts.
_CLOSE_UPPER: Final = 0.2
_CLOSE_OUTER: Final = 0.9
_CLOSE_CORNER: Final = 0.6
_CLOSE_CHIN: Final = {18: 0.45, 83: 0.45, 182: 0.4, 200: 0.25, 201: 0.25, 194: 0.25, 204: 0.2}

_UPPER_ROWS: Final = tuple(zip(topo.UPPER_LIP_OUTER[:5], topo.UPPER_LIP_INNER[:5], strict=True))
_LOWER_ROWS: Final = tuple(zip(topo.LOWER_LIP_OUTER[:5], topo.LOWER_LIP_INNER[:5], strict=True))
_CORNER_ROW: Final = (topo.CORNER_RIGHT_OUTER, topo.CORNER_RIGHT_INNER)


def build_shapes(mesh: HeadMesh, view: View, *, hand_set: bool = False) -> ShapeBasis:
    """Build the blendshapes of a portrait.

    Args:
        mesh: the portrait's mesh.
        view: the view that the mesh was built from; its size must be the mesh's.
        hand_set: leave out all that was measured on real faces or revised after it: the
            baseline that measures compare with.

    Raises:
        ValueError: the view has another size than the mesh.
    """
    if view.size != mesh.size:
        raise ValueError(f"the view has {view.size} pixels a side, the mesh {mesh.size}")
    closing, mouth = closing_displacement(mesh, view.image)
    closed = face_in_mm(mesh) + closing
    fields = shape_fields(closed, hand_set=hand_set)
    handles = mesh.handles
    displacements = np.stack([fields[name][handles] for name in SHAPES]) * mesh.mm
    return ShapeBasis(
        names=SHAPES,
        displacements=displacements.astype(np.float32),
        closing=(closing[handles] * mesh.mm).astype(np.float32),
        own_gap_mm=max(mouth.gap_mm, 0.0),
    )


def shape_fields(face: Array, *, hand_set: bool = False) -> dict[str, Array]:
    """Return the shapes of a face by name, each (468, 3), millimetres in head axes at weight 1.

    Args:
        face: landmarks of the face with its lips closed, (468, 3), head axes, millimetres.
        hand_set: as for :func:`build_shapes`.
    """
    return _Shapes(face, hand_set).all()


@dataclass(frozen=True)
class _Lips:
    """Proportions of the portrait's own lips.

    Attributes:
        width: half of the mouth, as part of that of a typical one.
        lateral_upper, lateral_lower: 0 at the middle to 1 at the corner, for the five rows from
            next to the corner to the middle.
        upper, lower: thickness of the lips at these rows, millimetres.
    """

    width: float
    lateral_upper: Array
    lateral_lower: Array
    upper: Array
    lower: Array


def _measure_lips(face: Array) -> _Lips:
    corner_right, corner_left = topo.CORNER_RIGHT_OUTER, topo.CORNER_LEFT_OUTER
    half = 0.5 * (face[corner_left, 0] - face[corner_right, 0])
    mirror = mirror_index()

    def lateral(rows: tuple[tuple[int, int], ...]) -> Array:
        outer = np.array([o for o, _ in rows])
        x = 0.5 * (face[mirror[outer], 0] - face[outer, 0]) / half
        return np.asarray(np.clip(x, 0, 1))

    def thickness(rows: tuple[tuple[int, int], ...]) -> Array:
        outer, inner = (np.array(c) for c in zip(*rows, strict=True))
        own = np.abs(face[outer, 1] - face[inner, 1])
        other = np.abs(face[mirror[outer], 1] - face[mirror[inner], 1])
        both = np.minimum(own, other)
        return np.asarray(np.minimum(both, both[-1]))

    return _Lips(
        float(np.clip(2 * half / MOUTH_WIDTH_MM, 0.7, 1.4)),
        lateral(_UPPER_ROWS),
        lateral(_LOWER_ROWS),
        thickness(_UPPER_ROWS),
        thickness(_LOWER_ROWS),
    )


class _Shapes:
    """Builds the shapes of one face; every field is (468, 3), millimetres, head axes."""

    def __init__(self, face: Array, hand_set: bool) -> None:
        self.face = face
        self.hand_set = hand_set
        self.mirror = mirror_index()
        self.lips = _measure_lips(face)

    def all(self) -> dict[str, Array]:
        """Return every shape by name."""
        shapes = {"tongueOut": self._zero()}
        shapes |= self._jaw()
        shapes |= self._mouth()
        shapes |= self._lip_profiles()
        shapes |= self._upper_face()
        shapes |= self._lids()
        for name in BLENDSHAPES:
            if name.startswith("eyeLook"):  # gaze moves the iris and, through lidUp and lidDown,
                shapes[name] = self._zero()  # the lids; it has no displacement of its own
        if not self.hand_set:
            self._revise(shapes)
        shapes["mouthClose"] = self._mouth_close(shapes["jawOpen"])
        return shapes

    def _revise(self, shapes: dict[str, Array]) -> None:
        for name, table in revisions.SIDED.items():
            for side, field in self._pair(name, table).items():
                shapes[side] += field
        for name, table in revisions.WHOLE.items():
            shapes[name] += self._both(table)
        for name, correction in measured_corrections().items():
            shapes[name] += correction

    # --- building blocks ------------------------------------------------------------------

    def _zero(self) -> Array:
        return np.zeros((topo.LANDMARKS, 3))

    def _one_side(self, *parts: Table) -> Array:
        """Return the subject's right half of a shape; midline landmarks get half of it."""
        field = self._zero()
        for table in parts:
            for i, vector in table.items():
                half = 0.5 if self.mirror[i] == i else 1.0
                field[i] += half * np.array(vector)
        return field

    def _mirrored(self, field: Array) -> Array:
        result: Array = field[self.mirror] * (-1.0, 1.0, 1.0)
        return result

    def _pair(self, name: str, *parts: Table) -> dict[str, Array]:
        right = self._one_side(*parts)
        return {name + "Right": right, name + "Left": self._mirrored(right)}

    def _both(self, *parts: Table) -> Array:
        right = self._one_side(*parts)
        return right + self._mirrored(right)

    def _wide(self, table: Table) -> Table:
        """Scale a table's x with the width of the portrait's mouth."""
        return {i: (x * self.lips.width, y, z) for i, (x, y, z) in table.items()}

    # --- the groups -----------------------------------------------------------------------

    def _jaw(self) -> dict[str, Array]:
        opening = jaw_rotation(self.face, tables.JAW_OPEN_DEG)
        opening += self._both(self._wide(tables.JAW_OPEN_LIPS), tables.JAW_OPEN_CHEEKS)
        follow = jaw_follow()[:, None]
        return {
            "jawOpen": opening,
            "jawForward": follow * (0, 0, -tables.JAW_FORWARD_MM),
            "jawLeft": follow * (tables.JAW_SIDE_MM, 0, 0),
            "jawRight": follow * (-tables.JAW_SIDE_MM, 0, 0),
        }

    def _mouth_close(self, opening: Array) -> Array:
        """Return what closes the lips of a jaw that stays open, at the same weight as jawOpen."""
        field = self._zero()
        upper, lower = list(topo.UPPER_LIP_INNER), list(topo.LOWER_LIP_INNER)
        parted = opening[lower] - opening[upper]
        field[upper] = _CLOSE_UPPER * parted
        field[lower] = (_CLOSE_UPPER - 1) * parted
        field[list(topo.UPPER_LIP_OUTER)] = _CLOSE_OUTER * field[upper]
        field[list(topo.LOWER_LIP_OUTER)] = _CLOSE_OUTER * field[lower]
        for i in (*_CORNER_ROW, topo.CORNER_LEFT_OUTER, topo.CORNER_LEFT_INNER):
            field[i] = -_CLOSE_CORNER * opening[i]
        for i, part in _CLOSE_CHIN.items():
            for k in {i, int(self.mirror[i])}:
                field[k] = -part * opening[k]
        return field

    def _mouth(self) -> dict[str, Array]:
        shapes: dict[str, Array] = {}
        for name, lips, around in (
            ("mouthSmile", tables.SMILE_LIPS, tables.SMILE),
            ("mouthFrown", tables.FROWN_LIPS, tables.FROWN),
            ("mouthStretch", tables.STRETCH_LIPS, tables.STRETCH),
            ("mouthDimple", tables.DIMPLE_LIPS, tables.DIMPLE),
        ):
            shapes |= self._pair(name, self._wide(lips), around)
        shapes |= self._pair("mouthUpperUp", tables.UPPER_UP)
        shapes |= self._pair("mouthLowerDown", tables.LOWER_DOWN)
        shift = self._zero()
        shift[list(topo.LIPS), 0] = tables.MOUTH_SHIFT_MM
        for i, x in tables.MOUTH_SHIFT_AROUND.items():
            shift[[i, self.mirror[i]], 0] = x
        shapes |= {"mouthLeft": shift, "mouthRight": -shift}
        shapes["cheekPuff"] = self._both(tables.CHEEK_PUFF)
        return shapes

    def _lip_profiles(self) -> dict[str, Array]:
        """Return the shapes that follow the lips' own proportions from corner to middle."""
        shapes = {
            "mouthPucker": self._pursed(0.34, 1.0, 2.3, -6.0, parted=(-0.5, 1.3)),
            "mouthFunnel": self._pursed(0.22, 1.5, 4.2, -5.5, parted=(1.0, 4.2)),
        }
        upper, lower = {}, {}
        rolled_upper, rolled_lower = tables.ROLLED if self.hand_set else revisions.ROLLED
        for (o, i), x, t in zip(_UPPER_ROWS, self.lips.lateral_upper, self.lips.upper, strict=True):
            upper[o] = (0.0, rolled_upper * t * (1 - 0.25 * x), 2.5)
            upper[i] = (0.0, 0.10 * t * (1 - x), 2.5)
        for (o, i), x, t in zip(_LOWER_ROWS, self.lips.lateral_lower, self.lips.lower, strict=True):
            lower[o] = (0.0, -rolled_lower * t * (1 - 0.25 * x), 2.5)
            lower[i] = (0.0, -0.08 * t * (1 - x), 2.5)
        t = float(self.lips.upper[-1])
        shapes["mouthRollUpper"] = self._both(
            upper, {164: (0, 0.3 * t, 0.6), 167: (0, 0.26 * t, 0.5), 165: (0, 0.2 * t, 0.3)}
        )
        t = float(self.lips.lower[-1])
        shapes["mouthRollLower"] = self._both(
            lower, {18: (0, -0.3 * t, 0.6), 83: (0, -0.28 * t, 0.5), 182: (0, -0.2 * t, 0.3)}
        )
        shapes |= self._pair("mouthPress", self._pressed(), tables.PRESS_AROUND)
        shapes |= self._shrugs()
        return shapes

    def _pursed(
        self, pull: float, up: float, down: float, out: float, parted: tuple[float, float]
    ) -> Array:
        """Return lips drawn to the middle and pushed out.

        Args:
            pull: part of the way to the midline that the corners go.
            up: millimetres that the upper lip's edge rises at the middle.
            down: millimetres that the lower lip's edge falls.
            out: depth of the push, < 0 towards the camera.
            parted: millimetres that the inner edge of the upper lip rises, and that of the lower
                lip falls. Rounded lips swell and hide the upper teeth: more opens below.
        """
        half = 0.5 * MOUTH_WIDTH_MM * self.lips.width
        table: Table = {}
        sides = (
            (_UPPER_ROWS, self.lips.lateral_upper, -up, -parted[0], 1.0, 0.55),
            (_LOWER_ROWS, self.lips.lateral_lower, down, parted[1], 0.9, 0.5),
        )
        for rows, lateral, edge, inner, push, fall in sides:
            for (o, i), x in zip(rows, lateral, strict=True):
                to_middle = pull * half * x**1.35
                c = 1 - x * x
                # The lips' outline rounds as well: it swells in the middle alone.
                table[o] = (to_middle, edge * (1 - 1.5 * x * x), out * (push - fall * x))
                table[i] = (1.06 * to_middle, inner * c, out * (push - 0.1 - 0.45 * x))
        for i in _CORNER_ROW:
            table[i] = ((1.0 if i == _CORNER_ROW[0] else 1.06) * pull * half, 0.0, 0.42 * out)
        around = {
            i: (x * pull * self.lips.width, y, z) for i, (x, y, z) in tables.PUCKER_AROUND.items()
        }
        return self._both(table, around)

    def _pressed(self) -> Table:
        """Return lips pressed together: their visible parts get thinner."""
        table: Table = {}
        for (o, i), x, t in zip(_UPPER_ROWS, self.lips.lateral_upper, self.lips.upper, strict=True):
            table[o] = (0, 0.38 * t * (1 - 0.3 * x), 0.8)
            table[i] = (0, 0.045 * t * (1 - x * x), 0.8)
        for (o, i), x, t in zip(_LOWER_ROWS, self.lips.lateral_lower, self.lips.lower, strict=True):
            table[o] = (0, -0.34 * t * (1 - 0.3 * x), 0.8)
            table[i] = (0, -0.1, 0.8)
        return table

    def _shrugs(self) -> dict[str, Array]:
        lower, upper = {}, {}
        for (o, i), x in zip(_LOWER_ROWS, self.lips.lateral_lower, strict=True):
            c = 1 - 0.75 * x
            lower[o], lower[i] = (0.0, -3.2 * c, -1.5), (0.0, -2.6 * c, -1.0)
        for (o, i), x in zip(_UPPER_ROWS, self.lips.lateral_upper, strict=True):
            c = 1 - 0.75 * x
            upper[o], upper[i] = (0.0, -2.4 * c, -1.2), (0.0, -2.2 * c, -1.0)
        return {
            "mouthShrugLower": self._both(lower, tables.SHRUG_LOWER_AROUND),
            "mouthShrugUpper": self._both(upper, tables.SHRUG_UPPER_AROUND),
        }

    def _upper_face(self) -> dict[str, Array]:
        shapes: dict[str, Array] = {"browInnerUp": self._both(tables.BROW_INNER_UP)}
        for name, table in (
            ("cheekSquint", tables.CHEEK_SQUINT),
            ("noseSneer", tables.NOSE_SNEER),
            ("browDown", tables.BROW_DOWN),
            ("browOuterUp", tables.BROW_OUTER_UP),
        ):
            shapes |= self._pair(name, table)
        return shapes

    def _lids(self) -> dict[str, Array]:
        """Return the lid shapes, parts of each eye's own aperture."""
        shapes: dict[str, Array] = {}
        for side, upper, lower, crease, under, brow in (
            ("Right", topo.RIGHT_UPPER_LID, topo.RIGHT_LOWER_LID, topo.RIGHT_CREASE,
             topo.RIGHT_UNDER_EYE, topo.RIGHT_BROW_LOWER),
            ("Left", topo.LEFT_UPPER_LID, topo.LEFT_LOWER_LID, topo.LEFT_CREASE,
             topo.LEFT_UNDER_EYE, topo.LEFT_BROW_LOWER),
        ):  # fmt: skip
            aperture = self.face[list(lower)] - self.face[list(upper)]
            height = np.abs(aperture[:, 1])
            for name, (of_upper, of_lower, of_crease, of_under) in tables.LIDS.items():
                field = self._zero()
                field[list(upper), 1] = of_upper * aperture[:, 1]
                field[list(lower), 1] = -of_lower * aperture[:, 1]
                field[list(crease), 1] = of_crease * aperture[:, 1]
                field[list(under), 1] = of_under * height
                if name == "eyeBlink":
                    field[list(upper), 0] = tables.BLINK_SLIDE * aperture[:, 0]
                    field[list(upper), 2] = tables.BLINK_BULGE * height
                    field[list(brow), 1] += tables.BLINK_BROW_MM
                shapes[name + side] = field
        return shapes
