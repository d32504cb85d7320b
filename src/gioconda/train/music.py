"""Plain synthetic music, so that the net learns that music alone is nobody speaking."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.types import SAMPLE_RATE_HZ, FloatArray

_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))
_A4_HZ, _A4 = 440.0, 69


def _note(rng: np.random.Generator, key: float, seconds: float) -> npt.NDArray[np.float64]:
    """Return one note: harmonics of a random instrument that ring, are bowed or swell."""
    time = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    f0 = _A4_HZ * 2 ** ((key - _A4) / 12)
    count = max(1, min(24, int(7500 / f0)))
    slope, odd = rng.uniform(0.6, 2.5), rng.random() < 0.2
    vibrato = rng.uniform(0, 0.004) * np.sin(2 * np.pi * rng.uniform(4, 7) * time)
    phase = 2 * np.pi * f0 * np.cumsum(1 + vibrato) / SAMPLE_RATE_HZ
    sound = np.zeros(len(time))
    for k in range(1, count + 1, 2 if odd else 1):
        ring = np.exp(-time * k * rng.uniform(0, 0.6))
        sound += k**-slope * ring * np.sin(k * phase + rng.uniform(0, 6.3))
    attack = np.minimum(1, time / rng.choice([0.005, 0.02, 0.1]))
    release = np.minimum(1, (time[-1] - time) / 0.05)
    fade = np.exp(-time * rng.choice([0.0, 1.0, 3.0, 6.0]))
    return np.asarray(sound * attack * release * fade)


def _drum(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return one drum stroke: a falling tone, a burst of noise, or both."""
    time = np.arange(int(0.25 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * (rng.uniform(50, 200) * time + 8 * (1 - np.exp(-time * 30))))
    noise = np.diff(rng.normal(size=len(time) + 1)) if rng.random() < 0.5 else 0.0
    kick, hiss = rng.uniform(0, 1), rng.uniform(0, 0.7)
    strokes = kick * tone * np.exp(-time * 18) + hiss * noise * np.exp(-time * 25)
    return np.asarray(strokes)


def synthetic_music(seconds: float, seed: int) -> FloatArray:
    """Return ``seconds`` of random pieces of about eight seconds each, peak 0.5."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(max(1, round(seconds / 8))):
        piece = np.zeros(int(9 * SAMPLE_RATE_HZ))
        scale, root = _SCALES[rng.integers(len(_SCALES))], rng.integers(36, 60)
        beat = rng.uniform(0.2, 0.7)
        voices, melody, drums = rng.integers(1, 5), rng.random() < 0.7, rng.random() < 0.5
        for start in np.arange(0, 7.5, beat):
            played = []
            if rng.random() < 0.4 or start == 0:
                keys = root + np.array(scale)[rng.integers(0, len(scale), voices)]
                played += [_note(rng, key, 2.5 * beat) for key in keys]
            if melody and rng.random() < 0.7:
                key = root + 12 * rng.integers(1, 3) + scale[rng.integers(len(scale))]
                played.append(1.5 * _note(rng, float(key), beat * rng.choice([0.5, 1, 2])))
            if drums and rng.random() < 0.8:
                played.append(2 * _drum(rng))
            first = int(start * SAMPLE_RATE_HZ)
            for sound in played:
                length = min(len(sound), len(piece) - first)
                piece[first : first + length] += sound[:length]
        pieces.append(0.5 * piece / (np.abs(piece).max() + 1e-9))
    return np.concatenate(pieces).astype(np.float32)
