from __future__ import annotations

import numpy as np
import pytest

from gioconda.lip_measures import closures, lip_measures
from gioconda.motion import CHANNELS, INDEX, Motion, moment


def talking(opening: list[float], driven: float = 1.0) -> Motion:
    values = np.zeros((len(opening), len(CHANNELS)), np.float32)
    values[:, INDEX["jawOpen"]] = opening
    values[:, INDEX["articulation"]] = driven
    return Motion(values, 50.0, 0.5)


def test_lips_open_widen_and_round() -> None:
    motion = Motion(np.stack([moment(), moment(jawOpen=0.5), moment(mouthPucker=1),
                              moment(jawOpen=0.5, mouthClose=0.5)]))  # fmt: skip
    opening, width, forward = lip_measures(motion)
    assert opening[0] == width[0] == forward[0] == 0
    assert opening[1] > 5
    assert opening[3] == pytest.approx(0, abs=0.8)
    assert width[2] < 0 < forward[2]


def test_a_short_closure_between_open_lips_is_found() -> None:
    motion = talking([0.4] * 10 + [0] * 4 + [0.4] * 10)
    ((first, last),) = closures(motion)
    assert (first, last) == (pytest.approx(0.7), pytest.approx(0.78))


@pytest.mark.parametrize(
    "opening",
    [
        [0.4] * 10 + [0] * 30 + [0.4] * 10,  # a pause
        [0.4] * 10 + [0] * 10,  # the end
        [0.4] * 24,
        [0.0] * 24,
        [0.04, 0, 0.04] * 8,  # lips that hardly part
    ],
)
def test_pauses_and_murmurs_are_no_closures(opening: list[float]) -> None:
    assert closures(talking(opening)) == []


def test_a_mouth_that_is_not_driven_closes_nothing() -> None:
    assert closures(talking([0.4] * 10 + [0] * 4 + [0.4] * 10, driven=0.0)) == []
