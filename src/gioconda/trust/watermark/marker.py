"""Marks frames on their way out."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from gioconda.trust.watermark.grid import Grid
from gioconda.trust.watermark.layout import SIDE
from gioconda.trust.watermark.marks import GROUPS, Marks
from gioconda.trust.watermark.statistic import folded, statistic

ByteImage = npt.NDArray[np.uint8]

#: Marked frames that stay valid.
BUFFERS: Final = 4
#: Frames from one look at the picture to the next.
_LOOK_EVERY: Final = 16
_STRENGTH: Final = 1.5


class Marker:
    """Marks the frames of one stream, in order.

    Args:
        width, height: of the frames, in pixels.
        marks: what to mark.
    """

    def __init__(self, width: int, height: int, marks: Marks) -> None:
        self.marks = marks
        self._grid = Grid(width, height)
        rows, columns = self._grid.rows, self._grid.columns
        down, right = np.arange(rows) % SIDE, np.arange(columns) % SIDE
        self._chips = marks.chips[np.ix_(down, right)].astype(np.float32)
        self._groups = marks.groups[np.ix_(down, right)].astype(np.int64)
        self._mean: npt.NDArray[np.float32] | None = None
        self._delta = np.zeros((height, width), np.int16)
        self._seen = 0
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
        if self._seen % _LOOK_EVERY == 0:
            self._look(frame)
        self._seen += 1
        out = self._out[self._next]
        _add(frame, self._delta, out)
        return out

    def _look(self, frame: ByteImage) -> None:
        """Take the picture into account that the frames show now."""
        luma = cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_RGB2GRAY)
        now = self._grid.image(luma)
        self._mean = now if self._mean is None else 0.7 * self._mean + 0.3 * now
        host = self._mean
        added = np.zeros_like(host)
        strength = np.zeros(GROUPS, np.float32)
        unit = self._margins(host + self._chips) - self._margins(host)
        for _ in range(2):
            lack = _STRENGTH * unit - self._margins(host + added)
            strength = np.clip(strength + lack / np.maximum(unit, 1e-6), 0, 8).astype(np.float32)
            added = self._chips * strength[self._groups]
        height, width = self._delta.shape
        wide = cv2.resize(
            added,
            (round(self._grid.columns * self._grid.chip), round(self._grid.rows * self._grid.chip)),
            interpolation=cv2.INTER_LINEAR,
        )
        wide = wide[:height, :width]
        wide = np.pad(wide, ((0, height - wide.shape[0]), (0, width - wide.shape[1])), mode="edge")
        self._delta = np.rint(wide).astype(np.int16)

    def _margins(self, host: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return how far the statistic of a picture agrees with each group's chips."""
        agreed = folded(statistic(host) * self._chips)
        groups = self.marks.groups.ravel().astype(np.int64)
        sums = np.bincount(groups, weights=agreed.ravel(), minlength=GROUPS)
        return sums.astype(np.float32)


@njit(cache=True, nogil=True, boundscheck=False)
def _add(frame, delta, out):  # type: ignore[no-untyped-def]
    """Add the same to red, green and blue; what would pass 0 or 255 stays there."""
    height, width, layers = frame.shape
    for y in range(height):
        for x in range(width):
            d = np.int32(delta[y, x])
            for c in range(3):
                out[y, x, c] = min(max(np.int32(frame[y, x, c]) + d, 0), 255)
            if layers == 4:
                out[y, x, 3] = frame[y, x, 3]
