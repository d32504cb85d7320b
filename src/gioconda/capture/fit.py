"""A clip's landmarks as weights of the subject's own shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.expression import RIDGE, Problem, solve
from gioconda.capture.gaze import gaze
from gioconda.capture.regions import REGIONS
from gioconda.capture.subject import Subject
from gioconda.capture.unpose import CALIBRATION_ROUNDS, Unposed, unpose
from gioconda.render.mesh.deform import (
    LID_DOWN_DEG,
    LID_DOWN_GAIN,
    LID_LIMIT,
    LID_UP_DEG,
)

Array = npt.NDArray[np.float64]

#: How much each handle counts; 1 elsewhere.
REGION_WEIGHTS: Final = {"lips": 1.5, "eyes": 1.8, "brows": 1.2}
#: Bounds of the weights.
LEAST_WEIGHT: Final = -0.6
MOST_WEIGHT: Final = 1.2
#: Price of a change by 1 between frames at 25 frames a second, square millimetres.
SMOOTH: Final = 6.0
_SMOOTH_RATE_HZ: Final = 25.0
#: Name of the row, after the basis, that closes the portrait's own mouth: ``articulation``.
CLOSING: Final = "closing"
_DRIVEN: Final = ("lidUp", "lidDown", "eyeLook", "tongueOut")
_LID_ROUNDS: Final = 2


@dataclass(frozen=True)
class ClipFit:
    """A clip as weights of shapes.

    Attributes:
        names: (K + 1,) the basis's shapes and then "closing".
        weights: (T, K + 1); lids that follow the gaze are filled in as the renderer does it.
        gaze_deg: (T, 2) yaw and pitch relative to the reference frame.
        unposed: the landmarks that were fitted, and the head's poses.
        explained: share of the motion's variance about its mean, in x and y, that the shapes
            explain, by region and for "all" handles; and what it is a share of.
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
    calibration_rounds: int = CALIBRATION_ROUNDS,
) -> ClipFit:
    """Fit a clip.

    Args:
        subject: its reference frame.
        landmarks: (T, 478, 3) pixels of the frames, without gaps.
        rate_hz: frames a second.
        low: least weight.
        high: largest weight.
        calibration_rounds: see :func:`gioconda.capture.unpose.unpose`.
    """
    mesh, basis = subject.mesh, subject.basis
    mm = float(mesh.mm)
    unposed = unpose(subject, subject.into_view(landmarks), calibration_rounds)
    gaze_deg = gaze(unposed, subject.rest, mesh.axes.astype(np.float64), mm)
    handles = mesh.handles
    moved = unposed.moved[:, handles]
    names = (*basis.names, CLOSING)
    shapes = np.concatenate([basis.displacements, basis.closing[None]]).astype(np.float64) / mm

    problem = _problem(names, shapes, handles, rate_hz, low, high)
    blink = [names.index("eyeBlinkRight"), names.index("eyeBlinkLeft")]
    weights = np.zeros((len(moved), len(names)))
    for _ in range(_LID_ROUNDS):
        lids = _lids(names, gaze_deg, weights[:, blink])
        rest = moved - np.tensordot(lids, shapes, 1)
        weights = solve(problem, rest, unposed.sight, start=weights)
    weights = weights + _lids(names, gaze_deg, weights[:, blink])
    left = moved - np.tensordot(weights, shapes, 1)
    explained, variance = _explained(handles, moved, left)
    return ClipFit(names, weights, gaze_deg, unposed, explained, variance)


def _problem(
    names: tuple[str, ...], shapes: Array, handles: npt.NDArray[np.int32], rate_hz: float,
    low: float, high: float,
) -> Problem:  # fmt: skip
    count = len(names)
    lows, highs = np.full(count, low), np.full(count, high)
    for k, name in enumerate(names):
        if name.startswith(_DRIVEN) or not np.abs(shapes[k]).any():
            lows[k] = highs[k] = 0.0
        elif name == CLOSING:
            lows[k], highs[k] = 0.0, 1.0
    counts = np.ones(len(handles))
    for region, weight in REGION_WEIGHTS.items():
        counts[np.isin(handles, REGIONS[region])] = weight
    smooth = np.full(count, SMOOTH * rate_hz / _SMOOTH_RATE_HZ)
    return Problem(shapes, counts, lows, highs, smooth, np.full(count, RIDGE))


def _lids(names: tuple[str, ...], gaze_deg: Array, blinks: Array) -> Array:
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


def _explained(
    handles: npt.NDArray[np.int32], moved: Array, left: Array
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
