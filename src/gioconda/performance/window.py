"""The look-ahead line: rows of features wait here until enough of their future is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gioconda.speech.types import ARTICULATION, FEATURE_RATE_HZ, PHONES, SpeechFeatures

#: Rows of the past that stay readable behind each row.
PAST_ROWS = 16
#: Level reported for silence, dB relative to full scale.
_FLOOR_DB = -100.0

FloatArray = npt.NDArray[np.float64]


def silent_features(rows: int, start_s: float = 0.0) -> SpeechFeatures:
    """Return features of digital silence: what lies before a sound and after it."""
    zeros = np.zeros(rows, np.float32)
    posteriors = np.zeros((rows, len(PHONES)), np.float32)
    posteriors[:, PHONES.index("sil")] = 1.0
    return SpeechFeatures(
        start_s=start_s,
        posteriors=posteriors,
        articulation=np.zeros((rows, len(ARTICULATION)), np.float32),
        bands=np.full((rows, 8), -1.0, np.float32),
        loudness_db=np.full(rows, _FLOOR_DB, np.float32),
        effort=zeros,
        voice=zeros.copy(),
        f0_hz=zeros.copy(),
    )


@dataclass(frozen=True)
class FeatureWindow:
    """A run of rows whose past and future can be read.

    Attributes:
        features: ``PAST_ROWS`` rows of past, the rows themselves, ``future`` rows of look-ahead.
        rows: number of rows proper.
        future: rows of look-ahead.
    """

    features: SpeechFeatures
    rows: int
    future: int

    def at(self, column: npt.NDArray[np.floating], offset: int) -> FloatArray:
        """Return a column, or several, of ``features`` as read ``offset`` rows later.

        Negative offsets read earlier rows. Offsets beyond the past or the look-ahead are held at
        its end, so that little look-ahead degrades the motion and does not break it.
        """
        first = PAST_ROWS + min(max(offset, -PAST_ROWS), self.future)
        return np.asarray(column[first : first + self.rows], np.float64)


@dataclass
class LookaheadLine:
    """Holds features back until their look-ahead has come.

    Attributes:
        future: rows of look-ahead.
        held: the past of the next row to leave, then all rows that still wait.
    """

    future: int
    held: SpeechFeatures

    @classmethod
    def start(cls, future: int) -> LookaheadLine:
        """Return an empty line; silence lies before the first row."""
        return cls(future, silent_features(PAST_ROWS, -PAST_ROWS / FEATURE_RATE_HZ))

    @property
    def waiting(self) -> int:
        """Rows that came and have not left."""
        return len(self.held) - PAST_ROWS

    def push(self, features: SpeechFeatures) -> FeatureWindow:
        """Add rows; return the rows that can leave, with their surroundings."""
        if len(features):
            self.held = SpeechFeatures.joined([self.held, features])
        rows = max(self.waiting - self.future, 0)
        window = FeatureWindow(self.held, rows, self.future)
        if rows:
            self.held = _without_first(self.held, rows)
        return window

    def with_ahead(self, row: SpeechFeatures, ahead: SpeechFeatures) -> FeatureWindow:
        """Return a row with a provisional future; the line itself must have no look-ahead."""
        self.held = SpeechFeatures.joined([self.held, row])
        whole = SpeechFeatures.joined([self.held, ahead])
        window = FeatureWindow(whole, len(row), len(ahead))
        self.held = _without_first(self.held, len(row))
        return window

    def flush(self) -> FeatureWindow:
        """Return all waiting rows, followed by silence."""
        return self.push(silent_features(self.future if self.waiting else 0))


def _without_first(features: SpeechFeatures, rows: int) -> SpeechFeatures:
    columns = (column[rows:].copy() for column in features.columns())
    return SpeechFeatures(features.start_s + rows / FEATURE_RATE_HZ, *columns)
