"""Sounds whose onset opens a mouth."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import FloatArray

RATE_HZ: Final = 16_000
#: Formants of an open central vowel, frequency and bandwidth in Hz (Peterson and Barney 1952).
_FORMANTS: Final = ((730, 90), (1090, 110), (2440, 170))
_PITCH_HZ: Final = 120.0


def vowel(seconds: float = 0.3) -> FloatArray:
    """Return a sung "ah" that begins with a click, float32 at 16 kHz."""
    count = round(seconds * RATE_HZ)
    sound = np.zeros(count)
    sound[:: round(RATE_HZ / _PITCH_HZ)] = 1.0
    for frequency, width in _FORMANTS:
        sound = _resonated(sound, frequency, width)
    fade = np.minimum(np.arange(count)[::-1] / (0.03 * RATE_HZ), 1.0)
    return np.asarray(0.5 * sound * fade / np.abs(sound).max(), np.float32)


def _resonated(
    sound: npt.NDArray[np.float64], frequency_hz: float, width_hz: float
) -> npt.NDArray[np.float64]:
    from scipy.signal import lfilter

    radius = np.exp(-np.pi * width_hz / RATE_HZ)
    turn = 2 * np.pi * frequency_hz / RATE_HZ
    poles = [1.0, -2 * radius * np.cos(turn), radius**2]
    return np.asarray(lfilter([1.0], poles, sound), np.float64)


def int16(pcm: FloatArray) -> list[int]:
    """Return samples as whole numbers, as a page takes them."""
    return [int(v) for v in np.rint(np.clip(pcm, -1, 1) * 32767)]
