"""Compiled kernel of the mouth: the picture between the lips.

All lengths are millimetres of the skull-fixed mouth frame (x along the head's x axis, y down,
origin at the closed lips' centre), unless a name says otherwise.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from gioconda.render.mesh.lip_table_kernels import TABLE_LENGTH, TABLE_REACH, TABLE_STEP
from gioconda.render.mesh.sampler_kernels import sample_rgba, sample_tile, smooth_step

#: Lips are mended up to this distance from the opening.
MEND_REACH: Final = 4.4

# Places in the vector of a frame's parameters.
UPPER_EDGE: Final = 0  # y of the upper incisal edge
LOWER_EDGE: Final = 1  # y of the lower incisal edge
JAW_X: Final = 2  # sideways shift of the jaw
SEPARATION: Final = 3  # between the two edges, 0 or more
GAP: Final = 4  # greatest lip gap
PX_PER_MM: Final = 5  # of the screen
ROW_PX_PER_MM: Final = 6  # of the dentition strips
ARCH_DX: Final = 7  # shift in x, and in y, of a point 1 mm deeper
ARCH_DY: Final = 8
TONGUE_RAISE: Final = 9  # 0 to 1: tip to the upper teeth
TONGUE_OUT: Final = 10  # 0 to 1: over the lower teeth
TONGUE_BACK: Final = 11  # 0 to 1: drawn back (rounded vowels)
TONGUE_FRONT: Final = 12  # 0 to 1: front vowels, body of the tongue high
EXPOSURE: Final = 13  # of the picture, about 1
GLOSS: Final = 14  # strength of wet highlights
CREASE: Final = 15  # darkness of the drawn line of closed lips
OPACITY: Final = 16  # of everything painted
REPAIR: Final = 17  # 0 to 1: how far lip edges are cleaned of the photo's own mouth
SOFTNESS: Final = 18  # blur of the picture in screen pixels
SPRITE_X: Final = 19  # own teeth: origin, density, weight
SPRITE_Y: Final = 20
SPRITE_PX_PER_MM: Final = 21
SPRITE_WEIGHT: Final = 22
DAYLIGHT: Final = 23  # 0 to 1: light that the opening's width lets in
SPRITE_DY: Final = 24  # own teeth: shift downwards
SATURATION: Final = 25  # 0 in grey pictures: shades stay as grey as they are
BOUNCE: Final = 26  # 0 to 1: light thrown between rows that nearly meet
GRAIN_PX_PER_MM: Final = 27
HALF_WIDTH: Final = 28  # of the opening, corner to corner
SPREAD: Final = 29  # 0 to 1: lips drawn back or up from the teeth
PARAMETERS: Final = 30

# Radius of the arch's curvature: a point x mm from the midline lies x^2 / 42 mm deeper.
_ARCH: Final = 42.0
# The same as arc length: s = x (1 + x^2 / (6 * 21^2)).
_ARC: Final = 1.0 / (6 * 441.0)


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def _over(colour, value, tint, light, warmth):  # type: ignore[no-untyped-def]
    # Lips and gums throw their colour on teeth; what light reaches shaded ones has come off flesh.
    # (Teeth in real clips show R/B 1.2 to 1.35, blurred with the lips as they are.)
    shade = warmth * (0.12 + max(1 - light, 0.0))
    for c in range(3):
        flesh = 1 + 0.16 * shade if c == 0 else 1 - (0.04 if c == 1 else 0.08) * shade
        colour[c] = colour[c] * (1 - value[3]) + value[c] * tint[c] * light * flesh


@njit(cache=True, fastmath=True, nogil=True)
def _tongue(colour, tone, p, x, y, under_upper, tip):  # type: ignore[no-untyped-def]
    """Lay the tongue over a colour: a dome on the floor of the jaw, or (tip) its raised tip."""
    separation = p[SEPARATION]
    raise_ = p[TONGUE_RAISE]
    out = p[TONGUE_OUT]
    back = p[TONGUE_BACK]
    half_width = 20.0 - 5.0 * back
    if tip:
        half_width = 15.0 + 3.0 * out
    across = (x - p[JAW_X]) / half_width
    round_ = 1 - 0.75 * across**4 - 0.25 * across * across
    if round_ <= 0:
        return
    root = math.sqrt(round_)
    if tip:
        # The raised tip reaches the upper edge; put out, it lies over the lower teeth.
        top = p[LOWER_EDGE] + 1.5 - raise_ * (separation + 2.0) * root
        alpha = smooth_step((y - top) / 1.2 + 0.3) * smooth_step((1 - abs(across)) / 0.2)
        alpha *= max(smooth_step(raise_ * 1.6), out)
        rise = separation + 4.0
    else:
        rise = (1.2 + 0.58 * separation) * (1 - 0.70 * back) - 2.0 * back
        rise += p[TONGUE_FRONT] * (0.8 + 0.14 * separation)
        top = p[LOWER_EDGE] - rise * root
        if abs(across) < 0.4:  # the groove along the midline
            top += 0.35 * math.exp(-((across / 0.16) ** 2))
        alpha = smooth_step((y - top) / (1.2 + 0.22 * separation) + 0.25)
        alpha *= smooth_step((1 - abs(across)) / 0.22)
    if alpha <= 0:
        return
    down = max(y - top, 0.0) / (rise + 2.5)
    light = 0.26 + 0.74 * smooth_step(down * 1.25 + 0.10 + 0.60 * raise_)
    light *= 0.50 + 0.50 * root
    if abs(across) < 0.2:
        light *= 1 - 0.10 * math.exp(-((across / 0.07) ** 2)) * (1 - raise_)
    light *= 0.50 + 0.50 * smooth_step(under_upper / (2.5 + 0.18 * separation))
    light *= (0.66 + 0.34 * smooth_step((p[GAP] - 0.4) / 5.0)) * p[DAYLIGHT]
    wet = 0.0
    if p[GLOSS] > 0:
        grain = math.sin(x * 1.05 + y * 0.5) * math.sin(y * 1.3 - x * 0.35 + 0.8)
        light *= 1 + 0.03 * grain * p[GLOSS]
        spot = ((abs(across) - 0.30) / 0.13) ** 2 + ((down - 0.42) / 0.16) ** 2
        if spot < 5.0:
            wet = math.exp(-spot) * max(0.75 + 0.35 * grain, 0.0)
            wet *= p[GLOSS] * 19.0 * p[EXPOSURE]
    for c in range(3):
        colour[c] += alpha * (tone[c] * light + wet - colour[c])


@njit(cache=True, fastmath=True, nogil=True)
def _interior(  # type: ignore[no-untyped-def]
    colour, value, p, palette, upper_row, lower_row, sprite, own_edge, x, y, yu, yl, dc
):
    """Colour of the mouth's inside at a point: cavity, tongue, rows of teeth.

    dc is the distance to the nearer corner.
    """
    below = max(y - yu, 0.0)  # under the upper lip
    above = max(yl - y, 0.0)  # over the lower lip
    upper_edge = p[UPPER_EDGE]
    lower_edge = p[LOWER_EDGE]
    separation = p[SEPARATION]
    wide = smooth_step((p[GAP] - 0.4) / 5.0)
    daylight = p[DAYLIGHT]
    # Lips drawn back from the teeth let light on them even where the gap is small.
    lit = smooth_step((p[GAP] - 1.5 + 6.5 * p[SPREAD]) / 9.0)
    depth = x * x / _ARCH
    xs = x - depth * p[ARCH_DX]
    depth = xs * xs / _ARCH
    xs = x - depth * p[ARCH_DX]
    ys = y - depth * p[ARCH_DY]
    # How much of the lit opening the arch sees at this distance from the corner.
    # Narrow slits let little light in sideways.
    side = dc / (dc + (0.75 - 0.45 * wide) * depth + 0.4)
    # Measured in real mouths: from the middle out to 0.5, 0.75 and 0.95 of the half width the
    # teeth's luma falls to 0.95, 0.7 and 0.3 of the middle's.
    from_corner = dc / p[HALF_WIDTH]
    fall = (0.14 + 0.86 * smooth_step(from_corner / 0.45 + 0.02)) * (0.70 + 0.30 * side)
    # Cavity: darkest deep under the upper row; light bounces between rows that nearly meet.
    deep = smooth_step(min(below, above) / 5.0) * smooth_step(dc / 9.0)
    light = (0.60 + 0.40 * deep) * (
        0.62 + 0.5 * smooth_step((y - upper_edge) / max(separation + 3.0, 3.0))
    )
    light *= 1 + 0.9 * p[BOUNCE] * side
    for c in range(3):
        colour[c] = palette[1, c] * light
    _tongue(colour, palette[2], p, x, y, below, False)
    if p[TONGUE_RAISE] > 0 and p[TONGUE_OUT] < 1:
        _tongue(colour, palette[2], p, x, y, below, True)
    # Lower teeth, on the jaw.
    jx = xs - p[JAW_X]
    density = p[ROW_PX_PER_MM]
    sample_rgba(
        lower_row,
        (jx * (1 + jx * jx * _ARC) + 32.0) * density,
        (ys - lower_edge - 0.0030 * jx * jx + 4.0) * density,
        value,
    )
    if value[3] > 0.003:
        light = fall * (0.78 + 0.22 * smooth_step(above / 1.6))
        light *= 0.62 + 0.38 * smooth_step((y - max(upper_edge, yu) + 0.5) / 4.0)
        light *= (0.30 + 0.70 * lit) * daylight
        _over(colour, value, palette[0], light, p[SATURATION])
    if p[TONGUE_OUT] > 0:
        _tongue(colour, palette[2], p, x, y, below, True)
    # The upper row's contact shadow on what lies behind it.
    under_row = ys - upper_edge
    if separation > 0.2 and 0 < under_row < 6.0:
        shadow = 1 - 0.30 * smooth_step((separation - 0.2) / 1.5) * math.exp(-under_row / 1.3)
        for c in range(3):
            colour[c] *= shadow
    # Upper teeth, on the skull.
    own = p[SPRITE_WEIGHT]
    # The upper lip's shadow gives the row its depth; a thin slit has the light of the lower lip.
    lip_shade = min(2.6, 0.4 + 0.6 * (yl - yu))
    light = fall * (0.50 + 0.50 * smooth_step(below / lip_shade + 0.08))
    light *= (0.30 + 0.70 * lit) * (0.4 + 0.6 * daylight)
    sample_rgba(
        upper_row,
        (xs * (1 + xs * xs * _ARC) + 32.0) * density,
        (ys - upper_edge + 0.0030 * xs * xs + 20.0) * density,
        value,
    )
    if value[3] > 0.003:
        if own > 0:  # never under the edge of the subject's own teeth
            f = min(max((x + TABLE_REACH) / TABLE_STEP, 0.0), TABLE_LENGTH - 1.01)
            i = int(f)
            edge = own_edge[0, i] + (own_edge[0, i + 1] - own_edge[0, i]) * (f - i)
            edge += p[SPRITE_DY]
            keep = 1 - own * own_edge[1, i] * smooth_step((y - edge) / 0.5 + 0.6)
            for c in range(4):
                value[c] *= keep
        _over(colour, value, palette[0], light, p[SATURATION])
    if own > 0:
        u = (x - p[SPRITE_X]) * p[SPRITE_PX_PER_MM]
        v = (y - p[SPRITE_Y] - p[SPRITE_DY]) * p[SPRITE_PX_PER_MM]
        sample_rgba(sprite, u, v, value)
        if value[3] > 0.003:
            light = (0.60 + 0.40 * smooth_step(below / 2.2 + 0.1)) * daylight
            light *= 0.70 + 0.30 * lit
            for c in range(3):
                colour[c] = colour[c] * (1 - value[3] * own) + value[c] * own * light


@njit(cache=True, fastmath=True, nogil=True, inline="always")
def _lip(lips, side, i, f, c):  # type: ignore[no-untyped-def]
    return lips[side, i, c] * (1 - f) + lips[side, i + 1, c] * f


@njit(cache=True, fastmath=True, nogil=True)
def _mend_lip(out, X, Y, p, lips, low, i, f, d, share, gap, dc):  # type: ignore[no-untyped-def]
    """Outside the opening: lighten the line of closed lips on parted ones, draw it on closed ones.

    The photo's own line of closed lips is part of both lips' texture; once they part it would
    frame the mouth in black. d is the distance to the opening, share the part of the pixel that
    lies outside it.
    """
    parted = smooth_step(gap / 3.0)
    if parted < 0.01 and p[REPAIR] < 0.01 and p[CREASE] < 0.01:
        return
    side = 1 if low else 0
    fall = 1 - d * d / (MEND_REACH * MEND_REACH)
    at = smooth_step(dc / 5.0) * p[OPACITY] * share
    a = math.exp(-((d / 1.5) ** 2)) * fall * at
    crease = p[CREASE] * (1 - smooth_step(gap / 1.6)) * math.exp(-((d / 0.9) ** 2)) * fall
    crease *= smooth_step((dc - 0.3) / 4.0) * p[OPACITY]
    lighten = max(0.90 * parted, p[REPAIR] * (0.3 + 0.7 * parted)) * a
    # A mouth that was wide open leaves its lower teeth on the lip, some way from the edge.
    off = (1.6 * p[REPAIR]) if low else 0.0
    mend = p[REPAIR] * at * (1 - smooth_step((d - 0.4 - off) / (MEND_REACH - 0.4 - off)))
    if lighten < 0.01 and mend < 0.01 and crease < 0.004:
        return
    lip_luma = 1.0
    here = 0.0
    lip_red = 0.0
    red = 0.0
    for c in range(3):
        weight = 0.299 if c == 0 else (0.587 if c == 1 else 0.114)
        lip_luma += weight * _lip(lips, side, i, f, c)
        here += weight * out[Y, X, c]
        weight = 1.0 if c == 0 else -0.5
        lip_red += weight * _lip(lips, side, i, f, c)
        red += weight * out[Y, X, c]
    tone = 0.84 if low else 0.78
    dark = smooth_step((tone * lip_luma - here) / (0.14 * lip_luma))
    bright = smooth_step((here - 1.12 * lip_luma) / (0.25 * lip_luma))
    # Teeth are less red than any lip.
    pale = red / max(here, 8.0) - 0.62 * lip_red / max(lip_luma, 8.0)
    if lip_red > 0.1 * lip_luma:
        bright = max(
            bright, smooth_step(0.5 - 6.0 * pale) * smooth_step(2.0 * here / lip_luma - 0.5)
        )
    a = max(lighten * dark, mend * bright)
    # A line that the picture has already is not drawn twice.
    crease *= smooth_step((here / lip_luma - 0.40) / 0.35)
    for c in range(3):
        q = _lip(lips, side, i, f, c) * tone
        v = out[Y, X, c] * (1 - a) + q * a
        v *= 1 - crease * (1 - 0.3 * p[SATURATION] if c == 0 else 1.0)
        out[Y, X, c] = np.uint8(v + 0.5)


@njit(cache=True, fastmath=True, nogil=True)
def paint_mouth(  # type: ignore[no-untyped-def]
    out,
    box,
    to_mouth,
    table,
    left,
    right,
    palette,
    lips,
    upper_row,
    lower_row,
    sprite,
    own_edge,
    grain,
    p,
):
    """Paint the inside of an open mouth, in place.

    Args:
        out: (size, size, 3) uint8 RGB.
        box: x0, y0, x1, y1 of the pixels to visit; x1 and y1 excluded.
        to_mouth: (2, 3) screen to mouth frame.
        table: see :func:`lip_table_kernels.lip_tables`.
        left: x of the corner on the left.
        right: x of the corner on the right.
        palette: (4, 3) RGB of a bright tooth, the cavity, the tongue and the deepest black.
        lips: (2, n, 3) RGB along the upper and the lower lip, corner to corner.
        upper_row: premultiplied RGBA strip of upper teeth.
        lower_row: the same of lower teeth.
        sprite: the subject's own upper teeth, premultiplied RGBA 0 to 255 (alpha 0 to 1).
        own_edge: (2, TABLE_LENGTH) their incisal edge over x, and how surely it is known.
        grain: (n, n) the picture's grain, a tile in levels; n is a power of two.
        p: (PARAMETERS,) see the constants of this module.
    """
    value = np.zeros(4, np.float32)
    colour = np.zeros(3, np.float32)
    half_px = 0.5 / p[PX_PER_MM]
    soft = half_px * (1.0 + 0.6 * p[SOFTNESS])
    last = lips.shape[1] - 1
    per_mm = last / max(right - left, 1.0)
    for Y in range(box[1], box[3]):
        for X in range(box[0], box[2]):
            x = to_mouth[0, 0] * X + to_mouth[0, 1] * Y + to_mouth[0, 2]
            y = to_mouth[1, 0] * X + to_mouth[1, 1] * Y + to_mouth[1, 2]
            dc = min(x - left, right - x)
            f = (x + TABLE_REACH) / TABLE_STEP
            if f < 0 or f >= TABLE_LENGTH - 1 or dc <= 0:
                continue
            i = int(f)
            f -= i
            yu = table[0, i] * (1 - f) + table[0, i + 1] * f
            yl = table[1, i] * (1 - f) + table[1, i + 1] * f
            gap = yl - yu
            u = min(max((x - left) * per_mm, 0.0), last - 1e-4)
            i = int(u)
            f = u - i
            if y < yu + half_px or y > yl - half_px or gap <= 0.02:
                low = y > 0.5 * (yu + yl)
                d = (y - yl) if low else (yu - y)
                if d < MEND_REACH:
                    share = min(max(d / (2 * half_px) + 0.5, 0.0), 1.0)
                    _mend_lip(out, X, Y, p, lips, low, i, f, max(d, 0.0), share, gap, dc)
            if gap <= 0.02:
                continue
            cover = (min(y + soft, yl) - max(y - soft, yu)) / (2 * soft)
            if cover <= 0.004:
                continue
            cover = min(cover, 1.0) * smooth_step(dc / 0.8 + 0.2) * p[OPACITY]
            _interior(
                colour,
                value,
                p,
                palette,
                upper_row,
                lower_row,
                sprite,
                own_edge,
                x,
                y,
                yu,
                yl,
                dc,
            )
            # Contact shadow and wet inner roll of both lips.
            below = max(y - yu, 0.0)
            above = max(yl - y, 0.0)
            off_corner = smooth_step(dc / 5.0 + 0.1)
            low_band = min(0.48 + 0.07 * gap, 1.35) * off_corner
            top_band = min(0.35 + 0.06 * gap, 1.0) * off_corner
            low_a = smooth_step(1.25 - above / max(low_band, 0.05))
            top_a = smooth_step(1.2 - below / max(top_band, 0.05))
            wet = 0.0
            if above < 2 * low_band:
                wet = math.exp(-(((above - 0.45 * low_band) / (0.28 * low_band + 0.05)) ** 2))
                wet *= 0.45 + 0.55 * math.sin(x * 2.3 + 1.0) * math.sin(x * 0.9)
                wet = max(wet, 0.0) * smooth_step(gap / 6.0) * p[GLOSS] * 24.0 * p[EXPOSURE]
            low_light = 0.68 + 0.18 * smooth_step(1 - above / max(low_band, 0.05))
            low_light *= 0.66 + 0.34 * smooth_step(dc / 5.0)
            top_light = 0.54 + 0.28 * smooth_step(1 - below / max(top_band, 0.05))
            # Grain belongs to the picture: it moves with the teeth, and fades out in the dark.
            noise = sample_tile(grain, x * p[GRAIN_PX_PER_MM], y * p[GRAIN_PX_PER_MM])
            noise *= min(0.4 + 0.01 * colour[1], 1.0)
            # Corners and thin slits go dark and warm: never white slivers.
            keep = (smooth_step((gap - 0.2) / 1.7) * 0.9 + 0.1) * (
                0.20 + 0.80 * smooth_step((dc - 0.2) / 3.6)
            )
            for c in range(3):
                warm = 1.0 if c == 0 else 1.0 - (0.10 if c == 1 else 0.08) * p[SATURATION]
                low_lip = _lip(lips, 1, i, f, c)
                v = colour[c] * (1 - low_a) + low_a * (low_lip * low_light * warm + wet)
                v = v * (1 - top_a) + top_a * _lip(lips, 0, i, f, c) * top_light
                corner = palette[1, c] * 0.55 + 0.22 * low_lip * warm * warm
                v = corner + (v - corner) * keep
                v = palette[3, c] + v * (1 - palette[3, c] / 255) + noise
                out[Y, X, c] = np.uint8(
                    min(max(out[Y, X, c] * (1 - cover) + v * cover + 0.5, 0.0), 255.0)
                )
