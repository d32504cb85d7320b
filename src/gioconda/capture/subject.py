"""The person in a video, as the renderer would show one frame of it: mesh, shapes, camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gioconda.capture.head_pose import Camera
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import camera_distance
from gioconda.render.mesh.types import HeadMesh, ShapeBasis

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A reference frame of a video, built as a portrait.

    Attributes:
        mesh: of the reference frame's view.
        basis: its shapes.
        camera: that the renderer shows the view with.
        rest: (478, 3) the tracker's landmarks in the reference frame, pixels of the view,
            perspective taken out. All motion is counted from here.
        to_picture: (2, 3) affine from pixels of the view to pixels of the frame.
    """

    mesh: HeadMesh
    basis: ShapeBasis
    camera: Camera
    rest: Array
    to_picture: Array

    @classmethod
    def of(cls, view: View, landmarks: Array) -> Subject:
        """Build a view's mesh and shapes.

        Args:
            view: of the reference frame.
            landmarks: (478, 3) what the tracker found in that frame, pixels of the frame.
        """
        mesh = build_mesh(view)
        basis = build_shapes(mesh, view)
        return cls.built(mesh, basis, view, landmarks)

    @classmethod
    def built(cls, mesh: HeadMesh, basis: ShapeBasis, view: View, landmarks: Array) -> Subject:
        """Take a mesh and shapes that are there already; see :meth:`of`."""
        camera = Camera(mesh.size / 2, camera_distance(mesh), mesh.pivot.astype(np.float64))
        to_picture = view.to_picture.astype(np.float64)
        seen = into_view(landmarks[None], to_picture)[0]
        # The mesh model's depth of irises means nothing. At that of the eyes' corners a turning
        # head moves them least (measured with our own frames of heads that turn).
        for iris, corners in (
            (topo.RIGHT_IRIS, topo.RIGHT_EYE_CORNERS),
            (topo.LEFT_IRIS, topo.LEFT_EYE_CORNERS),
        ):
            seen[list(iris), 2] = seen[list(corners), 2].mean()
        rest = camera.unproject(seen)
        return cls(mesh, basis, camera, rest, to_picture)

    def into_view(self, landmarks: Array) -> Array:
        """Take landmarks (T, 478, 3) from pixels of the frame to those of the view."""
        return into_view(landmarks, self.to_picture)


def into_view(landmarks: Array, to_picture: Array) -> Array:
    """Take landmarks (T, N, 3) from pixels of a picture to pixels of its view."""
    step = to_picture[0, 0]
    result: Array = np.asarray(landmarks, np.float64) / step
    result[..., :2] -= to_picture[:, 2] / step
    return result
