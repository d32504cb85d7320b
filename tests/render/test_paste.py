"""Pasting a frame back into its picture: no seam, and only what moved."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.motion import moment, neutral
from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer, Paster

SIDE = 128


def picture_of(height: int, width: int) -> np.ndarray:
    """A smooth picture with some structure."""
    noise = np.random.default_rng(5).uniform(0, 255, (height, width, 3))
    soft = cv2.GaussianBlur(noise, (0, 0), 6)
    return np.clip((soft - soft.mean()) * 6 + 128, 0, 200).astype(np.uint8)


def cut(picture: np.ndarray, left: float, top: float, scale: float) -> View:
    """A view of the picture: its pixel (u, v) lies at (left, top) + scale (u, v)."""
    to_picture = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    image = cv2.warpAffine(
        picture, to_picture, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    ones = np.ones((SIDE, SIDE), np.float32)
    return View(image, np.zeros((478, 3), np.float32), ones, image, to_picture)


PLACES = [(20.3, 31.8, 1.0), (10.5, 12.25, 1.73), (40.7, 33.1, 0.61), (-30.0, -20.5, 1.5)]


@pytest.mark.parametrize(("left", "top", "scale"), PLACES)
def test_a_frame_at_rest_leaves_the_picture_alone(left: float, top: float, scale: float) -> None:
    picture = picture_of(260, 300)
    view = cut(picture, left, top, scale)
    assert (Paster(picture, view).paste(view.image) == picture).all()


@pytest.mark.parametrize(("left", "top", "scale"), PLACES[:3])
def test_a_pasted_frame_lands_on_its_place(left: float, top: float, scale: float) -> None:
    picture = picture_of(260, 300)
    view = cut(picture, left, top, scale)
    # brighter all over: what is pasted is the picture, plus 50
    pasted = Paster(picture, view).paste(view.image + np.uint8(50)).astype(int)
    x, y = (round(v + scale * SIDE / 2) for v in (left, top))
    reach = int(scale * SIDE * 0.3)
    middle = slice(y - reach, y + reach), slice(x - reach, x + reach)
    error = pasted[middle] - (picture[middle].astype(int) + 50)
    assert np.abs(error).mean() < 1.5
    # a quarter of a pixel's shift would show as a slope
    slope = np.gradient(picture.astype(float), axis=1)[middle]
    assert abs((error * slope).sum() / (slope**2).sum()) < 0.08


def test_the_paste_has_no_seam(astronaut_portrait: Portrait) -> None:
    picture = picture_of(260, 300)
    view = cut(picture, 30.0, 40.0, 1.2)
    pasted = Paster(picture, view).paste(view.image + np.uint8(50)).astype(int)
    added = (pasted - picture)[..., 0]
    assert np.abs(np.diff(added, axis=0)).max() < 20
    assert np.abs(np.diff(added, axis=1)).max() < 20
    assert (added[:, :29] == 0).all()
    assert (added[: 40 + int(1.2 * SIDE / 2), 30 + 154 :] == 0).all()


def test_a_side_on_the_pictures_edge_is_pasted_to_the_edge() -> None:
    picture = picture_of(SIDE, SIDE)
    view = cut(picture, 0.0, 0.0, 1.0)
    pasted = Paster(picture, view).paste(view.image + np.uint8(50)).astype(int)
    assert np.abs(pasted - picture - 50).max() <= 1


def test_only_what_moved_is_pasted() -> None:
    picture = picture_of(260, 300)
    view = cut(picture, 20.0, 30.0, 1.0)
    frame = view.image.copy()
    frame[60:70, 60:70] += 40
    pasted = Paster(picture, view).paste(frame)
    changed = np.argwhere((pasted != picture).any(2))
    assert len(changed)
    assert (changed.min(0) >= np.array([30, 20]) + 60 - 40).all()
    assert (changed.max(0) <= np.array([30, 20]) + 70 + 40).all()
    assert (pasted[92:98, 82:88] == frame[62:68, 62:68]).all()


def test_a_portrait_at_rest_is_its_picture(
    astronaut_portrait: Portrait, astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    paster = Paster(astronaut_portrait.picture, astronaut_at_512)
    rest = paster.paste(astronaut_renderer.render(neutral()))
    assert np.abs(rest.astype(int) - astronaut_portrait.picture).mean() < 0.3
    moved = paster.paste(astronaut_renderer.render(moment(headYaw=10, jawOpen=0.5)))
    assert np.abs(moved.astype(int) - astronaut_portrait.picture).mean() > 1


def test_pictures_stay_untouched_for_three_calls() -> None:
    picture = picture_of(200, 220)
    view = cut(picture, 20.0, 30.0, 1.0)
    paster = Paster(picture, view)
    first = paster.paste(view.image + np.uint8(30))
    kept = first.copy()
    for k in range(3):
        paster.paste(view.image + np.uint8(10 * k))
    assert (first == kept).all()
    own = np.zeros_like(picture)
    assert paster.paste(view.image, own) is own
    assert (own == picture).all()


def test_what_cannot_be_pasted_is_refused() -> None:
    picture = picture_of(200, 220)
    view = cut(picture, 20.0, 30.0, 1.0)
    with pytest.raises(OptionError, match="frame"):
        Paster(picture, view).paste(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(OptionError, match="out"):
        Paster(picture, view).paste(view.image, np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(OptionError, match="overlap"):
        Paster(picture, cut(picture, 900.0, 30.0, 1.0))
