"""How often pictures without a mark seem to carry one: with many keys, and with a full search."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gioconda.measure.trust.clips import pictures_of
from gioconda.measure.trust.robustness import looked_at
from gioconda.measure.trust.transcoding import ByteImage, decoded
from gioconda.trust.watermark.keys import OperatorKey

KEYS: Final = 1000
#: Seconds of each clip that are looked at.
_SECONDS: Final = 4.0
_LONGEST: Final = 1280


@dataclass(frozen=True)
class Unmarked:
    """What was read of a file without a mark.

    Attributes:
        name: of the file.
        detected: whether the public mark was, by the full search.
        identified: how many of the keys read an identifier.
        false_alarm: what the detector says that chance gives.
        z: its best fit.
        seconds: that the full search took.
    """

    name: str
    detected: bool
    identified: int
    false_alarm: float
    z: float
    seconds: float


@cache
def strangers(count: int = KEYS) -> tuple[OperatorKey, ...]:
    """Return keys of other operators, the same in every run."""
    return tuple(OperatorKey(1, hashlib.sha256(b"stranger %d" % i).digest()) for i in range(count))


def unmarked_files(media: Path | None) -> list[Path]:
    """Return the real clips and portraits of a folder; the example's picture without one."""
    from gioconda import examples

    if media is None:
        return [examples.portrait_path()]
    return [*sorted((media / "clips").iterdir()), *pictures_of(media / "portraits")]


def false_alarms(
    files: Sequence[Path],
    keys: Sequence[OperatorKey],
    advance: Callable[[Unmarked], None] = lambda result: None,
) -> list[Unmarked]:
    """Look for marks where there are none.

    Args:
        files: videos and pictures that carry no mark.
        keys: each is tried on whole frames; the public mark is searched for everywhere.
        advance: told of each result.
    """
    results = []
    for path in files:
        frames, fps = _frames(path)
        if not frames:
            continue
        found, seconds = looked_at(frames, fps, ())
        keyed, _ = looked_at(frames, fps, keys, search=False)
        results.append(
            Unmarked(
                path.name, found.verdict == "detected" or keyed.verdict == "detected",
                int(keyed.identifier is not None), found.false_alarm, found.z, seconds,
            )
        )  # fmt: skip
        advance(results[-1])
    return results


def _frames(path: Path) -> tuple[list[ByteImage], float]:
    if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"):
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if read is None:
            return [], 1.0
        picture = np.ascontiguousarray(read[..., ::-1], np.uint8)
        return [picture], 1.0
    frames, fps = decoded(path, round(_SECONDS * 30))
    shrink = _LONGEST / max(frames[0].shape[:2])
    if shrink < 1:
        size = (round(frames[0].shape[1] * shrink), round(frames[0].shape[0] * shrink))
        frames = [
            np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), np.uint8)
            for f in frames[::2]
        ]
        fps /= 2
    return frames, fps
