"""Glasses as a rigid layer of their own: they follow the head, not the face beneath.

Where the portrait wears them, their frame is cut out of the photo and what lies under it is filled
from its neighbourhood; the mesh, the lids and the eyes then move without it. The frame is drawn
last: its front on a plane before the eyes, its temples on planes that run back to the ears.
Fill and layer together give the photo back where the head is neutral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.deform import camera_distance, unproject
from gioconda.render.mesh.eye_regions import eyes_visible
from gioconda.render.mesh.glasses_kernels import lay_over
from gioconda.render.mesh.glasses_mask import FrameMask, mask_frame
from gioconda.render.mesh.glasses_outline import LEAST_SCORE, Outline, find_outline, normal_picture
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh, PosedHead

Array = npt.NDArray[np.float64]

#: The front's plane lies this far before the root of the nose, its lower edge leaning towards the
#: cheeks by this slope (8 degrees, as opticians fit them).
BEFORE_NOSE_MM: Final = 2.0
LEAN: Final = 0.14
#: A temple runs back by at most this for each pixel that it is seen long.
STEEPEST: Final = 2.0
#: Reaches, in mm, over which skin is led in under the frame, and the trust in each.
FILL_REACHES: Final = ((0.8, 1.0), (2.0, 0.05), (5.0, 0.004), (14.0, 0.0005))
#: The layer is empty where it covers less than this.
EMPTY: Final = 0.003
LEAST_ADDED: Final = 0.7


@dataclass(frozen=True)
class _Plane:
    """A part of the layer: its corners on the skull, (4, 3), and the columns that it owns."""

    corners: FloatArray
    at: FloatArray
    first: float
    last: float


class Glasses:
    """The glasses of a portrait, if it wears any.

    Args:
        view: the portrait's square view.
        mesh: its mesh.

    Attributes:
        found: whether the portrait wears glasses whose frame was found.
        bare: the view without them; the view itself where none were found.
    """

    def __init__(self, view: View, mesh: HeadMesh) -> None:
        outline = find_outline(view, mesh)
        self.found = outline.score >= LEAST_SCORE
        self.bare = view
        if not self.found:
            return
        mask = mask_frame(normal_picture(view), outline).at_size(view.size)
        outline = outline.at_size(view.size)
        cover = mask.frame
        if not eyes_visible(view, mesh):  # dark lenses are as rigid as their frame
            cover = np.maximum(cover, mask.lenses)
        h, w = cover.shape
        rows, columns = slice(mask.y0, mask.y0 + h), slice(mask.x0, mask.x0 + w)
        photo = view.image[rows, columns].astype(np.float32)
        # a lens's tint is the lens's: it goes into the layer as what it adds to the face behind
        behind = np.clip(photo - mask.tint, 0, 255)
        bare = np.clip(np.round(_filled(behind, cover, mesh.mm)), 0, 255)
        image = view.image.copy()
        image[rows, columns] = bare
        self.bare = replace(view, image=image)
        opaque = np.where(cover > EMPTY, cover, 0)[..., None]
        added = photo - bare * (1 - opaque)
        self._layer = np.concatenate([added, opaque], 2).astype(np.float32)
        filled = (np.abs(added).max(2) > LEAST_ADDED) | (opaque[..., 0] > 0)
        self._filled = cv2.dilate(filled.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        down, across = (np.flatnonzero(self._filled.any(axis)) for axis in (1, 0))
        if not len(down):  # an outline with nothing in it
            self.found, self.bare = False, view
            return
        used = slice(down[0], down[-1] + 2), slice(across[0], across[-1] + 2)
        self._layer, self._filled = (
            np.ascontiguousarray(a[used]) for a in (self._layer, self._filled)
        )
        mask = replace(
            mask, x0=mask.x0 + int(across[0]), y0=mask.y0 + int(down[0]), frame=mask.frame[used]
        )  # fmt: skip
        self._planes = _planes(outline, mask, mesh)

    def draw(self, out: ByteImage, head: PosedHead) -> None:
        """Draw the glasses of this moment over a frame, in place."""
        if not self.found:
            return
        for plane in self._planes:
            screen = head.project(head.rigid(plane.corners))
            if _doubled_area(screen) < 1.0:  # turned away: hidden behind the face
                continue
            to_layer = cv2.getPerspectiveTransform(screen, plane.at).astype(np.float64)
            low, high = screen.min(0), screen.max(0)
            box = np.array(
                [math.floor(low[0]) - 1, math.floor(low[1]) - 1,
                 math.ceil(high[0]) + 2, math.ceil(high[1]) + 2]
            )  # fmt: skip
            lay_over(
                out, self._layer, self._filled, to_layer, plane.first, plane.last, box
            )  # fmt: skip


def _doubled_area(quad: FloatArray) -> float:
    a, b = quad[2] - quad[0], quad[3] - quad[1]
    return float(a[0] * b[1] - a[1] * b[0])


def _filled(photo: FloatArray, cover: FloatArray, mm: float) -> FloatArray:
    """Lead the skin round the frame in under it, nearest first."""
    known = (1 - cv2.dilate(cover, np.ones((3, 3), np.uint8))) ** 4
    total, weight = np.full_like(photo, 1e-9), np.full(known.shape, 1e-9, np.float32)
    for reach, trust in FILL_REACHES:
        sigma = reach * mm
        total += trust * cv2.GaussianBlur(photo * known[..., None], (0, 0), sigma)
        weight += trust * cv2.GaussianBlur(known, (0, 0), sigma)
    led = total / weight[..., None]
    share = np.minimum(cover * 1.5, 1)[..., None]
    result: FloatArray = photo + (led - photo) * share
    return result


def _planes(outline: Outline, mask: FrameMask, mesh: HeadMesh) -> list[_Plane]:
    """Return the temples that can be seen, then the front, as planes on the skull."""
    o = outline
    height, width = mask.frame.shape
    nose = mesh.vertices[168].astype(np.float64)
    normal = mesh.axes[2].astype(np.float64) - LEAN * mesh.axes[1]
    start = nose - BEFORE_NOSE_MM * mesh.mm * mesh.axes[2]
    camera = camera_distance(mesh)

    def front_depth(at: Array) -> Array:
        return np.asarray(start[2] - ((at - start[:2]) @ normal[:2]) / normal[2])

    def column(across_mm: float) -> float:
        """Return the layer's column of a place ``across_mm`` beside the nose."""
        return float(np.clip((o.nose + o.mm * across_mm * o.across)[0] - mask.x0, 0, width))

    def plane(first: float, last: float, depths: Array | None) -> _Plane:
        at = np.array([[first, 0], [last, 0], [last, height], [first, height]], np.float64)
        place = at + np.array([mask.x0, mask.y0])
        z = front_depth(place) if depths is None else depths
        corners = unproject(np.c_[place, z].astype(np.float32), mesh.size, camera)
        return _Plane(corners, at.astype(np.float32), first, last)

    planes = []
    hinges = [column(h) for h in mask.hinges]
    ends = [column(e) for e in mask.ends]
    middle = 0.5 * (o.rims[0].centre + o.rims[1].centre)
    edges = []
    for k, (hinge, end) in enumerate(zip(hinges, ends, strict=True)):
        border = 0.0 if k == 0 else float(width)
        if abs(hinge - end) < 2:
            edges.append(border)
            continue
        edges.append(hinge)
        # from the plane at the hinge to the side of the head at the end
        at_end = np.array([end + mask.x0, middle[1]])
        nearest = np.argmin(np.linalg.norm(mesh.vertices[:, :2] - at_end, axis=1))
        hinge_at = np.array([[hinge + mask.x0, mask.y0], [hinge + mask.x0, mask.y0 + height]])
        near = front_depth(hinge_at)
        far = max(float(mesh.vertices[nearest, 2]), float(near.max()))
        slope = np.clip((far - near.mean()) / (end - hinge), -STEEPEST, STEEPEST)
        beyond = near + slope * (border - hinge)
        depths = (
            np.array([beyond[0], near[0], near[1], beyond[1]]) if k == 0
            else np.array([near[0], beyond[0], beyond[1], near[1]])
        )  # fmt: skip
        first, last = (border, hinge) if k == 0 else (hinge, border)
        planes.append(plane(first, last, depths))
    planes.append(plane(edges[0], edges[1], None))
    return planes
