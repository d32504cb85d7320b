"""A neutral face whose 52 ARKit shapes move as ours do, for files that must carry a mesh.

The mean of MediaPipe's face mesh (``portrait/canonical.npz``) with the mesh renderer's own
shapes, built for it as for any portrait, two eyes and the inside of a mouth. All parts share one
set of vertices, so that every shape is one array.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.interchange.axes import FLIP
from gioconda.motion import BLENDSHAPES, GAZE_FULL_DEG

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

_EYE_RADIUS_MM: Final = 12.3
#: The eye's front lies this far behind the mean of its lids' edges.
_EYE_BEHIND_MM: Final = -0.6
#: Angles from the eye's axis where pupil, iris and what can be seen of the eye end.
_PUPIL_DEG: Final = 11.0
_IRIS_DEG: Final = 29.0
_EYE_RINGS_DEG: Final = (0.0, _PUPIL_DEG, _IRIS_DEG, 45.0, 60.0, 75.0, 90.0)
_EYE_SEGMENTS: Final = 32
#: Lids follow the gaze: at weight 1 (30 degrees) they have gone this far of their own shapes.
_LID_FOLLOWS: Final = 1.1
#: The inside of the mouth: rings this far behind the lips, and as wide as this part of them.
_MOUTH_RINGS: Final = ((4.0, 1.0, 1.0), (14.0, 1.0, 0.9), (34.0, 0.7, 0.5))


@dataclass(frozen=True)
class Part:
    """Triangles of one colour.

    Attributes:
        name: of the part.
        triangles: (n, 3), counter-clockwise seen from the front.
        colour: linear RGB.
        roughness: 0 mirror to 1 matt.
    """

    name: str
    triangles: IntArray
    colour: tuple[float, float, float]
    roughness: float


@dataclass(frozen=True)
class FaceModel:
    """A face in metres, y up, z towards the viewer, the origin where the head turns.

    Attributes:
        points: (n, 3).
        normals: (n, 3), unit length.
        shapes: (52, n, 3), displacements at weight 1, in the order of BLENDSHAPES.
        parts: what to draw.
    """

    points: Array
    normals: Array
    shapes: Array
    parts: tuple[Part, ...]


@lru_cache(maxsize=1)
def face_model() -> FaceModel:
    """Return the face; about 0.1 s the first time."""
    from gioconda.portrait.canonical import canonical_landmarks
    from gioconda.render.mesh import topology as topo
    from gioconda.render.mesh.closing import canonical_face
    from gioconda.render.mesh.head_frame import EYE_SPAN_MM, measure_head

    face = canonical_face()
    landmarks = canonical_landmarks().astype(np.float64)
    frame = measure_head(landmarks)
    pivot = (frame.pivot - landmarks[topo.NOSE_TIP]) @ frame.axes.T * EYE_SPAN_MM
    skin = topo.triangles()[:, ::-1]  # y down becomes y up: the winding turns
    skin = _outward(face * FLIP, skin)
    points, fields = [face], [_face_fields(face)]
    parts = [Part("Skin", skin, (0.60, 0.42, 0.34), 0.6)]

    lips = _inside(face[skin].mean(1)[:, :2], face[list(topo.LIPS_OUTER), :2])
    parts[0] = Part("Skin", skin[~lips], (0.60, 0.42, 0.34), 0.65)
    parts.append(Part("Lips", skin[lips], (0.47, 0.17, 0.16), 0.45))

    count = len(face)
    for side, ring in (("Right", topo.RINGS["eye_right"]), ("Left", topo.RINGS["eye_left"])):
        ball, moved, bands = _eye(face[list(ring)], side)
        points.append(ball)
        fields.append(moved)
        for name, triangles, colour in bands:
            parts.append(Part(f"{name}{side}", triangles + count, colour, 0.15))
        count += len(ball)
    bag, moved, triangles = _mouth(face, fields[0], topo.LIPS_INNER, count)
    points.append(bag)
    fields.append(moved)
    parts.append(Part("Mouth", triangles, (0.10, 0.025, 0.025), 0.8))

    all_points = (np.concatenate(points) - pivot) * FLIP / 1000
    shapes = np.concatenate(fields, axis=1) * FLIP / 1000
    triangles = np.concatenate([p.triangles for p in parts])
    return FaceModel(all_points, _normals(all_points, triangles), shapes, tuple(parts))


def opening_rows() -> Array:
    """Return what the lips measure for each shape at weight 1, (3, 52), millimetres.

    Rows: opening between the inner lips at the middle, width from corner to corner, and how far
    the upper lip comes forward (the lower one goes back with the jaw, rounded or not).
    """
    from gioconda.render.mesh import topology as topo
    from gioconda.render.mesh.closing import canonical_face

    fields = _face_fields(canonical_face())
    upper, lower = topo.UPPER_LIP_INNER[topo.LIP_MIDDLE], topo.LOWER_LIP_INNER[topo.LIP_MIDDLE]
    opening = fields[:, lower, 1] - fields[:, upper, 1]
    width = fields[:, topo.CORNER_LEFT_OUTER, 0] - fields[:, topo.CORNER_RIGHT_OUTER, 0]
    forward = -fields[:, topo.UPPER_LIP_OUTER[topo.LIP_MIDDLE], 2]
    return np.stack([opening, width, forward])


@lru_cache(maxsize=2)
def _fields_of(face: bytes) -> Array:
    from gioconda.render.mesh import topology as topo
    from gioconda.render.mesh.blendshapes import shape_fields

    points = np.frombuffer(face).reshape(-1, 3)
    named = shape_fields(points)
    fields = np.stack([named[n] for n in BLENDSHAPES])
    for side in ("Left", "Right"):
        for look, lid in (("Down", "lidDown"), ("Up", "lidUp")):
            at = BLENDSHAPES.index(f"eyeLook{look}{side}")
            fields[at] += _LID_FOLLOWS * named[lid + side]
    return _spread(fields, np.array(topo.HANDLES), topo.triangles(), len(points))


def _face_fields(face: Array) -> Array:
    return _fields_of(np.ascontiguousarray(face, np.float64).tobytes())


def _spread(fields: Array, handles: IntArray, triangles: IntArray, count: int) -> Array:
    """Let the landmarks that no table moves follow their neighbours (a membrane)."""
    graph = np.zeros((count, count))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        graph[triangles[:, a], triangles[:, b]] = graph[triangles[:, b], triangles[:, a]] = 1
    laplacian = np.diag(graph.sum(1)) - graph
    free = np.setdiff1d(np.arange(count), handles)
    out = fields.copy()
    given = fields[:, handles].transpose(1, 0, 2).reshape(len(handles), -1)
    solved = np.linalg.solve(
        laplacian[np.ix_(free, free)] + 1e-9 * np.eye(len(free)),
        -laplacian[np.ix_(free, handles)] @ given,
    )
    out[:, free] = solved.reshape(len(free), len(fields), 3).transpose(1, 0, 2)
    return out


def _outward(points: Array, triangles: IntArray) -> IntArray:
    """Wind triangles so that most normals point to the viewer (+z)."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    facing = np.cross(b - a, c - a)[:, 2].sum()
    return triangles if facing > 0 else triangles[:, ::-1]


def _inside(points: Array, outline: Array) -> npt.NDArray[np.bool_]:
    """Tell which points, (n, 2), lie inside a closed outline, (m, 2)."""
    a, b = outline, np.roll(outline, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(a[:, 1] == b[:, 1], 1.0, b[:, 1] - a[:, 1])
    crossed = spans & (x < a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise)
    result: npt.NDArray[np.bool_] = crossed.sum(1) % 2 == 1
    return result


def _eye(
    ring: Array, side: str
) -> tuple[Array, Array, list[tuple[str, IntArray, tuple[float, float, float]]]]:
    """Return an eye's vertices (head axes, mm), its shapes, and its bands of colour."""
    centre = ring.mean(0)
    low, high = ring.min(0), ring.max(0)
    centre[0], centre[1] = 0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])
    centre[2] = ring[:, 2].mean() + _EYE_BEHIND_MM + _EYE_RADIUS_MM
    around = 2 * np.pi * np.arange(_EYE_SEGMENTS) / _EYE_SEGMENTS
    rings = [
        np.stack([np.sin(a) * np.cos(around), np.sin(a) * np.sin(around),
                  np.full(_EYE_SEGMENTS, -np.cos(a))], axis=1)
        for a in np.radians(_EYE_RINGS_DEG)
    ]  # fmt: skip
    rays = np.concatenate(rings)
    shapes = np.zeros((len(BLENDSHAPES), len(rays), 3))
    full = np.radians(GAZE_FULL_DEG)
    outward = 1.0 if side == "Left" else -1.0  # the person's left lies to the picture's right
    for look, yaw, pitch in (
        ("Out", outward * full, 0.0), ("In", -outward * full, 0.0),
        ("Down", 0.0, full), ("Up", 0.0, -full),
    ):  # fmt: skip
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]]) @ np.array(
            [[1, 0, 0], [0, cp, -sp], [0, sp, cp]]
        )
        at = BLENDSHAPES.index(f"eyeLook{look}{side}")
        shapes[at] = (rays @ turn.T - rays) * _EYE_RADIUS_MM
    bands: dict[str, list[IntArray]] = {"Pupil": [], "Iris": [], "EyeWhite": []}
    for k in range(len(rings) - 1):
        outer = _EYE_RINGS_DEG[k + 1]
        name = "Pupil" if outer <= _PUPIL_DEG else "Iris" if outer <= _IRIS_DEG else "EyeWhite"
        bands[name].append(_band(k, k + 1, _EYE_SEGMENTS))
    colours = {
        "Pupil": (0.01, 0.01, 0.01), "Iris": (0.10, 0.17, 0.22), "EyeWhite": (0.80, 0.78, 0.75),
    }  # fmt: skip
    points = centre + rays * _EYE_RADIUS_MM
    parts = [
        (name, _outward(points * FLIP, np.concatenate(t)), colours[name])
        for name, t in bands.items()
    ]
    return points, shapes, parts


def _band(first: int, second: int, segments: int) -> IntArray:
    """Return the triangles between two rings of vertices, by the rings' numbers."""
    i = np.arange(segments)
    a, b = first * segments + i, first * segments + (i + 1) % segments
    c, d = second * segments + i, second * segments + (i + 1) % segments
    both = np.concatenate([np.stack([a, c, d], 1), np.stack([a, d, b], 1)])
    return both.astype(np.int32)


def _mouth(
    face: Array, fields: Array, ring: tuple[int, ...], first: int
) -> tuple[Array, Array, IntArray]:
    """Return the inside of the mouth: rings behind the inner lips that narrow and end."""
    edge, moved = face[list(ring)], fields[:, list(ring)]
    middle = edge.mean(0)
    points, shapes, triangles = [edge], [moved], []
    for behind, size, follows in _MOUTH_RINGS:
        inner = middle + (edge - middle) * (size, size, 0.3) + (0, 0, behind)
        points.append(inner)
        shapes.append(follows * moved)
    points.append(middle[None] + (0, 0, _MOUTH_RINGS[-1][0] + 2))
    shapes.append(0.5 * moved.mean(1, keepdims=True))
    count = len(ring)
    for k in range(len(_MOUTH_RINGS)):
        triangles.append(_band(k, k + 1, count))
    last = len(_MOUTH_RINGS) * count
    i = np.arange(count)
    fan = np.stack([last + i, np.full(count, last + count), last + (i + 1) % count], 1)
    triangles.append(fan.astype(np.int32))
    return np.concatenate(points), np.concatenate(shapes, axis=1), np.concatenate(triangles) + first


def _normals(points: Array, triangles: IntArray) -> Array:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    of_face = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], of_face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 0, normals / np.maximum(length, 1e-30), (0.0, 0.0, 1.0))
    return normals
