"""What a search for the watermark found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["detected", "inconclusive", "not_detected"]

#: A file without a mark is called ``detected`` with at most this probability, all trials counted.
FALSE_ALARM: Final = 1e-6
#: Above that and up to this, a trace is too weak to say.
FAINT: Final = 1e-3


@dataclass(frozen=True)
class Geometry:
    """How the mark lies in the frames that were given.

    Attributes:
        chip_x, chip_y: size of a chip, in pixels; they differ where a frame was squeezed.
        shift_x, shift_y: chips between the pattern's corner and the middle of the frame, 0 to 128.
        mirrored: whether left and right are swapped.
        rotation_deg: of the frame against the marked one, clockwise as seen.
    """

    chip_x: float
    chip_y: float
    shift_x: float = 0.0
    shift_y: float = 0.0
    mirrored: bool = False
    rotation_deg: float = 0.0


@dataclass(frozen=True)
class Segment:
    """A stretch of the file about which the same can be said.

    Attributes:
        start_s, end_s: from, and until when, in seconds.
        z: strength of the mark in it, in standard deviations of what chance gives.
        verdict: about this stretch alone.
    """

    start_s: float
    end_s: float
    z: float
    verdict: Verdict


@dataclass(frozen=True)
class Detection:
    """What can be said of a file.

    Attributes:
        verdict: ``detected``, ``not_detected`` (no evidence either way), or ``inconclusive``:
            a trace too weak to tell from chance, or pictures that could not carry a mark.
        false_alarm: probability, 0 to 1, that a file without a mark looks as marked as this one;
            all trials of the search are counted.
        z: strength of the best fit, in standard deviations of what chance gives for one trial.
        geometry: of the best fit; None if it is not ``detected``.
        segments: in order; they cover the whole file and are empty without frames.
        identifier: the operator's, 64 bits, if one of the given keys reads it; else None.
        epoch: of the key that reads it; else None.
        trials: fits that were tried, or could have been chosen.
        frames: that were added.
        usable: whether the pictures could carry a mark at all: they are neither too small nor
            empty.
    """

    verdict: Verdict
    false_alarm: float
    z: float
    geometry: Geometry | None = None
    segments: tuple[Segment, ...] = ()
    identifier: int | None = None
    epoch: int | None = None
    trials: int = 0
    frames: int = 0
    usable: bool = True
