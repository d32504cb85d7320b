"""One moment of motion applied to the mesh: expression, head pose, projection."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, gaze_of
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.body import Body
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray, HeadMesh, IntArray, PosedHead, ShapeBasis

#: Distance of the camera at rest, in face widths.
CAMERA_FACE_WIDTHS: Final = 7.0
#: Weights beyond these would fold the face; motion from elsewhere may carry them.
WEIGHT_RANGE: Final = (-0.6, 1.3)
#: Lids opened further than this show where the photo ends under them; so does no other shape.
LEAST_BLINK: Final = -0.3
#: Vertical gaze at which the lids' own shapes reach weight 1, and their limit.
LID_DOWN_DEG: Final = 22.0
LID_UP_DEG: Final = 20.0
LID_LIMIT: Final = 1.1
#: The eye turns further down than "lidDown" at weight 1 covers; the lid keeps up with it.
LID_DOWN_GAIN: Final = 1.3
#: Closed lids keep this part of the aperture, so that no triangle flips.
LID_REST: Final = 0.02
#: Turn at which a side that turns away has fallen back fully behind the edge of the face.
HIDDEN_DEG: Final = 10.0
#: A portrait turned by more than this has a far side; it collapses onto the contour as the head
#: turns back by the second and third angle.
FAR_SIDE_DEG: Final = 9.0
COLLAPSE_FROM_DEG: Final = 1.0
COLLAPSE_TO_DEG: Final = 10.0
#: How far such a portrait turns towards the camera at most, from the least turned to one that is
#: turned by the second angle or more: its far side was never seen, and what stands in for it (its
#: own shading, the near side's detail) looks like a face up to there. Up to this part of the limit
#: it turns as told.
TOWARDS_LIMITS_DEG: Final = (26.0, 17.0)
MUCH_TURNED_DEG: Final = 25.0
UNLIMITED_PART: Final = 0.5


def head_rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """Return the rotation of the head in view coordinates, (3, 3), Rz @ Ry @ Rx.

    Yaw > 0 turns the nose to the image's right, pitch > 0 down, roll > 0 clockwise as seen.
    """
    yaw, pitch, roll = (math.radians(a) for a in (yaw_deg, pitch_deg, roll_deg))
    cy, sy = math.cos(yaw), math.sin(yaw)
    cp, sp = math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    rotation: FloatArray = (about_z @ about_y @ about_x).astype(np.float32)
    return rotation


def bearable_yaw(yaw_deg: float, own_yaw_deg: float) -> float:
    """Return the yaw to draw for the yaw asked for: soft-limited towards an unseen far side.

    Args:
        yaw_deg: asked for, relative to the portrait.
        own_yaw_deg: the portrait's own; below 9 degrees either way nothing is limited.
    """
    turned = abs(own_yaw_deg)
    towards = -math.copysign(yaw_deg, yaw_deg * own_yaw_deg)
    if turned < FAR_SIDE_DEG or towards <= 0:
        return yaw_deg
    much = float(smoothstep((turned - FAR_SIDE_DEG) / (MUCH_TURNED_DEG - FAR_SIDE_DEG)))
    limit = TOWARDS_LIMITS_DEG[0] + much * (TOWARDS_LIMITS_DEG[1] - TOWARDS_LIMITS_DEG[0])
    free = UNLIMITED_PART * limit
    over = max(towards - free, 0.0)
    rest = limit - free
    return math.copysign(min(towards, free) + rest * math.tanh(over / rest), yaw_deg)


def camera_distance(mesh: HeadMesh) -> float:
    """Return the distance of the rest camera from the picture plane, pixels."""
    return CAMERA_FACE_WIDTHS * mesh.face_width


def unproject(points: FloatArray, size: int, camera: float) -> FloatArray:
    """Take the rest camera's perspective out of points at rest, (n, 3).

    ``PosedHead.rigid`` and ``PosedHead.project`` of the result give the points back where the
    head is neutral.
    """
    centre = size / 2
    k = (camera + points[:, 2:3]) / camera
    result: FloatArray = np.hstack([centre + (points[:, :2] - centre) * k, points[:, 2:3]])
    return result.astype(np.float32)


class Deformer:
    """Applies moments of motion to one mesh. Holds scratch arrays: one for each thread."""

    def __init__(self, mesh: HeadMesh, basis: ShapeBasis) -> None:
        self._mesh = mesh
        self._basis = basis
        self._camera = camera_distance(mesh)
        self._flat = np.ascontiguousarray(
            basis.displacements.reshape(len(basis.names), -1), np.float32
        )
        self._closing = np.ascontiguousarray(basis.closing, np.float32)
        self._axes = np.ascontiguousarray(mesh.axes, np.float32)

        follows = np.flatnonzero(np.abs(mesh.handle_weights).max(1) > 1e-4)
        self._weights = np.ascontiguousarray(mesh.handle_weights[follows], np.float32)
        self._row = np.full(len(mesh.vertices), -1, np.int32)
        self._row[follows] = np.arange(len(follows))
        self._moved = np.zeros((len(follows), 3), np.float32)
        self._rest = np.ascontiguousarray(np.c_[mesh.vertices[:, :2], mesh.relief], np.float32)
        self._rotation_weight = np.ascontiguousarray(mesh.rotation_weight, np.float32)
        self._behind = self._hiding()
        self._free = np.ascontiguousarray(mesh.free, np.float32)

        self._shape_columns = np.array([INDEX[n] for n in BLENDSHAPES])
        names = {n: i for i, n in enumerate(basis.names)}
        self._blink = [names["eyeBlinkLeft"], names["eyeBlinkRight"]]
        self._lid_up = [names["lidUpLeft"], names["lidUpRight"]]
        self._lid_down = [names["lidDownLeft"], names["lidDownRight"]]
        self._shape_rows = np.array([names[n] for n in BLENDSHAPES])

        down = mesh.axes[1] * (1, 1, 0)
        down /= np.linalg.norm(down)
        self._sight = np.ascontiguousarray(mesh.axes @ down, np.float32)
        self._lips = self._lip_contacts(down)
        self._lids = self._lid_contacts(down)
        self._collapse = self._far_collapse()
        self._body = Body(mesh)

    @property
    def camera(self) -> float:
        """Distance of the rest camera from the picture plane, pixels."""
        return self._camera

    def new_pose(self) -> PosedHead:
        """Return an empty pose to be filled in by :meth:`pose`."""
        mesh, count = self._mesh, len(self._mesh.vertices)
        return PosedHead(
            moment=np.zeros(len(CHANNELS), np.float32),
            weights=np.zeros(len(self._basis.names), np.float32),
            displacement=np.zeros((len(mesh.handles), 3), np.float32),
            rotation=np.eye(3, dtype=np.float32),
            translation=np.zeros(3, np.float32),
            pivot=np.ascontiguousarray(mesh.pivot, np.float32),
            camera=self._camera,
            camera_now=self._camera,
            screen=np.zeros((count, 2), np.float32),
            position=np.zeros((count, 3), np.float32),
            gaze_deg=(0.0, 0.0),
            size=mesh.size,
        )

    def pose(self, moment: FloatArray, out: PosedHead | None = None) -> PosedHead:
        """Pose the head at a moment of motion.

        Args:
            moment: (60,), see :mod:`gioconda.motion`.
            out: a pose of this deformer to fill in; a new one if None.

        Returns:
            ``out``, or the new pose.
        """
        from gioconda.render.mesh.deform_kernels import follow, pose_vertices

        head = self.new_pose() if out is None else out
        head.moment[:] = moment
        self._set_weights(head)
        self._set_displacement(head)
        follow(self._weights, (head.displacement @ self._axes).T.copy(), self._moved)

        yaw, pitch, roll, x, y, z = (
            float(v) for v in moment[INDEX["headYaw"] : INDEX["headZ"] + 1]
        )
        yaw = bearable_yaw(yaw, self._mesh.yaw_deg)
        head.rotation[:] = head_rotation(yaw, pitch, roll)
        head.translation[:] = (x, y, z)
        head.translation *= self._mesh.eye_distance
        collapse_by = 0.0
        if len(self._collapse):
            back = -yaw if self._mesh.yaw_deg > 0 else yaw
            span = COLLAPSE_TO_DEG - COLLAPSE_FROM_DEG
            collapse_by = float(smoothstep((back - COLLAPSE_FROM_DEG) / span))
        f = np.float32
        pose_vertices(
            self._rest, self._row, self._moved, self._mesh.face_count, self._collapse,
            f(collapse_by), self._behind, f(yaw / HIDDEN_DEG), f(pitch / HIDDEN_DEG),
            self._rotation_weight, self._free, head.rotation, head.pivot, head.translation,
            f(head.camera), f(head.camera_now), f(head.size / 2), head.position, head.screen,
        )  # fmt: skip
        self._body.move(head)
        return head

    def _set_weights(self, head: PosedHead) -> None:
        weights = head.weights
        weights[:] = 0
        weights[self._shape_rows] = np.clip(head.moment[self._shape_columns], *WEIGHT_RANGE)
        weights[self._blink] = np.maximum(weights[self._blink], LEAST_BLINK)
        head.gaze_deg = gaze_of(head.moment)
        down = head.gaze_deg[1]
        for blink, lid_up, lid_down in zip(self._blink, self._lid_up, self._lid_down, strict=True):
            free = 1 - min(max(float(weights[blink]), 0.0), 1.0)
            if down > 0:
                weights[lid_down] = LID_DOWN_GAIN * min(down / LID_DOWN_DEG, LID_LIMIT) * free
            else:
                weights[lid_up] = min(-down / LID_UP_DEG, LID_LIMIT) * free

    def _set_displacement(self, head: PosedHead) -> None:
        from gioconda.render.mesh.deform_kernels import blend_shapes, part_lids, part_lips

        d = head.displacement
        blend_shapes(head.weights, self._flat, d.reshape(-1))
        articulation = float(head.moment[INDEX["articulation"]])
        if articulation and self._basis.closing.any():
            d += np.float32(articulation) * self._closing
        part_lips(d, *self._lips, self._sight, np.float32(self._mesh.mm))
        part_lids(d, *self._lids, self._sight)

    def _indices(self, landmarks: tuple[int, ...]) -> IntArray:
        found: IntArray = np.searchsorted(self._mesh.handles, landmarks).astype(np.int32)
        return found

    def _along(self, axis: FloatArray) -> FloatArray:
        result: FloatArray = (self._mesh.vertices[: topo.LANDMARKS] @ axis).astype(np.float32)
        return result

    def _lip_contacts(self, down: FloatArray) -> tuple[npt.NDArray[np.generic], ...]:
        rows = (
            topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER, topo.UPPER_LIP_OUTER, topo.LOWER_LIP_OUTER,
        )  # fmt: skip
        upper, lower, upper_outer, lower_outer = (np.array(row) for row in rows)
        seen, height, depth = (self._along(a) for a in (down, *self._mesh.axes[1:]))
        gap = seen[lower] - seen[upper]
        return (
            *(self._indices(row) for row in rows),
            gap,
            np.minimum(gap, 0),
            depth[lower] - depth[upper],
            np.maximum(height[upper] - height[upper_outer], 0),
            np.maximum(height[lower_outer] - height[lower], 0),
        )

    def _lid_contacts(self, down: FloatArray) -> tuple[npt.NDArray[np.generic], ...]:
        rows = (
            topo.RIGHT_UPPER_LID + topo.LEFT_UPPER_LID,
            topo.RIGHT_LOWER_LID + topo.LEFT_LOWER_LID,
        )
        upper, lower = (np.array(row) for row in rows)
        seen = self._along(down)
        aperture = seen[lower] - seen[upper]
        least = np.where(aperture > 0, np.float32(LID_REST) * aperture, aperture)
        return (*(self._indices(row) for row in rows), aperture, least)

    def _hiding(self) -> FloatArray:
        """Return which way from the face the sheet lies, and how deep it can fall, (m, 3)."""
        mesh = self._mesh
        centre = mesh.vertices[mesh.rings["oval"], :2].mean(0)
        way = mesh.vertices[mesh.face_count :, :2] - centre
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        return np.ascontiguousarray(np.c_[way, mesh.behind], np.float32)

    def _far_collapse(self) -> FloatArray:
        """Return the way of the far sheet to the contour that it must hide behind."""
        mesh = self._mesh
        if abs(mesh.yaw_deg) < FAR_SIDE_DEG:
            return np.zeros((0, 3), np.float32)
        oval = self._rest[mesh.rings["oval"]]
        sheet = self._rest[mesh.face_count :]
        apart = np.linalg.norm(sheet[:, None, :2] - oval[None, :, :2], axis=2)
        nearest, distance = apart.argmin(1), apart.min(1)
        brows = mesh.landmarks[[topo.RIGHT_BROW_UPPER[0], topo.LEFT_BROW_UPPER[0]], 1].mean()
        weight = (
            mesh.far_side
            * np.exp(-2 * np.maximum(distance / (0.16 * mesh.face_width) - 0.35, 0) ** 2)
            * mesh.rotation_weight[mesh.face_count :]
            * smoothstep((sheet[:, 1] - brows) / (0.14 * mesh.face_height))
        )
        # A little behind the contour, so that the cheek covers it.
        target = oval[nearest] + np.array([0, 0, 0.03 * mesh.face_width], np.float32)
        way: FloatArray = (0.96 * weight[:, None] * (target - sheet)).astype(np.float32)
        return np.ascontiguousarray(way)
