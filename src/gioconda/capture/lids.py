"""Lids of a person in a video, counted from that person's own open and closed eyes.

A tracker reads one person's open eyes as slightly closed, another's closed ones as half open, and
often the two eyes of one face differently. On another face that becomes a stare, a squint or a
wink that the person never made.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep

Array = npt.NDArray[np.float64]

#: Closing beyond the open eye, of both eyes together, that counts as a blink.
_BLINK: Final = 0.2
#: Percentile of the closing in blinks that counts as closed: eyes cast down for long are no peaks.
_PEAK_PERCENTILE: Final = 97.0
#: How much a person's closing is enlarged at most.
_MOST_GAIN: Final = 2.5
#: Eyes that differ by less are taken for equal, and by more than this and the next for a wink.
_ALIKE: Final = 0.35
_WINK_RANGE: Final = 0.3


def counted_from_open(left: Array, right: Array) -> tuple[Array, Array]:
    """Return the closing of both lids, 0 = this person's open eye, 1 = its closed one.

    Args:
        left: (T,) closing of the subject's left eye as fitted, about 0 to 1.
        right: (T,) of the right eye.

    Returns:
        (T,) each. Where the two differ little they are made equal; a wink stays a wink.
    """
    opened = [v - np.median(v) for v in (left, right)]
    blinks = 0.5 * (opened[0] + opened[1]) > _BLINK
    if blinks.any():
        opened = [v / _closed_level(v[blinks]) for v in opened]
    return evened(opened[0], opened[1])


def evened(left: Array, right: Array) -> tuple[Array, Array]:
    """Make two lids' closings, (T,) each, equal where they differ little; a wink stays a wink."""
    mean, apart = 0.5 * (left + right), left - right
    half = 0.5 * smoothstep((np.abs(apart) - _ALIKE) / _WINK_RANGE) * apart
    return mean + half, mean - half


def _closed_level(closing: Array) -> float:
    """Return what an eye reads at the peaks of its blinks, at least a part of 1."""
    return float(np.clip(np.percentile(closing, _PEAK_PERCENTILE), 1 / _MOST_GAIN, 1.0))
