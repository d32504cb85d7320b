"""Which attacks the identifier survives: the table of the benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gioconda.measure.trust.attacks import ATTACKS, Attack
from gioconda.measure.trust.clips import Footage, Source, footage_of
from gioconda.measure.trust.transcoding import ByteImage, Coding, Frames, through
from gioconda.trust.watermark.detection import Detection
from gioconda.trust.watermark.detector import Detector
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import marks_of

#: The key and the identifier of the benchmark, the same in every run.
KEY: Final = OperatorKey(1, b"benchmark of the watermark, 32 B")
IDENTIFIER: Final = 0x0123456789ABCDEF
#: As mp4 files of quality ``good`` are written.
DELIVERED: Final = Coding(options={"crf": "20", "preset": "superfast", "threads": "1"})


@dataclass(frozen=True)
class Outcome:
    """What was read of one clip after one attack.

    Attributes:
        clip: its name.
        real: whether it is a recording, else it is rendered.
        attack: its name.
        exact: whether all 64 bits came out.
        detected: whether the public mark did.
        z: of the public pilots.
        seconds: that the detector took.
        side: shorter side of the clip's frames, in pixels.
    """

    clip: str
    real: bool
    attack: str
    exact: bool
    detected: bool
    z: float
    seconds: float
    side: int = 512


def marked(footage: Footage) -> list[ByteImage]:
    """Return a clip's frames with the benchmark's marks."""
    marker = marker_for(footage)
    return [marker.marked(frame).copy() for frame in footage.frames]


def marker_for(footage: Footage) -> Marker:
    """Return a marker that knows what a rendered clip's would."""
    height, width = footage.frames[0].shape[:2]
    marker = Marker(width, height, marks_of(IDENTIFIER, KEY))
    marker.rehearse(footage.rehearsal)
    return marker


def looked_at(
    frames: Frames, fps: float, keys: Sequence[OperatorKey] = (KEY,), search: bool = True
) -> tuple[Detection, float]:
    """Return what a detector says of frames, and the seconds that it took."""
    began = time.perf_counter()
    detector = Detector(keys, search=search)
    for i, frame in enumerate(frames):
        detector.add(luma_of(frame), i / fps)
    return detector.result(), time.perf_counter() - began


def luma_of(frame: ByteImage) -> ByteImage:
    """Return the luma of an RGB frame, uint8 (height, width)."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY), np.uint8)


def outcomes(
    source: Source,
    folder: Path,
    attacks: Sequence[Attack] = ATTACKS,
    advance: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Mark a clip, deliver it, and look for the identifier after each attack.

    Args:
        source: the clip.
        folder: where rendered clips are kept.
        attacks: which.
        advance: told of each outcome.
    """
    footage = footage_of(source, folder)
    fps = footage.fps
    delivered = through(marked(footage), fps, DELIVERED)
    found = []
    for attack in attacks:
        shown, rate = attack.run(delivered, fps)
        seen, seconds = looked_at(shown, rate)
        found.append(
            Outcome(
                source.name, source.real, attack.name, seen.identifier == IDENTIFIER,
                seen.verdict == "detected", seen.z, seconds,
                min(footage.frames[0].shape[:2]),
            )
        )  # fmt: skip
        advance(found[-1])
    return found
