"""What speech analysis gives: features on a 50 Hz clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

SAMPLE_RATE_HZ: Final = 16_000
FEATURE_RATE_HZ: Final = 50.0
#: The 37 phone classes, in the order of the posteriors' columns (IPA; "sil" is silence).
PHONES: Final[tuple[str, ...]] = (
    "sil", "a", "ɑ", "æ", "ɐ", "ʌ", "ɛ", "e", "ə", "ɜ", "ɪ", "i", "ɔ", "o", "ʊ", "u", "w", "y",
    "ø", "œ", "ɯ", "ɨ", "ɒ", "p", "m", "f", "θ", "s", "ʃ", "t", "n", "l", "r", "ɹ", "k", "h", "j",
)  # fmt: skip
#: Lip curves in z-scores, in the order of the measured viseme table.
ARTICULATION: Final[tuple[str, ...]] = (
    "aperture", "width", "protrusion", "jaw", "upper_lip", "lower_lip",
)  # fmt: skip


@dataclass(frozen=True)
class SpeechFeatures:
    """Features of consecutive instants; row i is the instant ``start_s + i / 50`` of the sound.

    Attributes:
        start_s: the instant of row 0, in seconds of the sound.
        posteriors: (rows, 37) phone probabilities, each row sums to 1.
        articulation: (rows, 6) lip curves predicted by the net, z-scores.
        bands: (rows, 8) log energies of eight broad bands after level control, about -1 to 1.
        loudness_db: (rows,) level of the sound itself, dB relative to full scale, floor -100.
        effort: (rows,) loudness relative to the speaker's own running level, 0 to 1.5; 0 in
            silence.
        voice: (rows,) probability that somebody is speaking or singing, 0 to 1.
        f0_hz: (rows,) fundamental frequency; 0 where there is none.
    """

    start_s: float
    posteriors: FloatArray
    articulation: FloatArray
    bands: FloatArray
    loudness_db: FloatArray
    effort: FloatArray
    voice: FloatArray
    f0_hz: FloatArray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.posteriors)

    @classmethod
    def empty(cls, start_s: float = 0.0) -> SpeechFeatures:
        """Return features with no rows."""
        z = np.zeros
        return cls(
            start_s, z((0, len(PHONES)), np.float32), z((0, len(ARTICULATION)), np.float32),
            z((0, 8), np.float32), z(0, np.float32), z(0, np.float32), z(0, np.float32),
            z(0, np.float32),
        )  # fmt: skip

    def columns(self) -> tuple[FloatArray, ...]:
        """Return all that has a row for each instant, in the order of the attributes."""
        return (
            self.posteriors, self.articulation, self.bands, self.loudness_db, self.effort,
            self.voice, self.f0_hz,
        )  # fmt: skip

    def rows(self) -> list[SpeechFeatures]:
        """Return each row as features of its own."""
        return [
            SpeechFeatures(
                self.start_s + i / FEATURE_RATE_HZ, *(c[i : i + 1] for c in self.columns())
            )
            for i in range(len(self))
        ]

    @classmethod
    def joined(cls, chunks: Iterable[SpeechFeatures]) -> SpeechFeatures:
        """Join chunks that follow each other."""
        parts = [c for c in chunks if len(c)]
        if not parts:
            return cls.empty()
        columns = zip(*(part.columns() for part in parts), strict=True)
        return cls(parts[0].start_s, *map(np.concatenate, columns))
