"""A second texture for the far side of a turned face: the near side, mirrored.

A portrait turned away shows little of its far cheek and eye; turning the head back to the camera
stretches those few pixels into smears. There the skin is made anew: its shading is the far side's
own, smoothed; its detail (pores, brush strokes, the wing of the nose) is that of the same place of
the near side, found through the mirrored landmarks. So the far side keeps its light, whichever
side is in shadow. At rest nothing is stretched, so nothing is blended and the photo stays exact.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import canonical_landmarks, mirror_index
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.far_kernels import draw_mirror, stretch_weights
from gioconda.render.mesh.sheet import doubled_area, signed_distance
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh, IntArray, PosedHead
from gioconda.render.mesh.weights import graph_laplacian, smoothed

Array = npt.NDArray[np.float64]

#: Own yaw from which a portrait has a far side worth mending.
TURNED_DEG: Final = 9.0
#: Ratio of projected to photographed area at which the mirror begins to show, and the range to
#: full effect.
STRETCH_BEGIN: Final = 1.25
STRETCH_RANGE: Final = 1.0
#: The mirror spreads from what is stretched to its neighbours this many times, falling off.
SPREAD: Final = 3
SPREAD_FALL: Final = 0.85
#: How far the far rim's mirror image moves towards the middle of the near side.
RIM_INWARD: Final = 0.12
RIM_STIFFNESS: Final = 2.0
#: Gain of the mirrored detail: brighter skin shows more of it, but never much more.
GAIN_LOW: Final = 0.3
GAIN_HIGH: Final = 1.2
#: Smoothness of the mask and of the gain over the mesh.
MASK_STIFFNESS: Final = 2.5
GAIN_STIFFNESS: Final = 0.6
#: Shading and detail part at this scale, in mm.
SHADING_MM: Final = 3.5
#: Detail is limited softly to so many grey levels: a hard shadow is no detail.
MOST_DETAIL: Final = 45.0
#: The outermost skin of the face, in mm, is mixed with what lies behind it.
RIM_MM: Final = 2.0
#: Distance from the lips, in mm, from which skin is made anew fully.
LIPS_MM: Final = 4.0
#: Distance from the eyes, in mm, from which skin is made anew fully, unless the face is turned by
#: the angle at which its far eye is cut.
EYE_MM: Final = 18.0
EYE_CUT_DEG: Final = 24.0
EYE_CUT_RANGE_DEG: Final = 8.0
#: Where hair is looked for beyond the outline, in mm.
BEYOND_MM: Final = (3.0, 6.0, 9.0)
#: Above the brows nothing is mirrored: hair hangs there, and stretched skin is smooth. Face
#: heights over which that comes about.
FOREHEAD: Final = 0.10
#: Depth difference, in a view of 512, up to which a vertex's surface counts as the visible one.
VISIBLE_PX: Final = 0.6
#: The mirror is off on the midline and on fully this far beside it, in outer-eye distances.
MIDLINE: Final = (0.02, 0.11)


class FarSide:
    """Blends the mirrored texture into frames; does nothing for frontal portraits.

    Args:
        view: the portrait's square view.
        mesh: its mesh.

    Attributes:
        active: whether the portrait is turned enough to need it.
    """

    def __init__(self, view: View, mesh: HeadMesh) -> None:
        self.active = abs(mesh.yaw_deg) >= TURNED_DEG
        if not self.active:
            return
        count = mesh.face_count
        own = mesh.vertices[:count, :2].astype(np.float64)
        mirrored = _with_midpoints(own[mirror_index()], mesh)
        triangles = mesh.triangles[(mesh.triangles < count).all(1)]
        areas = doubled_area(own, triangles)
        larger = _vertex_mean(
            np.minimum(np.abs(doubled_area(mirrored, triangles)) / np.maximum(areas, 0.05), 12.0),
            triangles,
            count,
        )
        laplacian = graph_laplacian(np.c_[own, np.zeros(count)], triangles)
        wanted = smoothstep((larger - 1.25) / 0.9)

        # the near side's own edge is ear, hair or shadow: the far rim takes no detail from it
        rim = np.zeros(count)
        rim[mesh.rings["oval"]] = 1
        rim = smoothed(laplacian, rim, np.ones(count), RIM_STIFFNESS)
        rim /= rim.max()
        middle = mirrored[mesh.rings["oval"]].mean(0)
        mirrored += RIM_INWARD * rim[:, None] * (middle - mirrored)
        clear = 1 - smoothstep(2 * rim)

        shading = _low_passed_face(view, mesh)
        trust = np.clip(1 / np.maximum(larger, 0.5), 0.02, 1) ** 2
        ratio = np.log((_at(shading, own) + 6) / (_at(shading, mirrored) + 6)).mean(1)
        gain = np.exp(smoothed(laplacian, ratio, trust, GAIN_STIFFNESS))
        mask = smoothed(laplacian, wanted, np.ones(count), MASK_STIFFNESS)
        beside = _with_midpoints(np.abs(canonical_landmarks()[:, :1]).astype(np.float64), mesh)
        start, end = MIDLINE
        mask = np.clip(mask, 0, 1) * smoothstep((beside[:, 0] - start) / (end - start))
        mask *= _below_brows(own, mesh) * _beside_lips(own, mesh) * _beside_eyes(own, mesh)
        mask[mesh.rings["oval"]] *= 1 - _hair_beyond(view, mesh)
        self._rim = np.isin(np.arange(count), mesh.rings["oval"])
        self._own_at: FloatArray = own.astype(np.float32)
        self._gain = (np.clip(gain, GAIN_LOW, GAIN_HIGH) * clear).astype(np.float32)
        self._shading = shading
        self._detail: FloatArray = MOST_DETAIL * np.tanh((view.image - shading) / MOST_DETAIL)
        self._mirror_at: FloatArray = mirrored.astype(np.float32)
        self._mask: FloatArray = mask.astype(np.float32)
        shown = (mask[triangles] > 0.02).any(1)
        self._triangles: IntArray = np.ascontiguousarray(triangles[shown], np.int32)
        self._areas: FloatArray = np.maximum(areas[shown], 0.15).astype(np.float32)
        self._weights = np.zeros(count, np.float32)
        self._counts = np.zeros(count, np.float32)
        self._visible = np.float32(VISIBLE_PX * view.size / 512)

    def draw(
        self,
        head: PosedHead,
        depth: FloatArray,
        light_map: npt.NDArray[np.uint16],
        out: ByteImage,
    ) -> None:
        """Blend the mirrored texture over the stretched far side of a frame, in place."""
        if not self.active:
            return
        greatest = stretch_weights(
            head.screen, self._triangles, self._areas, self._mask, np.float32(STRETCH_BEGIN),
            np.float32(STRETCH_RANGE), SPREAD, np.float32(SPREAD_FALL), self._counts, self._weights,
        )  # fmt: skip
        if greatest > 0.01:
            draw_mirror(
                head.screen, head.position, self._own_at, self._mirror_at, self._gain,
                self._weights, self._rim, self._triangles, depth, self._visible, light_map,
                self._shading, self._detail, out,
            )  # fmt: skip


def _with_midpoints(landmarks: Array, mesh: HeadMesh) -> Array:
    """Extend a value of each landmark to the subdivided vertices."""
    values = np.zeros((mesh.face_count, landmarks.shape[1]))
    values[: topo.LANDMARKS] = landmarks[: topo.LANDMARKS]
    for v, (a, b) in enumerate(mesh.midpoint_parents, topo.LANDMARKS):
        values[v] = 0.5 * (values[a] + values[b])
    return values


def _below_brows(own: Array, mesh: HeadMesh) -> Array:
    """Return 1 below the brows and 0 on the forehead, along the head's own axis."""
    down = mesh.axes[1, :2] / np.linalg.norm(mesh.axes[1, :2])
    brows = own[list(topo.RIGHT_BROW_UPPER + topo.LEFT_BROW_UPPER)] @ down
    return smoothstep((own @ down - brows.mean()) / (FOREHEAD * mesh.face_height) + 1)


def _lips(mesh: HeadMesh) -> Array:
    """Return the lips' outer edge in the photo, (r, 2), in order round them."""
    ring = topo.UPPER_LIP_OUTER + topo.LOWER_LIP_OUTER[::-1]
    return mesh.vertices[list(ring), :2].astype(np.float64)


def _beside_lips(own: Array, mesh: HeadMesh) -> Array:
    """Return 0 on the lips, which stay the photo's own, and 1 away from them."""
    distance, _ = signed_distance(own, _lips(mesh))
    return smoothstep(distance / (LIPS_MM * mesh.mm))


def _beside_eyes(own: Array, mesh: HeadMesh) -> Array:
    """Return 0 round the eyes of a face whose eyes are both seen, 1 away from them.

    Mirrored glasses would show twice; only an eye that the nose or the contour cuts needs help.
    """
    cut = smoothstep((abs(mesh.yaw_deg) - EYE_CUT_DEG) / EYE_CUT_RANGE_DEG)
    beside = np.ones(len(own))
    for name in ("eye_right", "eye_left"):
        ring = mesh.vertices[mesh.rings[name], :2].astype(np.float64)
        beside *= smoothstep(signed_distance(own, ring)[0] / (EYE_MM * mesh.mm))
    return np.asarray(cut + (1 - cut) * beside)


def _hair_beyond(view: View, mesh: HeadMesh) -> Array:
    """Return how much of the person goes on beyond the face's outline, (r,), 0 to 1.

    There the photo's own skin leads over to the hair; against the background, which a turn lays
    bare, the new skin has to reach the outline.
    """
    outline = mesh.vertices[mesh.rings["oval"], :2].astype(np.float64)
    way = outline - outline.mean(0)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    cover = [_at(view.matte, outline + mm * mesh.mm * way) for mm in BEYOND_MM]
    return smoothstep((np.mean(cover, axis=0) - 0.4) / 0.5)


def _vertex_mean(values: Array, triangles: IntArray, count: int) -> Array:
    total, number = np.zeros(count), np.zeros(count)
    for k in range(3):
        np.add.at(total, triangles[:, k], values)
        np.add.at(number, triangles[:, k], 1)
    return np.asarray(total / np.maximum(number, 1))


def _low_passed_face(view: View, mesh: HeadMesh) -> FloatArray:
    """Blur the photo's skin only, so that neither background nor lips bleed into its edge."""
    inside = np.zeros((view.size, view.size), np.uint8)
    outline = mesh.vertices[mesh.rings["oval"], :2].astype(np.int32)
    cv2.fillPoly(inside, [outline], 1)
    reach = 2 * max(round(RIM_MM * mesh.mm), 1) + 1
    weight = cv2.erode(inside, np.ones((reach, reach), np.uint8)).astype(np.float32)
    lips = cv2.fillPoly(np.zeros_like(inside), [_lips(mesh).astype(np.int32)], 1)
    weight *= 1 - cv2.dilate(lips, np.ones((reach, reach), np.uint8))
    sigma = SHADING_MM * mesh.mm
    colour = cv2.GaussianBlur(view.image * weight[..., None], (0, 0), sigma)
    result: FloatArray = colour / (cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-4)[..., None]
    return result


def _at(image: FloatArray, points: Array) -> Array:
    pixel = np.clip(points.astype(int), 0, image.shape[0] - 1)
    return np.asarray(image[pixel[:, 1], pixel[:, 0]], np.float64)
