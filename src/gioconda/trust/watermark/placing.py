"""Where the grid of chips may lie over a picture, and what the picture shows there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.trust.watermark.detection import Geometry
from gioconda.trust.watermark.grid import Grid
from gioconda.trust.watermark.layout import SIDE
from gioconda.trust.watermark.statistic import folded, statistic

FloatImage = npt.NDArray[np.float32]

#: Fewer rows or columns of chips say nothing.
LEAST_CHIPS: Final = 24
#: Smaller chips are gone from a picture, in pixels.
LEAST_CHIP: Final = 1.2


@dataclass(frozen=True)
class Placing:
    """A place of the grid over a picture, about the picture's middle.

    Attributes:
        chip_x, chip_y: pixels of a chip.
        middle_x, middle_y: chips from the grid's corner to the picture's middle.
        mirrored: the grid lies on the picture's mirror image.
        rotation: radians.
        shear: of rows against each other, in chips a chip.
        tilt_x, tilt_y: perspective; how much the far edge of a grid is smaller than its middle.
    """

    chip_x: float
    chip_y: float
    middle_x: float
    middle_y: float
    mirrored: bool = False
    rotation: float = 0.0
    shear: float = 0.0
    tilt_x: float = 0.0
    tilt_y: float = 0.0

    def geometry(self, scale: float = 1.0) -> Geometry:
        """Return what is told of it; ``scale``: pixels of the file in one of the picture's."""
        turn = math.degrees(self.rotation) * (-1 if self.mirrored else 1)
        return Geometry(
            self.chip_x * scale, self.chip_y * scale, self.middle_x % SIDE, self.middle_y % SIDE,
            self.mirrored, turn,
        )  # fmt: skip


class Picture:
    """A picture that grids are laid over; it remembers what costs time.

    Args:
        luma: float32 (height, width), 0 to 255, the mean over time for a video; not changed.
        spread: of a video, each pixel's standard deviation, float32 (height, width), in levels.
    """

    def __init__(self, luma: FloatImage, spread: FloatImage | None = None) -> None:
        self.luma = luma
        self.spread = spread
        self.height, self.width = luma.shape
        self._smooth: dict[tuple[bool, int, int], tuple[FloatImage, FloatImage | None]] = {}

    def read(self, at: Placing, weighed: bool = True) -> FloatImage | None:
        """Return the folded statistic there, float32 (128, 128); None if too few chips show.

        Args:
            at: where.
            weighed: whether what moves counts less.
        """
        left, columns = _span(self.width, at.chip_x, at.middle_x)
        top, rows = _span(self.height, at.chip_y, at.middle_y)
        if columns < LEAST_CHIPS or rows < LEAST_CHIPS or min(at.chip_x, at.chip_y) < LEAST_CHIP:
            return None
        means, squares = self._smoothed(at.mirrored, at.chip_x, at.chip_y)
        grid = _sampled(means, at, left, top, columns, rows)
        spread = None
        if squares is not None and weighed:
            spread = np.sqrt(np.maximum(_sampled(squares, at, left, top, columns, rows), 0))
        values = folded(statistic(grid, spread))
        return np.roll(values, (top % SIDE, left % SIDE), (0, 1))

    def _smoothed(
        self, mirrored: bool, chip_x: float, chip_y: float
    ) -> tuple[FloatImage, FloatImage | None]:
        """Return the means of luma and of variance about each pixel over a chip's square."""
        key = (mirrored, round(chip_x * 16), round(chip_y * 16))
        if key not in self._smooth:
            if len(self._smooth) > 8:
                self._smooth.clear()
            across, down = _box(key[1] / 16), _box(key[2] / 16)

            def smooth(image: FloatImage) -> FloatImage:
                seen = np.ascontiguousarray(image[:, ::-1]) if mirrored else image
                out = cv2.sepFilter2D(seen, -1, across, down, borderType=cv2.BORDER_REFLECT)
                return np.asarray(out, np.float32)

            squares = None if self.spread is None else smooth(self.spread * self.spread)
            self._smooth[key] = (smooth(self.luma), squares)
        return self._smooth[key]


def aligned(width: int, height: int, aspect: float, mirrored: bool) -> Placing:
    """Return where the grid lies in a whole frame.

    Args:
        width: of the picture.
        height: of the picture.
        aspect: width over height that the frame had when it was marked.
        mirrored: whether it was mirrored since.
    """
    across = SIDE * max(aspect, 1.0)
    down = SIDE * max(1 / aspect, 1.0)
    return Placing(width / across, height / down, across / 2, down / 2, mirrored)


def whole_frames(width: int, height: int, scale: float, mirrored: bool) -> list[Placing]:
    """Return where the grid lies in a whole frame of unchanged shape.

    Args:
        width: of the picture.
        height: of the picture.
        scale: pixels of the file in one of the picture's.
        mirrored: whether it was mirrored since it was marked.

    Returns:
        The place in a frame that was large, whatever its size is now; and in one that was as
        small when it was marked, if it is small.
    """
    places = [aligned(width, height, width / height, mirrored)]
    chip = Grid(round(width * scale), round(height * scale)).chip / scale
    if chip > 1.001 * places[0].chip_y:
        places.append(Placing(chip, chip, width / 2 / chip, height / 2 / chip, mirrored))
    return places


@lru_cache(maxsize=256)
def _box(chip: float) -> FloatImage:
    """Return a mean over a chip, less what bilinear sampling blurs by itself."""
    width = math.sqrt(max(chip * chip - 2.0, 1.0))
    reach = math.ceil((width - 1) / 2 - 1e-9)
    taps = np.ones(2 * reach + 1, np.float32)
    if reach:
        taps[0] = taps[-1] = (width - (2 * reach - 1)) / 2
    mean: FloatImage = taps / taps.sum()
    return mean


def _span(pixels: int, chip: float, middle: float) -> tuple[int, int]:
    """Return the first whole chip inside a picture and how many there are."""
    half = pixels / 2 / chip
    first = math.ceil(middle - half - 1e-3)
    return first, math.floor(middle + half + 1e-3) - first


def _sampled(
    source: FloatImage, at: Placing, left: int, top: int, columns: int, rows: int
) -> FloatImage:
    height, width = source.shape
    c, s = math.cos(at.rotation), math.sin(at.rotation)
    xx, xy = c * at.chip_x, c * at.shear * at.chip_x - s * at.chip_y
    yx, yy = s * at.chip_x, s * at.shear * at.chip_x + c * at.chip_y
    x0, y0 = left + 0.5 - at.middle_x, top + 0.5 - at.middle_y
    where = np.array(
        [
            [xx, xy, xx * x0 + xy * y0 + (width - 1) / 2],
            [yx, yy, yx * x0 + yy * y0 + (height - 1) / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if at.tilt_x == 0 and at.tilt_y == 0:
        flat = cv2.warpAffine(
            source, where, (columns, rows), flags=flags, borderMode=cv2.BORDER_REFLECT
        )
        return np.asarray(flat, np.float32)
    tilt_x, tilt_y = at.tilt_x / (SIDE / 2), at.tilt_y / (SIDE / 2)
    # Perspective about the middle: the offset from it is divided, the middle itself stays.
    fall = np.array([tilt_x, tilt_y, 1 + tilt_x * x0 + tilt_y * y0])
    offset = np.array([[xx, xy, xx * x0 + xy * y0], [yx, yy, yx * x0 + yy * y0]])
    middle = np.array([[(width - 1) / 2], [(height - 1) / 2]])
    full = np.vstack([offset + middle * fall, fall])
    tilted = cv2.warpPerspective(
        source, full, (columns, rows), flags=flags, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(tilted, np.float32)
