"""Poses: what was posed is found again, and angles mean what motion says they mean."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.capture.head_pose import RIGID, Camera, fit_poses, rotations
from gioconda.portrait.canonical import canonical_landmarks
from gioconda.render.mesh.deform import head_rotation

CAMERA = Camera(256.0, 2000.0, np.array([256.0, 280.0, 60.0]))


def skull() -> np.ndarray:
    points = canonical_landmarks().astype(np.float64) * 140
    points[:, :2] += (256, 250)
    return points


def posed(angles: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    turned = (skull() - CAMERA.pivot) @ np.swapaxes(rotations(*angles.T), 1, 2)
    return turned + CAMERA.pivot + shifts[:, None]


ANGLES = np.array([[0, 0, 0], [20, 0, 0], [0, -15, 0], [0, 0, 12], [-14, 9, -6]], float)
SHIFTS = np.array([[0, 0, 0], [3, -2, 10], [0, 8, -30], [1, 1, 0], [-20, 5, 60]], float)


def test_rotations_are_those_of_the_renderer() -> None:
    for angles, rotation in zip(ANGLES, rotations(*ANGLES.T), strict=True):
        np.testing.assert_allclose(rotation, head_rotation(*angles), atol=1e-6)


def test_a_pose_is_found_again() -> None:
    rigid = list(RIGID)
    seen = CAMERA.project(posed(ANGLES, SHIFTS))[:, rigid]
    poses = fit_poses(skull()[rigid], seen, CAMERA)
    np.testing.assert_allclose(poses.angles_deg(), ANGLES, atol=0.01)
    np.testing.assert_allclose(poses.translation, SHIFTS, atol=0.05)
    assert poses.misfit.max() < 0.01


def test_undo_takes_back_what_apply_did() -> None:
    rigid = list(RIGID)
    seen = CAMERA.project(posed(ANGLES, SHIFTS))[:, rigid]
    poses = fit_poses(skull()[rigid], seen, CAMERA)
    np.testing.assert_allclose(
        poses.undo(poses.apply(skull(), CAMERA), CAMERA),
        np.broadcast_to(skull(), (5, 468, 3)), atol=1e-9,
    )  # fmt: skip


def test_points_that_do_not_count_change_nothing() -> None:
    rigid = list(RIGID)
    seen = CAMERA.project(posed(ANGLES, SHIFTS))[:, rigid]
    seen[:, 0] += 40
    weights = np.ones(len(rigid))
    weights[0] = 0
    poses = fit_poses(skull()[rigid], seen, CAMERA, weights)
    np.testing.assert_allclose(poses.angles_deg(), ANGLES, atol=0.01)


def test_turns_are_held_less_firmly_than_place() -> None:
    rigid = list(RIGID)
    seen = CAMERA.project(posed(ANGLES[:1], SHIFTS[:1]))[:, rigid]
    spread = np.linalg.inv(fit_poses(skull()[rigid], seen, CAMERA).information_deg()[0])
    x, z = np.sqrt(spread[3, 3]), np.sqrt(spread[5, 5])
    assert z > 3 * x
    roll, yaw = np.sqrt(spread[2, 2]), np.sqrt(spread[0, 0])
    assert yaw > roll


@pytest.mark.parametrize("which", [0, 1, 2])
def test_information_is_about_the_angle_it_names(which: int) -> None:
    """The quadratic form predicts how much worse the image fits after a small turn."""
    rigid = list(RIGID)
    start = CAMERA.project(posed(ANGLES[4:], SHIFTS[4:]))[:, rigid]
    poses = fit_poses(skull()[rigid], start, CAMERA)
    changed = ANGLES[4:].copy()
    changed[0, which] += 0.2
    away = CAMERA.project(posed(changed, SHIFTS[4:]))[:, rigid] - start
    predicted = 0.2**2 * poses.information_deg()[0, which, which]
    assert (away**2).sum() == pytest.approx(predicted, rel=0.05)
