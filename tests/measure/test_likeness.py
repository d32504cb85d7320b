"""Figures of likeness: what they are for equal pictures, and which way they go."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from gioconda.measure.likeness import (
    aligned_face,
    box_round,
    flicker,
    identity,
    psnr,
    ssim,
    within,
)
from gioconda.portrait import Portrait


def test_equal_pictures_are_equal(astronaut: np.ndarray) -> None:
    assert ssim(astronaut, astronaut) == pytest.approx(1)
    assert psnr(astronaut, astronaut) > 70


def test_psnr_is_that_of_a_known_error() -> None:
    a = np.full((32, 32, 3), 100, np.uint8)
    assert psnr(a, a + 5) == pytest.approx(10 * math.log10(255**2 / 25))


def test_structure_counts_and_brightness_hardly(astronaut: np.ndarray) -> None:
    darker = (astronaut * 0.9).astype(np.uint8)
    shifted = np.roll(astronaut, 6, axis=1)
    assert ssim(astronaut, darker) > 0.95 > ssim(astronaut, shifted)


def test_boxes_hold_their_points_and_stay_inside() -> None:
    box = box_round(np.array([[10.0, 20.0], [50.0, 40.0]]), 0.25, 64)
    assert box == (0, 15, 60, 45)
    assert within(np.zeros((64, 64, 3), np.uint8), box).shape == (30, 60, 3)


def test_identity_ignores_pose_in_the_plane_and_light_but_not_the_person(
    astronaut: np.ndarray,
) -> None:
    landmarks = Portrait.open(astronaut, cache=False).face.landmarks.astype(np.float64)
    turn = cv2.getRotationMatrix2D((256, 256), 15, 0.8)
    turned = cv2.warpAffine(astronaut, turn, (512, 512))
    there = landmarks.copy()
    there[:, :2] = landmarks[:, :2] @ turn[:, :2].T + turn[:, 2]
    reference = aligned_face(astronaut, landmarks)
    same = identity(reference, aligned_face((turned * 0.8).astype(np.uint8), there))
    mirrored = identity(reference, aligned_face(astronaut[::-1].copy(), landmarks))
    assert same > 0.97
    assert mirrored < 0.7


def test_flicker_counts_only_where_the_real_picture_rests() -> None:
    rest = np.full((40, 40, 3), 100, np.uint8)
    moving, shaking = rest.copy(), rest.copy()
    moving[:, :20] += 50
    shaking[:, :20] += 30
    assert flicker(rest, shaking, (rest, moving)) == pytest.approx(0, abs=0.6)
    assert flicker(rest, shaking, (rest, rest)) == pytest.approx(15, abs=1)
