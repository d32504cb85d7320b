"""The canonical face, and the angle, size and sharpness read off landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.portrait.canonical import canonical_landmarks, mirror_index
from gioconda.portrait.face import fit_canonical, mouth_gap


def turned(yaw: float, pitch: float, roll: float, scale: float = 80.0) -> np.ndarray:
    """The canonical face at a known angle (signs of gioconda.motion), with irises."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = canonical_landmarks() @ (about_z @ about_x @ about_y).T * scale + (300, 250, 0)
    return np.vstack([points, np.zeros((10, 3))]).astype(np.float32)


def test_canonical_is_symmetric_and_in_its_units() -> None:
    face, mirror = canonical_landmarks(), mirror_index()
    assert face.shape == (468, 3)
    assert np.array_equal(mirror[mirror], np.arange(468))
    assert np.allclose(face[mirror] * (-1, 1, 1), face, atol=1e-5)
    assert face[263, 0] - face[33, 0] == pytest.approx(1.0, abs=0.02)
    assert face[152, 1] > face[1, 1] > face[10, 1]  # chin below nose below forehead
    assert face[1, 2] < face[234, 2] - 0.5  # the nose is nearer than the ears
    assert mouth_gap(np.vstack([face, np.zeros((10, 3))])) < 0.06


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (30, 0, 0), (-40, 0, 0), (0, 15, 0), (0, -20, 0), (0, 0, 25)],
)
def test_angles_are_recovered_with_their_signs(yaw: float, pitch: float, roll: float) -> None:
    landmarks = turned(yaw, pitch, roll)
    assert fit_canonical(landmarks).angles_deg() == pytest.approx((yaw, pitch, roll), abs=0.5)
    nose, eyes = landmarks[1], (landmarks[33] + landmarks[263]) / 2
    if yaw:
        assert np.sign(nose[0] - eyes[0]) == np.sign(yaw)  # yaw > 0: to the image's right


def test_pitch_down_is_positive() -> None:
    level, down = turned(0, 0, 0), turned(0, 20, 0)
    assert down[1, 1] - down[33, 1] > level[1, 1] - level[33, 1]


def test_an_open_mouth_does_not_tilt_the_head() -> None:
    landmarks = turned(10, 0, 0)
    jaw = canonical_landmarks()[:, 1] > 0.85
    landmarks[:468][jaw, 1] += 25
    assert fit_canonical(landmarks).angles_deg() == pytest.approx((10, 0, 0), abs=1.5)
