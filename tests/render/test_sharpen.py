"""What bilinear sampling softens is given back, so that a moving face does not pulse."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.motion import moment, neutral
from gioconda.portrait import View
from gioconda.render import MeshRenderer
from gioconda.render.mesh.sharpen_kernels import MOST_LEVELS, phase_gains, sharpen
from gioconda.render.mesh.surface import SHARPENING


def texture_at(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A texture known between its pixels too: waves of 5 to 9 pixels."""
    waves = np.sin(x * 1.25 + y * 0.3) + np.sin(y * 0.9 - 0.4 * x) + np.sin(0.7 * (x + y))
    return np.asarray(128 + 30 * waves)


def sampled(shift_x: int, shift_y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The texture 32nds of a pixel further: bilinear, its fractions, and the truth."""
    y, x = np.mgrid[:60, :70]
    picture = np.repeat(np.round(texture_at(x, y))[..., None], 4, 2).astype(np.uint8)
    whole = np.stack([x, y], 2).astype(np.int16)
    fraction = np.full((60, 70), 32 * shift_y + shift_x, np.uint16)
    soft = cv2.remap(picture, whole, fraction, cv2.INTER_LINEAR)
    return soft, fraction, texture_at(x + shift_x / 32, y + shift_y / 32)


def sharpened(soft: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    out = np.zeros_like(soft)
    room = np.zeros((2, 4 * soft.shape[1]), np.int32)
    sharpen(soft, fraction, 0, 0, phase_gains(SHARPENING), *room, out)
    return out


@pytest.mark.parametrize(("shift_x", "shift_y"), [(16, 16), (16, 0), (0, 12), (8, 24)])
def test_it_comes_nearer_to_the_texture_between_pixels(shift_x: int, shift_y: int) -> None:
    soft, fraction, truth = sampled(shift_x, shift_y)
    inner = slice(4, -4)
    before, after = (
        float(np.abs(image[inner, inner, 0] - truth[inner, inner]).mean())
        for image in (soft, sharpened(soft, fraction))
    )
    assert after < 0.5 * before


def test_whole_pixels_stay_as_they_are() -> None:
    soft, fraction, _ = sampled(0, 0)
    assert (sharpened(soft, fraction) == soft).all()


def test_a_contour_gets_no_rim() -> None:
    edge = np.zeros((40, 40, 4), np.uint8)
    edge[:, 20:] = 255
    out = sharpened(edge, np.full((40, 40), 16 * 32 + 16, np.uint16)).astype(int)
    assert np.abs(out - edge).max() <= MOST_LEVELS


def test_detail_of_a_moving_face_is_that_of_the_photo(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    low, high = (f(astronaut_at_512.landmarks[:468, :2], axis=0) for f in (np.min, np.max))
    (x0, y0), (x1, y1) = low.astype(int), high.astype(int)

    def detail(frame: np.ndarray) -> float:
        grey = cv2.cvtColor(frame[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32)
        return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1)).mean())

    at_rest = detail(astronaut_renderer.render(neutral()))
    moving = [
        detail(astronaut_renderer.render(moment(headX=0.003 * k, headY=0.002 * k, headYaw=0.1 * k)))
        for k in range(1, 20)
    ]
    assert min(moving) > 0.93 * at_rest
    assert max(moving) < 1.06 * at_rest
