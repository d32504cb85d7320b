"""A frame fitted from the past alone is what a clip's fit makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gioconda import examples
from gioconda.capture.causal import CausalFitter
from gioconda.capture.expression import Form, Problem, solve, solve_next
from gioconda.capture.fit import Fitter, in_view_axes
from gioconda.capture.head_pose import HeadPoses, rotations
from gioconda.capture.subject import Subject
from gioconda.interchange.face_model import opening_rows
from gioconda.motion import BLENDSHAPES, INDEX
from gioconda.portrait import Portrait

RNG = np.random.default_rng(11)
PROBLEM = Problem(
    RNG.normal(size=(8, 40, 3)), np.ones(40), np.full(8, -0.2), np.full(8, 1.0), np.full(8, 5.0),
    np.full(8, 0.5),
)  # fmt: skip
SIGHT = np.array([0.1, -0.2, 0.9]) / np.linalg.norm([0.1, -0.2, 0.9])


@pytest.fixture(scope="module")
def subject() -> Subject:
    portrait = Portrait.open(examples.portrait_path())
    return Subject.of(portrait.view(256), portrait.face.landmarks.astype(float))


def displacement(scale: float) -> np.ndarray:
    return scale * np.tensordot(RNG.uniform(0, 1, 8), PROBLEM.shapes, 1)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0, -1.0])
def test_one_frame_alone_is_solved_as_a_clip_of_one(scale: float) -> None:
    moved = displacement(scale)
    alone = solve_next(Form(PROBLEM), moved, SIGHT, np.zeros(8), linked=0.0)
    clip = solve(PROBLEM, moved[None], SIGHT[None])[0]
    np.testing.assert_allclose(alone, clip, atol=2e-4)
    assert alone.min() >= -0.2
    assert alone.max() <= 1.0


def test_the_frame_before_holds_by_its_price() -> None:
    moved, form = displacement(1.0), Form(PROBLEM)
    free = solve_next(form, moved, SIGHT, np.zeros(8), linked=0.0)
    away = [
        np.abs(solve_next(form, moved, SIGHT, np.zeros(8), linked=k) - free).max()
        for k in (0.1, 1.0, 10.0)
    ]
    assert away[0] < away[1] < away[2]


def test_a_held_shape_is_left_alone() -> None:
    low = PROBLEM.low.copy()
    high = PROBLEM.high.copy()
    low[2] = high[2] = 0.7
    form = Form(replace(PROBLEM, low=low, high=high))
    assert solve_next(form, displacement(1.0), SIGHT, np.zeros(8))[2] == 0.7


def posed(subject: Subject, weights: np.ndarray, yaw_deg: float) -> np.ndarray:
    """Landmarks, (478, 3), of the subject with shapes and a turn, pixels of the picture."""
    shapes = Fitter(subject).shapes
    points = subject.rest.copy()
    points[subject.mesh.handles] += in_view_axes(subject, weights[None], shapes)[0]
    turn = rotations(np.array([yaw_deg]), np.zeros(1), np.zeros(1))
    poses = HeadPoses(turn, np.zeros((1, 3)), np.zeros(1), np.zeros((1, 6, 6)))
    there = poses.apply(points, subject.camera)[0]
    seen = np.column_stack([subject.camera.project(there), there[:, 2]])
    step = subject.to_picture[0, 0]
    seen[:, :2] += subject.to_picture[:, 2] / step
    return seen * step


def test_a_known_face_is_found_frame_by_frame(subject: Subject) -> None:
    names = Fitter(subject).names
    fitter = CausalFitter(subject)
    for i in range(12):
        weights = np.zeros(len(names))
        weights[names.index("closing")] = 1.0
        weights[names.index("jawOpen")] = 0.04 * i
        for side in ("Left", "Right"):
            weights[names.index("eyeBlink" + side)] = float(i in (7, 8))
        fit = fitter.step(posed(subject, weights, float(i)), 0.04)
        assert fit.pose[0] == pytest.approx(i, abs=0.6)
        assert np.abs(fit.pose[1:3]).max() < 1.5  # jaw and pitch look alike
        assert (fit.face[INDEX["eyeBlinkLeft"]] > 0.6) == (i in (7, 8))
    row = np.asarray(opening_rows())[0]  # shapes share an opening out among them
    assert row @ fit.face[: len(row)] == pytest.approx(0.44 * row[INDEX["jawOpen"]], rel=0.2)
    assert fit.face[INDEX["articulation"]] == 1
    assert fit.lip_gap_mm > 5


def test_a_longer_step_holds_less(subject: Subject) -> None:
    names, shapes = Fitter(subject).names, Fitter(subject).shapes
    weights = np.zeros(len(names))
    weights[names.index("closing")] = 1.0
    rest = posed(subject, weights, 0.0)
    weights[names.index("mouthSmileLeft")] = 0.6
    smile = posed(subject, weights, 0.0)
    columns = [names.index(name) for name in BLENDSHAPES]
    wanted = np.tensordot(weights[columns], shapes[columns], 1)
    left = []
    for step_s in (0.01, 0.04, 0.2):
        fitter = CausalFitter(subject)
        fitter.step(rest, 0.04)
        face = fitter.step(smile, step_s).face[: len(BLENDSHAPES)]
        left.append(float(np.linalg.norm(np.tensordot(face, shapes[columns], 1) - wanted)))
    assert left[0] > left[1] > left[2]
