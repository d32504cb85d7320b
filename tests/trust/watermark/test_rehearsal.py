"""The rehearsal: motion like speech, the same each time, within the range of every channel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gioconda.motion import BLENDSHAPES, INDEX
from gioconda.trust.watermark.rehearsal import typical_moments


def test_moments_are_valid_and_always_the_same() -> None:
    pairs = typical_moments()

    for (now, soon), (again, _) in zip(pairs, typical_moments(), strict=True):
        assert np.array_equal(now, again)
        for moment in (now, soon):
            shapes = moment[: len(BLENDSHAPES)]
            assert shapes.min() >= 0
            assert shapes.max() <= 1


def test_the_head_turns_much_between_moments_and_little_within_one() -> None:
    pairs = typical_moments(16)
    yaw = INDEX["headYaw"]
    within = [abs(soon[yaw] - now[yaw]) for now, soon in pairs]
    between = [abs(b[0][yaw] - a[0][yaw]) for a, b in pairwise(pairs)]

    assert 0.3 < np.mean(within) < 0.6
    assert np.mean(between) > 2


def test_both_sides_of_the_face_move_alike() -> None:
    for now, _ in typical_moments():
        for side in ("eyeBlink", "mouthUpperUp", "mouthLowerDown"):
            assert now[INDEX[f"{side}Left"]] == now[INDEX[f"{side}Right"]]
