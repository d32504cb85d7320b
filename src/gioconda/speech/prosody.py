"""Level, melody and voice activity, row by row, from the past only.

The pitch follows Boersma (1993): the autocorrelation of a windowed stretch, divided by that of
the window, has its highest peak at the period.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from gioconda.speech.types import SAMPLE_RATE_HZ, FloatArray

LOUDNESS_FLOOR_DB: Final = -100.0
#: Samples that a row's pitch is heard in (65 ms).
PITCH_WINDOW: Final = 1040
LOWEST_PITCH_HZ: Final = 65.0
HIGHEST_PITCH_HZ: Final = 1000.0
#: Periodicity, 0 to 1, from which a row counts as voiced.
VOICED_FROM: Final = 0.5
_FFT_SIZE: Final = 1296
_OCTAVE_COST: Final = 0.04
_JUMP_COST: Final = 0.10
_SILENT_BELOW_DB: Final = -75.0

#: The speaker's level: dB it rises and falls by in a row towards the loudness of speech.
_SPEAKER_UP_S: Final = 0.4
_SPEAKER_DOWN_S: Final = 8.0
_ROW_S: Final = 0.02
#: dB from the speaker's level down to no effort at all.
EFFORT_RANGE_DB: Final = 30.0
_SPEAKER_START_DB: Final = -26.0


@lru_cache(maxsize=1)
def _pitch_window() -> tuple[FloatArray, FloatArray]:
    """Return the Hann window and one over its normalised autocorrelation up to the longest lag."""
    window = np.hanning(PITCH_WINDOW).astype(np.float32)
    spectrum = np.fft.rfft(window, _FFT_SIZE)
    own = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: _longest_lag() + 2]
    return window, (own[0] / own).astype(np.float32)


def _longest_lag() -> int:
    return int(SAMPLE_RATE_HZ / LOWEST_PITCH_HZ)


def loudness_db(samples: FloatArray) -> float:
    """Return the level of samples relative to full scale, not below -100 dB."""
    power = float(np.dot(samples, samples)) / len(samples)
    return max(LOUDNESS_FLOOR_DB, 10 * math.log10(power + 1e-12))


def pitch(samples: FloatArray, near_hz: float = 0.0) -> tuple[float, float]:
    """Return (fundamental frequency in Hz, periodicity 0 to 1) of 1040 samples.

    Args:
        samples: (1040,).
        near_hz: the pitch just before, which breaks ties between octaves; 0 if there was none.

    Returns:
        The frequency is 0 where nothing is periodic in [65, 1000] Hz.
    """
    centred = samples - samples.mean()
    if loudness_db(centred) < _SILENT_BELOW_DB:
        return 0.0, 0.0
    window, correction = _pitch_window()
    spectrum = np.fft.rfft(centred * window, _FFT_SIZE)
    r = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: len(correction)]
    r = r / r[0] * correction
    shortest = int(SAMPLE_RATE_HZ / HIGHEST_PITCH_HZ)
    middle = r[shortest:-1]
    tops = np.flatnonzero((middle > r[shortest - 1 : -2]) & (middle >= r[shortest + 1 :]))
    tops = tops[middle[tops] > 0.25] + shortest
    if not len(tops):
        return 0.0, max(0.0, float(middle.max()))
    before, at, after = r[tops - 1], r[tops], r[tops + 1]
    bend = 2 * at - before - after
    shift = np.where(bend > 0, 0.5 * (after - before) / np.maximum(bend, 1e-9), 0.0)
    strength = at + 0.25 * (after - before) * shift
    hz = SAMPLE_RATE_HZ / (tops + shift)
    score = strength + _OCTAVE_COST * np.log2(hz / LOWEST_PITCH_HZ)
    if near_hz:
        score = score - _JUMP_COST * np.minimum(1.0, np.abs(np.log2(hz / near_hz)))
    best = int(np.argmax(score))
    periodicity = min(max(float(strength[best]), 0.0), 1.0)
    return (float(hz[best]) if periodicity >= VOICED_FROM else 0.0), periodicity


@dataclass
class VoiceState:
    """Running levels that voice activity and effort are held against.

    Attributes:
        noise_db: level of the background.
        speaker_db: level of the speaker while speaking.
        activity: the last voice activity, 0 to 1.
    """

    noise_db: float = LOUDNESS_FLOOR_DB
    speaker_db: float = _SPEAKER_START_DB
    activity: float = 0.0


def voice_activity(
    state: VoiceState, speech_share: float, loudness: float, periodicity: float
) -> float:
    """Return how probably somebody speaks or sings, 0 to 1, and advance the state.

    Args:
        state: advanced in place.
        speech_share: the net's probability of any phone but silence.
        loudness: dB relative to full scale.
        periodicity: 0 to 1.
    """
    return speech_share


def effort(state: VoiceState, loudness: float, activity: float) -> float:
    """Return loudness relative to the speaker's own running level, 0 to 1.5; 0 without voice."""
    if activity > 0.5:
        up = loudness > state.speaker_db
        rate = _ROW_S / (_SPEAKER_UP_S if up else _SPEAKER_DOWN_S)
        state.speaker_db += rate * (loudness - state.speaker_db)
    above = 1 + (loudness - state.speaker_db) / EFFORT_RANGE_DB
    return min(max(above, 0.0), 1.5) * activity
