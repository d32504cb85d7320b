"""A webcam's JPEG frames, checked before they are decoded."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import ImageDecodeError

ByteImage = npt.NDArray[np.uint8]

#: Largest frame, in pixels and in bytes.
MOST_WIDTH: Final = 1280
MOST_HEIGHT: Final = 960
MOST_BYTES: Final = 1_000_000
#: A progressive file may go over its picture any number of times; encoders do it ten times.
_MOST_SCANS: Final = 16
_SCAN: Final = b"\xff\xda"


def decode_frame(data: bytes) -> ByteImage:
    """Return a JPEG as (height, width, 3) uint8 RGB.

    Raises:
        ImageDecodeError: it is no JPEG, is larger than 1280x960 (or 960x1280) or a megabyte, or
            is damaged.
    """
    import cv2
    from PIL import Image

    if len(data) > MOST_BYTES:
        raise ImageDecodeError(
            f"a webcam frame has {len(data)} bytes; at most {MOST_BYTES} are taken"
        )
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as header:
            width, height = header.size
    except Exception as error:  # Pillow raises many kinds on damaged headers
        raise ImageDecodeError("a webcam frame is no JPEG") from error
    if max(width, height) > MOST_WIDTH or min(width, height) > MOST_HEIGHT:
        raise ImageDecodeError(
            f"a webcam frame has {width}x{height} pixels; at most {MOST_WIDTH}x{MOST_HEIGHT} are "
            "taken"
        )
    if data.count(_SCAN) > _MOST_SCANS:
        raise ImageDecodeError("a webcam frame is coded in too many scans; send a baseline JPEG")
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageDecodeError("a webcam frame is damaged") from error
    if image is None or image.shape[:2] != (height, width):
        raise ImageDecodeError("a webcam frame is damaged")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
