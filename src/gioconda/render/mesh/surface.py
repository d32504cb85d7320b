"""The textured surface: a photo on a moving mesh, laid over the background.

A frame takes three steps. The mesh is drawn into packed maps that say, for each pixel, which
texture pixel shows there and how it is lit; ``cv2.remap`` samples the texture through them; the
sample is laid over the background plate. What can never move is drawn once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.background import crowned, rest_plate, soft_matte
from gioconda.render.mesh.composite_kernels import composite, composite_alpha
from gioconda.render.mesh.edge import (
    MOVED_FROM_PX,
    MOVED_RANGE_PX,
    mark_edge,
    premultiplied,
    tight_texture,
)
from gioconda.render.mesh.edge_kernels import tighten
from gioconda.render.mesh.fine_texture import DENSITY, FineTexture
from gioconda.render.mesh.fold_map import FaceFolds
from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING, LIGHT_ONE, rasterize
from gioconda.render.mesh.types import ByteImage, FloatArray, HeadMesh, IntArray, PosedHead

#: Vertices that follow the head or a handle by less than this stay where they are.
STILL_ROTATION: Final = 2e-3
STILL_HANDLE: Final = 1e-4
#: Triangles seen from behind are pushed away by this much depth, in a view of 512.
BACK_BIAS_PX: Final = 60.0
#: Triangles are drawn in bands of this many rows, so that the maps stay in the cache.
BAND_PX: Final = 24.0
_FAR: Final = 1e9


@dataclass(frozen=True)
class Box:
    """Pixels from (x0, y0) up to, and without, (x1, y1)."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Work:
    """What a frame makes a machine do at least.

    Attributes:
        triangles: drawn afresh.
        pixels: of the box that they touch.
        bytes_moved: read and written by the stages of the surface, each array counted once a
            stage; overdraw and the caches are left out.
    """

    triangles: int
    pixels: int
    bytes_moved: int


@dataclass
class Maps:
    """What each pixel shows.

    Attributes:
        whole: (H, W, 2) int16 texture pixel.
        fraction: (H, W) uint16 fraction of a texture pixel, packed as ``cv2.remap`` wants it.
        light: (H, W) uint16, 256 = unchanged; a mark where nothing shows.
        depth: (H, W) float32 away from the camera.
    """

    whole: npt.NDArray[np.int16]
    fraction: npt.NDArray[np.uint16]
    light: npt.NDArray[np.uint16]
    depth: FloatArray

    @classmethod
    def empty(cls, size: int) -> Maps:
        """Return maps that show nothing."""
        return cls(
            np.zeros((size, size, 2), np.int16),
            np.zeros((size, size), np.uint16),
            np.full((size, size), LIGHT_NOTHING, np.uint16),
            np.full((size, size), _FAR, np.float32),
        )

    def copy(self) -> Maps:
        """Return a copy that shares nothing."""
        return Maps(self.whole.copy(), self.fraction.copy(), self.light.copy(), self.depth.copy())

    def restore(self, rest: Maps, box: Box) -> None:
        """Put back the rows that ``box`` spans."""
        rows = slice(box.y0, box.y1)
        self.whole[rows] = rest.whole[rows]
        self.fraction[rows] = rest.fraction[rows]
        self.light[rows] = rest.light[rows]
        self.depth[rows] = rest.depth[rows]


class Surface:
    """Draws the mesh with the photo on it.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        rest: the mesh posed at the neutral moment.

    Attributes:
        texture: (size, size, 4) uint8, the photo premultiplied with the soft matte; patches may
            be written into it between frames, and told by :meth:`refresh`.
        moving: (T, 3) int32, the triangles that are drawn afresh for each frame.
        depth: (size, size) float32 depth of the frame last drawn.
        light_map: (size, size) uint16 light of the frame last drawn.
    """

    def __init__(self, view: View, mesh: HeadMesh, rest: PosedHead) -> None:
        size = view.size
        cut_out = view.foreground is not None
        cover = view.matte if cut_out else soft_matte(view.matte)
        soft = premultiplied(view.image if view.foreground is None else view.foreground, cover)
        self._tight: ByteImage | None = None
        if not cut_out:
            tight = tight_texture(view, cover)
            mark_edge(soft, tight)
            self._tight = crowned(tight, view.matte)
        self._crowned = crowned(soft, view.matte)
        self._crown = self._crowned.shape[0] - size
        self._moved_px = np.float32(MOVED_FROM_PX * size / 512)
        self._moved_range_px = np.float32(MOVED_RANGE_PX * size / 512)
        self.texture = self._crowned[self._crown :]
        self._plate = view.plate if cut_out else rest_plate(view, cover)
        self._fine = FineTexture(self._crowned)
        crowned_at = mesh.vertices[:, :2] + np.array([0, self._crown], np.float32)
        self._texture_at = DENSITY * crowned_at
        self._back_bias = np.float32(BACK_BIAS_PX * size / 512)

        still = _still_vertices(mesh)
        triangles = np.vstack([mesh.triangles, mesh.strips])
        triangles = triangles[_shows(triangles, mesh.vertices[:, :2], cover)]
        moves = ~still[triangles].all(1)
        self.moving = _in_bands(triangles[moves], mesh.vertices[:, :2], BAND_PX * size / 512)
        self._still_ids = np.flatnonzero(still)
        self._still_screen = rest.screen[still].copy()

        self._box = np.zeros(4, np.int32)
        self._rest = Maps.empty(size)
        light = np.full(len(mesh.vertices), LIGHT_ONE, np.float32)
        fixed = np.ascontiguousarray(triangles[~moves])
        self._draw(rest.screen, rest.position, light, fixed, self._rest)
        self._maps = self._rest.copy()
        self._drawn = Box(0, 0, size, size)
        self._sample_room = np.zeros((size, size, 4), np.uint8)
        self._background = np.zeros((size, size, 3), np.uint8)
        self._background_alpha = np.zeros((size, size), np.uint8)
        self.sample(Box(0, 0, size, size))
        no_gain = np.full(3, 256, np.int32)
        self.lay_over_plate(Box(0, 0, size, size), no_gain, self._background)
        composite_alpha(self._sampled, self._maps.light, self._background_alpha, 0, 0)

    @property
    def depth(self) -> FloatArray:
        """Depth of each pixel of the frame last drawn."""
        return self._maps.depth

    @property
    def light_map(self) -> npt.NDArray[np.uint16]:
        """Light of each pixel of the frame last drawn, 256 = unchanged."""
        return self._maps.light

    def draw(self, head: PosedHead, light: FloatArray) -> Box:
        """Draw the moving triangles into the maps; return the box they touched.

        Args:
            head: the posed head; its still vertices are put back to rest, to the last bit, so
                that no crack opens towards what is drawn once.
            light: (V,) light of each vertex, 256 = unchanged.
        """
        head.screen[self._still_ids] = self._still_screen
        size = head.size
        self._maps.restore(self._rest, self._drawn)
        self._drawn = Box(0, 0, size, size)
        self._drawn = self._draw(head.screen, head.position, light, self.moving, self._maps)
        return self._drawn

    def work(self) -> Work:
        """Return what the frame last drawn took."""
        box, maps = self._drawn, self._maps
        height, width = maps.depth.shape
        pixels = (box.y1 - box.y0) * (box.x1 - box.x0)
        places = sum(m.nbytes for m in (maps.whole, maps.fraction)) // (height * width)
        seen = places + sum(m.nbytes for m in (maps.light, maps.depth)) // (height * width)
        sampled = self._sample_room.itemsize * 4
        restored = 2 * seen * (box.y1 - box.y0) * width
        drawn = (seen + maps.depth.itemsize) * pixels
        looked_up = (places + sampled + DENSITY**2 * sampled) * pixels
        laid_over = (sampled + maps.light.itemsize + 3) * pixels + 2 * self._background.nbytes
        return Work(len(self.moving), pixels, restored + drawn + looked_up + laid_over)

    def refresh(self, rows: slice, columns: slice) -> None:
        """Follow what was written into a box of :attr:`texture`."""
        self._fine.refresh(slice(rows.start + self._crown, rows.stop + self._crown), columns)

    def add_folds(self, folds: FaceFolds, head: PosedHead) -> None:
        """Add the folds of a moment to the light of what :meth:`draw` has drawn."""
        folds.lay(head, self._maps.light, self._maps.whole, self._crown, DENSITY)

    def sample(self, box: Box) -> None:
        """Sample the texture through the maps inside a box."""
        self._sampled = self._sample_room[: box.y1 - box.y0, : box.x1 - box.x0]
        rows, columns = slice(box.y0, box.y1), slice(box.x0, box.x1)
        cv2.remap(
            self._fine.image,
            self._maps.whole[rows, columns],
            self._maps.fraction[rows, columns],
            cv2.INTER_LINEAR,
            self._sampled,
            cv2.BORDER_REFLECT_101,
        )
        if self._tight is not None:
            tighten(
                self._sampled, self._maps.whole, self._maps.fraction, self._maps.light,
                self._tight, self._crown, DENSITY, self._moved_px, self._moved_range_px,
                box.x0, box.y0,
            )  # fmt: skip

    def lay_over_plate(self, box: Box, gains: IntArray, out: ByteImage) -> None:
        """Write a frame: the sample over the plate inside the box, what never moves outside.

        Args:
            box: as given to :meth:`sample`.
            gains: (3,) how strongly shadow darkens R, G, B; 256 = as it is.
            out: (size, size, 3), receives the frame.
        """
        np.copyto(out, self._background)
        composite(self._sampled, self._plate, self._maps.light, gains, out, box.x0, box.y0)

    def alpha(self, out: ByteImage) -> None:
        """Write how far the person covers each pixel of the frame last laid over the plate.

        Args:
            out: (size, size) uint8, 255 = all person.
        """
        np.copyto(out, self._background_alpha)
        composite_alpha(self._sampled, self._maps.light, out, self._drawn.x0, self._drawn.y0)

    def _draw(
        self,
        screen: FloatArray,
        position: FloatArray,
        light: FloatArray,
        triangles: IntArray,
        maps: Maps,
    ) -> Box:
        rasterize(
            screen, position, self._texture_at, light, triangles, self._back_bias,
            maps.whole.reshape(-1).view(np.uint32), maps.fraction, maps.light, maps.depth,
            self._box,
        )  # fmt: skip
        x0, y0, x1, y1 = (int(v) for v in self._box)
        size = maps.depth.shape[0]
        if x1 <= x0 or y1 <= y0:
            return Box(0, 0, 1, 1)
        return Box(max(x0, 0), max(y0, 0), min(x1, size), min(y1, size))


def silhouette_edges(triangles: IntArray) -> IntArray:
    """Return the edges that two triangles share, (E, 4): two vertices, two triangles."""
    count = len(triangles)
    ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(count, dtype=np.int32), 3)
    order = np.lexsort((owner, ends[:, 1], ends[:, 0]))
    ends, owner = ends[order], owner[order]
    starts = np.flatnonzero(np.r_[True, (ends[1:] != ends[:-1]).any(1)])
    lengths = np.diff(np.r_[starts, len(ends)])
    pairs = starts[lengths == 2]
    edges: IntArray = np.c_[ends[pairs], owner[pairs], owner[pairs + 1]].astype(np.int32)
    return edges


def _still_vertices(mesh: HeadMesh) -> npt.NDArray[np.bool_]:
    follows = np.abs(mesh.handle_weights).max(1) > STILL_HANDLE
    follows[: mesh.face_count] = True
    still: npt.NDArray[np.bool_] = (mesh.rotation_weight < STILL_ROTATION) & ~follows
    still &= mesh.body_weight <= 0
    still[mesh.face_count :] &= mesh.far_side <= 0
    return still


def _shows(triangles: IntArray, at: FloatArray, cover: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which triangles carry any of the person."""
    size = cover.shape[0]
    reach = 2 * round(4 * size / 512) + 1
    near = cv2.dilate((cover > 0.004).astype(np.uint8), np.ones((reach, reach), np.uint8))
    corners = at[triangles]
    points = np.concatenate([corners, corners.mean(1, keepdims=True)], 1)
    pixel = np.clip(points, 0, size - 1).astype(int)
    shows: npt.NDArray[np.bool_] = (near[pixel[..., 1], pixel[..., 0]] > 0).any(1)
    return shows


def _in_bands(triangles: IntArray, at: FloatArray, band_px: float) -> IntArray:
    centre = at[triangles].mean(1)
    order = np.lexsort((centre[:, 0], (centre[:, 1] // band_px).astype(int)))
    result: IntArray = np.ascontiguousarray(triangles[order])
    return result
