"""Lids are counted from a person's own open and closed eyes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda.capture.lids import counted_from_open


def blinking(open_level: float, closed_level: float, at: tuple[int, ...] = (30, 90)) -> np.ndarray:
    frames = np.arange(140)
    lid = sum(np.exp(-(((frames - k) / 2.0) ** 2)) for k in at)
    return open_level + (closed_level - open_level) * np.asarray(lid)


def test_eyes_that_rest_unevenly_become_even() -> None:
    left, right = counted_from_open(blinking(-0.13, 0.9), blinking(0.24, 0.9))
    assert abs(np.median(left)) < 0.02
    assert abs(np.median(right)) < 0.02
    assert np.abs(left - right).max() < 0.05


def test_blinks_that_read_half_closed_close() -> None:
    left, right = counted_from_open(blinking(0.06, 0.45), blinking(0.19, 0.75))
    for lid in (left, right):
        assert 0.9 < lid[28:33].max() < 1.3
        assert 0.9 < lid[88:93].max() < 1.3


def test_a_wink_stays_a_wink() -> None:
    winking = blinking(0.0, 1.0, at=(30, 60, 90))
    left, right = counted_from_open(winking, blinking(0.0, 1.0))
    assert left[60] > 0.9
    assert right[60] < 0.1


def test_eyes_that_never_blink_are_not_enlarged() -> None:
    rng = np.random.default_rng(1)
    still = 0.1 + 0.02 * rng.standard_normal(100)
    left, right = counted_from_open(still, still)
    assert np.abs(left).max() < 0.1
    assert (left == right).all()


@pytest.mark.parametrize("name", ["senate_man_1_512.mp4"])
def test_an_even_face_opens_both_eyes_alike(shared: Path, name: str) -> None:
    from gioconda import track

    motion = track(shared / "data" / "clips" / name)
    medians = [np.median(motion[f"eyeBlink{side}"]) for side in ("Left", "Right")]
    assert abs(medians[0] - medians[1]) < 0.05
    assert max(abs(m) for m in medians) < 0.1
