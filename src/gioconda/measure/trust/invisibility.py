"""How little of the mark is seen, and what it costs: PSNR, flat areas, file size, time a frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.measure.trust.clips import Footage
from gioconda.measure.trust.robustness import luma_of, marker_for
from gioconda.measure.trust.transcoding import ByteImage, Frames, encoded, x264

FloatImage = npt.NDArray[np.float32]

#: A pixel lies in a flat area if the standard deviation of luma about it, in a square of this many
#: pixels, is below so many levels: a clean wall, where grain shows first.
_FLAT_SIDE, _FLAT_LEVELS = 9, 1.5
#: Least share of a frame that flat areas must have to be counted.
_FLAT_SHARE: Final = 0.01
_SIZE_CRF: Final = 18


@dataclass(frozen=True)
class Visibility:
    """What marking changed in one clip.

    Attributes:
        clip: its name.
        psnr_db: of luma, over all frames.
        flat_rms: root mean square of the change in flat areas, in levels; None without any.
        growth: of a file at H.264 crf 18, in parts of the unmarked one.
        frame_ms: to mark each frame.
        shape: rows and columns of a frame.
    """

    clip: str
    psnr_db: float
    flat_rms: float | None
    growth: float
    frame_ms: tuple[float, ...]
    shape: tuple[int, int]


def visibility(clip: str, footage: Footage) -> tuple[Visibility, list[ByteImage]]:
    """Mark a clip and compare; return that, and the marked frames."""
    frames = footage.frames
    # Compiled and cached things are not the mark's price.
    marker_for(footage).marked(frames[0])
    marker = marker_for(footage)
    out, spent = [], []
    for frame in frames:
        began = time.perf_counter()
        marked = marker.marked(frame)
        spent.append(1e3 * (time.perf_counter() - began))
        out.append(marked.copy())
    psnr_db, flat = change_in(frames, out)
    growth = grown(frames, out, footage.fps)
    height, width = frames[0].shape[:2]
    return Visibility(clip, psnr_db, flat, growth, tuple(spent), (height, width)), out


def grown(frames: Frames, marked: Frames, fps: float, crf: int = _SIZE_CRF) -> float:
    """Return how much larger the file of marked frames is, in parts of the other."""
    return len(encoded(marked, fps, x264(crf))) / len(encoded(frames, fps, x264(crf))) - 1


def change_in(frames: Frames, marked: Sequence[ByteImage]) -> tuple[float, float | None]:
    """Return the PSNR of luma in dB, and the RMS of the change in flat areas if there are any."""
    squares = flat_squares = 0.0
    count = flat_count = 0
    for plain, changed in zip(frames, marked, strict=True):
        luma = luma_of(plain).astype(np.float32)
        change = (luma_of(changed).astype(np.float32) - luma) ** 2
        flat = flat_areas(luma)
        squares += float(change.sum())
        count += change.size
        flat_squares += float(change[flat].sum())
        flat_count += int(flat.sum())
    psnr_db = float(10 * np.log10(255**2 / max(squares / count, 1e-9)))
    if flat_count < _FLAT_SHARE * count:
        return psnr_db, None
    return psnr_db, float(np.sqrt(flat_squares / flat_count))


def flat_areas(luma: FloatImage) -> npt.NDArray[np.bool_]:
    """Return where a picture is as even as a clean wall, bool (height, width)."""
    square = (_FLAT_SIDE, _FLAT_SIDE)
    mean = cv2.blur(luma, square)
    spread = cv2.blur(luma * luma, square) - mean * mean
    flat: npt.NDArray[np.bool_] = spread < _FLAT_LEVELS**2
    return flat
