"""Lip curves for phones with known times, from the measured viseme table.

Coarticulation by dominance (after Cohen & Massaro, 1993): every phone pulls the lips towards its
row of the table with a strength of its own, vowels widely and early, consonants briefly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.types import ARTICULATION, PHONES, FloatArray
from gioconda.speech.viseme_table import MEASURED_VISEMES
from gioconda.train.phone_classes import CLASS_INDEX, VOWELS, Segment

LABEL_RATE_HZ: Final = 100
_STRENGTH: Final[dict[str, float]] = {
    "p": 3.0, "m": 3.0, "f": 2.0, "w": 1.3, "h": 0.15, "sil": 0.6, "ə": 0.6, "r": 0.6, "k": 0.6,
}  # fmt: skip
_VOWEL_STRENGTH, _CONSONANT_STRENGTH = 1.0, 0.8
#: Widths in label frames (10 ms), and how early a vowel's lips are.
_VOWEL_SIGMA, _CONSONANT_SIGMA, _VOWEL_LEAD = 6.0, 3.5, 2


def class_labels(phones: tuple[Segment, ...], count: int) -> npt.NDArray[np.uint8]:
    """Return the class at the instants 0, 10, 20 ... ms; silence where nothing is said."""
    labels = np.zeros(count, np.uint8)
    for phone in phones:
        first, last = (int(np.ceil(t * LABEL_RATE_HZ)) for t in (phone.start_s, phone.end_s))
        labels[first:last] = CLASS_INDEX[phone.phone]
    return labels


@lru_cache(maxsize=1)
def _table() -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return rows (37, 6), strengths (37,), and which classes move like vowels (37,)."""
    rows = np.array([MEASURED_VISEMES[p] for p in PHONES], np.float32)
    plain = [_VOWEL_STRENGTH if p in VOWELS else _CONSONANT_STRENGTH for p in PHONES]
    strengths = [_STRENGTH.get(p, s) for p, s in zip(PHONES, plain, strict=True)]
    wide = np.array([p in VOWELS or p == "w" for p in PHONES])
    return rows, np.array(strengths, np.float32), wide


def silence_curves() -> FloatArray:
    """Return the curves of silence, (6,)."""
    rows, _, _ = _table()
    return np.array(rows[CLASS_INDEX["sil"]])


def _earlier(curve: FloatArray, frames: int) -> FloatArray:
    """Shift rows towards the past, repeating the last."""
    return np.concatenate([curve[frames:], np.repeat(curve[-1:], frames, axis=0)])[: len(curve)]


def lip_curves(labels: npt.NDArray[np.uint8]) -> FloatArray:
    """Return the six curves, (count, 6) z-scores, for class labels at 100 a second."""
    from scipy.ndimage import gaussian_filter1d

    rows, strengths, wide = _table()
    strength = strengths[labels]
    pulls = np.zeros((len(labels), len(ARTICULATION)), np.float32)
    weights = np.full(len(labels), 1e-4, np.float32)
    for group, sigma, lead in (
        (wide[labels], _VOWEL_SIGMA, _VOWEL_LEAD),
        (~wide[labels], _CONSONANT_SIGMA, 0),
    ):
        weight = strength * group
        pull = gaussian_filter1d(rows[labels] * weight[:, None], sigma, axis=0, mode="nearest")
        spread = gaussian_filter1d(weight, sigma, mode="nearest")
        pulls += _earlier(pull, lead)
        weights += _earlier(spread, lead)
    return np.asarray(pulls / weights[:, None], np.float32)
