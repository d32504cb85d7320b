"""Speech features to lip targets: where the lips have to be, as lengths, before any face shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.performance.readout import Readout, shipped
from gioconda.performance.window import FeatureWindow
from gioconda.speech.types import ARTICULATION, PHONES
from gioconda.speech.viseme_table import ARTICULATION_SPREAD

FloatArray = npt.NDArray[np.float64]

#: Predictions have .44 of the spread of real lips; this restores it, and with it the speed.
#: Real openings are skewed, so that what lies above the mean is stretched further.
GAIN: Final = 1.43
GAIN_ABOVE_MEAN: Final = 1.25
#: Mean opening of talkers and of their jaws above rest, in outer-eye distances. Openings are a
#: little above the mean of the measured talkers (98 % at .17), towards liveliness.
MEAN_APERTURE: Final = 0.070
MEAN_JAW: Final = 0.045
LIVELINESS: Final = 1.35
#: Openings scale with the vigour of speech, from whispered to shouted. Row by row, loudness
#: says next to nothing about opening (r about .05), so only the slow envelope counts.
LEAST_STRENGTH: Final = 0.70
STRENGTH_PER_VIGOUR: Final = 0.34
#: The posterior at which lips begin to close and at which they are shut.
CLOSURE_FROM: Final = 0.15
CLOSURE_TO: Final = 0.50
#: How much each phone rounds the lips; tracked protrusion cannot say it (it is mostly the
#: inverse of jaw opening), so these are phonetic.
ROUNDING: Final[dict[str, float]] = {
    "u": 1.0, "w": 1.0, "y": 1.0, "o": 0.8, "ø": 0.85, "ʊ": 0.6, "œ": 0.6, "ɔ": 0.55,
    "ʃ": 0.55, "ɹ": 0.5, "ɒ": 0.4,
}  # fmt: skip
#: How far each phone shows the tip of the tongue raised, on the scale of ``tongueOut``.
TONGUE: Final[dict[str, float]] = {"l": 0.35, "θ": 0.35, "n": 0.25, "t": 0.2, "r": 0.25, "s": 0.1}
#: Rounding rises up to 100 ms before its phone: weights of the rows -1 to 5.
_ANTICIPATION: Final = (0.1, 0.2, 0.2, 0.2, 0.15, 0.1, 0.05)


@dataclass(frozen=True)
class LipTargets:
    """Where the lips have to be; every array has shape (rows,).

    Attributes:
        aperture: gap between the inner lips, outer-eye distances, 0 and above.
        jaw: opening of the jaw, outer-eye distances, 0 and above.
        width: mouth width less that of rest, outer-eye distances.
        upper_lip: lowering (+) of the upper lip against the mean, z-score.
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


@cache
def _phone_shapes() -> FloatArray:
    """Return what is read off the posteriors beside the curves, (37, 4)."""
    labial = [[float(phone in "pm"), float(phone in "pmf")] for phone in PHONES]
    shapes = [[ROUNDING.get(phone, 0.0), TONGUE.get(phone, 0.0)] for phone in PHONES]
    return np.concatenate([np.array(labial), np.array(shapes)], axis=1)


_BILABIAL, _LABIAL, _ROUNDING, _TONGUE = range(4)


def lip_targets(
    window: FeatureWindow, vigour: FloatArray, readout: Readout | None = None
) -> LipTargets:
    """Return the lip targets of the rows of a window, spoken with a vigour, (rows,).

    ``readout`` is the table that the lip curves are read with, the shipped one by default.
    """
    phones = _read_phones(window)
    aperture_z, width_z, jaw_z, upper_z = _lip_curves(window, readout or shipped())
    strength = np.clip(LEAST_STRENGTH + STRENGTH_PER_VIGOUR * vigour, 0.6, 1.2)
    spread = dict(zip(ARTICULATION, ARTICULATION_SPREAD, strict=True))
    closure, labiodental = _closures(window, phones)
    aperture = MEAN_APERTURE + LIVELINESS * spread["aperture"] * aperture_z
    aperture = np.maximum(aperture, 0.0) * strength
    jaw = np.maximum(MEAN_JAW + LIVELINESS * spread["jaw"] * jaw_z, 0.0) * strength
    return LipTargets(
        aperture=aperture * (1.0 - closure),
        jaw=jaw,
        width=spread["width"] * width_z,
        upper_lip=upper_z,
        rounding=np.minimum(_weighted(window, phones[:, _ROUNDING], _ANTICIPATION, -1), 1.0),
        closure=closure,
        labiodental=labiodental,
        tongue=np.minimum(window.at(phones[:, _TONGUE], 0), 0.35),
    )


def _read_phones(window: FeatureWindow) -> FloatArray:
    """Return the shapes of every row of the window's features, (past + rows + future, 4).

    Not a matrix product: a row's sum must not depend on how many rows are computed together,
    and BLAS changes its order of summation with the shape.
    """
    posteriors = window.features.posteriors.astype(np.float64)
    total: FloatArray = np.einsum("np,pc->nc", posteriors, _phone_shapes())
    return total


def _lip_curves(window: FeatureWindow, readout: Readout) -> tuple[FloatArray, ...]:
    """Return aperture, width, jaw and upper lip, z-scores with their spread restored, (rows,)."""
    z = GAIN * readout.curves(window)
    z = np.where(z > 0, GAIN_ABOVE_MEAN * z, z)
    names = ("aperture", "width", "jaw", "upper_lip")
    return tuple(z[:, ARTICULATION.index(name)] for name in names)


def _weighted(
    window: FeatureWindow, column: FloatArray, weights: Sequence[float], first: int
) -> FloatArray:
    """Return the weighted sum of a column as read ``first``, ``first`` + 1, ... rows later."""
    total = np.zeros(window.rows)
    for k, weight in enumerate(weights):
        total += weight * window.at(column, first + k)
    return total


def _closures(window: FeatureWindow, phones: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far the lips are shut, and how far the lower lip is at the teeth.

    Real closures begin 35 to 55 ms before the posterior crosses half its peak and end as it
    falls, hence the maximum over the next 40 ms.
    """
    both, all_three = np.zeros(window.rows), np.zeros(window.rows)
    for offset in (0, 1, 2):
        both = np.maximum(both, window.at(phones[:, _BILABIAL], offset))
        all_three = np.maximum(all_three, window.at(phones[:, _LABIAL], offset))
    shut = np.minimum(
        np.maximum((all_three - CLOSURE_FROM) / (CLOSURE_TO - CLOSURE_FROM), 0.0), 1.0
    )
    share = np.minimum(np.maximum(both / np.maximum(all_three, 1e-9), 0.0), 1.0)
    return shut * share, shut * (1.0 - share)
