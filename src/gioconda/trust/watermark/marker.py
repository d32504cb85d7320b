"""Marks frames on their way out."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.marks import Marks

ByteImage = npt.NDArray[np.uint8]

#: Marked frames that stay valid.
BUFFERS: Final = 4


class Marker:
    """Marks the frames of one stream, in order.

    Args:
        width, height: of the frames, in pixels.
        marks: what to mark.
    """

    def __init__(self, width: int, height: int, marks: Marks) -> None:
        self.marks = marks
        self._out = [np.empty((0, 0, 0), np.uint8)] * BUFFERS
        self._next = 0

    def marked(self, frame: ByteImage) -> ByteImage:
        """Return a marked copy of the next frame.

        Args:
            frame: uint8 RGB or RGB and alpha, (height, width, 3 or 4); not changed.

        Returns:
            The same shape; valid until three more are made.
        """
        self._next = (self._next + 1) % BUFFERS
        if self._out[self._next].shape != frame.shape:
            self._out[self._next] = np.empty_like(frame)
        np.copyto(self._out[self._next], frame)
        return self._out[self._next]
