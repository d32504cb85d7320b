"""Frames of any number become a bounded number of mean pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

ByteImage = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]

#: Longer side of what is looked at, in pixels: of moving pictures, and of a single one, which may
#: be a screenshot with the frame as a small part of it.
MOVING_SIDE: Final = 640
STILL_SIDE: Final = 1280
#: Length of a window at first, in seconds; doubled whenever there are too many.
_SPAN_S: Final = 1.0
_MOST: Final = 48
#: Fixed point: mean luma is kept in 1/256.
_FINE: Final = 256


@dataclass(frozen=True)
class Window:
    """The mean of consecutive frames.

    Attributes:
        start_s, end_s: when its first frame began and its last one ended.
        count: of frames.
        fine: uint16 (height, width), mean luma in 1/256.
        variance: float16 (height, width), of luma over the frames; None of a single frame.
    """

    start_s: float
    end_s: float
    count: int
    fine: npt.NDArray[np.uint16]
    variance: npt.NDArray[np.float16] | None = None

    def luma(self) -> FloatImage:
        """Return the mean picture, float32 (height, width), 0 to 255."""
        return self.fine.astype(np.float32) / np.float32(_FINE)

    def spread(self) -> FloatImage | None:
        """Return each pixel's standard deviation, float32 (height, width)."""
        return None if self.variance is None else np.sqrt(self.variance.astype(np.float32))


class Windows:
    """Takes frames and keeps their means, at most 48 of them.

    Args:
        each: called with every window of a second, which is not kept once there are many.
    """

    def __init__(self, each: Callable[[Window], None] = lambda window: None) -> None:
        self._each = each
        self._pending: Window | None = None
        self._seconds = 0
        self._closed: list[Window] = []
        self._sum: FloatImage | None = None
        self._squares = np.zeros((0, 0), np.float32)
        self._still: ByteImage | None = None
        self._size: tuple[int, int] = (0, 0)
        self._count = 0
        self._start_s = self._last_s = 0.0
        self._gap_s = 0.0
        self._span = 1
        self.frames = 0
        #: Of the first frame: width and height in pixels.
        self.given = (0, 0)

    def add(self, luma: ByteImage, time_s: float) -> None:
        """Take the next frame, uint8 (height, width)."""
        self.frames += 1
        if self.frames == 1:
            self.given = (luma.shape[1], luma.shape[0])
            self._still = _reduced(luma, STILL_SIDE)
            self._size = _within(luma, MOVING_SIDE)
        else:
            self._still = None
            self._gap_s = max(time_s - self._last_s, 0.0) if self._gap_s == 0 else self._gap_s
        small = cv2.resize(luma, self._size, interpolation=cv2.INTER_AREA)
        if self._count and time_s >= self._start_s + _SPAN_S - 1e-6:
            self._close(time_s)
        if self._sum is None:
            self._sum = np.zeros(small.shape, np.float32)
            self._squares = np.zeros(small.shape, np.float32)
        if self._count == 0:
            self._start_s = time_s
        cv2.accumulate(small, self._sum)
        cv2.accumulateSquare(small, self._squares)
        self._count += 1
        self._last_s = time_s

    def all(self) -> tuple[Window, ...]:
        """Return the windows so far; that of a single frame is larger."""
        if self._still is not None:
            fine = self._still.astype(np.uint16) * np.uint16(_FINE)
            return (Window(self._start_s, self._start_s, 1, fine),)
        if self.frames == 0:
            return ()
        last = self.open_second()
        if self._pending is not None:
            last = joined((self._pending, last))
        return (*self._closed, last)

    def open_second(self) -> Window:
        """Return the last window, of less than a second; there must be a frame."""
        return self._mean(self._last_s + self._gap_s)

    def _mean(self, end_s: float) -> Window:
        assert self._sum is not None
        mean = self._sum / np.float32(self._count)
        fine = np.rint(mean * _FINE).astype(np.uint16)
        variance = None
        if self._count > 1:
            variance = _half(self._squares / np.float32(self._count) - mean * mean)
        return Window(self._start_s, end_s, self._count, fine, variance)

    def _close(self, end_s: float) -> None:
        assert self._sum is not None
        second = self._mean(end_s)
        self._each(second)
        self._pending = second if self._pending is None else joined((self._pending, second))
        self._seconds += 1
        if self._seconds >= self._span:
            self._closed.append(self._pending)
            self._pending, self._seconds = None, 0
        self._sum[:] = 0
        self._squares[:] = 0
        self._count = 0
        if len(self._closed) >= _MOST:
            pairs = zip(self._closed[::2], self._closed[1::2], strict=True)
            self._closed = [joined(pair) for pair in pairs]
            self._span *= 2


def joined(windows: tuple[Window, ...]) -> Window:
    """Return all frames of windows as one."""
    total = windows[0]
    if len(windows) == 1:
        return total
    count = sum(w.count for w in windows)
    mean = np.zeros(total.fine.shape, np.float32)
    squares = np.zeros(total.fine.shape, np.float32)
    for window in windows:
        luma, part = window.luma(), np.float32(window.count / count)
        mean += part * luma
        squares += part * luma * luma
        if window.variance is not None:
            squares += part * window.variance
    fine = np.rint(mean * _FINE).astype(np.uint16)
    variance = _half(squares - mean * mean)
    return Window(total.start_s, windows[-1].end_s, count, fine, variance)


def without_bars(luma: FloatImage) -> tuple[slice, slice] | None:
    """Return the rows and columns inside even bars, or None if there are no bars.

    Args:
        luma: float32 (height, width).
    """
    rows = _inside(luma)
    columns = _inside(luma[rows].T) if rows.stop - rows.start >= 64 else slice(0, luma.shape[1])
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if (height, width) == luma.shape or min(height, width) < 64:
        return None
    return rows, columns


def _inside(luma: FloatImage) -> slice:
    # Means of neighbouring pixels: an encoder rings beside a bar's edge, and a bar has noise.
    low, high = np.percentile(luma, (2, 98), axis=1)
    busy = np.flatnonzero(high - low > 5)
    return slice(int(busy[0]), int(busy[-1]) + 1) if len(busy) else slice(0, len(luma))


def _half(variance: FloatImage) -> npt.NDArray[np.float16]:
    return np.clip(variance, 0, 60000).astype(np.float16)


def _within(luma: ByteImage, side: int) -> tuple[int, int]:
    height, width = luma.shape
    shrink = min(1.0, side / max(height, width))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _reduced(luma: ByteImage, side: int) -> ByteImage:
    small = cv2.resize(luma, _within(luma, side), interpolation=cv2.INTER_AREA)
    return np.array(small, np.uint8)
