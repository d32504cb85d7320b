"""The baseline of lip sync: a mouth that opens with the loudness of the sound."""

from __future__ import annotations

from os import PathLike
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.measure.lip_score import LIP_CURVES, LipCurves

FloatArray = npt.NDArray[np.float64]

RATE_HZ: Final = 100.0
_HOP: Final = 160
_SMOOTHING_HOPS: Final = 2.0
#: Loudness opens the mouth; it says nothing about its other shapes.
_OPENING: Final = ("aperture", "jaw", "lower lip")


def loudness(samples: npt.NDArray[np.floating]) -> FloatArray:
    """Return log energy in hops of 10 ms, smoothed with a sigma of 20 ms, (hops,).

    Args:
        samples: 16 kHz mono, -1 to 1. Hop i is centred on the instant (i + 0.5) / 100 s.
    """
    from scipy.ndimage import gaussian_filter1d

    hops = max(-(-len(samples) // _HOP), 1)
    padded = np.zeros(hops * _HOP)
    padded[: len(samples)] = samples
    power = (padded.reshape(hops, _HOP) ** 2).mean(axis=1)
    smooth: FloatArray = np.log(gaussian_filter1d(power, _SMOOTHING_HOPS) + 1e-6)
    return smooth


def loudness_lips(sound: str | PathLike[str]) -> LipCurves:
    """Return lips that open with a sound's loudness; the other curves are NaN."""
    samples = samples_of(sound)
    level = loudness(samples)
    values: FloatArray = np.full((len(level), len(LIP_CURVES)), np.nan)
    for name in _OPENING:
        values[:, list(LIP_CURVES).index(name)] = level
    times: FloatArray = (np.arange(len(level), dtype=np.float64) + 0.5) / RATE_HZ
    return LipCurves(times, values)


def samples_of(sound: str | PathLike[str]) -> npt.NDArray[np.float32]:
    """Return a whole sound as 16 kHz mono."""
    from gioconda.speech.sound import Sound

    with Sound.open(sound) as opened:
        chunks = list(opened.chunks())
    return np.concatenate(chunks) if chunks else np.zeros(1, np.float32)
