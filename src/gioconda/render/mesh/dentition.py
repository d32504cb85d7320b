"""Drawn teeth: one flat strip for each row, laid along the dental arch.

A strip is drawn once at 12 pixels in a millimetre and then area-filtered to the density of the
screen. Widths and heights of the crowns are the usual means of dental anatomy (Wheeler's tables),
with a few per cent of scatter so that no two portraits share one set. A child's teeth are smaller,
rounder and stand apart; an elder's are longer (the gum has drawn back), worn flat, darker and
warmer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep

FloatArray = npt.NDArray[np.float32]

#: A strip covers this much arc length to either side of the midline, in mm.
HALF_WIDTH_MM: Final = 32.0
#: Height of a strip in mm.
HEIGHT_MM: Final = 24.0
#: Rows between a strip's end and its incisal edge, in mm.
EDGE_MARGIN_MM: Final = 4.0
#: Density at which the strips are drawn, pixels in a mm.
DRAWN_PX_PER_MM: Final = 12.0

# Colours as fractions of a bright tooth (1, 1, 1), RGB.
_ENAMEL: Final = np.array([1.0, 0.987, 0.941], np.float32)
_NECK: Final = np.array([0.941, 0.874, 0.739], np.float32)
_INCISAL: Final = np.array([0.800, 0.797, 0.780], np.float32)
_GUM: Final = np.array([0.824, 0.496, 0.512], np.float32)
_GUM_LIGHT: Final = np.array([0.866, 0.613, 0.630], np.float32)
_EMBRASURE: Final = np.array([0.748, 0.613, 0.538], np.float32)


@dataclass(frozen=True)
class _Row:
    """Anatomy of one row, from the midline outwards; lengths in mm.

    Attributes:
        widths, heights: of the crowns.
        edge_offsets: how far an incisal edge lies short of the central incisors' edge.
        corner_radii: rounding of the incisal corners.
    """

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    edge_offsets: tuple[float, ...]
    corner_radii: tuple[float, ...]

    def aged(self, age: float) -> _Row:
        """Return the row of a child (-1) to that of an elder (1)."""
        young, old = max(-age, 0.0), max(age, 0.0)

        def scaled(lengths: tuple[float, ...], factor: float) -> tuple[float, ...]:
            return tuple(factor * length for length in lengths)

        return _Row(
            widths=scaled(self.widths, 1 - 0.16 * young),
            heights=scaled(self.heights, 1 - 0.28 * young + 0.14 * old),
            edge_offsets=scaled(self.edge_offsets, 1 - 0.3 * young - 0.45 * old),
            corner_radii=scaled(self.corner_radii, 1 + 0.35 * young - 0.35 * old),
        )


_UPPER: Final = _Row(
    widths=(8.5, 6.6, 7.7, 7.0, 6.8, 9.6, 9.2),
    heights=(10.3, 8.9, 10.0, 8.3, 7.6, 7.0, 6.4),
    edge_offsets=(0.0, 0.6, 0.25, 0.7, 1.1, 1.5, 1.9),
    corner_radii=(1.1, 1.7, 2.3, 2.0, 2.0, 2.0, 2.0),
)
_LOWER: Final = _Row(
    widths=(5.2, 5.8, 6.8, 7.0, 7.1, 10.0, 10.0),
    heights=(8.6, 8.8, 9.6, 8.3, 7.5, 7.0, 6.5),
    edge_offsets=(0.0, 0.05, -0.15, 0.45, 0.9, 1.3, 1.7),
    corner_radii=(0.55, 0.75, 1.1, 1.0, 1.0, 1.0, 1.0),
)
_CANINE: Final = 2
#: A child's teeth stand this far apart, mm, more or less.
_CHILD_GAP_MM: Final = 0.4
#: What the years do to a bright tooth's colour.
_AGED: Final = np.array([0.92, 0.86, 0.75], np.float32)


@lru_cache(maxsize=8)
def drawn_row(upper: bool, seed: int, light_side: float, age: float = 0.0) -> FloatArray:
    """Draw one row of teeth with its gum; cached, so treat the result as read-only.

    Args:
        upper: the upper row, its incisal edge towards the bottom; else the lower, edge upwards.
        seed: chooses the scatter of widths, tilts, lengths and tones.
        light_side: -1 (light from the image's left) to 1 (right).
        age: -1 (a small child's teeth) over 0 (an adult's) to 1 (an elder's).

    Returns:
        Premultiplied float32 RGBA, shape (288, 768, 4). A bright tooth is 1; the incisal edge of
        the central incisors lies 4 mm from the strip's end.
    """
    rng = np.random.default_rng((seed, int(upper)))
    row = (_UPPER if upper else _LOWER).aged(age)
    young, old = max(-age, 0.0), max(age, 0.0)
    columns = int(2 * HALF_WIDTH_MM * DRAWN_PX_PER_MM)
    rows = int(HEIGHT_MM * DRAWN_PX_PER_MM)
    along = ((np.arange(columns) + 0.5) / DRAWN_PX_PER_MM - HALF_WIDTH_MM).astype(np.float32)
    towards_gum = ((np.arange(rows) + 0.5) / DRAWN_PX_PER_MM - EDGE_MARGIN_MM).astype(np.float32)
    colour = np.zeros((rows, columns, 3), np.float32)
    alpha = np.zeros((rows, columns), np.float32)
    necks: list[tuple[float, float]] = []
    midline = 0.5 * young * _CHILD_GAP_MM
    for tooth, width in enumerate(row.widths):
        for sign in (-1.0, 1.0):
            centre = sign * (midline + width / 2) + 0.04 * rng.standard_normal()
            neck = _draw_tooth(
                colour, alpha, along, towards_gum, row, tooth, sign, centre, light_side, upper, rng
            )
            necks.append((centre, neck))
        midline += width * 0.985 + young * _CHILD_GAP_MM * float(rng.uniform(0.3, 1.7))
    colour *= 1 - np.float32(old) * (1 - _AGED)
    strip = _with_gum(colour, alpha, along, towards_gum, sorted(necks), seed)
    strip = np.ascontiguousarray(strip[::-1] if upper else strip)
    strip.setflags(write=False)
    return strip


def _draw_tooth(
    colour: FloatArray,
    alpha: FloatArray,
    along: FloatArray,
    towards_gum: FloatArray,
    row: _Row,
    tooth: int,
    sign: float,
    centre: float,
    light_side: float,
    upper: bool,
    rng: np.random.Generator,
) -> float:
    """Draw one crown into colour and alpha, in place; return the height of its neck in mm."""
    front = tooth < _CANINE
    half = row.widths[tooth] * (1 + 0.018 * rng.standard_normal()) / 2 + 0.07
    height = row.heights[tooth] * (1 + 0.025 * rng.standard_normal())
    offset = row.edge_offsets[tooth] + 0.10 * rng.standard_normal()
    tilt = 0.018 * rng.standard_normal() + sign * 0.012 * tooth
    # Only the columns and rows that the crown can reach.
    reach = half + 0.05 * HEIGHT_MM + 1.5
    c0, c1 = np.searchsorted(along, (centre - reach, centre + reach))
    r1 = int(np.searchsorted(towards_gum, height + offset + 1.0))
    x = along[None, c0:c1]
    v = towards_gum[:r1, None]
    rx = (x - centre - np.float32(tilt) * (v - 4)) / np.float32(half)
    y = v - np.float32(offset)
    yy = y / np.float32(height)
    ax = np.abs(rx)
    taper = ax / (1.0 - 0.20 * smoothstep((yy - 0.30) / 0.75))

    radius = row.corner_radii[tooth]
    px, py = np.maximum(taper * half - (half - radius), 0), np.maximum(radius - y, 0)
    corner = np.where((px > 0) & (py > 0), radius - np.hypot(px, py), np.inf)
    if tooth == _CANINE:
        cusp = 0.176 * ax**1.3 * half
    elif tooth > _CANINE:
        cusp = 0.0625 * ax * half
    else:
        cusp = 0.10 * ax**3
    depth = np.minimum(np.minimum((1 - taper) * half, corner), y - cusp)
    depth = np.minimum(depth, (height * (1 - 0.11 * rx**2) - y) * 0.8)
    a = smoothstep(depth / 0.16 + 0.5)

    bulge = np.sqrt(np.clip(1 - (np.minimum(taper, 1) * 0.94) ** 2, 0, 1))
    light = (0.89 + 0.11 * bulge**0.7) * (1 + 0.05 * np.clip(rx * light_side, -1, 1))
    light *= 1 - 0.09 * smoothstep((yy - 0.55) / 0.45) - 0.08 * smoothstep((0.16 - yy) / 0.16)
    tone = 1 - 0.010 * tooth - (0.04 if tooth == _CANINE else 0.018 if tooth > _CANINE else 0)
    light *= tone + 0.016 * rng.standard_normal()
    light *= 1 + np.exp(-(((y - 0.22) / 0.16) ** 2)) * (0.07 if tooth <= _CANINE else 0.02)
    if front:
        light *= 1 + 0.018 * np.cos(rx * 5.2) * smoothstep((0.75 - yy) / 0.6)
    contact = 0.78 + 0.22 * smoothstep(depth / 0.42)

    warmth = max((0.06 if tooth == _CANINE else 0.0) + 0.02 * rng.standard_normal(), 0.0)
    neck = (smoothstep((yy - 0.42) / 0.58) * 0.50 + warmth)[..., None]
    translucent = (smoothstep((1.5 - y) / 1.5) * (0.50 if tooth <= _CANINE else 0.25))[..., None]
    c = _ENAMEL * (1 - neck) + _NECK * neck
    c = c * (1 - translucent) + _INCISAL * translucent
    gleam_x = 0.22 * light_side + 0.05 * rng.standard_normal()
    gleam = np.exp(-(((rx - gleam_x) / 0.24) ** 2) - (((yy - 0.50) / 0.24) ** 2))
    gleam *= 0.11 if tooth <= _CANINE else 0.06
    c = (c * light[..., None] + gleam[..., None]) * contact[..., None]
    if not upper:
        c = c * np.float32(0.99)

    target, cover = colour[:r1, c0:c1], alpha[:r1, c0:c1]
    target[:] = target * (1 - a[..., None]) + c * a[..., None]
    np.maximum(cover, a, out=cover)
    return offset + height


def _with_gum(
    colour: FloatArray,
    alpha: FloatArray,
    along: FloatArray,
    towards_gum: FloatArray,
    necks: list[tuple[float, float]],
    seed: int,
) -> FloatArray:
    """Put gum above the necks and a warm shade into the embrasures; return RGBA."""
    centres = np.array([c for c, _ in necks])
    line = np.interp(along, centres, np.array([n for _, n in necks]))
    between = 0.5 * (centres[1:] + centres[:-1])
    papillae = np.exp(-(((along[:, None] - between[None]) / 0.9) ** 2)).max(1)
    line = (line - 2.3 * papillae).astype(np.float32)
    v = towards_gum[:, None]
    into_gum = v - line[None]
    stipple = (np.exp(-(((into_gum - 1.0) / 0.9) ** 2)) * 0.6)[..., None]
    gum = _GUM * (1 - stipple) + _GUM_LIGHT * stipple
    gum = gum * (1 - 0.25 * smoothstep((into_gum - 3) / 6))[..., None]
    wet = np.exp(-(((into_gum - 1.4) / 0.5) ** 2))
    wet = wet * (0.5 + 0.5 * np.sin(along * 1.7 + seed))[None] ** 4
    gum = gum + 0.09 * wet[..., None]
    is_gum = smoothstep(into_gum / 0.5 + 0.5)[..., None]
    behind = _EMBRASURE * (1 - is_gum) + gum * is_gum
    ends = smoothstep((1.04 - (np.abs(along) / HALF_WIDTH_MM) ** 8) / 0.1)[None]
    backing = smoothstep((v - 1.5) / 0.8) * ends
    over = (smoothstep((into_gum - 0.25) / 0.5) * backing)[..., None]
    rgb = colour * alpha[..., None] + behind * ((1 - alpha) * backing)[..., None]
    cover = alpha + (1 - alpha) * backing
    rgb = rgb * (1 - over) + gum * over
    cover = np.maximum(cover, over[..., 0])
    return np.dstack([rgb, cover]).astype(np.float32)


def fitted_row(
    upper: bool,
    seed: int,
    light_side: float,
    px_per_mm: float,
    detail: float = 1.0,
    saturation: float = 1.0,
    age: float = 0.0,
) -> FloatArray:
    """Return a row at the density of a screen; cached, so treat the result as read-only.

    Numbers are rounded a little, so that portraits share rows.

    Args:
        upper: which row.
        seed: see :func:`drawn_row`.
        light_side: see :func:`drawn_row`.
        px_per_mm: density of the result, at most 12.
        detail: 1 for a photograph's teeth; 0 for the plain white band of a flat drawing.
        saturation: 1 for teeth and gums in colour, 0 for grey ones.
        age: see :func:`drawn_row`.

    Returns:
        Premultiplied float32 RGBA.
    """
    return _fitted_row(
        upper,
        seed,
        round(light_side * 4) / 4,
        min(round(px_per_mm, 1), DRAWN_PX_PER_MM),
        round(detail, 1),
        round(saturation, 1),
        round(age * 4) / 4,
    )


@lru_cache(maxsize=16)
def _fitted_row(
    upper: bool,
    seed: int,
    light_side: float,
    px_per_mm: float,
    detail: float,
    saturation: float,
    age: float,
) -> FloatArray:
    import cv2

    strip = drawn_row(upper, seed, light_side, age)
    if detail < 1:
        strip = _plain(strip, detail)
    if saturation < 1:
        grey = strip[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
        rgb = grey[..., None] + (strip[..., :3] - grey[..., None]) * np.float32(saturation)
        strip = np.dstack([rgb, strip[..., 3]])
    k = px_per_mm / DRAWN_PX_PER_MM
    if k < 1:
        strip = cv2.GaussianBlur(strip, (0, 0), 0.42 / k)
    width, height = round(strip.shape[1] * k), round(strip.shape[0] * k)
    interpolation = cv2.INTER_LINEAR if k > 0.5 else cv2.INTER_AREA
    fitted = np.ascontiguousarray(cv2.resize(strip, (width, height), interpolation=interpolation))
    fitted.setflags(write=False)
    return fitted


def _plain(strip: FloatArray, detail: float) -> FloatArray:
    """Fade the modelling of the teeth towards one flat tone, keeping their outline."""
    a = strip[..., 3:]
    flat = np.concatenate([a * np.array([0.95, 0.95, 0.93], np.float32), a], axis=2)
    gum = strip[..., :1] - strip[..., 2:3] > 0.18 * a
    mixed: FloatArray = np.where(gum, strip, flat + (strip - flat) * np.float32(detail))
    return mixed
