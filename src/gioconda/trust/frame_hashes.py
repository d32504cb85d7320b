"""Small hashes of pictures that stay nearly the same when a picture is scaled or encoded anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

#: Bits in a hash. Of unrelated pictures half of them differ, 32 give or take 4 (one standard
#: deviation).
BITS: Final = 64
#: At most so many of one file; of longer files they lie farther apart.
MOST_HASHES: Final = 600
#: Seconds between two, at least.
EVERY_S: Final = 1.0
#: Of longer videos only key frames are decoded; the writers make one in four seconds.
ALL_DECODED_S: Final = 60.0
_SIDE: Final = 32
_LOW: Final = 8


def picture_hash(luma: npt.NDArray[np.uint8]) -> int:
    """Return the perceptual hash of a picture: signs of its lowest frequencies about their median.

    "pHash" (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010):
    the 8 x 8 lowest coefficients of a cosine transform over 32 x 32 pixels.

    Args:
        luma: uint8, (height, width) or (height, width, 3 or 4) in RGB order.

    Returns:
        64 bits.
    """
    import cv2

    picture = luma
    if picture.ndim == 3:
        # Rec. 601, as a decoder's luma is.
        picture = (picture[..., :3] @ np.array((77, 150, 29), np.uint32) >> 8).astype(np.uint8)
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_LOW, :_LOW].ravel()
    bits = low > np.median(low[1:])
    bits[0] = False  # the mean tells nothing
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distances(hashes: npt.NDArray[np.uint64], other: int) -> npt.NDArray[np.uint8]:
    """Return in how many bits each hash differs from another, 0 to 64."""
    counts: npt.NDArray[np.uint8] = np.bitwise_count(hashes ^ np.uint64(other))
    return counts


def file_hashes(path: Path, media_type: str) -> list[tuple[float, int]]:
    """Return hashes of a file's pictures, with the instants at which they are shown.

    One in :data:`EVERY_S`; beyond :data:`ALL_DECODED_S` only of the pictures that can be decoded
    alone ("key frames"), so that a long video costs little. The file is taken for one of our own:
    files from anywhere are decoded in a sandbox.

    Args:
        path: the file.
        media_type: sound has no pictures.
    """
    if media_type.startswith("audio/"):
        return []
    if media_type in ("image/png", "image/jpeg"):
        return [(0.0, picture_hash(_still(path)))]
    return _thinned(list(_video(path)))


def _still(path: Path) -> npt.NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def _video(path: Path) -> Iterator[tuple[float, int]]:
    import av

    with av.open(f"file:{os.fspath(path)}") as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1, 90_000)
        duration_s = (container.duration or 0) / av.time_base
        # What no other frame is built on need not be decoded to be passed over.
        stream.codec_context.skip_frame = "NONKEY" if duration_s > ALL_DECODED_S else "NONREF"
        due, first = 0.0, None
        for frame in container.decode(stream):
            if frame.pts is None:
                continue
            first = frame.pts if first is None else first
            time_s = float((frame.pts - first) * base)
            if time_s >= due:
                due = time_s + EVERY_S * 0.99
                gray = frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
                yield round(time_s, 3), picture_hash(gray)


def _thinned(found: list[tuple[float, int]]) -> list[tuple[float, int]]:
    if len(found) <= MOST_HASHES:
        return found
    chosen = np.linspace(0, len(found) - 1, MOST_HASHES).astype(int)
    return [found[i] for i in chosen]
