"""The wings of the nose are followed by their pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.measure.nose_flow import wing_rise

WIDTH = 200.0


def face() -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).uniform(0, 255, (400, 400, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 4.0)
    image = np.clip(128 + 4 * (soft - soft.mean()), 0, 255).astype(np.uint8)
    landmarks = np.zeros((478, 3))
    landmarks[[33, 263], :2] = (100, 150), (100 + WIDTH, 150)
    for k, x in ((129, 165), (98, 170), (358, 235), (327, 230)):
        landmarks[k, :2] = x, 220
    return image, landmarks


def moved(image: np.ndarray, x: float, y: float) -> np.ndarray:
    return cv2.warpAffine(image, np.array([[1, 0, x], [0, 1, y]], np.float32), (400, 400),
                          borderMode=cv2.BORDER_REFLECT)  # fmt: skip


def test_a_rise_is_told_in_outer_eye_distances_and_across_is_none() -> None:
    image, landmarks = face()
    frames = [image, moved(image, 0, -2.0), moved(image, 0, -5.0), moved(image, 3.0, -5.0)]
    rise = wing_rise(frames, landmarks)
    assert rise == pytest.approx([0.0, -2 / WIDTH, -5 / WIDTH, -5 / WIDTH], abs=0.001)


def test_down_is_that_of_the_face() -> None:
    image, landmarks = face()
    turned = landmarks.copy()
    turned[[33, 263], :2] = (250, 100), (250, 100 + WIDTH)  # lying: down is to the left
    assert wing_rise([image, moved(image, 4.0, 0)], turned)[1] == pytest.approx(-0.02, abs=0.001)
