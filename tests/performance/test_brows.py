"""Brows: they live about their rest, and an emotion takes them over."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Controls, examples
from gioconda.motion import Motion
from gioconda.pipeline import perform
from gioconda.speech.sound import Sound

SEEDS = range(4)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.resize(np.concatenate(list(sound.chunks())), 16_000 * 10)


def spoken(voice: np.ndarray, **controls) -> list[Motion]:
    sound = Sound.from_array(voice, 16_000)
    return [perform(sound, Controls(seed=seed, **controls)) for seed in SEEDS]


def late(motion: Motion, channel: str) -> np.ndarray:
    """Once an emotion has come in."""
    return motion[channel][100:]


def test_brows_rise_from_about_their_rest_and_go_below_it(voice) -> None:
    height = np.concatenate(
        [late(m, "browInnerUp") - late(m, "browDownLeft") for m in spoken(voice)]
    )
    assert abs(np.median(height)) < 0.15
    assert height.mean() < 0.2
    low, high = np.percentile(height, [5, 95])
    assert low < -0.1
    assert high > 0.5


def test_liveliness_twice_as_large_moves_more_and_is_not_cut_off(voice) -> None:
    once, twice = (
        np.concatenate([late(m, "browInnerUp") for m in spoken(voice, expression=scale)])
        for scale in (1.0, 2.0)
    )
    assert np.ptp(np.percentile(twice, [5, 95])) > 1.1 * np.ptp(np.percentile(once, [5, 95]))
    assert (twice >= 1.0).mean() < 0.01


@pytest.mark.parametrize("emotion", ["sad", "afraid", "surprised"])
def test_an_emotion_raises_the_inner_brows_over_what_life_does(voice, emotion: str) -> None:
    neutral = spoken(voice)
    for strength, least in ((0.5, 0.2), (1.0, 0.5)):
        felt = spoken(voice, emotion=emotion, emotion_strength=strength)
        rises = [
            late(a, "browInnerUp").mean() - late(b, "browInnerUp").mean()
            for a, b in zip(felt, neutral, strict=True)
        ]
        assert np.mean(rises) > least
        assert min(rises) > 0.5 * least
        assert np.mean([(late(m, "browInnerUp") >= 1.0).mean() for m in felt]) < 0.1


def test_brows_under_a_strong_emotion_still_live(voice) -> None:
    felt = spoken(voice, emotion="sad", emotion_strength=1.0)
    ranges = [np.ptp(np.percentile(late(m, "browInnerUp"), [5, 95])) for m in felt]
    assert np.median(ranges) > 0.05
    assert min(ranges) > 0.02
