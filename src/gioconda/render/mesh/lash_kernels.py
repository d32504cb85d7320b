"""Compiled kernel that draws the lashes of a closing lid."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

f32 = np.float32


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def paint_lashes(  # type: ignore[no-untyped-def]
    out,
    points,
    colour,
    core,
    core_half,
    shadow,
    shadow_half,
    fringe,
    lengths,
    length,
    lean,
    soft,
    outer_first,
):
    """Draw the dark edge of a lid, its shadow, and the lashes that hang from it, in place.

    Edge and shadow taper to both ends. A lash starts on the line and leans outwards the more, the
    nearer to the outer corner it grows; each pixel below the line looks up the root of the lash
    that it lies on and how long that one is.

    Args:
        out: (H, W, 3) uint8 frame.
        points: (n, 2) float32 the lid's edge on screen, from the image's left.
        colour: (3,) float32 of the lashes.
        core: float32, opacity of the edge at its middle.
        core_half: float32 pixels; the edge fades out at this distance.
        shadow: float32, opacity of the shadow at its middle.
        shadow_half: float32 pixels; the shadow fades out at this distance, mostly below the edge.
        fringe: float32, opacity of the lashes at their roots; 0 draws none.
        lengths: (m,) float32 how long the lashes are at even steps from the outer corner to the
            inner one, as part of ``length``.
        length: float32 pixels.
        lean: float32, pixels outwards per pixel down at the outer corner.
        soft: float32 pixels over which the tips fade, beyond what all of them do.
        outer_first: whether the outer corner is on the image's left.
    """
    height = out.shape[0]
    width = out.shape[1]
    count = points.shape[0]
    bins = lengths.shape[0] - 1
    zero = f32(0.0)
    one = f32(1.0)
    half = f32(0.5)
    hangs = fringe > zero and length > f32(0.3)
    below = max(shadow_half, length + soft) if hangs else shadow_half
    reach = max(below, core_half) + one
    x_first = max(int(points[:, 0].min() - reach), 0)
    x_last = min(int(points[:, 0].max() + reach) + 1, width - 1)
    y_first = max(int(points[:, 1].min() - reach), 0)
    y_last = min(int(points[:, 1].max() + reach) + 1, height - 1)
    spans_x = points[count - 1, 0] - points[0, 0]
    spans_y = points[count - 1, 1] - points[0, 1]
    across = f32(max(math.sqrt(spans_x * spans_x + spans_y * spans_y), 1.0))
    for y in range(y_first, y_last + 1):
        for x in range(x_first, x_last + 1):
            best = f32(1e9)
            place = zero
            side = zero
            for n in range(count - 1):
                ax = points[n, 0]
                ay = points[n, 1]
                bx = points[n + 1, 0] - ax
                by = points[n + 1, 1] - ay
                dx = f32(x) - ax
                dy = f32(y) - ay
                squared = bx * bx + by * by + f32(1e-6)
                along = (dx * bx + dy * by) / squared
                t = min(max(along, zero), one)
                ex = dx - t * bx
                ey = dy - t * by
                distance = ex * ex + ey * ey
                if distance < best:
                    best = distance
                    place = (f32(n) + t) / f32(count - 1)
                    side = bx * dy - by * dx
            # lashes lean out beyond the corners: there the line goes on as the eye lies
            dx = f32(x) - points[0, 0]
            dy = f32(y) - points[0, 1]
            free = (dx * spans_x + dy * spans_y) / (across * across)
            if free > zero and free < one:
                free = place
                down = math.sqrt(best) if side > zero else -math.sqrt(best)
            else:
                if free >= one:
                    dx -= spans_x
                    dy -= spans_y
                down = (spans_x * dy - spans_y * dx) / across
            taper = min(f32(4.0) * place * (one - place) + f32(0.15), one)
            narrow = f32(half + half * taper)
            fall = max(one - math.sqrt(best) / (core_half * narrow), zero)
            clear = one - core * taper * fall * (f32(2.0) - fall)
            wide = shadow_half * narrow if down > zero else f32(0.6) * shadow_half * narrow
            fall = max(one - math.sqrt(best) / wide, zero)
            clear *= one - shadow * taper * fall * (f32(2.0) - fall)
            if hangs and down > -f32(1.5):
                u = free if outer_first else one - free
                root = u + lean * (one - f32(1.4) * min(max(u, zero), one)) * down / across
                at = root * f32(bins)
                if at > zero and at < f32(bins):
                    i = int(at)
                    part = at - f32(i)
                    tip = length * (lengths[i] * (one - part) + lengths[i + 1] * part)
                    fade = f32(0.7) * tip + soft + half
                    hang = min(max((tip + half * soft - down) / fade, zero), one)
                    # thinner where lashes are short, and led in over two pixels
                    hang *= min(tip / (f32(0.5) * length), one)
                    hang *= min(half * down + f32(0.75), one)
                    clear *= one - fringe * hang
            share = f32(one - clear)
            if share <= f32(0.004):
                continue
            for c in range(3):
                mixed = f32(out[y, x, c]) * (one - share) + colour[c] * share + half
                out[y, x, c] = np.uint8(mixed)
