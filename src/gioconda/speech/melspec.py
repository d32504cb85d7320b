"""Streaming log-mel spectrum with causal level and colour control.

Frame m is centred on the instant m / 100 s and sees 12.5 ms to either side. Power in 64 mel bands
(60 to 7800 Hz) is divided by a running level (0.15 s up, 6 s down), so that a loud or a quiet
recording looks the same, and half of the speaker's running mean spectrum is taken off, so that
microphones and rooms matter less. Both follow the past only. The same code runs over a batch in
training and over a stream in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from gioconda.speech.types import SAMPLE_RATE_HZ, FloatArray

MEL_BANDS: Final = 64
FRAME_RATE_HZ: Final = 100
HOP: Final = SAMPLE_RATE_HZ // FRAME_RATE_HZ
WINDOW: Final = 400
FFT_SIZE: Final = 512
LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 7800.0

#: Share of the distance to the present power by which the level moves in a frame.
LEVEL_UP: Final = 1 / (0.15 * FRAME_RATE_HZ)
LEVEL_DOWN: Final = 1 / (6.0 * FRAME_RATE_HZ)
#: Summed mel power of noise at about -70 dB of full scale: nothing fainter is brought up.
LEVEL_FLOOR: Final = 0.004
#: What the level becomes after control, in summed mel power.
LEVEL_TARGET: Final = 90.0
POWER_FLOOR: Final = 1e-4
#: Frames above this share of the level count as speech for the running mean spectrum.
MEAN_GATE: Final = 0.03
#: The mean starts from REFERENCE_LOG as if it had been heard for this many frames ...
MEAN_PRIOR_FRAMES: Final = 150
#: ... and never averages over more than about this many.
MEAN_MEMORY_FRAMES: Final = 800
MEAN_STRENGTH: Final = 0.5
#: Mean log power of active speech after level control at bands 0, 9, 18, ... 63, measured on the
#: synthetic voices of the training recipe.
REFERENCE_LOG: Final = (-1.0, -0.8, -4.2, -5.1, -5.1, -5.2, -7.3, -7.8)
#: What the compiled control takes of the above.
_LIMITS: Final = tuple(
    np.float32(x)
    for x in (LEVEL_FLOOR, LEVEL_TARGET, 1 / LEVEL_UP, LEVEL_DOWN, MEAN_GATE, MEAN_MEMORY_FRAMES)
)


@lru_cache(maxsize=1)
def mel_filters() -> FloatArray:
    """Return triangular mel filters, (64, 257), on the bins of a 512-point spectrum."""

    def mel(hz: float) -> float:
        return float(2595 * np.log10(1 + hz / 700))

    edges_mel = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), MEL_BANDS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.arange(FFT_SIZE // 2 + 1) * SAMPLE_RATE_HZ / FFT_SIZE
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@lru_cache(maxsize=1)
def smearing() -> FloatArray:
    """Return (64, 64), which blurs bands by 1/4, 1/2, 1/4 so that single harmonics matter less."""
    padded = np.pad(np.eye(MEL_BANDS, dtype=np.float32), ((1, 1), (0, 0)), mode="edge")
    return np.asarray(0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:], np.float32)


@lru_cache(maxsize=1)
def _window() -> FloatArray:
    return np.hanning(WINDOW).astype(np.float32)


@lru_cache(maxsize=1)
def _smeared_filters() -> FloatArray:
    return np.ascontiguousarray((smearing() @ mel_filters()).T)


@lru_cache(maxsize=1)
def reference_log() -> FloatArray:
    """Return the mean spectrum of speech that the colour control starts from, (64,)."""
    knots = np.linspace(0, MEL_BANDS - 1, len(REFERENCE_LOG))
    return np.interp(np.arange(MEL_BANDS), knots, REFERENCE_LOG).astype(np.float32)


def mel_power(windows: FloatArray, *, smeared: bool = True) -> FloatArray:
    """Return the mel power of windows of 400 samples: (..., 400) to (..., 64)."""
    spectrum = np.fft.rfft(windows * _window(), FFT_SIZE)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(power @ (_smeared_filters() if smeared else mel_filters().T), np.float32)


def mel_power_of(samples: FloatArray) -> FloatArray:
    """Return the unsmeared mel power of a whole sound: frame m is centred on sample 160 m."""
    count = len(samples) // HOP + 1
    padded = np.pad(np.asarray(samples, np.float32), (WINDOW // 2, WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    blocks = [mel_power(windows[i : i + 4096], smeared=False) for i in range(0, count, 4096)]
    return np.concatenate(blocks)


@dataclass
class ControlState:
    """Running level and mean spectrum; the leading axes are a batch.

    Attributes:
        level: (...,) summed mel power that the sound is held against.
        mean: (..., 64) running mean log spectrum of speech after level control.
        heard: (...,) frames of speech that the mean has seen, with the prior.
        loud: (...,) frames above the level's floor so far.
    """

    level: FloatArray
    mean: FloatArray
    heard: FloatArray
    loud: FloatArray

    @classmethod
    def fresh(cls, batch: tuple[int, ...] = ()) -> ControlState:
        """Return the state before any sound."""
        return cls(
            np.full(batch, LEVEL_FLOOR, np.float32),
            np.broadcast_to(reference_log(), (*batch, MEL_BANDS)).copy(),
            np.full(batch, MEAN_PRIOR_FRAMES, np.float32),
            np.zeros(batch, np.float32),
        )


def controlled_frame(state: ControlState, power: FloatArray) -> FloatArray:
    """Take one frame of mel power, (..., 64); return the net's input and advance the state.

    The result is about (log power + 2) / 3 with the level held constant: -2.4 in digital silence,
    0 to 2 where there is speech.
    """
    total = power.sum(-1)
    # A recording cut in the middle of a word starts loud; its first frames are their own level.
    # With the slow rise alone they would be brought up by 27 dB, which the net takes for a burst.
    state.loud = np.minimum(state.loud + (total > LEVEL_FLOOR), np.float32(1 / LEVEL_UP))
    rise = np.float32(1) / np.maximum(state.loud, np.float32(1))
    rate = np.where(total > state.level, rise, np.float32(LEVEL_DOWN)).astype(np.float32)
    state.level = np.maximum(
        state.level + rate * (total - state.level), np.float32(LEVEL_FLOOR)
    ).astype(np.float32)
    gain = np.float32(LEVEL_TARGET) / state.level
    log_power = np.log(power * gain[..., None] + np.float32(POWER_FLOOR))
    active = (total > MEAN_GATE * state.level).astype(np.float32)
    state.heard = np.minimum(state.heard + active, np.float32(MEAN_MEMORY_FRAMES))
    step = (active / state.heard)[..., None]
    state.mean = state.mean + step * (log_power - state.mean)
    colour = np.float32(MEAN_STRENGTH) * (state.mean - reference_log())
    return np.asarray((log_power - colour + np.float32(2)) / np.float32(3), np.float32)


def controlled_frames(state: ControlState, power: FloatArray) -> FloatArray:
    """Do what :func:`controlled_frame` does for frames of one stream in a row, (frames, 64)."""
    from gioconda.speech import stream_kernels as kernels

    totals = power.sum(-1)
    gains, shares, state.level, state.heard, state.loud = kernels.control_level(
        totals, np.float32(state.level), np.float32(state.heard), np.float32(state.loud), _LIMITS
    )
    log_power = np.log(power * gains[:, None] + np.float32(POWER_FLOOR))
    kernels.control_colour(
        log_power, shares, state.mean, reference_log(), np.float32(MEAN_STRENGTH)
    )
    return np.asarray(log_power, np.float32)
