"""Curves that motion implies, and lips that follow loudness."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.measure.implied import EFFECTS, implied_curves, implied_lips
from gioconda.measure.lip_score import LIP_CURVES
from gioconda.measure.loudness import loudness
from gioconda.motion import INDEX, Motion, moment

APERTURE, WIDTH, PROTRUSION, JAW, UPPER, LOWER = range(6)


def curves(**channels: float) -> np.ndarray:
    return implied_curves(moment(**channels)[None])[0]


def test_every_channel_is_known() -> None:
    for name, effect in EFFECTS.items():
        assert name in INDEX or name + "Left" in INDEX
        assert len(effect) == len(LIP_CURVES)


def test_shapes_move_the_curves_they_are_named_after() -> None:
    assert curves(jawOpen=0.5)[APERTURE] == pytest.approx(0.07, abs=0.02)
    assert curves(jawOpen=0.5)[JAW] > 0.04
    assert curves(mouthPucker=0.8)[WIDTH] < -0.08
    assert curves(mouthStretchLeft=0.5, mouthStretchRight=0.5)[WIDTH] > 0.03
    assert curves(mouthUpperUpLeft=1, mouthUpperUpRight=1)[UPPER] < -0.02
    assert curves(mouthLowerDownLeft=1, mouthLowerDownRight=1)[LOWER] > 0.02


def test_one_side_moves_half_as_much_and_lips_do_not_pass_through_each_other() -> None:
    both = curves(mouthSmileLeft=0.6, mouthSmileRight=0.6)
    assert curves(mouthSmileLeft=0.6)[WIDTH] == pytest.approx(both[WIDTH] / 2)
    assert curves(mouthClose=1)[APERTURE] == 0


def test_instants_are_those_of_the_motion() -> None:
    motion = Motion(np.stack([moment(), moment(jawOpen=1)]), 50.0, 0.4)
    np.testing.assert_allclose(implied_lips(motion).time_s, [0.4, 0.42])


def test_loudness_rises_where_the_sound_does() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[8_000:] = np.sin(np.arange(8_000) * 0.3)
    level = loudness(sound)
    assert len(level) == 100
    assert level[80] - level[20] > 8
    halfway = (level[20] + np.log(0.5)) / 2
    assert int(np.argmax(level > halfway)) == pytest.approx(50, abs=8)
