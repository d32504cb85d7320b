"""The texture at twice its density: exact at its samples, sharp between them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.motion import moment
from gioconda.portrait import View
from gioconda.render import MeshRenderer
from gioconda.render.mesh.fine_texture import FineTexture


@pytest.fixture
def texture() -> np.ndarray:
    rng = np.random.default_rng(5)
    colour = cv2.GaussianBlur(rng.integers(0, 256, (40, 56, 4), np.uint8), (0, 0), 1.0)
    colour[..., :3] = np.minimum(colour[..., :3], colour[..., 3:])
    return colour


def test_samples_keep_their_values(texture: np.ndarray) -> None:
    fine = FineTexture(texture).image
    assert fine.shape == (80, 112, 4)
    assert (fine[::2, ::2] == texture).all()


def test_between_samples_a_fine_wave_keeps_more_contrast_than_linear_interpolation() -> None:
    x = np.arange(64)
    wave = (127.5 + 100 * np.sin(2 * np.pi * x / 4 + np.pi / 4)).astype(np.uint8)
    texture = np.repeat(np.repeat(wave[None, :, None], 16, 0), 4, 2)
    texture[..., 3] = 255
    half_way = FineTexture(texture).image[8, 17:-16:2, 0].astype(float)
    linear = 0.5 * (texture[4, 8:-8, 0].astype(float) + texture[4, 9:-7, 0])
    assert np.ptp(half_way) > 1.25 * np.ptp(linear)


def test_colour_never_exceeds_its_cover(texture: np.ndarray) -> None:
    fine = FineTexture(texture).image
    assert (fine[..., :3] <= fine[..., 3:]).all()


def test_refreshing_a_box_equals_interpolating_anew(texture: np.ndarray) -> None:
    fine = FineTexture(texture)
    for rows, columns in (
        (slice(10, 19), slice(30, 44)), (slice(0, 4), slice(0, 9)), (slice(35, 40), slice(50, 56)),
    ):  # fmt: skip
        texture[rows, columns] = 255 - texture[rows, columns] // 3
        texture[rows, columns, 3] = 255
        fine.refresh(rows, columns)
        assert (fine.image == FineTexture(texture).image).all()


def test_sharpness_does_not_pulse_as_the_face_drifts(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    points = astronaut_at_512.landmarks[:, :2]
    (x0, y0), (x1, y1) = points.min(0).astype(int), points.max(0).astype(int)
    unit = np.linalg.norm(astronaut_at_512.landmarks[33, :2] - astronaut_at_512.landmarks[263, :2])

    def sharpness(shift_px: float) -> float:
        frame = astronaut_renderer.render(moment(headX=shift_px / unit, headY=shift_px / unit))
        grey = cv2.cvtColor(frame[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
        return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean())

    still = sharpness(0.0)
    drifting = [sharpness(s) / still for s in np.linspace(0.125, 1.0, 8)]
    # linear interpolation alone falls to 0.75
    assert min(drifting) > 0.88
    assert max(drifting) < 1.12
