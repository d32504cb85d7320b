"""Compiled kernels that continue a background's texture into the hole that a person leaves.

The hole is grown inwards pixel by pixel, each taking the place of the known background whose
surroundings fit best, first of all the place next to where its neighbour came from (coherent
synthesis: Ashikhmin, 2001). Then the places are mended by propagation and random search
(PatchMatch: Barnes et al., 2009), and overlapping patches agree on a colour (Wexler et al., 2007).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: Patches are squares of this many pixels each way from their middle.
REACH = 2
#: Most that is added to a source's colour, grey levels.
MOST_BIAS = 14.0


@njit(cache=True, nogil=True, boundscheck=False)
def _misfit(image, base, filled, y, x, sy, sx, pull, penalty, bound):  # type: ignore[no-untyped-def]
    """Mean squared difference of the patches round a target and a source, plus penalties.

    One grows with the distance, one with the difference of the source's middle from the smooth
    fill: nothing else would keep single things, such as a line of writing, from being repeated.
    """
    height, width = filled.shape
    total, count = np.float32(0), 0
    for dy in range(-REACH, REACH + 1):
        ty = y + dy
        if ty < 0 or ty >= height:
            continue
        for dx in range(-REACH, REACH + 1):
            tx = x + dx
            if tx < 0 or tx >= width or not filled[ty, tx]:
                continue
            for c in range(3):
                d = image[ty, tx, c] - image[sy + dy, sx + dx, c]
                total += d * d
            count += 1
        # what is summed so far cannot become less
        if total > bound * np.float32(3 * (2 * REACH + 1) ** 2):
            return np.float32(1e30)
    away = (sy - y) * (sy - y) + (sx - x) * (sx - x)
    odd = np.float32(0)
    for c in range(3):
        d = base[y, x, c] - image[sy, sx, c]
        odd += d * d
    fit = total / np.float32(3 * max(count, 1)) + pull * odd
    return fit + penalty * np.float32(math.sqrt(away))


@njit(cache=True, nogil=True, boundscheck=False)
def _random(state):  # type: ignore[no-untyped-def]
    """Return a number from 0 to 1 and advance the state (xorshift, Marsaglia, 2003)."""
    s = state[0]
    s ^= s << np.uint64(13)
    s ^= s >> np.uint64(7)
    s ^= s << np.uint64(17)
    state[0] = s
    return float(s >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True, boundscheck=False)
def _try(image, base, filled, sources, y, x, sy, sx, pull, penalty, best):  # type: ignore[no-untyped-def]
    """Return the misfit of a source; very large where it is none."""
    height, width = filled.shape
    if sy < 0 or sx < 0 or sy >= height or sx >= width or not sources[sy, sx]:
        return np.float32(1e30)
    return _misfit(image, base, filled, y, x, sy, sx, pull, penalty, best)


@njit(cache=True, nogil=True, boundscheck=False)
def _tell_bias(image, filled, y, x, sy, sx, bias):  # type: ignore[no-untyped-def]
    """Write by how much a target's surroundings differ from its source's, (H, W, 3), on the mean.

    Added to what is copied, it carries slopes of brightness on across the hole.
    """
    height, width = filled.shape
    red = green = blue = count = np.float32(0)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            ty, tx = y + dy, x + dx
            if ty < 0 or ty >= height or tx < 0 or tx >= width or not filled[ty, tx]:
                continue
            red += image[ty, tx, 0] - image[sy + dy, sx + dx, 0]
            green += image[ty, tx, 1] - image[sy + dy, sx + dx, 1]
            blue += image[ty, tx, 2] - image[sy + dy, sx + dx, 2]
            count += 1
    most = np.float32(MOST_BIAS)
    scale = np.float32(1) / max(count, np.float32(1))
    bias[y, x, 0] = min(max(red * scale, -most), most)
    bias[y, x, 1] = min(max(green * scale, -most), most)
    bias[y, x, 2] = min(max(blue * scale, -most), most)


@njit(cache=True, nogil=True, boundscheck=False)
def grow(  # type: ignore[no-untyped-def]
    image, base, filled, sources, order, places, bias, radius, tries, pull, penalty, seed
):
    """Fill targets from the rim inwards, in place.

    Args:
        image: (H, W, 3) float32; targets are written.
        base: (H, W, 3) float32, a smooth fill.
        filled: (H, W) bool, what is known; targets become True.
        sources: (H, W) bool, middles of patches that are known wholly.
        order: (n, 2) int32 row and column of the targets, outermost first.
        places: (H, W, 2) int32, receives the row and column of each target's source.
        bias: (H, W, 3) float32, receives what is added to the source's colour.
        radius: of the random search, pixels.
        tries: of the random search.
        pull: misfit for each squared grey level between source and smooth fill.
        penalty: misfit for each pixel between target and source, in squared grey levels.
        seed: of the search.
    """
    state = np.array([seed * 2654435761 + 88172645463325252], np.uint64)
    height, width = filled.shape
    for k in range(order.shape[0]):
        y, x = order[k, 0], order[k, 1]
        best, by, bx = np.float32(1e30), -1, -1
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                ny, nx = y + dy, x + dx
                if ny < 0 or nx < 0 or ny >= height or nx >= width or places[ny, nx, 0] < 0:
                    continue
                sy, sx = places[ny, nx, 0] - dy, places[ny, nx, 1] - dx
                fit = _try(image, base, filled, sources, y, x, sy, sx, pull, penalty, best)
                if fit < best:
                    best, by, bx = fit, sy, sx
        for _ in range(tries if by >= 0 else 8 * tries):
            sy = y + int((2 * _random(state) - 1) * radius)
            sx = x + int((2 * _random(state) - 1) * radius)
            fit = _try(image, base, filled, sources, y, x, sy, sx, pull, penalty, best)
            if fit < best:
                best, by, bx = fit, sy, sx
        if by >= 0:
            places[y, x, 0], places[y, x, 1] = by, bx
            _tell_bias(image, filled, y, x, by, bx, bias)
            filled[y, x] = True
            for c in range(3):
                image[y, x, c] = image[by, bx, c] + bias[y, x, c]


@njit(cache=True, nogil=True, boundscheck=False)
def mend(  # type: ignore[no-untyped-def]
    image, base, filled, sources, order, places, bias, radius, pull, penalty, seed
):
    """Look for better sources: those next to the neighbours' own, and random ones ever nearer.

    Arguments as for :func:`grow`; targets are gone through forwards, then backwards.
    """
    state = np.array([seed * 2654435761 + 88172645463325252], np.uint64)
    height, width = filled.shape
    count = order.shape[0]
    for turn in range(2):
        for k in range(count):
            i = k if turn == 0 else count - 1 - k
            y, x = order[i, 0], order[i, 1]
            by, bx = places[y, x, 0], places[y, x, 1]
            if by < 0:
                continue
            best = _misfit(image, base, filled, y, x, by, bx, pull, penalty, np.float32(1e30))
            for n in range(4):
                dy = (1 if n == 0 else -1) if n < 2 else 0
                dx = (1 if n == 2 else -1) if n >= 2 else 0
                ny, nx = y + dy, x + dx
                if ny < 0 or nx < 0 or ny >= height or nx >= width or places[ny, nx, 0] < 0:
                    continue
                sy, sx = places[ny, nx, 0] - dy, places[ny, nx, 1] - dx
                if sy == by and sx == bx:
                    continue
                fit = _try(image, base, filled, sources, y, x, sy, sx, pull, penalty, best)
                if fit < best:
                    best, by, bx = fit, sy, sx
            reach = radius
            while reach >= 1 and turn == 0:
                sy = by + int((2 * _random(state) - 1) * reach)
                sx = bx + int((2 * _random(state) - 1) * reach)
                fit = _try(image, base, filled, sources, y, x, sy, sx, pull, penalty, best)
                if fit < best:
                    best, by, bx = fit, sy, sx
                reach *= 0.4
            places[y, x, 0], places[y, x, 1] = by, bx
            if turn == 1:
                _tell_bias(image, filled, y, x, by, bx, bias)


@njit(cache=True, nogil=True, boundscheck=False)
def agree(image, order, places, bias, out):  # type: ignore[no-untyped-def]
    """Write the mean of what all patches over each target would have there.

    Args:
        image: (H, W, 3) float32.
        order: (n, 2) int32 targets.
        places: (H, W, 2) int32 source of each, -1 where there is none.
        bias: (H, W, 3) float32 added to its colour.
        out: (H, W, 3) float32, receives the targets.
    """
    height, width = places.shape[0], places.shape[1]
    for k in range(order.shape[0]):
        y, x = order[k, 0], order[k, 1]
        red = green = blue = weight = np.float32(0)
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                ny, nx = y + dy, x + dx
                if ny < 0 or nx < 0 or ny >= height or nx >= width or places[ny, nx, 0] < 0:
                    continue
                sy, sx = places[ny, nx, 0] - dy, places[ny, nx, 1] - dx
                w = np.float32(1) / np.float32(1 + dy * dy + dx * dx)
                red += w * (image[sy, sx, 0] + bias[ny, nx, 0])
                green += w * (image[sy, sx, 1] + bias[ny, nx, 1])
                blue += w * (image[sy, sx, 2] + bias[ny, nx, 2])
                weight += w
        if weight > 0:
            out[y, x, 0] = red / weight
            out[y, x, 1] = green / weight
            out[y, x, 2] = blue / weight


@njit(cache=True, nogil=True, boundscheck=False)
def copy_fine(picture, hole, places, bias, step, out, share):  # type: ignore[no-untyped-def]
    """Copy the picture's own pixels into the hole from the places found at a reduced size.

    Args:
        picture: (S, S, 3) uint8.
        hole: (S, S) bool.
        places: (H, W, 2) int32 sources of reduced pixels, -1 where there is none.
        bias: (H, W, 3) float32 added to their colours.
        step: pixels of the picture in a reduced one.
        out: (S, S, 3) float32, receives the colours.
        share: (S, S) float32, receives 1 where there is a source.
    """
    size = picture.shape[0]
    height, width = places.shape[0], places.shape[1]
    for y in range(size):
        fy = (y + 0.5) / step - 0.5
        y0 = math.floor(fy)
        fy -= y0
        for x in range(size):
            if not hole[y, x]:
                continue
            fx = (x + 0.5) / step - 0.5
            x0 = math.floor(fx)
            gx = fx - x0
            red = green = blue = total = 0.0
            for n in range(4):
                ny, nx = y0 + n // 2, x0 + n % 2
                if ny < 0 or nx < 0 or ny >= height or nx >= width or places[ny, nx, 0] < 0:
                    continue
                w = (fy if n // 2 else 1 - fy) * (gx if n % 2 else 1 - gx)
                w *= w * w  # a mean of four that disagree is soft: the nearest counts most
                sy = min(max(y + round((places[ny, nx, 0] - ny) * step), 0), size - 1)
                sx = min(max(x + round((places[ny, nx, 1] - nx) * step), 0), size - 1)
                red += w * (picture[sy, sx, 0] + bias[ny, nx, 0])
                green += w * (picture[sy, sx, 1] + bias[ny, nx, 1])
                blue += w * (picture[sy, sx, 2] + bias[ny, nx, 2])
                total += w
            if total > 0:
                share[y, x] = 1.0
                out[y, x, 0] = red / total
                out[y, x, 1] = green / total
                out[y, x, 2] = blue / total
