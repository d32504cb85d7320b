"""The drawn rows of teeth."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.render.mesh.dentition import (
    DRAWN_PX_PER_MM,
    EDGE_MARGIN_MM,
    HALF_WIDTH_MM,
    HEIGHT_MM,
    drawn_row,
    fitted_row,
)

LUMA = np.array([0.299, 0.587, 0.114])


def column(strip: np.ndarray, x_mm: float) -> np.ndarray:
    return strip[:, int((x_mm + HALF_WIDTH_MM) * strip.shape[1] / (2 * HALF_WIDTH_MM))]


@pytest.mark.parametrize("upper", [True, False])
def test_the_incisal_edge_lies_where_it_is_said_to_lie(upper: bool) -> None:
    strip = drawn_row(upper, 3, 0.0)
    assert strip.shape == (HEIGHT_MM * DRAWN_PX_PER_MM, 2 * HALF_WIDTH_MM * DRAWN_PX_PER_MM, 4)
    alpha = column(strip, 4.0 if upper else 2.5)[:, 3]
    solid = np.flatnonzero(alpha > 0.5) / DRAWN_PX_PER_MM
    edge = HEIGHT_MM - solid[-1] if upper else solid[0]
    assert edge == pytest.approx(EDGE_MARGIN_MM, abs=0.6)


def test_gum_is_redder_and_darker_than_teeth() -> None:
    strip = drawn_row(True, 3, 0.0)
    middle = column(strip, 4.0)[:, :3]
    tooth = middle[int(16 * DRAWN_PX_PER_MM)]
    gum = middle[int(4 * DRAWN_PX_PER_MM)]
    assert gum[0] / gum[1] > 1.25 * tooth[0] / tooth[1]
    assert gum @ LUMA < 0.8 * (tooth @ LUMA)


def test_alpha_is_premultiplied() -> None:
    strip = drawn_row(False, 5, 0.5)
    assert strip.min() >= 0
    assert strip[..., 3].max() <= 1
    assert (strip[..., :3][strip[..., 3] == 0] == 0).all()


def test_no_two_seeds_share_a_set_of_teeth() -> None:
    assert np.abs(drawn_row(True, 1, 0.0) - drawn_row(True, 2, 0.0)).max() > 0.2


def test_fitting_keeps_the_mean_and_the_place() -> None:
    drawn, fitted = drawn_row(True, 3, 0.0), fitted_row(True, 3, 0.0, 3.0)
    assert fitted.shape == (72, 192, 4)
    assert fitted.mean() == pytest.approx(drawn.mean(), rel=0.01)
    rows = np.arange(len(drawn)) / len(drawn)
    fitted_rows = np.arange(len(fitted)) / len(fitted)
    weight, fitted_weight = drawn[..., 3].sum(1), fitted[..., 3].sum(1)
    centre = (rows * weight).sum() / weight.sum()
    assert (fitted_rows * fitted_weight).sum() / fitted_weight.sum() == pytest.approx(
        centre, abs=0.01
    )


def test_flat_drawings_get_plain_teeth() -> None:
    """Contrast inside the incisors falls as detail does."""
    spread = [
        column(fitted_row(True, 3, 0.0, 6.0, detail=d), 3.0)[90:115, :3].std(0).mean()
        for d in (1.0, 0.0)
    ]
    assert spread[1] < 0.3 * spread[0]


def test_saturation_zero_is_grey() -> None:
    strip = fitted_row(True, 3, 0.0, 4.0, saturation=0.0)
    assert np.ptp(strip[..., :3], axis=2).max() < 1e-5


def test_rows_are_cached() -> None:
    assert fitted_row(True, 3, 0.11, 4.0) is fitted_row(True, 3, 0.12, 4.0)


def front_columns(strip: np.ndarray, up_mm: float) -> np.ndarray:
    """Cover of the upper row's front teeth along a line so far above the incisal edge."""
    row = strip[-int((EDGE_MARGIN_MM + up_mm) * DRAWN_PX_PER_MM), :, 3]
    middle, reach = len(row) // 2, int(16 * DRAWN_PX_PER_MM)
    return row[middle - reach : middle + reach]


def crown_height(strip: np.ndarray) -> float:
    """Height of a central incisor in mm: up to where gum begins."""
    tooth = column(strip, 4.0)[::-1][int(EDGE_MARGIN_MM * DRAWN_PX_PER_MM) :]
    red = tooth[:, 0] / np.maximum(tooth[:, 1], 1e-3)
    return float(np.flatnonzero(red > 1.4)[0] / DRAWN_PX_PER_MM)


def test_a_childs_teeth_are_short_and_stand_apart_and_an_elders_are_long() -> None:
    child, adult, elder = (drawn_row(True, 3, 0.0, age) for age in (-1.0, 0.0, 1.0))
    assert crown_height(child) < 0.85 * crown_height(adult)
    assert crown_height(elder) > 1.08 * crown_height(adult)
    assert (front_columns(child, 1.0) < 0.5).sum() > (front_columns(adult, 1.0) < 0.5).sum()


def test_the_years_darken_and_warm_a_tooth() -> None:
    adult, elder = (
        column(drawn_row(True, 3, 0.0, age), 4.0)[int(15 * DRAWN_PX_PER_MM), :3]
        for age in (0.0, 1.0)
    )
    assert elder @ LUMA < 0.92 * (adult @ LUMA)
    assert elder[0] / elder[2] > 1.1 * adult[0] / adult[2]


def test_the_row_is_not_a_bar() -> None:
    """Its incisal edge steps from tooth to tooth: the laterals end above the centrals."""
    alpha = drawn_row(True, 3, 0.0)[..., 3]
    ends = [np.flatnonzero(column(alpha, x) > 0.5)[-1] / DRAWN_PX_PER_MM for x in (4.2, 11.8)]
    assert ends[0] - ends[1] > 0.3
