"""The view that is pasted back: the picture's own pixels, and where the picture goes on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.portrait import Portrait, View


def place_of(view: View) -> tuple[int, int, float]:
    """Column and row of the square's first pixel in the picture, and its side."""
    step = float(view.to_picture[0, 0])
    left, top = (float(v) for v in view.to_picture[:, 2] - (step - 1) / 2)
    return round(left), round(top), step * view.size


def test_its_pixels_are_the_pictures(astronaut: np.ndarray) -> None:
    portrait = Portrait.open(astronaut, cache=False)
    view = portrait.view_in_place()
    left, top, side = place_of(view)
    assert side == view.size
    assert (view.image == astronaut[top : top + view.size, left : left + view.size]).all()
    back = view.landmarks[:, :2] + (left, top)
    assert np.abs(back - portrait.face.landmarks[:, :2]).max() < 0.01
    assert portrait.view_in_place() is view


def test_it_holds_the_crop_and_room_below_it(astronaut: np.ndarray) -> None:
    portrait = Portrait.open(astronaut, cache=False)
    left, top, side = place_of(portrait.view_in_place())
    crop_left, crop_top, crop_side = place_of(portrait.view(256))
    assert side > 1.2 * crop_side
    assert left <= crop_left
    assert top <= crop_top
    assert left + side >= crop_left + crop_side - 1
    assert top + side - (crop_top + crop_side) > 0.15 * crop_side


def test_it_says_where_the_picture_goes_on(astronaut: np.ndarray) -> None:
    whole = Portrait.open(astronaut, cache=False).view_in_place()
    left, top, side = place_of(whole)
    expected = (left > 0, top > 0, left + side < 512, top + side < 512)
    assert whole.joined == expected
    assert whole.joined[2]
    assert whole.joined[3]
    tight = Portrait.open(np.ascontiguousarray(astronaut[:240, 100:340]), cache=False)
    assert not any(tight.view_in_place().joined)
    assert not any(tight.view(256).joined)


def test_a_small_face_is_enlarged_by_a_whole_number(astronaut: np.ndarray) -> None:
    small = cv2.resize(astronaut[:400, :400], (280, 280), interpolation=cv2.INTER_AREA)
    view = Portrait.open(small, cache=False).view_in_place()
    left, top, side = place_of(view)
    assert view.size >= 256
    assert view.size % side == pytest.approx(0, abs=1e-3)
    part = small[top : top + int(side), left : left + int(side)]
    shrunk = cv2.resize(view.image, part.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - part).mean() < 2


def test_it_comes_back_from_the_cache_as_it_was(astronaut: np.ndarray) -> None:
    first, again = (Portrait.open(astronaut[:500]).view_in_place() for _ in range(2))
    assert again.joined == first.joined
    for name in ("image", "landmarks", "matte", "plate", "to_picture"):
        assert np.array_equal(getattr(again, name), getattr(first, name))
