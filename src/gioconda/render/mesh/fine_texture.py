"""The texture at twice its density, so that motion does not blur it.

A pixel that moves by a fraction is interpolated, and linear interpolation half-way between two
pixels averages them: a face that drifts by half a pixel loses a quarter of its fine contrast and
gets it back at the next whole pixel, which a viewer sees as a pulse of sharpness. Interpolated
once, with a better filter, to twice the density, the same linear lookup is never further than a
quarter of a pixel from a good sample. Samples of the texture itself keep their values, so that a
face at rest is the photo to the last bit.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from gioconda.render.mesh.types import ByteImage, FloatArray

#: Samples of the fine texture for each one of the texture, along each axis.
DENSITY: Final = 2
#: Value half-way between samples 2 and 3 of six: the luma filter of H.264 (ITU-T H.264, 8.4.2.2.1),
#: a little stronger, so that halves come out as much too sharp as quarters are too soft.
HALF_WAY: Final[FloatArray] = np.array([2, -11, 41, 41, -11, 2], np.float32) / np.float32(64)
#: Samples beyond a changed box that its change reaches.
_REACH: Final = 3
_COPY: Final = np.ones(1, np.float32)


class FineTexture:
    """A texture at :data:`DENSITY` times the density of its source.

    Args:
        source: (H, W, 4) uint8, premultiplied; sample (x, y) lies at (2 x, 2 y) of the fine one.

    Attributes:
        image: (2 H, 2 W, 4) uint8.
    """

    def __init__(self, source: ByteImage) -> None:
        self._source = source
        height, width = source.shape[:2]
        self.image: ByteImage = np.empty((DENSITY * height, DENSITY * width, 4), np.uint8)
        self._interpolate(0, height, 0, width)

    def refresh(self, rows: slice, columns: slice) -> None:
        """Follow a change of the source inside a box."""
        height, width = self._source.shape[:2]
        self._interpolate(
            max(rows.start - _REACH, 0), min(rows.stop + _REACH, height),
            max(columns.start - _REACH, 0), min(columns.stop + _REACH, width),
        )  # fmt: skip

    def _interpolate(self, y0: int, y1: int, x0: int, x1: int) -> None:
        height, width = self._source.shape[:2]
        # the filter needs neighbours; beyond the texture's edge its last samples go on
        top, bottom = max(y0 - _REACH, 0), min(y1 + _REACH, height)
        left, right = max(x0 - _REACH, 0), min(x1 + _REACH, width)
        own = self._source[top:bottom, left:right]
        across, down = (_filtered(own, *f) for f in ((HALF_WAY, _COPY), (_COPY, HALF_WAY)))
        both = _filtered(across, _COPY, HALF_WAY)
        inside = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        fine = self.image[DENSITY * y0 : DENSITY * y1, DENSITY * x0 : DENSITY * x1]
        fine[::2, ::2] = own[inside]
        fine[::2, 1::2] = across[inside]
        fine[1::2, ::2] = down[inside]
        fine[1::2, 1::2] = both[inside]


def _filtered(image: ByteImage, across: FloatArray, down: FloatArray) -> ByteImage:
    anchor = ((len(across) - 1) // 2, (len(down) - 1) // 2)
    result = cv2.sepFilter2D(
        image, cv2.CV_8U, across, down, anchor=anchor, borderType=cv2.BORDER_REPLICATE
    )
    # premultiplied colour never exceeds its own cover
    np.minimum(result, result[..., 3:], out=result)
    return np.asarray(result, np.uint8)
