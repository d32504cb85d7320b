"""Confidence intervals by clip: clips are drawn again, with replacement, many times.

Frames of one clip are not independent of each other, clips are; so whole clips are drawn
(Efron and Tibshirani 1993, percentile intervals).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

RESAMPLES: Final = 2000
#: The interval holds this share of the resampled figures.
_SHARE: Final = 95.0


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % confidence interval; NaN where there is nothing to measure."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def text(self, decimals: int = 2, sign: bool = False) -> str:
        """Return ``0.48 [0.43, 0.53]``; a dash for NaN."""
        if math.isnan(self.value):
            return "-"
        form = f"{'+' if sign else ''}.{decimals}f"
        if math.isnan(self.low):
            return f"{self.value:{form}}"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"

    def as_list(self) -> list[float | None]:
        """Return value, low, high, with None for NaN."""
        return [None if math.isnan(v) else v for v in (self.value, self.low, self.high)]


def draws(clips: int, seed: int, resamples: int = RESAMPLES) -> FloatArray:
    """Return how often each clip is drawn in each resample, (resamples, clips)."""
    rng = np.random.Generator(np.random.PCG64([seed, 40]))
    chosen = rng.integers(0, clips, (resamples, clips))
    counts = np.zeros((resamples, clips))
    np.add.at(counts, (np.arange(resamples)[:, None], chosen), 1.0)
    return counts


def estimate(
    figure: Callable[[FloatArray], FloatArray], clips: int, seed: int, resamples: int = RESAMPLES
) -> Estimate:
    """Return a figure of all clips with its interval.

    Args:
        figure: takes (draws, clips) weights, how often each clip counts, and returns (draws,).
        clips: how many there are; with fewer than two there is no interval.
        seed: of the resampling.
        resamples: how often clips are drawn.
    """
    value = float(figure(np.ones((1, clips)))[0])
    if clips < 2 or math.isnan(value):
        return Estimate(value)
    values = figure(draws(clips, seed, resamples))
    values = values[~np.isnan(values)]
    if not len(values):
        return Estimate(value)
    low, high = np.percentile(values, [50 - _SHARE / 2, 50 + _SHARE / 2])
    return Estimate(value, float(low), float(high))


def weighted_mean(values: FloatArray, weights: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return the figure that is the mean of a value for each clip, weighted; NaN values drop out.

    Args:
        values: (clips,).
        weights: (clips,), as seconds.
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)

    def figure(counts: FloatArray) -> FloatArray:
        total = counts @ (weights * known)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: FloatArray = (counts @ (weights * filled)) / total
        return np.where(total > 0, mean, np.nan)

    return figure
