"""Which parts of a file carry the mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.detection import Segment, Verdict
from gioconda.trust.watermark.layout import Pilots, public_pilots
from gioconda.trust.watermark.placing import Picture, Placing, whole_frames
from gioconda.trust.watermark.reading import pilot_z
from gioconda.trust.watermark.windows import Window

FloatImage = npt.NDArray[np.float32]

#: A part is ``detected`` if some second of it, or all of it, reads as strongly.
SURE: Final = 4.5
#: What a change from marked to unmarked costs, in log-likelihood: it has to show.
_CHANGE: Final = 4.0
#: How much the strength of a mark varies from second to second.
_VARIES: Final = 2.0


@dataclass(frozen=True)
class Strength:
    """How strongly a stretch reads.

    Attributes:
        start_s, end_s: of the stretch.
        z: of the public pilots.
    """

    start_s: float
    end_s: float
    z: float


class WholeFrames:
    """Reads every second as it comes, as if frames were whole: nothing but numbers is kept.

    So a marked part of a long film shows, and its identifier is read, although pictures of so
    many seconds are not kept.
    """

    def __init__(self) -> None:
        #: Second by second, at each place that the grid has in whole frames.
        self.strengths: dict[Placing, list[Strength]] = {}
        self._sums: dict[Placing, FloatImage] = {}
        self._pilots = public_pilots()

    def take(self, second: Window, scale: float) -> None:
        """Read a second.

        Args:
            second: of frames, all of one size.
            scale: pixels of the file in one of the second's.
        """
        picture = Picture(second.luma(), second.spread())
        for mirrored in (False, True):
            for place in whole_frames(picture.width, picture.height, scale, mirrored):
                values = picture.read(place)
                z = -9.0 if values is None else pilot_z(values.ravel(), self._pilots)
                strengths = self.strengths.setdefault(place, [])
                strengths.append(Strength(second.start_s, second.end_s, z))
                if values is not None and z >= SURE:
                    total = self._sums.get(place)
                    self._sums[place] = values if total is None else total + values

    def best(self) -> tuple[float, Placing] | None:
        """Return the strongest reading and where it was taken; None before any second."""
        readings = [(s.z, place) for place, known in self.strengths.items() for s in known]
        return max(readings, key=lambda reading: reading[0], default=None)

    def grid(self, place: Placing) -> FloatImage | None:
        """Return the sum of the seconds that carry the mark at a place, float32 (128, 128)."""
        return self._sums.get(place)


def strengths_at(
    place: Placing, windows: Sequence[Window], pictures: Sequence[Picture], pilots: Pilots
) -> list[Strength]:
    """Return how strongly each window reads at a place."""
    strengths = []
    for window, picture in zip(windows, pictures, strict=True):
        values = picture.read(place)
        z = -9.0 if values is None else pilot_z(values.ravel(), pilots)
        strengths.append(Strength(window.start_s, window.end_s, z))
    return strengths


def sections(strengths: Sequence[Strength]) -> tuple[Segment, ...]:
    """Return the parts of a file, marked and not, that fit its readings best.

    The likeliest sequence of two states: unmarked, with readings of mean 0 and standard deviation
    1, and marked, with readings about as strong as the file's strong ones or more.

    Args:
        strengths: in order, without gaps.
    """
    if not strengths:
        return ()
    z = np.array([s.z for s in strengths])
    strong = z[z >= 3.5]
    usual = float(np.median(strong)) if len(strong) else SURE
    unmarked = -(np.maximum(z, 0) ** 2) / 2
    marked = -(np.minimum(z - usual, 0) ** 2) / (2 * _VARIES**2)
    states = _likeliest(np.stack([unmarked, marked], axis=1))
    found = []
    start = 0
    for i in range(1, len(z) + 1):
        if i == len(z) or states[i] != states[start]:
            part = z[start:i]
            verdict: Verdict = "not_detected"
            if states[start]:
                verdict = "detected" if part.max() >= SURE else "inconclusive"
            found.append(
                Segment(
                    strengths[start].start_s, strengths[i - 1].end_s, float(part.mean()), verdict
                )
            )
            start = i
    return tuple(found)


def _likeliest(scores: npt.NDArray[np.float64]) -> list[int]:
    """Return the best sequence of two states, each change at a price (Viterbi)."""
    total = scores[0]
    came = []
    for row in scores[1:]:
        stay, change = total, total[::-1] - _CHANGE
        came.append(np.where(change > stay, [1, 0], [0, 1]))
        total = np.maximum(stay, change) + row
    state = int(np.argmax(total))
    states = [state]
    for back in reversed(came):
        state = int(back[state])
        states.append(state)
    return states[::-1]
