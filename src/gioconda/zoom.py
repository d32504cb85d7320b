"""A camera that comes nearer or steps back: frames cut from one wide view.

The widest view is rendered, at a density that the nearest distance needs, and each frame is the
part of it that its distance sees, resampled. The part shrinks about one point on each side of
distance 1, so that it passes exactly through the crop that a camera at 1 sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.control_track import ControlTrack
from gioconda.controls import DISTANCE_RANGE

ByteImage = npt.NDArray[np.uint8]

#: The view is at most this much larger than the frames; then the nearest frames are enlarged.
MOST_DENSITY: Final = 2.0
#: Largest side of a view, in pixels.
MOST_SIDE_PX: Final = 2048
#: Blur before shrinking by a factor r, in pixels of the view: this times sqrt(r^2 - 1).
_BLUR: Final = 0.42
#: Under this the blur does nothing.
_LEAST_BLUR: Final = 0.05
#: Natural frequency of the critically damped spring by which a newly asked distance is reached.
TURN_RAD_S: Final = 5.0
#: Spans of distances are widened to multiples of this.
_STEP: Final = 0.1
#: Offsets this small are over.
_OVER: Final = 1e-5


def span(ranges: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the nearest and the furthest of ranges of distances."""
    pairs = list(ranges)
    return min(near for near, _ in pairs), max(far for _, far in pairs)


def widened(prepared: tuple[float, float], asked: tuple[float, float]) -> tuple[float, float]:
    """Return a prepared span that now holds another, too, and goes on to the next whole tenth.

    Each new span takes a view of the portrait, its time and its memory; a distance that is dragged
    shall not take one at every step.
    """
    (near, far), (nearest, furthest) = prepared, asked
    if nearest < near:
        near = max(round(math.floor(nearest / _STEP + 1e-6) * _STEP, 3), DISTANCE_RANGE[0])
    if furthest > far:
        far = min(round(math.ceil(furthest / _STEP - 1e-6) * _STEP, 3), DISTANCE_RANGE[1])
    return near, far


class Camera:
    """The distance over the frames; where the controls are changed it runs on smoothly.

    Args:
        track: says the distance.
        rate_hz: frames a second; one call of :meth:`at` for each.
    """

    def __init__(self, track: ControlTrack, rate_hz: float) -> None:
        self._track = track
        self._dt = 1.0 / rate_hz
        self._time_s = 0.0
        self._offset = self._speed = 0.0

    def set(self, track: ControlTrack) -> None:
        """Follow another track from the next frame on."""
        now, before = self._time_s, self._time_s - self._dt
        old, new = self._track.distance_at, track.distance_at
        self._offset += old(now) - new(now)
        self._speed += (old(now) - old(before) - new(now) + new(before)) / self._dt
        self._track = track

    def at(self, time_s: float) -> float:
        """Return the distance at a frame's instant, and advance by a frame."""
        distance = self._track.distance_at(time_s) + self._offset
        keep = math.exp(-TURN_RAD_S * self._dt)
        pull = (self._speed + TURN_RAD_S * self._offset) * self._dt
        self._offset = (self._offset + pull) * keep
        self._speed = (self._speed - TURN_RAD_S * pull) * keep
        if abs(self._offset) < _OVER and abs(self._speed) < _OVER:
            self._offset = self._speed = 0.0
        self._time_s = time_s + self._dt
        return distance


class Zoom:
    """Which part of the widest view a distance sees.

    Args:
        size: side of the frames in pixels.
        nearest, furthest: distances to be shown.

    Attributes:
        side: side of the view to render, in pixels.
        distance: of that view, 1 or more.
    """

    def __init__(self, size: int, nearest: float, furthest: float) -> None:
        self.size = size
        self.nearest, self.furthest = nearest, furthest
        # Views are kept by their distance in thousandths.
        self.distance = min(math.ceil(max(furthest, 1.0) * 1000 - 1e-6) / 1000, DISTANCE_RANGE[1])
        density = min(self.distance / nearest, MOST_DENSITY)
        self.side = min(2 * math.ceil(size * density / 2), MOST_SIDE_PX)
        self._corners: dict[float, tuple[float, float]] = {1.0: (0.0, 0.0)}
        self._unit = 1.0 / self.distance

    def place(self, portrait_frame: tuple[float, float, float], face: tuple[float, float]) -> None:
        """Say where distance 1 lies in the view.

        Args:
            portrait_frame: left, top and side of what distance 1 sees, as parts of the view.
            face: middle of the face, as parts of the view, that nearer cameras come to.
        """
        left, top, side = portrait_frame
        near = min(self.nearest, 1.0)
        # On whole pixels, as where the camera stands there throughout.
        pixels = 2 * math.ceil(self.size / near / 2)
        corner = tuple(
            start + side * min(max(int((middle - start) / side * pixels - self.size / 2), 0),
                               pixels - self.size) / pixels
            for middle, start in zip(face, (left, top), strict=True)
        )  # fmt: skip
        self._corners = {self.distance: (0.0, 0.0), 1.0: (left, top), near: (corner[0], corner[1])}
        self._unit = side

    def window(self, distance: float) -> tuple[float, float, float]:
        """Return left, top and side of what a distance sees, in pixels of the view."""
        at = sorted(self._corners)
        left, top = (
            float(np.interp(distance, at, [self._corners[d][k] for d in at])) for k in (0, 1)
        )
        return left * self.side, top * self.side, self._unit * distance * self.side

    def cut(self, view: ByteImage, distance: float, out: ByteImage | None = None) -> ByteImage:
        """Return what a distance sees of a rendered view, (size, size, ...), written into ``out``.

        Args:
            view: (side, side) or (side, side, 3).
            distance: clipped to those that can be shown.
            out: a new array if None.
        """
        import cv2

        left, top, side = self.window(min(max(distance, self.nearest), self.furthest))
        step = side / self.size
        margin = 4
        x0, y0 = (max(math.floor(v) - margin, 0) for v in (left, top))
        x1, y1 = (min(math.ceil(v + side) + margin, self.side) for v in (left, top))
        part = view[y0:y1, x0:x1]
        sigma = _BLUR * math.sqrt(max(step * step - 1.0, 0.0))
        if sigma > _LEAST_BLUR:
            part = cv2.GaussianBlur(part, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        half = 0.5 * step - 0.5
        matrix = np.array([[step, 0.0, left + half - x0], [0.0, step, top + half - y0]])
        return np.asarray(
            cv2.warpAffine(
                part, matrix, (self.size, self.size), dst=out,
                flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )  # fmt: skip
