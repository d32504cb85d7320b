"""How far a motion opens, widens and rounds the lips of a typical face, and where it closes them.

Many weights move the same lips, so a weight alone tells little. Here they move the renderer's own
canonical face, and its lips are measured.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.motion import BLENDSHAPES, Motion

Array = npt.NDArray[np.float64]

#: Lips nearer than this, in millimetres, are closed; apart by the second, they are open.
_CLOSED_MM: Final = 0.6
_OPEN_MM: Final = 1.5
#: A closure of speech is no longer than this and open lips are no further from it than that.
_LONGEST_CLOSURE_S: Final = 0.35
_NEAR_S: Final = 0.15


def lip_measures(motion: Motion) -> Array:
    """Return opening, widening and protrusion of the lips over time, (3, frames), millimetres."""
    from gioconda.interchange.face_model import opening_rows

    weights = motion.values[:, : len(BLENDSHAPES)].astype(np.float64)
    measures = opening_rows() @ weights.T
    measures[0] = np.maximum(measures[0], 0.0)
    return measures


def closures(motion: Motion) -> list[tuple[float, float]]:
    """Return the spans, in seconds of the sound, in which speech closes the lips.

    Lips that are driven, nearer than 0.6 mm for at most 0.35 s, with the mouth open within 0.15 s
    before and after.
    """
    opening = lip_measures(motion)[0]
    closed = (opening < _CLOSED_MM) & (motion["articulation"] > 0.5)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed.astype(int), [0]])))
    near = max(round(_NEAR_S * motion.rate_hz), 1)
    spans = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        around = opening[max(first - near, 0) : first], opening[last : last + near]
        if (last - first) / motion.rate_hz <= _LONGEST_CLOSURE_S and all(
            len(side) and side.max() > _OPEN_MM for side in around
        ):
            start = motion.start_s
            spans.append((start + first / motion.rate_hz, start + last / motion.rate_hz))
    return spans
