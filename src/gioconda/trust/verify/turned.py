"""Searches pictures as they are, and as they were before they were turned by quarters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.detection import FAINT, FALSE_ALARM, Detection, Verdict

if TYPE_CHECKING:
    from gioconda.trust.verify.means import Search

ByteImage = npt.NDArray[np.uint8]

#: Shares of a file's false alarms that the search of it as it is, and each look at it turned, may
#: cause; they add up to 1.
_UPRIGHT: Final = 0.97
_TURNED: Final = 0.01


class TurnedSearch:
    """A search that also looks at whole frames turned by 90, 180 and 270 degrees.

    Moving pictures are turned as the mean of all their frames, which costs little memory and time:
    whatever is found so is in the file, and where in time is not told.

    Args:
        upright: the search of what is given.
        turned: three that are quick, for one, two and three quarters anticlockwise.
    """

    def __init__(self, upright: Search, turned: Sequence[Search]) -> None:
        self._upright = upright
        self._turned = tuple(turned)
        self._first_s = self._last_s = 0.0
        self._frames = 0

    def add(self, luma: ByteImage, time_s: float = 0.0) -> None:
        """Take the next frame, uint8 (height, width)."""
        if not self._frames:
            self._first_s = time_s
        self._frames += 1
        self._last_s = time_s
        self._upright.add(luma, time_s)
        for quarters, search in enumerate(self._turned, 1):
            # All at one instant: one mean, however long the file is.
            search.add(np.ascontiguousarray(np.rot90(luma, quarters)), 0.0)

    def result(self) -> Detection:
        """Search all that was added; turned frames only where nothing was found upright."""
        found = _accounted(self._upright.result(), _UPRIGHT)
        if found.verdict == "detected":
            return found
        for search in self._turned:
            seen = _accounted(search.result(), _TURNED)
            if seen.verdict == "detected":
                # Its geometry would be that of a frame that was not given.
                return replace(
                    seen, geometry=None, trials=found.trials + seen.trials,
                    segments=tuple(
                        replace(s, start_s=self._first_s, end_s=self._last_s)
                        for s in seen.segments[:1]
                    ),
                )  # fmt: skip
        return found


def _accounted(found: Detection, share: float) -> Detection:
    """Return a detection as one of several, which cause a share of a file's false alarms."""
    chance = min(1.0, found.false_alarm / share)
    verdict: Verdict = found.verdict
    if verdict == "detected" and chance > FALSE_ALARM:
        verdict = "inconclusive"
    elif verdict == "inconclusive" and found.usable and chance > FAINT:
        verdict = "not_detected"
    if verdict == found.verdict:
        return replace(found, false_alarm=chance)
    segments = found.segments
    if segments:
        whole = replace(segments[0], end_s=segments[-1].end_s, z=found.z, verdict=verdict)
        segments = (whole,)
    return replace(
        found, verdict=verdict, false_alarm=chance, geometry=None, segments=segments,
        identifier=None, epoch=None,
    )  # fmt: skip
