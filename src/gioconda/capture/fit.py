"""A clip's landmarks as head poses and weights of the subject's own shapes.

Pose and expression are found in turn. The first pose rests on points that do not slide, later
ones on all landmarks with the expression found so far, in robust least squares: many more points,
so less noise, and an expression is no longer taken for a turn of the head (over 20 clips the
shapes explained 82 % of the motion of the brows instead of 74 %, 66 % of the eyes' instead of
58 %).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.expression import RIDGE, Problem, solve
from gioconda.capture.gaze import gaze
from gioconda.capture.head_pose import RIGID, HeadPoses, fit_poses
from gioconda.capture.regions import REGIONS
from gioconda.capture.subject import Subject
from gioconda.capture.unpose import Unposed, calibrated, unpose
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.deform import (
    LEAST_BLINK,
    LID_DOWN_DEG,
    LID_DOWN_GAIN,
    LID_LIMIT,
    LID_UP_DEG,
)

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: How much each handle counts for the expression; 1 elsewhere.
REGION_WEIGHTS: Final = {"lips": 2.5, "eyes": 2.2, "brows": 1.5, "jaw": 2.0, "cheeks": 2.0}
#: How much gaps between lips and between lids count.
LIP_GAP_WEIGHT: Final = 2.0
LID_GAP_WEIGHT: Final = 1.8
#: How much the face's outline, whose points slide, counts for the pose.
OUTLINE_WEIGHT: Final = 0.15
#: Bounds of the weights. A person who frowns or squints in the reference frame needs less than 0.
LEAST_WEIGHT: Final = -0.6
MOST_WEIGHT: Final = 1.3
#: The same, and the pull to 0 in square millimetres, for the mouth on another face.
TRANSFER_LEAST_WEIGHT: Final = -0.1
TRANSFER_RIDGE: Final = 30.0
#: Noise that real frames beside ours would hide is seen on another face: changes cost more.
TRANSFER_SMOOTHER: Final = 3.0
#: The same pull for the lids, so that they do not work against each other either.
EYE_RIDGE: Final = 4.0
#: Pairs in which each is the other with the sign changed.
_OPPOSITES: Final = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
#: Price of a change by 1 from frame to frame at 25 frames a second, square millimetres, by the
#: beginning of a shape's name: a blink takes three frames, a brow ten.
SMOOTH: Final = {"eyeBlink": 0.5, "eye": 6.0, "jaw": 10.0, "mouth": 10.0}
SMOOTH_ELSEWHERE: Final = 12.0
_SMOOTH_RATE_HZ: Final = 25.0
#: Name of the row, after the basis, that closes the portrait's own mouth: ``articulation``.
CLOSING: Final = "closing"
_DRIVEN: Final = ("lidUp", "lidDown", "eyeLook", "tongueOut")
#: Rounds of pose and expression in turn after the first.
_ROUNDS: Final = 4
#: Points further off than this many times the median count less for the pose.
_OUTLIER: Final = 2.0


@dataclass(frozen=True)
class ClipFit:
    """A clip as weights of shapes.

    Attributes:
        names: (K + 1,) the basis's shapes and then "closing".
        weights: (T, K + 1); lids that follow the gaze are filled in as the renderer does it.
        gaze_deg: (T, 2) yaw and pitch relative to the reference frame.
        unposed: the landmarks that were fitted, and the head's poses.
        explained: share of the motion's variance about its mean, in x and y, that the shapes
            explain, by region and for "all" handles.
        variance: mean square of the motion about its mean, summed over the region's landmarks,
            square millimetres: (moved, left over).
    """

    names: tuple[str, ...]
    weights: Array
    gaze_deg: Array
    unposed: Unposed
    explained: dict[str, float]
    variance: dict[str, tuple[float, float]] = field(repr=False)


def fit(
    subject: Subject,
    landmarks: Array,
    rate_hz: float = 25.0,
    *,
    low: float = LEAST_WEIGHT,
    high: float = MOST_WEIGHT,
    linked: Array | None = None,
    transfer: bool = False,
    rounds: int = _ROUNDS,
) -> ClipFit:
    """Fit a clip.

    Args:
        subject: its reference frame.
        landmarks: (T, 478, 3) pixels of the frames, without gaps.
        rate_hz: frames a second.
        low: least weight.
        high: largest weight.
        linked: (T - 1,) 0 to 1, how much frame t + 1 is like frame t; all 1 if None.
        transfer: fit for another face: the mouth is counted from closed lips even where the
            reference frame's are parted, and shapes that work against each other, whose parts
            would not cancel on other lips, are avoided.
        rounds: of pose and expression in turn, after the first.
    """
    bounds = (low, high)
    return Fitter(subject, rate_hz, bounds, linked, transfer).fit(landmarks, rounds)


class Fitter:
    """Fits clips of one subject; see :func:`fit` for the arguments.

    Attributes:
        subject, rate_hz, linked: as given.
        names: of the basis's shapes and then "closing".
        shapes: (K + 1, H, 3) head axes, millimetres.
        gaps: that are fitted beside the landmarks.
        problem: that weights solve.
        blinks: places of the right and the left eye's blink among the shapes.
    """

    def __init__(
        self,
        subject: Subject,
        rate_hz: float = 25.0,
        bounds: tuple[float, float] = (LEAST_WEIGHT, MOST_WEIGHT),
        linked: Array | None = None,
        transfer: bool = False,
    ) -> None:
        self.subject, self.rate_hz, self.linked = subject, rate_hz, linked
        self.names = (*subject.basis.names, CLOSING)
        self.shapes = shapes_mm(subject)
        self.gaps = Gaps(subject.mesh.handles)
        self.problem = _problem(self.names, self.gaps, self.shapes, rate_hz, bounds, transfer)
        self.blinks = [self.names.index("eyeBlinkRight"), self.names.index("eyeBlinkLeft")]

    def fit(self, landmarks: Array, rounds: int = _ROUNDS) -> ClipFit:
        """Fit poses, gaze and weights to landmarks, (T, 478, 3) pixels of the frames."""
        subject = self.subject
        seen = subject.into_view(landmarks)
        rest = subject.rest
        rigid = list(RIGID)
        poses = fit_poses(rest[rigid], seen[:, rigid, :2], subject.camera)
        weights = np.zeros((len(seen), len(self.names)))
        for left in range(rounds, -1, -1):
            unposed = unpose(subject, rest, poses, seen)
            gaze_deg = gaze(unposed)
            weights = self._weights(unposed, gaze_deg, weights)
            if left:
                explained_px = in_view_axes(subject, weights, self.shapes)
                if left < rounds:
                    rest = _calibrated(subject, rest, unposed, explained_px)
                poses = refined_poses(subject, rest, seen, poses, explained_px)
        return self._told(unposed, gaze_deg, weights)

    def again(self, fitted: ClipFit, added: Array) -> ClipFit:
        """Fit the weights of a clip again, with more to explain; its poses and gaze stay.

        Args:
            fitted: by this fitter.
            added: (T, H, 3) displacements of the handles on top of the clip's, head axes,
                millimetres.
        """
        weights = self._weights(fitted.unposed, fitted.gaze_deg, fitted.weights, added)
        return self._told(fitted.unposed, fitted.gaze_deg, weights)

    def _weights(
        self, unposed: Unposed, gaze_deg: Array, start: Array, added: Array | None = None
    ) -> Array:
        lids = lid_weights(self.names, gaze_deg, start[:, self.blinks])
        moved = unposed.moved[:, self.subject.mesh.handles] - np.tensordot(lids, self.shapes, 1)
        if added is not None:
            moved += added
        free = solve(self.problem, self.gaps.beside(moved), unposed.sight, self.linked, start)
        result: Array = free + lids
        return result

    def _told(self, unposed: Unposed, gaze_deg: Array, weights: Array) -> ClipFit:
        handles = self.subject.mesh.handles
        moved = unposed.moved[:, handles]
        left = moved - np.tensordot(weights, self.shapes, 1)
        shares, variance = _explained(handles, moved, left)
        return ClipFit(self.names, weights, gaze_deg, unposed, shares, variance)


class Gaps:
    """Gaps between lips and between lids, fitted beside the landmarks themselves.

    A lip that closes half a millimetre short shows a black line, and a lid a white one, where
    half a millimetre elsewhere is nothing.
    """

    def __init__(self, handles: IntArray) -> None:
        self._handles = handles
        lips = (topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER)
        lids = (
            topo.RIGHT_UPPER_LID + topo.LEFT_UPPER_LID,
            topo.RIGHT_LOWER_LID + topo.LEFT_LOWER_LID,
        )
        self._upper, self._lower = (
            np.searchsorted(handles, a + b) for a, b in zip(lips, lids, strict=True)
        )
        weights = np.repeat([LIP_GAP_WEIGHT, LID_GAP_WEIGHT], [len(lips[0]), len(lids[0])])
        self._weights = weights

    def beside(self, displacement: Array) -> Array:
        """Return displacements, (..., H, 3), with those of the gaps after them."""
        gaps = displacement[..., self._lower, :] - displacement[..., self._upper, :]
        return np.concatenate([displacement, gaps], axis=-2)

    def counts(self) -> Array:
        """Return how much each handle and each gap counts."""
        counts = np.ones(len(self._handles))
        for region, weight in REGION_WEIGHTS.items():
            counts[np.isin(self._handles, REGIONS[region])] = weight
        return np.concatenate([counts, self._weights])


def shapes_mm(subject: Subject) -> Array:
    """Return the basis and its closing, (K + 1, H, 3), head axes, millimetres."""
    basis = subject.basis
    rows = np.concatenate([basis.displacements, basis.closing[None]]).astype(np.float64)
    result: Array = rows / float(subject.mesh.mm)
    return result


def lid_weights(names: tuple[str, ...], gaze_deg: Array, blinks: Array) -> Array:
    """Return the weights, (T, K + 1), of the lids that follow the gaze, as the renderer sets them.

    Args:
        names: of the shapes.
        gaze_deg: (T, 2).
        blinks: (T, 2) weights of the right and the left eye's blink.
    """
    down = gaze_deg[:, 1]
    lowered = LID_DOWN_GAIN * np.minimum(np.maximum(down, 0) / LID_DOWN_DEG, LID_LIMIT)
    raised = np.minimum(np.maximum(-down, 0) / LID_UP_DEG, LID_LIMIT)
    weights = np.zeros((len(gaze_deg), len(names)))
    for side, blink in zip(("Right", "Left"), blinks.T, strict=True):
        free = 1 - np.clip(blink, 0, 1)
        weights[:, names.index("lidDown" + side)] = lowered * free
        weights[:, names.index("lidUp" + side)] = raised * free
    return weights


def _problem(
    names: tuple[str, ...], gaps: Gaps, shapes: Array, rate_hz: float,
    bounds: tuple[float, float], transfer: bool,
) -> Problem:  # fmt: skip
    count = len(names)
    lows, highs = (np.full(count, b) for b in bounds)
    smooth = np.full(count, SMOOTH_ELSEWHERE)
    for k, name in enumerate(names):
        if name.startswith(_DRIVEN) or not np.abs(shapes[k]).any():
            lows[k] = highs[k] = 0.0
        elif name == CLOSING:
            lows[k], highs[k] = float(transfer), 1.0
        elif name.startswith("eyeWide"):
            lows[k] = 0.0  # less of it is a blink
        elif name.startswith("eyeBlink"):
            # closed is closed, and lids open no further than the renderer lets them
            lows[k], highs[k] = max(lows[k], LEAST_BLINK), min(highs[k], 1.0)
        elif transfer and name.startswith(("jaw", "mouth", "cheekPuff")):
            lows[k] = 0.0 if name in _OPPOSITES else TRANSFER_LEAST_WEIGHT
        for beginning, price in reversed(SMOOTH.items()):
            if name.startswith(beginning):
                smooth[k] = price
        if transfer and not name.startswith("eyeBlink"):
            smooth[k] *= TRANSFER_SMOOTHER
    smooth *= rate_hz / _SMOOTH_RATE_HZ
    ridge = np.full(count, TRANSFER_RIDGE if transfer else RIDGE)
    ridge[[name.startswith("eye") for name in names]] = EYE_RIDGE
    return Problem(gaps.beside(shapes), gaps.counts(), lows, highs, smooth, ridge)


def in_view_axes(subject: Subject, weights: Array, shapes: Array) -> Array:
    """Return (T, H, 3) displacements of the handles in view axes, pixels."""
    axes = subject.mesh.axes.astype(np.float64)
    result: Array = np.tensordot(weights, shapes, 1) * float(subject.mesh.mm) @ axes
    return result


def refined_poses(
    subject: Subject, rest: Array, seen: Array, poses: HeadPoses, expression: Array
) -> HeadPoses:  # fmt: skip
    """Fit the poses again to all handles, moved as the expression has them."""
    handles = subject.mesh.handles
    points, there = rest[handles] + expression, seen[:, handles, :2]
    counts = np.where(np.isin(handles, topo.OVAL), OUTLINE_WEIGHT, 1.0)
    away = subject.camera.project(poses.apply(points, subject.camera)) - there
    distance = np.linalg.norm(away, axis=2)
    knee = _OUTLIER * np.median(distance)
    counts = counts * np.minimum(1.0, knee / np.maximum(distance, 1e-6))
    return fit_poses(points, there, subject.camera, counts, start=poses)


def _calibrated(subject: Subject, rest: Array, unposed: Unposed, expression: Array) -> Array:
    """Calibrate the depths of handles; other landmarks are not used.

    Least of all irises: eyes that stay on the camera move against the head as it turns.
    """
    axes = subject.mesh.axes.astype(np.float64)
    left = unposed.moved * float(subject.mesh.mm) @ axes
    left[:, subject.mesh.handles] -= expression
    known = np.zeros(len(rest), np.bool_)
    known[subject.mesh.handles] = True
    moved = calibrated(subject, rest, unposed.poses, left)
    return np.where(known[:, None], moved, rest)


def _explained(
    handles: IntArray, moved: Array, left: Array
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    share, variance = {}, {}
    for region, landmarks in {**REGIONS, "all": tuple(handles)}.items():
        chosen = np.isin(handles, landmarks)
        total, rest = (
            float(((d - d.mean(axis=0)) ** 2).sum() / len(d))
            for d in (moved[:, chosen, :2], left[:, chosen, :2])
        )
        share[region] = 1 - rest / max(total, 1e-9)
        variance[region] = (total, rest)
    return share, variance
