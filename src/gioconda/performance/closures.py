"""Where lips meet: sharp, short closures for p, b, m, and lip to teeth for f, v."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.window import FeatureWindow
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
_BILABIAL: Final = tuple(PHONES.index(phone) for phone in "pm")
_LABIODENTAL: Final = PHONES.index("f")


def find_closures(window: FeatureWindow) -> tuple[FloatArray, FloatArray]:
    """Return how far the lips are shut, and how far the lower lip is at the teeth.

    Args:
        window: the speech.

    Returns:
        Two arrays (rows,), 0 to 1, that never add up to more than 1.
    """
    posteriors = window.features.posteriors.astype(np.float64)
    bilabial = posteriors[:, _BILABIAL[0]] + posteriors[:, _BILABIAL[1]]
    labial = bilabial + posteriors[:, _LABIODENTAL]
    both, all_three, brief = (np.zeros(window.rows) for _ in range(3))
    for offset in range(_ROWS_AHEAD + 1):
        both = np.maximum(both, window.at(bilabial, offset))
        all_three = np.maximum(all_three, window.at(labial, offset))
        # With little look-ahead only what has been seen to fall is known to be brief.
        if offset == 0 or offset + _BRIEF_REACH <= window.future:
            brief = np.maximum(brief, _brief(window, bilabial, offset))
    shut = _ramp(all_three, CLOSURE_FROM, CLOSURE_TO)
    share = np.minimum(np.maximum(both / np.maximum(all_three, 1e-9), 0.0), 1.0)
    closure = np.maximum(shut * share, brief)
    return closure, np.minimum(shut * (1.0 - share), 1.0 - closure)


def _brief(window: FeatureWindow, bilabial: FloatArray, offset: int) -> FloatArray:
    """Return how far a brief rise of p and m shuts the lips at rows ``offset`` later, (rows,)."""
    here = window.at(bilabial, offset)
    peak, before, after = here, here, here
    for k in range(1, _BRIEF_REACH + 1):
        earlier, later = window.at(bilabial, offset - k), window.at(bilabial, offset + k)
        peak = np.maximum(peak, np.maximum(earlier, later))
        before, after = np.minimum(before, earlier), np.minimum(after, later)
    falls = np.maximum(before, after) < _BRIEF_FALL * peak
    near_peak = _ramp(here / np.maximum(peak, 1e-9), *_BRIEF_SHARE)
    return falls * _ramp(peak, BRIEF_FROM, BRIEF_TO) * near_peak


def _ramp(x: FloatArray, low: float, high: float) -> FloatArray:
    result: FloatArray = np.minimum(np.maximum((x - low) / (high - low), 0.0), 1.0)
    return result


def lean(window: FeatureWindow) -> FloatArray:
    """Return how far the lips lean towards each other without meeting, z-scores, (rows,)."""
    posteriors = window.features.posteriors.astype(np.float64)
    labial = posteriors[:, _BILABIAL[0]] + posteriors[:, _BILABIAL[1]]
    labial = window.at(labial + posteriors[:, _LABIODENTAL], 0)
    odds = np.log((labial + _ODDS_FLOOR) / (np.maximum(1.0 - labial, 0.0) + _ODDS_FLOOR))
    return LEAN * (odds - _NO_LABIAL_ODDS)
