"""The background goes on behind the person with its own structure, grain and brightness."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.portrait.continuation import RING
from gioconda.portrait.plate import fill_person

SIDE = 512


def person() -> np.ndarray:
    """The matte of a bust: head, neck and shoulders."""
    matte = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(matte, (256, 210), (90, 120), 0, 0, 360, 1.0, -1)
    cv2.ellipse(matte, (256, 520), (200, 170), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(matte, (0, 0), 1.5)


def ring(matte: np.ndarray, width: int = 40) -> np.ndarray:
    """Pixels just inside the outline, the only ones that can come into sight."""
    depth = cv2.distanceTransform((matte > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray((depth > 0) & (depth <= width))


def with_person(background: np.ndarray, matte: np.ndarray) -> np.ndarray:
    shade = np.array([70, 50, 40])
    mixed = background * (1 - matte[..., None]) + shade * matte[..., None]
    return np.round(mixed).astype(np.uint8)


def pebbles(seed: int) -> np.ndarray:
    """Soft blobs of two sizes and grain."""
    rng = np.random.default_rng(seed)
    large, small = (
        cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE, 3)), (0, 0), s) * 60 * s for s in (9, 3)
    )
    return np.clip(128 + large + small + rng.normal(0, 3, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def gradients(image: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def histogram(values: np.ndarray) -> np.ndarray:
    return np.histogram(np.minimum(values, 500), 40, (0, 500))[0] / len(values)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_fill_is_as_busy_as_the_background(seed: int) -> None:
    matte, background = person(), pebbles(seed)
    shown = ring(matte)
    truth = gradients(background)[shown]
    apart = []
    for textured in (False, True):
        got = gradients(fill_person(with_person(background, matte), matte, textured=textured))[
            shown
        ]
        apart.append(0.5 * np.abs(histogram(got) - histogram(truth)).sum())
    assert apart[1] < 0.3  # 0 for equal statistics, 1 for nothing in common
    assert apart[1] < 0.5 * apart[0]
    assert got.mean() > 0.55 * truth.mean()


def test_an_edge_behind_the_person_goes_on() -> None:
    background = np.full((SIDE, SIDE, 3), 190, np.uint8)
    background[:200] = (40, 60, 120)  # a horizon at the height of the head
    matte = person()
    shown = ring(matte, 30)
    plate = fill_person(with_person(background, matte), matte)
    wrong = np.abs(plate.astype(int) - background).max(2) > 40
    assert wrong[shown].mean() < 0.12
    smooth = fill_person(with_person(background, matte), matte, textured=False)
    assert (
        wrong[shown].mean()
        < 0.5 * (np.abs(smooth.astype(int) - background).max(2) > 40)[shown].mean()
    )


def test_slopes_of_brightness_go_on_without_a_step() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    background = np.repeat((60 + y / 5 + x / 8)[..., None], 3, 2).astype(np.uint8)
    matte = person()
    image = with_person(background, matte)
    off, off_smooth = (
        np.abs(fill_person(image, matte, textured=textured).astype(int) - background)
        for textured in (True, False)
    )
    assert off[ring(matte, 20)].mean() < 1.5
    assert off[ring(matte)].mean() < 0.2 * off_smooth[ring(matte)].mean()


def test_grain_is_kept() -> None:
    rng = np.random.default_rng(4)
    background = np.clip(rng.normal(120, 4, (SIDE, SIDE, 1)) + np.zeros(3), 0, 255).astype(np.uint8)
    matte = person()
    plate = fill_person(with_person(background, matte), matte).astype(float)
    assert 0.6 * 4 < plate[ring(matte)].std() < 1.3 * 4


def test_nothing_of_the_person_stays_and_the_far_background_does() -> None:
    matte, background = person(), pebbles(7)
    image = with_person(np.minimum(background, 200), matte)
    image[matte > 0.5] = (0, 255, 0)
    plate = fill_person(image, matte)
    green = (plate[..., 1].astype(int) - plate[..., [0, 2]].max(2) > 100) & (matte > 0)
    assert green.mean() < 1e-3
    far = cv2.dilate((matte > 0).astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert (plate[far] == image[far]).all()


def test_the_same_picture_gives_the_same_plate() -> None:
    matte, background = person(), pebbles(3)
    image = with_person(background, matte)
    assert (fill_person(image, matte) == fill_person(image, matte)).all()


def test_too_little_background_to_learn_from_is_filled_smoothly() -> None:
    matte = np.ones((128, 128), np.float32)
    matte[:6, :20] = 0
    image = np.full((128, 128, 3), 90, np.uint8)
    image[:6, :20] = 200
    plate = fill_person(image, matte)
    assert plate.shape == image.shape
    assert np.isfinite(plate).all()


def test_the_ring_is_wide_enough_for_the_heads_motion() -> None:
    """A large turn and shift uncover some 60 pixels of a view of 512."""
    assert RING * SIDE >= 40 + 12


def test_nothing_is_taken_from_other_people() -> None:
    matte = person()
    background = pebbles(5)
    beside = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(beside, (112, 200), 56, 1, -1)
    background[..., 0][beside == 0] //= 2
    background[beside > 0] = (255, 60, 30)
    image = with_person(background, matte)

    def red(plate: np.ndarray) -> float:
        return float(((plate[..., 0] > 200) & (plate[..., 2] < 90))[ring(matte, 50)].mean())

    avoid = cv2.dilate(beside, np.ones((9, 9), np.uint8))
    # the hole's rim touches the other person: without the mask they would go on into it
    assert red(fill_person(image, matte)) > 0.02
    assert red(fill_person(image, matte, avoid=avoid)) < 0.002


def test_what_is_surely_background_stays_up_to_the_person_and_missed_strands_do_not() -> None:
    matte = person()
    image = with_person(np.broadcast_to([60.0, 110, 160], (SIDE, SIDE, 3)), matte)
    # a petal that touches the head, in a colour of its own
    petal = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(petal, (361, 210), (22, 14), 0, 0, 360, 1, -1)
    petal[matte > 0.01] = 0
    image[petal > 0] = (230, 80, 170)
    # beside it a strand of hair and a tuft that the matte missed
    cv2.line(image, (256, 92), (262, 84), (70, 50, 40), 1)
    tuft = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(tuft, (160, 210), 4, 1, -1)
    image[tuft > 0] = (70, 50, 40)
    plate = fill_person(image, matte).astype(int)
    off = np.abs(plate - image).max(axis=2)
    away = cv2.distanceTransform((matte <= 0.03).astype(np.uint8), cv2.DIST_L2, 5)
    sure = (cv2.erode(petal, np.ones((5, 5), np.uint8)) > 0) & (away > 4)
    assert sure.sum() > 300
    assert off[sure].max() < 20
    assert np.abs(plate[88, 259] - (60, 110, 160)).max() < 15
    assert np.abs(plate[tuft > 0] - (60, 110, 160)).max() < 30
