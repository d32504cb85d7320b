"""Landmarks of a clip with the head's motion taken out: what the face itself did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.head_pose import RIGID, Camera, HeadPoses, fit_poses
from gioconda.capture.subject import Subject

Array = npt.NDArray[np.float64]

#: Rounds in which poses and the depths of landmarks are found in turn.
CALIBRATION_ROUNDS: Final = 3
#: A landmark's depth is moved by at most this, in outer-eye distances, in one round.
_DEPTH_STEP: Final = 0.12
#: Turning that a clip must show before depths are believed, as the mean square of the sine.
_DEPTH_PRIOR: Final = 0.03


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


def unpose(subject: Subject, seen: Array, rounds: int = CALIBRATION_ROUNDS) -> Unposed:
    """Find the head's pose in each frame and take it out of the landmarks.

    The depth of each landmark is calibrated on the clip itself: what moves against the head
    as it turns lies nearer or further than the mesh model says (second round of the renderer's
    prototype: apparent motion of the eyes 2.6 mm before, 1.7 mm after).

    Args:
        subject: the reference frame.
        seen: (T, 478, 3) landmarks in pixels of the subject's view.
        rounds: of calibration; 0 trusts the reference frame's depths.
    """
    camera, rest = subject.camera, subject.rest.copy()
    rigid = list(RIGID)
    poses: HeadPoses | None = None
    for left in range(rounds, -1, -1):
        flat = camera.unproject(np.column_stack([camera.project(subject.rest), rest[:, 2]]))
        rest = flat
        poses = fit_poses(rest[rigid], seen[:, rigid, :2], camera, start=poses)
        moved = _displacement(poses, rest, seen, camera)
        if left:
            rest[:, 2] += _depth_error(poses, moved, subject.mesh.eye_distance)
    assert poses is not None
    axes, mm = subject.mesh.axes.astype(np.float64), float(subject.mesh.mm)
    sight = poses.rotation[:, 2] @ axes.T
    moved += _guessed_depth(poses, rest, seen, camera)[..., None] * poses.rotation[:, None, 2]
    return Unposed(poses, moved @ axes.T / mm, sight)


def _displacement(poses: HeadPoses, rest: Array, seen: Array, camera: Camera) -> Array:
    """Return (T, N, 3) displacements in view axes that explain the image, none along the sight."""
    posed = poses.apply(rest, camera)
    at_depth = np.concatenate([seen[..., :2], posed[..., 2:]], axis=-1)
    return poses.undo(camera.unproject(at_depth), camera) - rest


def _depth_error(poses: HeadPoses, moved: Array, eye_distance: float) -> Array:
    """Return (N,) what each landmark's depth is wrong by: the part of its motion that goes with
    the head's turning."""
    turned = poses.rotation[:, :2, 2]
    in_image = np.einsum("tij,tnj->tni", poses.rotation[:, :2], moved)
    turned = turned - turned.mean(axis=0)
    in_image = in_image - in_image.mean(axis=0)
    together = np.einsum("ti,tni->n", turned, in_image)
    depth = together / ((turned**2).sum() + _DEPTH_PRIOR * len(turned))
    limit = _DEPTH_STEP * eye_distance
    result: Array = np.clip(depth, -limit, limit)
    return result


def _guessed_depth(poses: HeadPoses, rest: Array, seen: Array, camera: Camera) -> Array:
    """Return (T, N) displacement away from the camera as the tracker's own depth has it."""
    rigid = list(RIGID)
    posed = poses.apply(rest, camera)[..., 2]
    scale = (camera.distance + posed[:, rigid].mean(axis=1)) / camera.distance
    depth = seen[..., 2] * scale[:, None]
    depth = depth - depth[:, rigid].mean(axis=1, keepdims=True)
    result: Array = depth - (posed - posed[:, rigid].mean(axis=1, keepdims=True))
    return result
