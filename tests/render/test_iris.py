"""The iris: measured as large as it is, its reflex apart from it, its pupil alive."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.render.mesh.eye_kernels import paint_eyeball
from gioconda.render.mesh.iris import SPRITE_PX, iris_sprites, measured_iris

SIDE, CENTRE = 120, np.array([60.0, 60.0], np.float32)
WHITE, IRIS, PUPIL = (215, 210, 205), (90, 120, 160), (15, 14, 16)


def drawn_eye(
    radius: float, shift: float = 0.0, glint: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """An eye with an iris of ``radius``, ``shift`` beside the middle; and its opening."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
    r = np.hypot(columns - CENTRE[0] - shift, rows - CENTRE[1])
    photo = np.empty((SIDE, SIDE, 3))
    photo[:] = WHITE
    for limit, colour in ((radius, IRIS), (0.4 * radius, PUPIL)):
        share = np.clip(limit - r + 0.5, 0, 1)[..., None]
        photo = photo * (1 - share) + np.array(colour) * share
    if glint is not None:
        spot = np.hypot(columns - CENTRE[0] - glint[0], rows - CENTRE[1] - glint[1])
        share = np.clip(2.5 - spot, 0, 1)[..., None]
        photo = photo * (1 - share) + 250 * share
    inside = (((columns - 60) / 50) ** 2 + ((rows - 60) / 24) ** 2 < 1).astype(np.float32)
    return photo.astype(np.float32), inside


@pytest.mark.parametrize(("true", "shift"), [(14.0, 0.0), (18.0, 2.0), (20.0, -2.0), (12.5, 1.0)])
def test_an_iris_is_as_large_as_it_is_drawn(true: float, shift: float) -> None:
    photo, inside = drawn_eye(true, shift)
    centre, radius = measured_iris(photo, inside, CENTRE, 14.0)
    assert abs(radius - true) < 0.8
    assert abs(centre[0] - CENTRE[0] - shift) < 0.8


def test_an_iris_like_its_white_keeps_the_landmarks_size() -> None:
    photo = np.full((SIDE, SIDE, 3), 200, np.float32)
    _, inside = drawn_eye(14)
    centre, radius = measured_iris(photo, inside, CENTRE, 14.0)
    assert radius == 14.0
    assert (centre == CENTRE).all()


def test_the_reflex_is_taken_out_of_the_iris() -> None:
    photo, inside = drawn_eye(16, glint=(5, -5))
    sprite, glint = iris_sprites(photo, inside, CENTRE, 16.0)
    unit = SPRITE_PX / 4 / 16
    x, y = (round(SPRITE_PX / 2 + v * unit) for v in (5, -5))
    assert glint[y, x].mean() > 80
    assert sprite[y, x, :3].mean() < 150
    assert (sprite[y, x, :3] + glint[y, x]).mean() > 225
    far = glint.copy()
    far[y - 10 : y + 11, x - 10 : x + 11] = 0
    assert far.max() < 12


def test_an_eye_without_reflex_has_none() -> None:
    _, glint = iris_sprites(*drawn_eye(16), CENTRE, 16.0)
    assert glint.max() < 12


def painted(pupil: float, gaze_px: float = 0.0) -> np.ndarray:
    """A wide open eye painted at the size of its texture."""
    photo, inside = drawn_eye(16, glint=(5, -5))
    sprite, glint = iris_sprites(photo, inside, CENTRE, 16.0)
    white = np.empty((SIDE, SIDE, 3), np.float32)
    white[:] = WHITE
    out = white.astype(np.uint8)
    f = np.float32
    identity = np.array([[1, 0, 0], [0, 1, 0]], f)
    edges = np.full(9, -40, f), np.full(9, 40, f)
    way = np.array([gaze_px, 0], f)
    paint_eyeball(
        out, np.array([5, 60], f), np.array([1, 0], f), f(110), *edges, identity, white, sprite,
        CENTRE + way, np.array([16, 16], f), f(pupil), glint, CENTRE + f(0.53) * way, f(1), f(0),
        f(1),
    )  # fmt: skip
    return out.astype(int)


def test_a_wider_pupil_leaves_the_rim_of_the_iris() -> None:
    small, rest, wide = (painted(p) for p in (-0.08, 0.0, 0.16))
    dark = [int((p.max(2) < 40).sum()) for p in (small, rest, wide)]
    assert dark[0] < dark[1] < dark[2]
    assert dark[2] < 1.5 * dark[1]
    iris = [int((np.abs(p - WHITE).max(2) > 40).sum()) for p in (small, rest, wide)]
    assert max(iris) - min(iris) <= 0.02 * iris[1]


def test_the_reflex_moves_less_than_the_iris() -> None:
    def spot(frame: np.ndarray, middle: float) -> float:
        rows, columns = np.indices((SIDE, SIDE))
        inside = np.hypot(columns - middle, rows - 60) < 12
        bright = inside & (frame.min(2) > 0.75 * frame.min(2)[inside].max())
        return float(np.argwhere(bright)[:, 1].mean())

    def pupil(frame: np.ndarray) -> float:
        return float(np.argwhere(frame.max(2) < 40)[:, 1].mean())

    rest, aside = painted(0.0), painted(0.0, gaze_px=8)
    assert 7 < pupil(aside) - pupil(rest) < 9
    assert 3 < spot(aside, 68) - spot(rest, 60) < 5.5
