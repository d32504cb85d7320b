"""How likely chance alone gives a reading: the arithmetic of false alarms.

A pilot reading is ``sum(signs * values) / sqrt(sum(values^2))``. The signs were drawn at random and
no picture depends on them, so whatever a picture's values are, the reading is a normed sum of
independent random signs, whose tail is at most 3.18 times the normal one (Bentkus and
Dzindzalieta, "A tight Gaussian bound for weighted sums of Rademacher random variables", Bernoulli
21, 2015). No picture can be an exception, a carpet or a chessboard included.
"""

from __future__ import annotations

import math
from typing import Final

from gioconda.trust.watermark.code import LIST, TAG_BITS

#: 1 / (4 * P(normal >= sqrt(2))).
_RADEMACHER: Final = 3.178
#: That a tag fits one of the messages that the decoder's list holds.
_TAG: Final = LIST * 2.0**-TAG_BITS


def tail(z: float) -> float:
    """Return the largest probability that one reading of chance is ``z`` or more."""
    if z <= 0:
        return 1.0
    return min(1.0, _RADEMACHER * 0.5 * math.erfc(z / math.sqrt(2)))


def false_alarm(z: float, trials: float, share: float = 1.0) -> float:
    """Return the probability that the best of many trials of chance is ``z`` or more, 0 to 1.

    Args:
        z: the best reading.
        trials: positions, scales and so on that it could have been taken from, 1 or more.
        share: of the whole file's false alarms that these trials may cause, above 0 to 1; the
            shares of all groups of trials add up to 1 at most.
    """
    return min(1.0, tail(z) * max(trials, 1.0) / share)


def false_reading(z: float, tries: float) -> float:
    """Return the probability that chance gives an identifier whose tag fits.

    Args:
        z: of the key's own pilots, which are other chips than the identifier's.
        tries: keys times grids that were read.
    """
    return min(1.0, tail(z) * _TAG * max(tries, 1.0))
