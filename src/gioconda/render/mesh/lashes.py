"""Lashes of a closing lid: a dark edge, its shadow, and the fringe that hangs over the lower lid.

A closed eye is seen by its lashes: they hang from the upper lid's edge over the lower one, in a
band a tenth of an eye high, longest in the outer half. How dark they are is read from the open eye:
what is darker along the upper lid's edge than the skin above it. At 45 pixels an eye no single
lash shows; the tips end unevenly, in tufts.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.depth import smooth_ramp, smoothstep
from gioconda.render.mesh.eye_frame import EyeFrame
from gioconda.render.mesh.lash_kernels import paint_lashes
from gioconda.render.mesh.types import ByteImage, FloatArray

Array = npt.NDArray[np.float64]

#: The dark edge in its soft shadow: half widths and opacities.
EDGE_HALF_WIDTH_MM: Final = 1.0
EDGE_OPACITY: Final = 0.8
SHADOW_HALF_WIDTH_MM: Final = 2.6
SHADOW_OPACITY: Final = 0.3
#: Darkness of the lid's edge, as part of the skin above it, at which there are no lashes, and at
#: which they are as dark as any.
LASH_DARKNESS: Final = (0.3, 0.8)
#: The fringe of the faintest and of the darkest lashes: opacity, and length in eye widths.
FRINGE_OPACITY: Final = (0.5, 0.75)
FRINGE_LENGTH: Final = (0.085, 0.125)
#: Lashes of an open eye point at the viewer; they come to hang between these blink weights.
HANG_BEGIN: Final = 0.25
HANG_FULL: Final = 0.95
#: An eye foreshortened to these parts of a human's width goes behind the nose: what is drawn over
#: the frame is gone at the first and whole at the second.
HIDDEN_WIDTH: Final = (0.33, 0.48)
HUMAN_EYE_MM: Final = 28.0
#: Pixels outwards per pixel down at the outer corner.
LEAN: Final = 0.9
#: The outer end of the shut line, this many steps of it, goes on straight instead of climbing to
#: the corner, from this blink weight on.
STRAIGHT_STEPS: Final = 5
STRAIGHT_BEGIN: Final = 0.5
#: Steps of the table of lengths, tufts along the eye, and how much shorter the gaps are.
LENGTH_STEPS: Final = 96
TUFTS: Final = 22
TUFT_DEPTH: Final = 0.4
#: Width of the sharpest edge about the eye, in pixels of a 512 pixel view, from which on the
#: picture counts as soft.
SHARP_EDGE: Final = 3.2
#: Where along the eye its iris does not touch the upper lid.
BESIDE_IRIS: Final = (0.06, 0.32, 0.68, 0.86)

_LUMA: Final = np.array([0.299, 0.587, 0.114])
f32 = np.float32


class Lashes:
    """Draws the lashes of one closing lid.

    Args:
        darkness: 0 where the portrait shows no lashes, 1 where they are as dark as any.
        softness: pixels over which the picture's edges are softer than a sharp one's.
        colour: (3,) of the lashes.
        mm: pixels in a millimetre.
        outer_first: whether the outer corner is on the image's left.
        straight: whether the shut line goes on straight at its outer end, as a human eye's does,
            instead of climbing to the corner; large drawn eyes keep their curve.

    Attributes:
        darkness: as given.
    """

    def __init__(
        self,
        darkness: float,
        softness: float,
        colour: FloatArray,
        mm: float,
        *,
        outer_first: bool = True,
        straight: bool = True,
    ) -> None:
        self.darkness, self._colour, self._mm = darkness, colour, mm
        self._soft, self._outer_first, self._straight = f32(softness), outer_first, straight
        self._lengths = lash_lengths()

    def draw(self, out: ByteImage, line: FloatArray, share: float, blink: float) -> None:
        """Draw them, in place.

        Args:
            out: (H, W, 3) frame.
            line: (n, 2) float32 the lid's edge on screen, from the image's left.
            share: how far the drawn lashes have replaced the photo's, 0 to 1.
            blink: weight, 0 to 1.
        """
        width = math.dist(line[0].tolist(), line[-1].tolist())
        share *= seen_share(width, self._mm)
        if share <= 0:
            return
        low, high = FRINGE_OPACITY
        present = min(self.darkness / 0.15, 1.0)
        opacity = present * (low + (high - low) * self.darkness) * share
        low, high = FRINGE_LENGTH
        hang = smooth_ramp((blink - HANG_BEGIN) / (HANG_FULL - HANG_BEGIN))
        length = (low + (high - low) * self.darkness) * width * hang
        if self._straight and blink > STRAIGHT_BEGIN:
            straight = smooth_ramp((blink - STRAIGHT_BEGIN) / (1 - STRAIGHT_BEGIN))
            line = self._straightened(line, straight)
        paint_lashes(
            out, line, self._colour, f32(EDGE_OPACITY * share), f32(EDGE_HALF_WIDTH_MM * self._mm),
            f32(SHADOW_OPACITY * share), f32(SHADOW_HALF_WIDTH_MM * self._mm), f32(opacity),
            self._lengths, f32(length), f32(LEAN), self._soft, self._outer_first,
        )  # fmt: skip

    def _straightened(self, line: FloatArray, share: float) -> FloatArray:
        result = line.copy()
        outer = result if self._outer_first else result[::-1]
        k = STRAIGHT_STEPS
        way = outer[k + 1] - outer[k]
        off = outer[:k] - outer[k]
        along = off @ way / max(float(way @ way), 1e-6)
        outer[:k] += f32(share) * (along[:, None] * way - off)
        return result


def seen_share(width: float, mm: float) -> float:
    """Return how far an eye of this width on screen, in pixels, still faces the camera, 0 to 1."""
    low, high = HIDDEN_WIDTH
    return smooth_ramp((width / (HUMAN_EYE_MM * mm) - low) / (high - low))


def lash_lengths() -> FloatArray:
    """Return how long the lashes are from the outer corner to the inner one, 0 to 1."""
    u = np.linspace(0, 1, LENGTH_STEPS + 1)
    long = smoothstep((u + 0.03) / 0.3) * (1 - 0.5 * smoothstep((u - 0.3) / 0.6))
    long *= smoothstep((0.97 - u) / 0.15)
    tufts = np.random.default_rng(5).uniform(0, 1, TUFTS + 1)
    tufts = np.interp(u * TUFTS, np.arange(TUFTS + 1), tufts)
    result: FloatArray = (long * (1 - TUFT_DEPTH * tufts)).astype(np.float32)
    return result


def lash_darkness(view: View, f: EyeFrame) -> float:
    """Return how much darker the upper lid's edge is than the skin above it, 0 to 1."""
    luma = cv2.GaussianBlur(view.image[f.box].astype(np.float64) @ _LUMA, (0, 0), 0.6)
    found = []
    a, b, c, d = BESIDE_IRIS
    for x in (*np.linspace(a, b, 9), *np.linspace(c, d, 5)):
        column = np.abs(f.x - x) < 0.6 / f.width
        above, lumas = f.y[column] - f.upper[column], luma[column]
        edge = lumas[(above > -0.06) & (above < 0.025)]
        skin = lumas[(above > -0.26) & (above < -0.09)]
        if len(edge) and len(skin):
            found.append(1 - float(edge.min()) / max(float(np.percentile(skin, 70)), 1.0))
    return float(np.clip(np.median(found), 0, 1)) if found else 0.0


def edge_width(view: View, f: EyeFrame) -> float:
    """Return the width in pixels of the sharpest edges about an eye: large where it is blurred."""
    luma = view.image[f.box].astype(np.float64) @ _LUMA
    about = (f.y > f.upper - 0.1) & (f.y < f.lower + 0.05) & (f.x > -0.1) & (f.x < 1.1)
    if about.sum() < 8:
        return SHARP_EDGE
    rows, columns = np.gradient(luma)
    low, high = np.percentile(luma[about], (2, 98))
    return float((high - low) / max(float(np.percentile(np.hypot(rows, columns)[about], 99)), 1e-3))


def make_lashes(
    view: View,
    mm: float,
    frames: list[EyeFrame],
    flat: float,
    colours: list[FloatArray],
    straight: bool,
) -> list[Lashes]:
    """Return the lashes of the right and of the left eye.

    Both have the same darkness: one eye may lie in the shade.

    Args:
        view: the portrait's square view.
        mm: pixels in a millimetre.
        frames: coordinates of both eyes.
        flat: 1 where the portrait is a drawing of flat colours; its lids end in a line.
        colours: (3,) of the lashes of each eye.
        straight: see :class:`Lashes`.
    """
    begin, full = LASH_DARKNESS
    seen = float(np.mean([lash_darkness(view, f) for f in frames]))
    darkness = float(np.clip((seen - begin) / (full - begin), 0, 1)) * (1 - flat)
    sharp = SHARP_EDGE * view.size / 512
    softness = float(np.mean([max(edge_width(view, f) - sharp, 0.0) for f in frames]))
    return [
        Lashes(
            darkness, softness, colour, mm,
            outer_first=bool(f.x[0, -1] > f.x[0, 0]), straight=straight,
        )
        for f, colour in zip(frames, colours, strict=True)
    ]  # fmt: skip
