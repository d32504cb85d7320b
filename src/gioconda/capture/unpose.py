"""Landmarks of a clip with the head's motion taken out: what the face itself did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.head_pose import RIGID, Camera, HeadPoses
from gioconda.capture.subject import Subject

Array = npt.NDArray[np.float64]

#: A landmark's depth is moved by at most this, in outer-eye distances, in one round.
_DEPTH_STEP: Final = 0.12
#: Turning that a clip must show before depths are believed, as the mean square of the sine.
_DEPTH_PRIOR: Final = 0.1


@dataclass(frozen=True)
class Unposed:
    """A clip's landmarks relative to the reference frame, the head's motion taken out.

    Attributes:
        poses: of the head, relative to the reference frame.
        moved: (T, 478, 3) displacement in head axes, millimetres.
        sight: (T, 3) the camera's line of sight in head axes; displacements along it are the
            tracker's guess.
    """

    poses: HeadPoses
    moved: Array
    sight: Array


def unpose(subject: Subject, rest: Array, poses: HeadPoses, seen: Array) -> Unposed:
    """Take given poses out of landmarks.

    Args:
        subject: the reference frame.
        rest: (478, 3) its landmarks, perspective taken out, with the depths to go by.
        poses: of the head.
        seen: (T, 478, 3) landmarks in pixels of the subject's view.
    """
    camera = subject.camera
    axes, mm = subject.mesh.axes.astype(np.float64), float(subject.mesh.mm)
    moved = displacement(poses, rest, seen, camera)
    depth = _guessed_depth(poses, rest, seen, camera)
    moved += depth[..., None] * poses.rotation[:, None, 2]
    return Unposed(poses, moved @ axes.T / mm, poses.rotation[:, 2] @ axes.T)


def displacement(poses: HeadPoses, rest: Array, seen: Array, camera: Camera) -> Array:
    """Return (T, N, 3) displacements in view axes that explain the image, none along the sight."""
    posed = poses.apply(rest, camera)
    at_depth = np.concatenate([seen[..., :2], posed[..., 2:]], axis=-1)
    return poses.undo(camera.unproject(at_depth), camera) - rest


def calibrated(
    subject: Subject, rest: Array, poses: HeadPoses, unexplained: Array
) -> Array:  # fmt: skip
    """Return the rest landmarks with depths that the clip itself shows.

    What moves against the head as it turns lies nearer or further than the mesh model says (the
    idea of the second round of the renderer's prototype; here the motion that the shapes explain
    is taken out first, so that an expression that goes with a turn is not taken for depth).

    Args:
        subject: the reference frame.
        rest: (478, 3) landmarks as they are taken now.
        poses: of the head.
        unexplained: (T, 478, 3) displacements in view axes, pixels, shapes taken out.
    """
    turned = poses.rotation[:, :2, 2]
    in_image = np.einsum("tij,tnj->tni", poses.rotation[:, :2], unexplained)
    turned = turned - turned.mean(axis=0)
    in_image = in_image - in_image.mean(axis=0)
    together = np.einsum("ti,tni->n", turned, in_image)
    limit = _DEPTH_STEP * float(subject.mesh.eye_distance)
    error = together / ((turned**2).sum() + _DEPTH_PRIOR * len(turned))
    as_seen = subject.camera.project(subject.rest)
    deeper = rest[:, 2] + np.clip(error, -limit, limit)
    return subject.camera.unproject(np.column_stack([as_seen, deeper]))


def _guessed_depth(poses: HeadPoses, rest: Array, seen: Array, camera: Camera) -> Array:
    """Return (T, N) displacement away from the camera as the tracker's own depth has it."""
    rigid = list(RIGID)
    posed = poses.apply(rest, camera)[..., 2]
    scale = (camera.distance + posed[:, rigid].mean(axis=1)) / camera.distance
    depth = seen[..., 2] * scale[:, None]
    depth = depth - depth[:, rigid].mean(axis=1, keepdims=True)
    result: Array = depth - (posed - posed[:, rigid].mean(axis=1, keepdims=True))
    return result
