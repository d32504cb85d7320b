"""From a portrait's view to the mesh that is animated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.body import HEAD_HELD_WITHIN, body_weights, border_fade
from gioconda.render.mesh.depth import far_side, smoothstep, surround_depth
from gioconda.render.mesh.frame_cut import held_by_frame
from gioconda.render.mesh.head_frame import measure_head
from gioconda.render.mesh.lip_line import weld_closed_lips
from gioconda.render.mesh.relief import limit_slopes
from gioconda.render.mesh.sheet import (
    REFERENCE_SIZE,
    signed_distance,
    slit_strips,
    subdivide,
    surround,
)
from gioconda.render.mesh.types import HeadMesh
from gioconda.render.mesh.unfold import halve_again, lower_jaw, spread_chin, uncross_slits, untangle
from gioconda.render.mesh.weights import graph_laplacian, handle_weights, smoothed

Array = npt.NDArray[np.float64]

# Depth is smoothed against facets: how firmly each kind of vertex holds its measured depth.
_HOLD_LANDMARK = 1.0
_HOLD_MIDPOINT = 0.02
_HOLD_SURROUND = 0.3
_DEPTH_STIFFNESS = 0.5
_ROTATION_STIFFNESS = 4.0
#: Face widths inside the outline over which slopes are limited less and less.
_RIM = 0.3
#: Part of a rim too deep by which the cheek falls back; by the rest the rim comes forward.
_CHEEK_BACK = 0.5
#: Own yaw from which the photo hardly shows the far cheek, and the range to full effect.
_UNSEEN_FROM_DEG = 21.0
_UNSEEN_RANGE_DEG = 6.0
#: There it holds its depth by this much.
_UNSEEN_HOLD = 0.75
#: Face heights outside the outline beyond which expressions move nothing.
_EXPRESSION_REACH = 0.22
#: Weights below this are cut to 0, so that still vertices are still.
_NEGLIGIBLE_ROTATION = 2e-3


def build_mesh(view: View) -> HeadMesh:
    """Build the layered 2.5D sheet of a view.

    The same portrait at another size gives the same mesh, scaled.
    """
    scale = REFERENCE_SIZE / view.size
    landmarks = _to_reference(view.landmarks.astype(np.float64), scale)
    head = measure_head(landmarks)

    down = head.axes[1, :2] / np.linalg.norm(head.axes[1, :2])
    corners = landmarks[: topo.LANDMARKS].copy()
    lower_jaw(corners, down, head.mm)
    spread_chin(corners, down)
    face = subdivide(corners, topo.triangles())
    face_count = len(face.vertices)
    slits = np.concatenate([face.rings[name] for name in topo.SLITS])
    weld_closed_lips(face.vertices, face.rings["mouth"], view.image, scale, down, head.mm)
    uncross_slits(face.vertices, face.rings, down)
    oval = face.rings["oval"]
    untangle(face.vertices, face.triangles, slits, face.parents, oval)

    sheet = surround(face.vertices[oval, :2], oval, face_count)
    depth = surround_depth(sheet, face.vertices[oval], landmarks, head)
    vertices = np.vstack([face.vertices, np.column_stack([sheet.points, depth.z])])
    triangles = np.vstack([face.triangles, sheet.triangles]).astype(np.int32)
    grid = np.arange(face_count, len(vertices), dtype=np.int32)
    untangle(vertices, triangles, slits, face.parents, grid)

    laplacian = graph_laplacian(vertices, triangles)
    hold = np.full(len(vertices), _HOLD_MIDPOINT)
    hold[: topo.LANDMARKS] = _HOLD_LANDMARK
    hold[face_count:] = _HOLD_SURROUND
    vertices[:, 2] = smoothed(laplacian, vertices[:, 2], hold, _DEPTH_STIFFNESS)
    halve_again(vertices, slits, face.parents)
    inward = -signed_distance(face.vertices[:, :2], face.vertices[oval, :2])[0]
    mobility = np.ones(len(vertices))
    mobility[:face_count] = 1 - smoothstep(inward / (_RIM * head.face_width))
    mobility[slits] = 0
    # a far cheek that the photo shows in part must not swell when the head turns back; where the
    # photo hardly shows it the cheek is made anew, and keeps its depth
    far = far_side(vertices[:face_count, 0], landmarks, head)
    back = _CHEEK_BACK * (1 - far)
    unseen = smoothstep((abs(head.yaw_deg) - _UNSEEN_FROM_DEG) / _UNSEEN_RANGE_DEG)
    mobility[:face_count] *= 1 - _UNSEEN_HOLD * unseen * far
    relief = limit_slopes(vertices[:, :2], vertices[:, 2], mobility, back)
    nearest = oval[sheet.nearest]
    drop = depth.z_hidden - face.vertices[nearest, 2]
    behind = np.maximum(drop - relief[face_count:] + relief[nearest], 0)

    held = held_by_frame(sheet.points, sheet.distance, view.matte, REFERENCE_SIZE, head.face_width)
    rotation = np.concatenate([np.ones(face_count), depth.rotation_weight])
    rotation = smoothed(laplacian, rotation, np.ones(len(vertices)), _ROTATION_STIFFNESS)
    rotation = np.clip(rotation, 0, 1)
    rotation[rotation < _NEGLIGIBLE_ROTATION] = 0
    free = np.vstack([np.ones((face_count, 4)), held])
    body = body_weights(vertices, rotation, REFERENCE_SIZE, view.joined)
    body[:face_count] = 0
    if any(view.joined):
        inside = border_fade(vertices, REFERENCE_SIZE, view.joined, HEAD_HELD_WITHIN)
        rotation[face_count:] *= inside[face_count:]

    beyond = sheet.distance > _EXPRESSION_REACH * head.face_height
    weights = handle_weights(
        laplacian,
        np.array(topo.HANDLES, np.int32),
        (face_count + np.flatnonzero(beyond)).astype(np.int32),
        face.parents,
        slits,
    )
    return HeadMesh(
        size=view.size,
        landmarks=view.landmarks.astype(np.float32),
        vertices=_to_reference(vertices, 1 / scale).astype(np.float32),
        face_count=face_count,
        triangles=triangles,
        strips=slit_strips(face.rings),
        rings=face.rings,
        midpoint_parents=face.parents,
        rotation_weight=rotation.astype(np.float32),
        relief=(relief / scale).astype(np.float32),
        behind=(behind / scale).astype(np.float32),
        free=np.ascontiguousarray(free, np.float32),
        body_weight=body.astype(np.float32),
        handles=np.array(topo.HANDLES, np.int32),
        handle_weights=weights.astype(np.float32),
        axes=head.axes.astype(np.float32),
        mm=head.mm / scale,
        eye_distance=head.eye_distance / scale,
        face_height=head.face_height / scale,
        face_width=head.face_width / scale,
        pivot=_to_reference(head.pivot, 1 / scale).astype(np.float32),
        yaw_deg=head.yaw_deg,
        far_side=depth.far_side.astype(np.float32),
    )


def _to_reference(points: Array, scale: float) -> Array:
    """Scale points, (..., 3), to another size of the view; pixel centres are at integers."""
    result = points * scale
    result[..., :2] += 0.5 * scale - 0.5
    return np.asarray(result)
