"""The mesh renderer: one photo as a moving 3D head, in real time on one CPU core."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.motion import CHANNELS, moment, neutral
from gioconda.portrait.types import View
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.contour_kernels import smooth_contours
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.eyes import EyePainter
from gioconda.render.mesh.far_side import FarSide
from gioconda.render.mesh.fold_map import FaceFolds
from gioconda.render.mesh.glasses import Glasses
from gioconda.render.mesh.light import FaceLight
from gioconda.render.mesh.mouth import MouthPainter
from gioconda.render.mesh.surface import Surface, Work, silhouette_edges
from gioconda.render.mesh.types import ByteImage, FloatArray

#: Frames handed out before a buffer is used again.
BUFFERS: Final = 4
#: Depth step, in face widths, that makes an edge a contour.
CONTOUR_JUMP: Final = 0.05
STAGES: Final = (
    "deform", "light", "raster", "folds", "remap", "composite", "far", "contour", "eyes", "mouth",
    "glasses", "total",
)  # fmt: skip


class MeshRenderer:
    """Renders moments of motion as frames of one portrait.

    Implements :class:`gioconda.render.types.Renderer`. Stateless as seen from outside; one
    instance must not be used from two threads at once.

    Args:
        view: the portrait's square view; frames have its size.
    """

    def __init__(self, view: View) -> None:
        self._size = view.size
        mesh = build_mesh(view)
        self._glasses = Glasses(view, mesh)
        view = self._glasses.bare
        basis = build_shapes(mesh, view)
        self._deformer = Deformer(mesh, basis)
        self._head = self._deformer.new_pose()
        rest = self._deformer.pose(neutral())
        self._surface = Surface(view, mesh, rest)
        self._light = FaceLight(view, mesh, rest)
        self._folds = FaceFolds(
            view, mesh, basis.names, self._light.direction, self._light.rest_shade
        )
        self._far_side = FarSide(view, mesh)
        # where the far side was painted over whatever showed there, which may be half clear
        cut_out = view.foreground is not None and self._far_side.active
        self._mended = np.zeros((self._size, self._size, 3), np.uint8) if cut_out else None
        self._eyes = EyePainter(view, mesh, basis, self._surface.texture)
        self._mouth = MouthPainter(view, mesh, basis)
        self._edges = silhouette_edges(self._surface.moving)
        self._contour_jump = np.float32(CONTOUR_JUMP * mesh.face_width)
        self._frames = [np.zeros((self._size, self._size, 3), np.uint8) for _ in range(BUFFERS)]
        self._next = 0
        self._timings = dict.fromkeys(STAGES, 0.0)

    @property
    def size(self) -> int:
        """Side of the square frames, in pixels."""
        return self._size

    def render(self, moment: FloatArray) -> ByteImage:
        """Return the frame of a moment of motion.

        Args:
            moment: float32, shape (60,), see :mod:`gioconda.motion`.

        Returns:
            uint8 RGB, shape (size, size, 3), in a buffer that stays untouched for the next
            three calls; copy it to keep it longer. It may be written into.

        Raises:
            OptionError: the moment has another shape.
        """
        if moment.shape != (len(CHANNELS),):
            raise OptionError(
                f"a moment of motion has shape {moment.shape}; ({len(CHANNELS)},) is needed"
            )
        out = self._frames[self._next]
        self._next = (self._next + 1) % BUFFERS
        surface, marks = self._surface, [time.perf_counter()]

        def mark() -> None:
            marks.append(time.perf_counter())

        head = self._deformer.pose(self._eyes.steady(moment), self._head)
        mark()
        light = self._light.vertex_light(head)
        mark()
        box = surface.draw(head, light)
        mark()
        surface.add_folds(self._folds, head)
        mark()
        for changed in self._eyes.update_lids(head):
            surface.refresh(*changed)
        surface.sample(box)
        mark()
        surface.lay_over_plate(box, self._light.gains, out)
        mark()
        if self._mended is not None:
            np.copyto(self._mended, out)
        self._far_side.draw(head, surface.depth, surface.light_map, out)
        if self._mended is not None:
            np.not_equal(self._mended, out, out=self._mended)
        mark()
        smooth_contours(
            head.screen, head.position, self._edges, surface.moving, surface.depth,
            self._contour_jump, np.float32(self._size / 512), out,
        )  # fmt: skip
        mark()
        self._eyes.draw(out, head)
        mark()
        self._mouth.draw(out, head)
        mark()
        self._glasses.draw(out, head)
        mark()
        spans = [1e3 * (b - a) for a, b in pairwise(marks)]
        self._timings = dict(zip(STAGES, [*spans, sum(spans)], strict=True))
        return out

    def alpha(self, out: ByteImage) -> None:
        """Write how far the person covers each pixel of the frame last rendered.

        Meaningful for a view whose person is cut out; see
        :attr:`gioconda.portrait.types.View.foreground`.

        Args:
            out: (size, size) uint8, 255 = all person.
        """
        surface = self._surface
        surface.alpha(out)
        if self._mended is not None:
            out[self._mended.any(axis=2)] = 255
        # contours are smoothed in the cover as they are in the colours
        layers = np.repeat(out[..., None], 3, axis=2)
        smooth_contours(
            self._head.screen, self._head.position, self._edges, surface.moving, surface.depth,
            self._contour_jump, np.float32(self._size / 512), layers,
        )  # fmt: skip
        np.copyto(out, layers[..., 0])

    def timings_ms(self) -> dict[str, float]:
        """Return the milliseconds each stage of the last frame took, and their total."""
        return dict(self._timings)

    def work(self) -> Work:
        """Return the triangles, pixels and bytes of the last frame."""
        return self._surface.work()

    def warm_up(self) -> None:
        """Compile everything a frame may need, so that the first real frame is fast."""
        self.render(neutral())
        self.render(
            moment(
                jawOpen=0.4, eyeBlinkLeft=0.6, eyeBlinkRight=0.3, mouthSmileLeft=0.3,
                eyeLookOutLeft=0.3, eyeLookInRight=0.3, headYaw=12, headPitch=4, articulation=1,
            )
        )  # fmt: skip
        self.render(moment(headYaw=-12))
