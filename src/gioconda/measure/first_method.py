"""The method of the renderer's first prototype, kept as a baseline of reenactment.

Pose by a similarity in three dimensions on 26 points, 16 of them on contours that slide;
weights from 0 to 1.2 of the shapes at hand, of a ridge and a smoothness that do not know regions.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.expression import Problem, solve
from gioconda.capture.fit import CLOSING, lid_weights, shapes_mm
from gioconda.capture.head_pose import HeadPoses
from gioconda.capture.regions import REGIONS
from gioconda.capture.subject import Subject
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, set_gaze
from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: Its rigid points.
_RIGID: Final = (
    10, 151, 168, 6, 197, 195, 33, 263, 133, 362, 127, 356, 234, 454, 21, 251, 54, 284, 103, 332,
    67, 297, 109, 338, 162, 389,
)  # fmt: skip
_REGION_WEIGHTS: Final = {"lips": 1.5, "eyes": 1.8, "brows": 1.2}
_MOST_WEIGHT: Final = 1.2
_RIDGE: Final = 0.6
_SMOOTH: Final = 6.0


def first_method_moments(subject: Subject, landmarks: Array) -> Array:
    """Return moments of motion, (T, 60), relative to the subject's reference frame.

    Args:
        subject: the reference frame.
        landmarks: (T, 478, 3) pixels of the frames.
    """
    mesh, camera = subject.mesh, subject.camera
    axes, mm = mesh.axes.astype(np.float64), float(mesh.mm)
    flat = camera.project(subject.rest)
    rest = np.column_stack([flat, subject.rest[:, 2]])
    seen = subject.into_view(landmarks)
    rotation, scale, shift = _similarities(rest[list(_RIGID)], seen[:, list(_RIGID)])
    unposed = (seen - shift[:, None]) @ rotation / scale[:, None, None]
    moved = (unposed - rest) @ axes.T / mm

    offsets = []
    for iris, corners in ((468, topo.RIGHT_EYE_CORNERS), (473, topo.LEFT_EYE_CORNERS)):
        offsets.append(moved[:, iris, :2] - moved[:, list(corners), :2].mean(axis=1))
    gaze_deg = np.degrees(np.arcsin(np.clip(np.mean(offsets, axis=0) / 10.5, -0.6, 0.6)))

    names = (*subject.basis.names, CLOSING)
    shapes = shapes_mm(subject)
    high = np.full(len(names), _MOST_WEIGHT)
    for k, name in enumerate(names):
        if name.startswith(("lidUp", "lidDown", "eyeLook", "tongueOut")):
            high[k] = 0.0
    high[-1] = float(np.abs(shapes[-1]).any())
    counts = np.ones(len(mesh.handles))
    for region, weight in _REGION_WEIGHTS.items():
        counts[np.isin(mesh.handles, REGIONS[region])] = weight
    problem = Problem(
        shapes, counts, np.zeros(len(names)), high, np.full(len(names), _SMOOTH),
        np.full(len(names), _RIDGE),
    )  # fmt: skip
    lids = lid_weights(names, gaze_deg, np.zeros((len(seen), 2)))
    along_z = np.broadcast_to(np.array([0.0, 0.0, 1.0]), (len(seen), 3))
    weights = solve(problem, moved[:, mesh.handles] - np.tensordot(lids, shapes, 1), along_z)

    values = np.zeros((len(seen), len(CHANNELS)))
    for name in BLENDSHAPES:
        values[:, INDEX[name]] = weights[:, names.index(name)]
    values[:, INDEX["articulation"]] = weights[:, -1]
    set_gaze(values, gaze_deg[:, 0], gaze_deg[:, 1])  # type: ignore[arg-type]
    translation = _translations(subject, rotation, scale, shift)
    poses = HeadPoses(rotation, translation, scale, np.zeros((len(scale), 6, 6)))
    first = INDEX["headYaw"]
    values[:, first : first + 3] = poses.angles_deg()
    values[:, first + 3 : first + 6] = poses.translation / float(mesh.eye_distance)
    return values


def _similarities(rest: Array, seen: Array) -> tuple[Array, Array, Array]:
    """Return rotations, scales and shifts that lay points at rest onto points seen (Umeyama)."""
    rest_mean, seen_mean = rest.mean(axis=0), seen.mean(axis=1)
    a, b = rest - rest_mean, seen - seen_mean[:, None]
    u, s, vt = np.linalg.svd(np.einsum("tki,kj->tij", b, a))
    sign = np.ones((len(seen), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = np.einsum("tij,tj,tjk->tik", u, sign, vt)
    scale = (s * sign).sum(axis=1) / float((a * a).sum())
    shift = seen_mean - scale[:, None] * (rotation @ rest_mean)
    return rotation, scale, shift


def _translations(subject: Subject, rotation: Array, scale: Array, shift: Array) -> Array:
    """Return the translations that put the pivot where the similarities have it."""
    camera = subject.camera
    depth = camera.distance + camera.pivot[2]
    at_rest = np.append(camera.project(camera.pivot), camera.pivot[2])
    there = scale[:, None] * (rotation @ at_rest) + shift
    z = depth / scale - depth
    k = camera.distance / (camera.distance + camera.pivot[2] + z)
    xy = (there[:, :2] - camera.centre) / k[:, None] + camera.centre - camera.pivot[:2]
    return np.column_stack([xy, z])
