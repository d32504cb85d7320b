"""Curves over time: jitter out, gaps filled."""

from __future__ import annotations

import numpy as np

from gioconda.capture.smoothing import across_gaps, smooth_where_loose, whittaker

RNG = np.random.default_rng(3)


def test_a_straight_line_is_left_alone() -> None:
    line = np.linspace(0, 5, 40)[:, None] * (1.0, -2.0)
    information = np.broadcast_to(np.eye(2), (40, 2, 2))
    np.testing.assert_allclose(whittaker(line, 100.0), line, atol=1e-8)
    np.testing.assert_allclose(
        smooth_where_loose(line, information, np.array([50.0, 50.0])), line, atol=1e-8
    )


def test_what_is_held_firmly_stays_and_what_is_loose_is_steadied() -> None:
    noise = RNG.normal(size=(80, 2))
    information = np.broadcast_to(np.diag([1e4, 1e-2]), (80, 2, 2))
    smooth = smooth_where_loose(noise, information, np.array([1.0, 1.0]))
    assert np.abs(smooth[:, 0] - noise[:, 0]).max() < 0.02
    assert np.diff(smooth[:, 1], 2).std() < 0.02 * np.diff(noise[:, 1], 2).std()


def test_firm_combinations_stay_though_each_part_is_loose() -> None:
    """The sum is measured, the difference is not: the sum keeps its course."""
    noise = RNG.normal(size=(80, 2))
    firm, loose = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    information = 1e4 * np.outer(firm, firm) + 1e-3 * np.outer(loose, loose)
    smooth = smooth_where_loose(noise, np.broadcast_to(information, (80, 2, 2)), np.ones(2))
    assert np.abs((smooth - noise) @ firm).max() < 0.02
    assert np.diff(smooth @ loose, 2).std() < 0.2 * np.diff(noise @ loose, 2).std()


def test_a_break_is_kept() -> None:
    step = np.repeat([[0.0], [1.0]], 20, axis=0)
    linked = np.ones(39)
    linked[19] = 0
    np.testing.assert_allclose(whittaker(step, 100.0, linked), step, atol=1e-6)


def test_short_gaps_are_bridged_and_long_ones_rest() -> None:
    known = np.array([0.0, 0.1, 0.5, 0.6, 3.6, 3.7])
    values = np.array([[1.0], [1.0], [3.0], [3.0], [2.0], [2.0]])
    at = np.arange(0, 3.71, 0.1)
    filled, rests = across_gaps(at, known, values)
    assert filled[3, 0] == 2.0  # half way from 1 to 3
    assert rests == [(0.6, 3.6)]
    assert np.abs(filled[(at > 1.2) & (at < 3.0)]).max() == 0
    assert np.abs(np.diff(filled[:, 0])).max() < 1.0  # no jump at either end
    assert filled[-1, 0] == 2.0


def test_a_face_that_comes_late_eases_in() -> None:
    filled, rests = across_gaps(np.arange(0, 2.0, 0.1), np.array([1.5, 1.9]), np.ones((2, 1)))
    assert rests == [(0.0, 1.5)]
    assert filled[0, 0] == 0
    assert 0 < filled[12, 0] < 1


def test_a_picture_that_stands_still_is_no_lost_face() -> None:
    known = np.array([0.0, 0.1, 2.1, 2.2])
    values = np.array([[1.0], [1.0], [3.0], [3.0]])
    at = np.arange(0, 2.21, 0.1)
    filled, rests = across_gaps(at, known, values, missing_s=np.array([]))
    assert rests == []
    assert filled[11, 0] == 2.0
    filled, rests = across_gaps(at, known, values, missing_s=np.array([1.0]))
    assert rests == [(0.1, 2.1)]
