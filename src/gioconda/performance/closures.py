"""Where lips meet: sharp, short closures for p, b, m, and lip to teeth for f, v."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.window import PAST_ROWS, FeatureWindow
from gioconda.speech.types import PHONES

FloatArray = npt.NDArray[np.float64]

#: The posterior at which lips begin to close and at which they are shut.
CLOSURE_FROM: Final = 0.15
CLOSURE_TO: Final = 0.45
#: Real closures begin 35 to 55 ms before the posterior crosses half its peak and end as it
#: falls, hence the highest posterior of so many rows ahead; one more costs .008 of r.
_ROWS_AHEAD: Final = 1
#: A brief rise of p and m shuts the lips at less than that: in full from the second of these peaks
#: on, not under the first. Many a b gets no more. Of 36 synthetic sentences it shuts .98 of p, b
#: and m in place of .95, at .002 of r on real clips; with f and v it would cost .009.
BRIEF_FROM: Final = 0.08
BRIEF_TO: Final = 0.16
#: Brief is what has fallen on both sides to this part of its peak within so many rows; lips begin
#: to close at the first of these parts of the peak and are shut at the second.
_BRIEF_FALL: Final = 0.35
_BRIEF_REACH: Final = 2
_BRIEF_SHARE: Final = (0.33, 0.9)
#: What a unit of the log odds of p, b, m, f, v takes off the aperture before the clamp, as a
#: z-score, above the odds of a row that is surely none of them: lips that come near each other
#: tell closed frames from open ones better (AUC +.004 to +.008) at .002 of r.
LEAN: Final = 0.03
_NO_LABIAL_ODDS: Final = -5.0
_ODDS_FLOOR: Final = 0.003
#: Columns of p (and b), m, and f (and v).
_LABIALS: Final = np.array([PHONES.index(phone) for phone in "pmf"])


def find_closures(window: FeatureWindow) -> tuple[FloatArray, FloatArray]:
    """Return how far the lips are shut, and how far the lower lip is at the teeth.

    Args:
        window: the speech.

    Returns:
        Two arrays (rows,), 0 to 1, that never add up to more than 1.
    """
    from gioconda.performance import articulation_kernels as kernels

    lips, teeth = kernels.contacts(
        window.features.posteriors, _LABIALS[:2], _LABIALS[2], PAST_ROWS, window.rows,
        window.future, _ROWS_AHEAD, (CLOSURE_FROM, CLOSURE_TO), (BRIEF_FROM, BRIEF_TO),
        _BRIEF_SHARE, _BRIEF_FALL, _BRIEF_REACH,
    )  # fmt: skip
    return lips, teeth


def lean(window: FeatureWindow) -> FloatArray:
    """Return how far the lips lean towards each other without meeting, z-scores, (rows,)."""
    from gioconda.performance import articulation_kernels as kernels

    posteriors = window.features.posteriors
    odds = kernels.labial_odds(posteriors, _LABIALS, _ODDS_FLOOR, PAST_ROWS, window.rows)
    leaning: FloatArray = LEAN * (odds - _NO_LABIAL_ODDS)
    return leaning
