"""Marks frames on their way out.

What is added to red, green and blue alike is a picture of whole levels that stays the same to the
bit from frame to frame while the scene does, so that it neither flickers nor costs a codec
anything in still places. It is found anew, a slice of the work in each frame, where the scene
asks for a different strength.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError
from gioconda.trust.watermark.grid import Grid
from gioconda.trust.watermark.kernels import add, look, paint
from gioconda.trust.watermark.marks import Marks, has_public_mark
from gioconda.trust.watermark.strength import Scene, Strength

ByteImage = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]

#: Marked frames that stay valid.
BUFFERS: Final = 4
#: Frames after which the strength is looked at again: soon, since a first frame shows no motion.
_FIRST_LOOKS: Final = (4, 12, 28)
_LOOK_EVERY: Final = 32
#: Frames over which the scene is averaged, and for how many a rehearsal counts.
_MEMORY: Final = 64
_REHEARSED: Final = 48
#: A chip keeps its amplitude while the one now wanted differs by no more than this part.
_KEPT: Final = 0.25
#: Slices in which a changed mark is painted, one a frame.
_BANDS: Final = 8
#: Change from frame to frame that a first frame is taken to have, levels: all is still, since to
#: mark more in later frames costs a codec more than to mark less there.
_UNKNOWN_CHANGE: Final = 0.1


def _thresholds() -> FloatImage:
    """Return an ordered dither of 8 x 8 (Bayer, 1973), from 0 to 1."""
    order = np.zeros((1, 1))
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return ((order + 0.5) / 64).astype(np.float32)


class Marker:
    """Marks the frames of one stream, in order.

    The same frames in the same order always come out the same.

    Args:
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        marks: what to mark.

    Raises:
        OptionError: the marks lack the public mark, by which anyone finds that a frame was made.
    """

    def __init__(self, width: int, height: int, marks: Marks) -> None:
        if not has_public_mark(marks):
            raise OptionError("these marks lack the public mark; take them from own_marks()")
        self.marks = marks
        self._grid = Grid(width, height)
        self._strength = Strength(marks, self._grid)
        shape = (self._grid.rows, self._grid.columns)
        self._mean, self._square, self._change = (np.zeros(shape, np.float32) for _ in range(3))
        self._now, self._moved = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._field = np.zeros(shape, np.float32)
        self._before = np.zeros((height, width), np.uint8)
        self._delta = np.empty((0, 0), np.int8)
        self._thresholds = _thresholds()
        self._work: Iterator[None] = iter(())
        self._seen = 0
        self._rehearsed = 0
        self._out = [np.empty((0, 0, 0), np.uint8)] * BUFFERS
        self._next = 0

    def rehearse(self, pairs: Iterable[tuple[ByteImage, ByteImage]]) -> None:
        """See beforehand what frames will look like, so that the mark is right from the first one.

        Args:
            pairs: of frames as :meth:`marked` will get them, of one moment and of the next, taken
                here and there in the motion to come, or in motion like it.
        """
        count = 0
        for pair in pairs:
            for later, frame in enumerate(pair):
                self._look(frame)
                count += 1
                self._average(1 / count)
                if later:
                    self._change += 2 / count * (self._moved - self._change)
        if count:
            self._rehearsed = _REHEARSED

    def marked(self, frame: ByteImage) -> ByteImage:
        """Return a marked copy of the next frame.

        Args:
            frame: uint8 RGB or RGB and alpha, (height, width, 3 or 4); not changed. The first
                sets the number of layers.

        Returns:
            The same shape; valid until three more are made.
        """
        frame = np.ascontiguousarray(frame)
        self._next = (self._next + 1) % BUFFERS
        if self._out[self._next].shape != frame.shape:
            self._out[self._next] = np.empty_like(frame)
        out = self._out[self._next]
        self._look(frame)
        self._remember()
        if self._seen == 1:
            self._start(frame.shape[2])
        else:
            early = not self._rehearsed and self._seen - 1 in _FIRST_LOOKS
            if early or self._seen % _LOOK_EVERY == 0:
                self._work = self._reconsider()
            next(self._work, None)
        height = frame.shape[0]
        add(frame.reshape(height, -1), self._delta, out.reshape(height, -1))
        return out

    def _look(self, frame: ByteImage) -> None:
        look(frame, self._grid.chip, self._before, self._now, self._moved)

    def _remember(self) -> None:
        """Let the newest frame count in what is known of the scene."""
        self._seen += 1
        known = self._seen + self._rehearsed
        self._average(1 / min(known, _MEMORY))
        if self._seen > 1:
            # What a first frame is taken to have is forgotten as soon as a second is there.
            self._change += 1 / min(known - 1, _MEMORY) * (self._moved - self._change)
        elif not self._rehearsed:
            self._change[:] = _UNKNOWN_CHANGE

    def _average(self, part: float) -> None:
        """Let the newest grid image count by a part in the mean and the variance."""
        away = self._now - self._mean
        self._mean += part * away
        self._square += part * ((1 - part) * away * away - self._square)

    def _scene(self) -> Scene:
        change = cv2.GaussianBlur(self._change, (0, 0), 1.0)
        return Scene(self._mean.copy(), np.sqrt(self._square), np.asarray(change, np.float32))

    def _start(self, layers: int) -> None:
        """Mark the first frame; there is no time to do it in slices."""
        self._field = self._strength.start(self._scene())
        height, width = self._before.shape
        self._layers = layers
        self._delta = np.zeros((height, width * layers), np.int8)
        self._paint(0, height)

    def _reconsider(self) -> Iterator[None]:
        """Find what the scene asks for now, in slices, and change the mark where it must be."""
        scene = self._scene()
        yield
        wanted = yield from self._strength.adapting(scene)
        differs = np.abs(wanted - self._field) > _KEPT * np.abs(self._field) + 0.05
        if not differs.any():
            return
        self._field = np.where(differs, wanted, self._field)
        height = len(self._before)
        for band in range(_BANDS):
            yield
            self._paint(height * band // _BANDS, height * (band + 1) // _BANDS)

    def _paint(self, first: int, last: int) -> None:
        paint(
            self._field, self._grid.chip, first, last, self._thresholds, self._layers, self._delta
        )
