from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from gioconda import EMOTIONS, Controls
from gioconda.errors import GiocondaError, OptionError


def test_defaults_are_valid_and_frozen() -> None:
    controls = Controls()
    with pytest.raises(FrozenInstanceError):
        controls.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ({"gaze": (31.0, 0.0)}, "between -30 and 30 degrees"),
        ({"gaze": (0.0, -21.0)}, "between -20 and 20 degrees"),
        ({"distance": 0.5}, "between 0.7 and 2"),
        ({"distance": math.nan}, "between 0.7 and 2"),
        ({"emotion": "grumpy"}, "there are: neutral, happy"),
        ({"emotion": "happy:0.9"}, "emotion='happy', emotion_strength=0.9"),
        ({"emotion_strength": 1.5}, "between 0 and 1"),
        ({"head": -0.1}, "between 0 and 2"),
        ({"blinks": 2.5}, "between 0 and 2"),
        ({"expression": math.inf}, "between 0 and 2"),
        ({"seed": -1}, "0 or above"),
        ({"seed": 1.5}, "whole number"),
        ({"expression": "1"}, "must be a number"),
    ],
)
def test_out_of_range_says_the_range(bad: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint) as e:
        Controls(**bad)
    assert isinstance(e.value, GiocondaError)
    assert isinstance(e.value, ValueError)


def test_every_emotion_is_accepted() -> None:
    assert len(EMOTIONS) == 9
    for emotion in EMOTIONS:
        assert Controls(emotion=emotion).emotion == emotion
