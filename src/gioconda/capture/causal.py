"""A face fitted frame by frame, each from the past alone: the streaming sibling of a clip's fit.

The same poses, shapes, bounds and prices as :mod:`gioconda.capture.fit`; where a clip's frame is
held to both its neighbours, here it is held to the one before, by a price that knows how long ago
that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.expression import Form, solve_next
from gioconda.capture.fit import Fitter, in_view_axes, lid_weights, refined_poses
from gioconda.capture.gaze import gaze
from gioconda.capture.head_pose import RIGID, HeadPoses, fit_poses
from gioconda.capture.performance import face_moments, measured_poses
from gioconda.capture.subject import Subject
from gioconda.capture.unpose import unpose
from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: The clip's prices are for this step; a frame after a longer one is held less.
_STEP_S: Final = 0.04
#: Bounds of how much a frame is held to the one before.
_LINKED: Final = (0.0, 3.0)
#: After a longer step the frame before says nothing.
_LONGEST_STEP_S: Final = 0.3
#: Rounds of pose and expression in turn. The frame before is a good start.
_ROUNDS: Final = 2
_UPPER: Final = topo.UPPER_LIP_INNER[3:6]
_LOWER: Final = topo.LOWER_LIP_INNER[3:6]


@dataclass(frozen=True)
class FrameFit:
    """One frame, relative to the subject's reference frame.

    Attributes:
        face: (60,) moment of the blendshapes and ``articulation``; head and gaze are 0.
        gaze_deg: (2,) yaw and pitch.
        pose: (6,) degrees and outer-eye distances.
        lip_gap_mm: between the inner lips as the tracker has them, in the middle of the mouth.
        information: (6, 6) the inverse of the covariance of the pose's error.
    """

    face: Array
    gaze_deg: Array
    pose: Array
    information: Array
    lip_gap_mm: float


class CausalFitter:
    """Fits the frames of one subject as they come, for another face (``transfer``)."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._fitter = Fitter(subject, 1 / _STEP_S, transfer=True)
        self._form = Form(self._fitter.problem)
        gap = subject.rest[list(_LOWER)] - subject.rest[list(_UPPER)]
        axes = subject.mesh.axes.astype(np.float64)
        self._own_gap_mm = float((gap @ axes[1]).mean()) / float(subject.mesh.mm)
        self._weights: Array | None = None
        self._poses: HeadPoses | None = None

    def step(self, landmarks: Array, step_s: float) -> FrameFit:
        """Fit the next frame.

        Args:
            landmarks: (478, 3) pixels of the frame.
            step_s: since the frame before.
        """
        subject, fitter, rigid = self.subject, self._fitter, list(RIGID)
        seen = subject.into_view(landmarks[None])
        stale = step_s > _LONGEST_STEP_S or self._weights is None
        before = np.zeros(len(fitter.names)) if self._weights is None else self._weights
        linked = 0.0 if stale else float(np.clip(_STEP_S / max(step_s, 1e-3), *_LINKED))
        poses = self._poses
        if stale or poses is None:
            poses = fit_poses(subject.rest[rigid], seen[:, rigid, :2], subject.camera)
        weights = before
        for _ in range(_ROUNDS):
            poses = refined_poses(
                subject,
                subject.rest,
                seen,
                poses,
                in_view_axes(subject, weights[None], fitter.shapes),
            )
            unposed = unpose(subject, subject.rest, poses, seen)
            gaze_deg = gaze(unposed)
            lids = lid_weights(fitter.names, gaze_deg, weights[None, fitter.blinks])
            moved = unposed.moved[0, subject.mesh.handles]
            moved = fitter.gaps.beside(moved - np.tensordot(lids[0], fitter.shapes, 1))
            free = solve_next(self._form, moved, unposed.sight[0], before, linked)
            weights = free + lids[0]
        self._weights, self._poses = free, poses
        pose, information = measured_poses(subject, poses)
        face = face_moments(fitter.names, free[None])[0]
        parted = unposed.moved[0, list(_LOWER), 1] - unposed.moved[0, list(_UPPER), 1]
        gap_mm = self._own_gap_mm + float(parted.mean())
        return FrameFit(face, gaze_deg[0], pose[0], information[0], gap_mm)
