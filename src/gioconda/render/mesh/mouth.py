"""Paints the inside of the mouth between the posed lips."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gioconda.motion import INDEX
from gioconda.portrait.types import View
from gioconda.render.mesh import lip_table_kernels as lip_table
from gioconda.render.mesh import mouth_kernels as kernels
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.dental_age import dental_age
from gioconda.render.mesh.dentition import fitted_row
from gioconda.render.mesh.depth import smooth_ramp
from gioconda.render.mesh.mouth_colours import grain_tile, measure_colours
from gioconda.render.mesh.mouth_frame import mouth_frame
from gioconda.render.mesh.own_teeth import calibrated, find_own_teeth
from gioconda.render.mesh.types import (
    ByteImage,
    FloatArray,
    HeadMesh,
    PosedHead,
    ShapeBasis,
)

#: Up to this gap, in mm, the lips of a portrait count as closed and their gap as none.
CLOSED_GAP_MM: Final = 1.0
#: The upper incisal edge lies this far under the closed lips' line. In clips of eight people
#: it lies from 2 mm over it to 3 mm under it; more would fill every small opening with teeth.
UPPER_EDGE_MM: Final = 2.6
#: A lip drawn back over the teeth thins and bares this much more of them than its edge rises.
SMILE_BARES_MM: Final = 1.0
#: A subject's own edge that lies outside this range tells that the guess of the closed lips' line
#: is off; the teeth are moved to agree with it.
OWN_EDGE_RANGE_MM: Final = (1.8, 4.2)
#: Closed rows overlap by this much.
OVERBITE_MM: Final = 1.7
#: ``tongueOut`` up to this weight raises the tip to the upper teeth (L, N, TH); beyond it the
#: tongue comes out over the lower teeth.
TONGUE_RAISED_AT: Final = 0.35
#: Dentition strips are this much denser than the screen.
_STRIP_DENSITY: Final = 1.6
_JAW: Final = ("jawOpen", "jawForward", "jawLeft", "jawRight")
_CHIN: Final = (199, 175, 152, 148, 377)
#: Lips closer than this, in mm, leave nothing to paint.
_NOTHING_MM: Final = 0.04


def _soft_positive(x: float, softness: float) -> float:
    """Return max(x, 0) with a rounded corner."""
    return 0.5 * (x + math.sqrt(x * x + softness))


class MouthPainter:
    """Paints cavity, tongue, teeth and inner lips of one portrait.

    Teeth of the upper row stay with the skull; the lower row and the tongue follow the jaw.
    A portrait with closed lips is left as it is until they part. In one that shows its own
    mouth open, the photo's mouth is replaced as ``articulation`` rises (or as the lips part
    further than in the photo), and the subject's own upper teeth are kept.

    ``tongueOut`` up to :data:`TONGUE_RAISED_AT` raises the tip of the tongue to the upper teeth,
    as for L, N and TH; beyond that it comes out over the lower teeth.

    Args:
        view: the portrait's view.
        mesh: its mesh.
        basis: its shapes.
    """

    def __init__(self, view: View, mesh: HeadMesh, basis: ShapeBasis) -> None:
        self._frame = mouth_frame(mesh, basis)
        self._ring = np.ascontiguousarray(mesh.rings["mouth"], np.int32)
        self._own_open = basis.own_gap_mm > CLOSED_GAP_MM
        names = list(basis.names)
        self._weight = {name: names.index(name) for name in names}
        handle = {int(h): i for i, h in enumerate(mesh.handles)}
        chin = [handle[h] for h in _CHIN]
        lip = handle[topo.LOWER_LIP_INNER[topo.LIP_MIDDLE]]
        self._jaw_shapes = [names.index(name) for name in _JAW]
        moved = basis.displacements[self._jaw_shapes]
        self._jaw_mm = np.stack([moved[:, chin, 0].mean(1), moved[:, lip, 1]], axis=1) / mesh.mm
        # The photo's own jaw lies this far below that of the closed mouth.
        self._own_jaw_mm = max(-float(basis.closing[chin, 1].mean()) / mesh.mm, 0.0)

        own_vertices = mesh.vertices[:, :2]
        self._own_gap = float(self._gaps(own_vertices).max())
        moved_by_closing = mesh.handle_weights @ (basis.closing @ mesh.axes)
        self._closed_gaps_mm = self._gaps(own_vertices + moved_by_closing[:, :2])

        colours = measure_colours(view, mesh)
        own = find_own_teeth(view, mesh, self._frame, colours, basis.own_gap_mm)
        self._upper_edge, self._edge_shift = UPPER_EDGE_MM, 0.0
        self._sprite = np.zeros((2, 2, 4), np.float32)
        self._own_edge = np.zeros((2, lip_table.TABLE_LENGTH), np.float32)
        parameters = np.zeros(kernels.PARAMETERS, np.float32)
        if own is not None:
            colours, weight = calibrated(colours, own)
            self._sprite, self._own_edge = own.sprite, own.edge_table()
            self._upper_edge = own.edge_mm
            self._edge_shift = float(np.clip(own.edge_mm, *OWN_EDGE_RANGE_MM)) - own.edge_mm
            parameters[kernels.SPRITE_X : kernels.SPRITE_WEIGHT] = (*own.origin, own.px_per_mm)
            parameters[kernels.SPRITE_WEIGHT] = weight
        self._colours = colours
        # Shading goes down to the picture's black: lit colours are given as what lies above it.
        lift = colours.black
        lit = np.stack([colours.tooth, colours.cavity, colours.tongue])
        lit[[0, 2]] = np.maximum(lit[[0, 2]] - lift, 0) / (1 - lift / 255)
        self._palette = np.concatenate([lit, lift[None]])
        density = float(np.clip(_STRIP_DENSITY * mesh.mm, 1.6, 9.0))
        density /= 1 + 0.35 * colours.blur_px + 0.25 * colours.blur_px**2
        eyes = mesh.landmarks[list(topo.RIGHT_EYE_CORNERS), 0] / mesh.size
        seed = int(abs(eyes[0] * 7 + eyes[1] * 13) * 512) % 97
        row = (seed, colours.light_side, density, colours.detail, colours.saturation)
        age = dental_age(view, mesh)
        self._upper_row = fitted_row(True, *row, age)
        self._lower_row = fitted_row(False, *row, age)
        parameters[kernels.ROW_PX_PER_MM] = self._upper_row.shape[0] / 24.0
        parameters[kernels.EXPOSURE] = colours.exposure
        parameters[kernels.SATURATION] = colours.saturation
        parameters[kernels.SOFTNESS] = colours.blur_px
        parameters[kernels.CREASE] = 0.34 if self._own_open else 0.0
        # The wider the photo's own mouth, the more of it is left on the lips once they close.
        parameters[kernels.REPAIR] = smooth_ramp((basis.own_gap_mm - 3.0) / 6.0)
        parameters[kernels.GRAIN_PX_PER_MM] = mesh.mm
        self._parameters = parameters
        self._grain = grain_tile(colours.grain, seed)

    def draw(self, out: ByteImage, head: PosedHead) -> None:
        """Paint the mouth of a moment into a frame, in place.

        Nothing outside the inner lip edge changes, but for two mends within 4.4 mm of it: the dark
        line that closed lips leave on parted ones is lightened, and lips brought to meet from
        an open photo get a line.

        Args:
            out: (size, size, 3) uint8 RGB, the frame without the mouth's inside.
            head: the posed head.
        """
        screen = self._frame.on_screen(head)
        table = np.empty((2, lip_table.TABLE_LENGTH), np.float32)
        left, right, gap = lip_table.lip_tables(
            head.screen, self._ring, screen.to_mouth, self._closed_gaps(head), table
        )
        opacity = self._opacity(head, gap)
        if opacity <= 0 or (gap < _NOTHING_MM and not self._own_open):
            return
        p = self._parameters.copy()
        p[kernels.OPACITY] = opacity
        p[kernels.GAP] = gap
        p[kernels.PX_PER_MM] = screen.px_per_mm
        p[kernels.ARCH_DX], p[kernels.ARCH_DY] = screen.deeper
        self._place(p, head, table, left, right, gap)
        kernels.paint_mouth(
            out,
            self._box(head, screen.px_per_mm),
            screen.to_mouth,
            table,
            left,
            right,
            self._palette,
            self._colours.lips,
            self._upper_row,
            self._lower_row,
            self._sprite,
            self._own_edge,
            self._grain,
            p,
        )

    def _gaps(self, points: FloatArray) -> FloatArray:
        """Gap of each pair of ring points in the portrait's view, (h + 1,) in mm, 0 or more."""
        half = len(self._ring) // 2
        upper = self._ring[: half + 1]
        lower = np.concatenate([self._ring[:1], self._ring[: half - 1 : -1]])
        to_view = self._frame.to_view[:, :2].astype(np.float64)
        apart = np.linalg.solve(to_view, (points[lower] - points[upper]).T)[1]
        gaps: FloatArray = np.maximum(apart, 0).astype(np.float32)
        return gaps

    def _closed_gaps(self, head: PosedHead) -> FloatArray:
        """Gaps that count as closed at a moment: what neutral, closed lips leave."""
        if not self._own_open:
            return self._closed_gaps_mm
        return self._closed_gaps_mm * np.float32(self._articulation(head))

    @staticmethod
    def _articulation(head: PosedHead) -> float:
        return min(max(float(head.moment[INDEX["articulation"]]), 0.0), 1.0)

    def _opacity(self, head: PosedHead, gap: float) -> float:
        """How far the painted mouth replaces the picture's own."""
        if not self._own_open:
            return 1.0
        wider = smooth_ramp((gap - 1.08 * self._own_gap - 0.5) / 4.0)
        return max(smooth_ramp(self._articulation(head)), wider)

    def _w(self, head: PosedHead, *names: str) -> float:
        """Mean weight of shapes."""
        return sum(float(head.weights[self._weight[n]]) for n in names) / len(names)

    def _place(
        self,
        p: FloatArray,
        head: PosedHead,
        table: FloatArray,
        left: float,
        right: float,
        gap: float,
    ) -> None:
        """Set the places of rows and tongue in the parameters."""
        jaw_x, jaw_y = (head.weights[self._jaw_shapes] @ self._jaw_mm).tolist()
        if self._own_open:
            jaw_y += (1 - self._articulation(head)) * self._own_jaw_mm
        jaw_y = min(max(jaw_y, 0.0), 40.0)
        pucker = self._w(head, "mouthPucker")
        rounded = min(1.0, 0.8 * self._w(head, "mouthFunnel") + 0.9 * pucker)
        spread = self._w(head, "mouthSmileLeft", "mouthSmileRight") + self._w(
            head, "mouthStretchLeft", "mouthStretchRight"
        )
        tongue = float(np.clip(self._w(head, "tongueOut"), 0, 1))
        raise_ = smooth_ramp(tongue / TONGUE_RAISED_AT)

        middle = round((0.5 * (left + right) + lip_table.TABLE_REACH) / lip_table.TABLE_STEP)
        middle = min(max(middle, 0), lip_table.TABLE_LENGTH - 1)
        upper_lip, lower_lip = float(table[0, middle]), float(table[1, middle])
        shift = self._articulation(head) * self._edge_shift
        drawn = 1 - float(p[kernels.SPRITE_WEIGHT])
        upper = self._upper_edge + shift + drawn * SMILE_BARES_MM * min(max(spread, 0.0), 1.0)
        # The first millimetre of jaw opening does not part the rows.
        lower = upper - OVERBITE_MM + max(_soft_positive(jaw_y - 1.0, 1.2) - 0.24, 0.0)
        # The lower lip hides most of the lower row, unless it is pulled down ...
        open_part = min(max(lower_lip - upper_lip, 0.0), 10.0) / 10.0
        pulled = self._w(head, "mouthLowerDownLeft", "mouthLowerDownRight")
        most = 2.9 + 1.3 * open_part + 1.6 * pulled
        too_low = lower_lip - most - lower
        may_part = 0.5 + 0.6 * max(lower - upper + 0.5, 0.0)
        may_part += 0.3 * _soft_positive(gap - 6.0, 1.0) * max(1.0 - spread, 0.0)
        lower += min(_soft_positive(too_low, 0.6) - 0.2, may_part)
        # ... and shows some of it in an open mouth, without closing the rows.
        least = 5.2 * min(max((gap - 2.5) / 10.0, 0.0), 1.0)
        least *= (1 - 0.6 * rounded) * (1 - 0.5 * raise_)
        raised = _soft_positive(lower - (lower_lip - least), 0.4)
        lower -= min(raised, 0.2 + 0.65 * max(lower - upper, 0.0))

        p[kernels.SPRITE_DY] = shift
        p[kernels.UPPER_EDGE] = upper
        p[kernels.LOWER_EDGE] = lower
        p[kernels.JAW_X] = jaw_x
        p[kernels.SEPARATION] = max(lower - upper, 0.0)
        p[kernels.BOUNCE] = math.exp(-max(lower - upper, 0.0) / 2.5)
        p[kernels.TONGUE_RAISE] = raise_
        p[kernels.TONGUE_OUT] = smooth_ramp((tongue - TONGUE_RAISED_AT) / (1 - TONGUE_RAISED_AT))
        p[kernels.TONGUE_BACK] = 0.8 * rounded
        p[kernels.TONGUE_FRONT] = min(max(spread, 0.0), 1.0) * (1 - rounded)
        p[kernels.DAYLIGHT] = 0.64 + 0.36 * smooth_ramp((0.5 * (right - left) - 7.0) / 11.0)
        p[kernels.HALF_WIDTH] = max(0.5 * (right - left), 1.0)
        bared = self._w(head, "mouthUpperUpLeft", "mouthUpperUpRight")
        # For f and v the lower lip lies against bared teeth.
        bite = 4.0 * bared * self._w(head, "mouthRollLower")
        p[kernels.SPREAD] = min(max(spread + 0.6 * bared + bite, 0.0), 1.0)
        p[kernels.GLOSS] = self._colours.gloss * (1 - 0.5 * rounded)

    def _box(self, head: PosedHead, px_per_mm: float) -> tuple[int, int, int, int]:
        """Pixels to visit."""
        ring = head.screen[self._ring]
        reach = 2 + math.ceil(kernels.MEND_REACH * px_per_mm)
        size = head.size
        x0, y0 = ring.min(0).tolist()
        x1, y1 = ring.max(0).tolist()
        return (
            max(int(x0) - 2, 0),
            max(int(y0) - reach, 0),
            min(int(x1) + 3, size),
            min(int(y1) + reach + 1, size),
        )
