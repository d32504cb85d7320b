"""Speech features to lip targets: where the lips have to be, as lengths, before any face shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.closures import find_closures, lean
from gioconda.performance.readout import Readout, shipped
from gioconda.performance.window import PAST_ROWS, FeatureWindow
from gioconda.speech.types import PHONES
from gioconda.speech.viseme_table import ARTICULATION_SPREAD

FloatArray = npt.NDArray[np.float64]

#: Predictions have less than half the spread of real lips; this restores it, and with it the
#: speed, in the order of the curves. Real openings are skewed, so that what lies above the mean is
#: stretched further; width, jaw and upper lip would clip at a gain as large as the aperture's.
GAIN: Final = (1.9, 1.9, 1.9, 2.8, 1.9, 1.9)
GAIN_ABOVE_MEAN: Final = 1.25
#: Where the curves lie on average while people talk, less where they lie while their lips are
#: shut, in outer-eye distances and in the order of the curves: means over 29 tracked talkers are
#: .058, .014, -.007, .017, -.020, .043. Aperture and jaw are set towards liveliness, between
#: those and a research system's outputs (.089, .025), whose faces open wider than people's.
MEAN: Final = (0.066, 0.010, -0.007, 0.033, -0.018, 0.046)
#: Closing lips meet this much before they would just touch: they are soft, and press.
PRESSED: Final = 0.012
#: From the first length on a movement is held back, so that it never reaches the second: lips and
#: jaws do not run into a stop.
APERTURE_LIMIT: Final = (0.19, 0.32)
JAW_LIMIT: Final = (0.070, 0.115)
#: How much each phone rounds the lips; tracked protrusion cannot say it (it is mostly the
#: inverse of jaw opening), so these are phonetic.
ROUNDING: Final[dict[str, float]] = {
    "u": 1.0, "w": 1.0, "y": 1.0, "o": 0.8, "ø": 0.85, "ʊ": 0.6, "œ": 0.6, "ɔ": 0.55,
    "ʃ": 0.55, "ɹ": 0.5, "ɒ": 0.4,
}  # fmt: skip
#: How far each phone shows the tip of the tongue raised, on the scale of ``tongueOut``.
TONGUE: Final[dict[str, float]] = {"l": 0.35, "θ": 0.35, "n": 0.25, "t": 0.2, "r": 0.25, "s": 0.1}
#: Rounding rises up to 100 ms before its phone: weights of the rows -1 to 5.
_ANTICIPATION: Final = np.array([0.1, 0.2, 0.2, 0.2, 0.15, 0.1, 0.05])


@dataclass(frozen=True)
class LipTargets:
    """Where the lips have to be; every array has shape (rows,).

    Lengths are outer-eye distances, against the face with its lips shut.

    Attributes:
        aperture: gap between the inner lips, 0 and above.
        jaw: lowering of the chin, 0 and above.
        width: mouth width less that of shut lips.
        upper_lip: lowering (+) of the upper lip's inner edge.
        rounding: 0 to 1.
        closure: 0 to 1, both lips pressed together (p, b, m).
        labiodental: 0 to 1, the lower lip at the upper teeth (f, v).
        tongue: 0 to 0.35, tip raised.
    """

    aperture: FloatArray
    jaw: FloatArray
    width: FloatArray
    upper_lip: FloatArray
    rounding: FloatArray
    closure: FloatArray
    labiodental: FloatArray
    tongue: FloatArray


_ROUNDING: Final = np.array([ROUNDING.get(phone, 0.0) for phone in PHONES])
_TONGUE: Final = np.array([TONGUE.get(phone, 0.0) for phone in PHONES])
_AT_ONCE: Final = np.ones(1)
_MEAN: Final = np.array(MEAN)
_SPREAD: Final = np.array(ARTICULATION_SPREAD)
_GAIN: Final = np.array(GAIN)


def lip_targets(
    window: FeatureWindow, strength: FloatArray, readout: Readout | None = None
) -> LipTargets:
    """Return the lip targets of the rows of a window.

    Args:
        window: the speech.
        strength: of the movements, (rows,); 1 is ordinary talk.
        readout: the table that the lip curves are read with; the shipped one if None.
    """
    curves = _lip_curves(window, readout or shipped())
    lengths = _MEAN + _SPREAD * curves
    aperture, width, _, jaw, upper_lip, _ = np.ascontiguousarray(lengths.T)
    rounding = _of_phones(window, _ROUNDING, _ANTICIPATION, -1)
    tongue = _of_phones(window, _TONGUE, _AT_ONCE, 0)
    closure, labiodental = find_closures(window)
    aperture = _limited(np.maximum(aperture, 0.0) * strength, *APERTURE_LIMIT)
    return LipTargets(
        aperture=np.maximum(aperture * (1.0 - closure) - PRESSED * closure, 0.0),
        jaw=_limited(np.maximum(jaw, 0.0) * strength, *JAW_LIMIT),
        width=width,
        upper_lip=upper_lip,
        rounding=np.minimum(rounding, 1.0),
        closure=closure,
        labiodental=labiodental,
        tongue=np.minimum(tongue, 0.35),
    )


def _lip_curves(window: FeatureWindow, readout: Readout) -> FloatArray:
    """Return the six curves, z-scores with their spread restored, (rows, 6)."""
    curves = readout.curves(window)
    curves[:, 0] -= lean(window)
    curves *= _GAIN
    opening = curves[:, 0]
    curves[:, 0] = np.where(opening > 0, GAIN_ABOVE_MEAN * opening, opening)
    return curves


def _limited(x: FloatArray, bend: float, end: float) -> FloatArray:
    """Return x up to a bend, and beyond it with a slope that falls to 0 at an end."""
    over = np.maximum(x - bend, 0.0)
    room = end - bend
    result: FloatArray = np.minimum(x, bend) + room * over / (over + room)
    return result


def _of_phones(
    window: FeatureWindow, amounts: FloatArray, weights: FloatArray, first: int
) -> FloatArray:
    """Return an amount of the phones, summed by weights over rows from ``first`` rows later on."""
    from gioconda.performance import articulation_kernels as kernels

    posteriors = window.features.posteriors
    total: FloatArray = kernels.spread_phones(
        posteriors, amounts, weights, first, PAST_ROWS, window.rows, window.future
    )
    return total
