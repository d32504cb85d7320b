"""Closed lips close.

Weights of shapes leave a millimetre or so between lips that touch, by what the person's reference
frame happened to be. The tracker's own gap does not: over ten talkers it reads 0 to 0.5 mm where
the lips of a whole clip's fit are closed. So where it is that small, the lips are brought to it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import BLENDSHAPES, INDEX

Array = npt.NDArray[np.float64]

#: Gaps below the first are closed lips, above the second they are as the weights have them.
_CLOSED_MM: Final = 0.5
_FREE_MM: Final = 2.0
#: Lips that touch are pressed together by this.
_PRESSED_MM: Final = 0.3


def close_lips(moment: Array, gap_mm: float) -> None:
    """Bring the lips of a moment, (60,), nearer where they are seen to touch, in place.

    Args:
        moment: in which lips are under the motion's control (articulation 1).
        gap_mm: between the inner lips, as the tracker has it.
    """
    if gap_mm >= _FREE_MM:
        return
    row = _opening()
    opening_mm = float(row @ moment[: len(BLENDSHAPES)])
    part = min((_FREE_MM - gap_mm) / (_FREE_MM - _CLOSED_MM), 1.0)
    wanted_mm = max(gap_mm - _CLOSED_MM, 0.0) - _PRESSED_MM
    excess_mm = opening_mm - wanted_mm
    if excess_mm > 0:
        moment[INDEX["mouthClose"]] += part * excess_mm / -float(row[INDEX["mouthClose"]])


@lru_cache(maxsize=1)
def _opening() -> Array:
    """Return the millimetres by which each shape at weight 1 parts the lips of a typical face."""
    from gioconda.interchange.face_model import opening_rows

    result: Array = np.asarray(opening_rows(), np.float64)[0]
    return result
