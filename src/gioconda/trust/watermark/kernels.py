"""Compiled loops of the marker: look at a frame, add the mark to it, and paint what is added."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32

#: Parts of 256 of red, green and blue in luma (BT.709), as Gioconda's files have it.
_RED, _GREEN, _BLUE = 54, 183, 19


@njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def look(frame, chip, before, mean, change):  # type: ignore[no-untyped-def]
    """Write the mean luma of each chip's square, and how much it changed since the last frame.

    Args:
        frame: uint8 (height, width, 3 or 4).
        chip: side of a chip in pixels.
        before: uint8 (height, width), luma of the last frame; that of this one afterwards.
        mean: float32 (rows, columns), written; levels.
        change: float32 (rows, columns), written; mean absolute difference, levels.
    """
    height, width = before.shape
    rows = mean.shape[0]
    tall = np.zeros((2, width), np.float32)
    moved = np.zeros((2, width), np.float32)
    luma = np.empty(width, np.float32)
    differs = np.empty(width, np.float32)
    row, low, high = 0, 0, 1
    for y in range(height):
        for x in range(width):
            value = (
                _RED * np.int32(frame[y, x, 0])
                + _GREEN * np.int32(frame[y, x, 1])
                + _BLUE * np.int32(frame[y, x, 2])
                + 128
            ) >> 8
            luma[x] = f32(value)
            differs[x] = f32(abs(value - np.int32(before[y, x])))
            before[y, x] = np.uint8(value)
        end = (row + 1) * chip
        share = f32(min(end - y, 1.0))
        rest = f32(1) - share
        for x in range(width):
            tall[low, x] += share * luma[x]
            moved[low, x] += share * differs[x]
        if end <= y + 1 + 1e-6:
            if row < rows:
                _squeeze(tall[low], chip, mean[row])
                _squeeze(moved[low], chip, change[row])
            tall[low] = 0
            moved[low] = 0
            row += 1
            low, high = high, low
            for x in range(width):
                tall[low, x] += rest * luma[x]
                moved[low, x] += rest * differs[x]


@njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def _squeeze(line, chip, out):  # type: ignore[no-untyped-def]
    """Write the mean of each chip of a line that sums ``chip`` rows."""
    scale = f32(1 / (chip * chip))
    for j in range(out.shape[0]):
        start, end = j * chip, (j + 1) * chip
        total = f32(0)
        for x in range(int(start), min(math.ceil(end - 1e-6), line.shape[0])):
            total += f32(min(end, x + 1.0) - max(start, float(x))) * line[x]
        out[j] = total * scale


@njit(cache=True, nogil=True, boundscheck=False)
def add(frame, delta, out):  # type: ignore[no-untyped-def]
    """Add to every layer; what would pass 0 or 255 stays there.

    Args:
        frame: uint8 (height, width * layers).
        delta: int8, the same shape.
        out: uint8, the same shape, written.
    """
    for y in range(frame.shape[0]):
        for x in range(frame.shape[1]):
            value = np.int16(frame[y, x]) + np.int16(delta[y, x])
            out[y, x] = np.uint8(min(max(value, np.int16(0)), np.int16(255)))


@njit(cache=True, nogil=True, boundscheck=False, fastmath=True)
def paint(field, chip, first, last, thresholds, layers, delta):  # type: ignore[no-untyped-def]
    """Write rows of what is added: the field drawn out bilinearly, and dithered to whole levels.

    The dither stays where it is from frame to frame, so that a still picture stays still.

    Args:
        field: float32 (rows, columns), levels at the middles of the chips.
        chip: side of a chip in pixels.
        first: row of pixels to start with.
        last: row of pixels to stop before.
        thresholds: float32 (side, side), the dither, from 0 to 1.
        layers: of a pixel, 3 or 4; the fourth gets nothing.
        delta: int8 (height, width * layers), written.
    """
    rows, columns = field.shape
    side = thresholds.shape[0]
    width = delta.shape[1] // layers
    line = np.empty(columns, np.float32)
    for y in range(first, last):
        at = min(max((y + 0.5) / chip - 0.5, 0.0), rows - 1.0)
        top = min(int(at), max(rows - 2, 0))
        down = f32(at - top)
        below = min(top + 1, rows - 1)
        for j in range(columns):
            line[j] = field[top, j] + down * (field[below, j] - field[top, j])
        for x in range(width):
            to = min(max((x + 0.5) / chip - 0.5, 0.0), columns - 1.0)
            left = min(int(to), max(columns - 2, 0))
            right = min(left + 1, columns - 1)
            value = line[left] + f32(to - left) * (line[right] - line[left])
            level = np.int8(math.floor(value + thresholds[y % side, x % side]))
            for c in range(3):
                delta[y, x * layers + c] = level
