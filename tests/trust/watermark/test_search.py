"""The search finds a grid wherever it lies, and nothing where none is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from gioconda.trust.watermark.layout import SIDE, pilot_grid, public_pilots
from gioconda.trust.watermark.placing import Picture, Placing, aligned
from gioconda.trust.watermark.search import (
    Hypothesis,
    Search,
    square_sizes,
    squeezed_sizes,
    turned_sizes,
)

FloatImage = npt.NDArray[np.float32]


def with_pilots(
    width: int, height: int, chip_x: float, chip_y: float, x: float, y: float
) -> FloatImage:
    """A noisy picture with the public pilots; its corner shows chip (x, y) of the grid."""
    columns = np.floor(x + (np.arange(width) + 0.5) / chip_x).astype(int) % SIDE
    rows = np.floor(y + (np.arange(height) + 0.5) / chip_y).astype(int) % SIDE
    noise = np.random.default_rng(1).normal(0, 3, (height, width))
    return (128 + noise + 2 * pilot_grid(public_pilots())[np.ix_(rows, columns)]).astype(np.float32)


def test_an_aligned_grid_reads_without_a_search() -> None:
    picture = Picture(with_pilots(512, 512, 4, 4, 0, 0))
    search = Search(picture, public_pilots())
    assert search.z(aligned(512, 512, 1.0, False)) > 20
    assert abs(search.z(aligned(512, 512, 1.0, True))) < 5


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (360, 288)])
def test_an_aligned_grid_fills_any_frame(width: int, height: int) -> None:
    chip = min(width, height) / SIDE
    picture = Picture(with_pilots(width, height, chip, chip, 0, 0))
    at = aligned(width, height, width / height, False)
    assert (at.chip_x, at.chip_y) == pytest.approx((chip, chip))
    assert Search(picture, public_pilots()).z(at) > 12


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_cropped_grid_is_found_by_its_scale_and_shift(mirrored: bool) -> None:
    luma = with_pilots(400, 300, 3.3, 3.3, 17.3, 90.6)
    if mirrored:
        luma = np.ascontiguousarray(luma[:, ::-1])
    search = Search(Picture(luma), public_pilots())
    best = search.best([Hypothesis(c, c) for c in (2.9, 3.1, 3.29, 3.6)])[0]
    assert best.z > 12
    assert best.placing.mirrored == mirrored
    assert best.placing.chip_x == pytest.approx(3.3, rel=0.004)
    assert best.placing.middle_x % SIDE == pytest.approx(17.3 + 200 / 3.3, abs=0.3)
    assert best.placing.middle_y % SIDE == pytest.approx((90.6 + 150 / 3.3) % SIDE, abs=0.3)


def test_a_squeezed_and_turned_grid_is_followed_uphill() -> None:
    luma = with_pilots(512, 512, 4.4, 3.6, 3, 5)
    matrix = cv2.getRotationMatrix2D((255.5, 255.5), -0.5, 1.0)
    luma = np.asarray(
        cv2.warpAffine(luma, matrix, (512, 512), borderMode=cv2.BORDER_REFLECT), np.float32
    )
    search = Search(Picture(luma), public_pilots())
    best = search.best([Hypothesis(4.38, 3.62, math.radians(r)) for r in (-0.6, 0.0, 0.6)])[0]
    assert best.z > 12
    assert best.placing.chip_x == pytest.approx(4.4, rel=0.005)
    assert best.placing.chip_y == pytest.approx(3.6, rel=0.005)
    assert math.degrees(best.placing.rotation) == pytest.approx(0.5, abs=0.15)


def test_perspective_is_followed_uphill() -> None:
    luma = with_pilots(512, 512, 4, 4, 0, 0)
    corners = np.array([[0, 0], [511, 0], [511, 511], [0, 511]], np.float32)
    lean = np.array([[3, 2], [-2, 4], [-4, -3], [2, -2]], np.float32)
    view = cv2.getPerspectiveTransform(corners, corners + lean)
    luma = np.asarray(cv2.warpPerspective(luma, view, (512, 512)), np.float32)
    search = Search(Picture(luma), public_pilots())
    start = aligned(512, 512, 1.0, False)
    assert search.climbed(start).z > search.z(start) + 1


def test_nothing_is_found_in_noise() -> None:
    noise = np.random.default_rng(2).normal(128, 5, (256, 256)).astype(np.float32)
    search = Search(Picture(noise), public_pilots())
    assert search.best(square_sizes(256, 256)[:60])[0].z < 7.5


def test_too_little_of_a_grid_says_nothing() -> None:
    picture = Picture(np.full((64, 64), 100, np.float32))
    assert picture.read(Placing(4, 4, 0, 0)) is None
    assert picture.read(Placing(0.9, 0.9, 0, 0)) is None
    assert Search(picture, public_pilots()).z(Placing(4, 4, 0, 0)) < 0


def test_the_lists_cover_what_is_promised() -> None:
    squares = [h.chip_x * SIDE / 512 for h in square_sizes(512, 512)]
    # From a frame that is a third of a screenshot to a crop to less than half.
    assert min(squares) < 0.34
    assert max(squares) > 2
    ordered = np.sort(squares)
    # Half a step moves the edge of the grid by less than half a chip.
    assert np.max(np.diff(np.log(ordered))) * SIDE / 4 < 0.5
    turns = {round(math.degrees(h.rotation), 2) for h in turned_sizes(512, 512)}
    assert min(turns) <= -1.5
    assert max(turns) >= 1.5
    ratios = [h.chip_x / h.chip_y for h in squeezed_sizes(512, 512)]
    assert min(ratios) < 0.7
    assert max(ratios) > 1.4


def test_no_list_has_chips_that_are_gone() -> None:
    for sizes in (square_sizes, turned_sizes, squeezed_sizes):
        assert all(min(h.chip_x, h.chip_y) > 1 for h in sizes(160, 120))
