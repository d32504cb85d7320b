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

from gioconda.speech.types import FEATURE_RATE_HZ, SAMPLE_RATE_HZ, FloatArray

LOUDNESS_FLOOR_DB: Final = -100.0
#: Samples that a row's pitch is heard in (65 ms).
PITCH_WINDOW: Final = 1040
LOWEST_PITCH_HZ: Final = 65.0
HIGHEST_PITCH_HZ: Final = 1000.0
#: Periodicity, 0 to 1, from which a row counts as voiced.
VOICED_FROM: Final = 0.5
#: At least a window and the longest lag, so that nothing wraps around.
_FFT_SIZE: Final = 1296
#: Only the spectrum below this is searched, or fricatives would look like high notes ...
_PITCH_BAND_HZ: Final = 1500.0
#: ... and only where it holds at least this share of the power.
_PITCH_BAND_SHARE: Final = 0.05
_CANDIDATE_FROM: Final = 0.25
#: Bonus and costs, in periodicity for an octave: high candidates win ties, jumps lose them.
_OCTAVE_BONUS: Final = 0.015
_JUMP_COST: Final = 0.10
#: Cost for an octave beyond the speaker's usual range.
_UNUSUAL_COST: Final = 0.08
_USUAL_OCTAVES: Final = 0.7
#: The usual pitch follows clear voice with this memory.
_USUAL_MEMORY_S: Final = 3.0
_CLEAR_FROM: Final = 0.75
_SILENT_BELOW_DB: Final = -75.0

_ROW_S: Final = 1 / FEATURE_RATE_HZ
#: The speaker's level follows speech within these times, up and down.
_SPEAKER_UP_S: Final = 0.4
_SPEAKER_DOWN_S: Final = 8.0
#: The level assumed before anything was heard, as if it had lasted so long.
_SPEAKER_START_DB: Final = -26.0
_SPEAKER_START_S: Final = 0.1
#: dB from the speaker's level down to no effort at all.
EFFORT_RANGE_DB: Final = 30.0

#: Voice activity fades out between these levels, dB of full scale.
_INAUDIBLE_DB, _AUDIBLE_DB = -75.0, -65.0
#: How far the net's odds are trusted, and what periodicity of late adds to them.
_ODDS_WEIGHT: Final = 1.4
_PERIODICITY_WEIGHT: Final = 2.0
_PERIODICITY_MEMORY_S: Final = 0.4
#: The room's level falls at once and rises by this much in a second.
_ROOM_RISE_DB: Final = 4.0
#: Sound at most this far above the room's level is steady, from there on it is not.
_STEADY_DB, _LIVELY_DB = 4.0, 10.0
#: What steady sound without a pitch of late takes off the odds: room noise, wind and hum do not
#: talk, which the net alone holds likely in a fifth of pink noise. Held vowels have a pitch,
#: whispers are not steady, and where the net is sure it is believed, unless the sound is faint.
_STEADY_COST: Final = 3.0
_DOUBTED_BELOW, _BELIEVED_FROM = 0.90, 0.97
_FAINT_DB, _PLAIN_DB = -55.0, -45.0
_UNPITCHED_BELOW, _PITCHED_FROM = 0.5, 0.7
#: Activity rises and falls within these times.
_ACTIVITY_UP_S: Final = 0.02
_ACTIVITY_DOWN_S: Final = 0.08


@lru_cache(maxsize=1)
def _pitch_tables() -> tuple[FloatArray, FloatArray]:
    """Return the window and one over its normalised autocorrelation up to the longest lag."""
    window = np.hanning(PITCH_WINDOW).astype(np.float32)
    spectrum = np.fft.rfft(window, _FFT_SIZE)
    longest = int(SAMPLE_RATE_HZ / LOWEST_PITCH_HZ)
    own = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, _FFT_SIZE)[: longest + 2]
    return window, (own[0] / own).astype(np.float32)


def loudness_db(samples: FloatArray) -> float:
    """Return the level of samples relative to full scale, not below -100 dB."""
    power = float(np.dot(samples, samples)) / len(samples)
    return max(LOUDNESS_FLOOR_DB, 10 * math.log10(power + 1e-12))


@dataclass
class PitchState:
    """What breaks ties between octaves.

    Attributes:
        near_hz: the pitch just before; 0 if there was none.
        usual_octave: running mean of log2 of the pitch.
        heard_s: how much clear voice that mean has seen.
    """

    near_hz: float = 0.0
    usual_octave: float = 0.0
    heard_s: float = 0.0

    def advance(self, hz: float, periodicity: float) -> None:
        """Take the next row's pitch."""
        self.near_hz = hz
        if hz and periodicity >= _CLEAR_FROM:
            self.heard_s = min(self.heard_s + _ROW_S, _USUAL_MEMORY_S)
            self.usual_octave += _ROW_S / self.heard_s * (math.log2(hz) - self.usual_octave)


def pitch(state: PitchState, samples: FloatArray) -> tuple[float, float]:
    """Return (fundamental frequency in Hz, periodicity 0 to 1) of 1040 samples.

    Args:
        state: advanced in place.
        samples: (1040,).

    Returns:
        The frequency is 0 where nothing is periodic in [65, 1000] Hz.
    """
    hz, periodicity = _best_period(state, samples)
    state.advance(hz, periodicity)
    return hz, periodicity


def _best_period(state: PitchState, samples: FloatArray) -> tuple[float, float]:
    """Return frequency and periodicity of the best candidate."""
    from gioconda.speech import stream_kernels as kernels

    centred = samples - samples.mean()
    if loudness_db(centred) < _SILENT_BELOW_DB:
        return 0.0, 0.0
    window, correction = _pitch_tables()
    spectrum = np.fft.rfft(centred * window, _FFT_SIZE)
    power = spectrum.real**2 + spectrum.imag**2
    band = int(_PITCH_BAND_HZ * _FFT_SIZE / SAMPLE_RATE_HZ)
    total = float(power.sum())
    power[band:] = 0
    if float(power.sum()) < _PITCH_BAND_SHARE * total:
        return 0.0, 0.0
    r = np.fft.irfft(power, _FFT_SIZE)[: len(correction)]
    r = r / r[0] * correction
    shortest = int(SAMPLE_RATE_HZ / HIGHEST_PITCH_HZ)
    hz, strength = kernels.best_period(
        r, shortest, SAMPLE_RATE_HZ, _CANDIDATE_FROM, _OCTAVE_BONUS, state.near_hz, _JUMP_COST,
        state.usual_octave if state.heard_s else math.nan, _UNUSUAL_COST, _USUAL_OCTAVES,
    )  # fmt: skip
    periodicity = min(max(strength, 0.0), 1.0)
    return (hz if periodicity >= VOICED_FROM else 0.0), periodicity


@dataclass
class VoiceState:
    """What voice activity and effort are held against.

    Attributes:
        periodicity: highest of late, fading.
        activity: the last voice activity, 0 to 1.
        room_db: level of what sounds all the time; infinite before anything was heard.
        speaker_db: level of the speaker while speaking.
        spoken_s: how much speech that level has seen.
    """

    periodicity: float = 0.0
    activity: float = 0.0
    room_db: float = math.inf
    speaker_db: float = _SPEAKER_START_DB
    spoken_s: float = _SPEAKER_START_S


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
    faded = state.periodicity * (1 - _ROW_S / _PERIODICITY_MEMORY_S)
    state.periodicity = max(periodicity, faded)
    share = min(max(speech_share, 1e-4), 1 - 1e-4)
    odds = _ODDS_WEIGHT * math.log(share / (1 - share))
    odds += _PERIODICITY_WEIGHT * (state.periodicity - VOICED_FROM)
    if loudness > _INAUDIBLE_DB:
        state.room_db = min(loudness, state.room_db + _ROOM_RISE_DB * _ROW_S)
    steady = _falling(loudness - state.room_db, _STEADY_DB, _LIVELY_DB)
    unpitched = _falling(state.periodicity, _UNPITCHED_BELOW, _PITCHED_FROM)
    doubt = max(
        _falling(share, _DOUBTED_BELOW, _BELIEVED_FROM), _falling(loudness, _FAINT_DB, _PLAIN_DB)
    )
    odds -= _STEADY_COST * steady * unpitched * doubt
    audible = (loudness - _INAUDIBLE_DB) / (_AUDIBLE_DB - _INAUDIBLE_DB)
    now = min(max(audible, 0.0), 1.0) / (1 + math.exp(-odds))
    time_s = _ACTIVITY_UP_S if now > state.activity else _ACTIVITY_DOWN_S
    state.activity += (1 - math.exp(-_ROW_S / time_s)) * (now - state.activity)
    return state.activity


def _falling(value: float, low: float, high: float) -> float:
    """Return 1 up to ``low``, 0 from ``high`` on, and a straight line between."""
    return min(max((high - value) / (high - low), 0.0), 1.0)


def effort(state: VoiceState, loudness: float, activity: float) -> float:
    """Return loudness relative to the speaker's own running level, 0 to 1.5; 0 without voice.

    1 is the speaker's usual level, 0 is 30 dB below it.
    """
    if activity > 0.5:
        time_s = _SPEAKER_UP_S if loudness > state.speaker_db else _SPEAKER_DOWN_S
        rate = _ROW_S / min(time_s, state.spoken_s)
        state.speaker_db += min(rate, 1.0) * (loudness - state.speaker_db)
        state.spoken_s += _ROW_S
    above = 1 + (loudness - state.speaker_db) / EFFORT_RANGE_DB
    return min(max(above, 0.0), 1.5) * activity
