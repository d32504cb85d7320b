"""How much each pixel shows of the glasses: rims, bridge and the ends of the temples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.glasses_kernels import best_path
from gioconda.render.mesh.glasses_outline import (
    CLEAR_CONTRAST,
    NORMAL_PX,
    RAYS,
    Outline,
    angles,
    in_eye_radii,
    line_contrast,
    sampled,
)
from gioconda.render.mesh.types import ByteImage, FloatArray

Array = npt.NDArray[np.float64]

#: The frame is looked for this far on either side of the traced line.
REACH_MM: Final = 6.0
#: Frames are at most so thick; the least of these whose contrast is this part of the greatest.
THICKEST_MM: Final = (3.2, 5.6, 8.0, 11.0)
ENOUGH_CONTRAST: Final = 0.75
#: What stands out from both sides by this part of what the line itself does is frame, and by so
#: many grey levels.
DIFFERENT: Final = 0.35
LEAST_DIFFERENCE: Final = 4.0
#: The line itself may miss the frame's middle by this.
NEAR_LINE_MM: Final = 1.6
PROFILE_MM: Final = 12.0
#: Thickness on one side of the line: at least, and the percentile over neighbouring rays.
LEAST_THICK_MM: Final = 0.7
#: A frame is masked this much wider than it measures, and fades out over this.
MARGIN_MM: Final = 0.7
FADE_MM: Final = 0.9
#: ... and its ends over this.
END_MM: Final = 2.0
#: The mask grows by so many mm into pixels nearer to the frame's colour than to the skin's, by this
#: part, both being so many grey levels apart: a little on any frame, far on black ones thicker than
#: the next. The colours are means over the last reach.
GROWTH: Final = ((4.0, 0.6, 40.0), (14.0, 0.35, 170.0))
THICK_MM: Final = 2.6
COLOUR_MM: Final = 5.0
#: Skin differs from the frame's usual colour by this at least.
LEAST_UNLIKE: Final = 60.0
#: How far from its rim a lens's tint is led inwards, and over how many rays it is smoothed.
TINT_DEPTH_MM: Final = 12.0
TINT_RAYS: Final = 3
#: Colours outside a rim that differ from their median by this are hardly skin any more; the
#: greatest tint, in grey levels.
SKIN_SPREAD: Final = 60.0
MOST_TINT: Final = 50.0
#: Temples: how far from the rim they are followed, rows searched above and below the hinge, and
#: the contrast below which they end, absolute and as part of that at the hinge.
TEMPLE_MM: Final = 14.0
TEMPLE_ROWS_MM: Final = (9.0, 9.0)
TEMPLE_CONTRAST: Final = 0.10
TEMPLE_FALL: Final = 0.5
LEAST_TEMPLE_MM: Final = 6.0
#: The front reaches this far beyond the line of its rims.
HINGE_MM: Final = 2.5
STEP_MM: Final = 0.4


@dataclass(frozen=True)
class FrameMask:
    """The glasses' pixels in a box of the view.

    Attributes:
        x0, y0: corner of the box.
        frame: (h, w) 0 to 1, rims, bridge and temples.
        lenses: (h, w) 0 to 1, what the rims enclose.
        tint: (h, w, 3) how much brighter the picture is just inside a rim than just outside it,
            led some way into the lens: what a tinted or shining lens adds to the face behind it.
        hinges: x across, in mm from the nose, where the temples begin: right (< 0), left (> 0).
        ends: the same where they end.
    """

    x0: int
    y0: int
    frame: FloatArray
    lenses: FloatArray
    tint: FloatArray
    hinges: tuple[float, float]
    ends: tuple[float, float]

    def at_size(self, size: int) -> FrameMask:
        """Return the same mask in a view of another size."""
        if size == NORMAL_PX:
            return self
        scale = size / NORMAL_PX
        h, w = self.frame.shape
        x0, y0 = (max(math.ceil(v * scale), 0) for v in (self.x0, self.y0))
        x1, y1 = (min(math.floor(v * scale), size) for v in (self.x0 + w, self.y0 + h))
        columns = (np.arange(x0, x1) + 0.5) / scale - 0.5 - self.x0
        rows = (np.arange(y0, y1) + 0.5) / scale - 0.5 - self.y0
        x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
        frame, lenses, tint = (
            cv2.remap(a, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for a in (self.frame, self.lenses, self.tint)
        )
        return FrameMask(x0, y0, frame, lenses, tint, self.hinges, self.ends)


def mask_frame(image: ByteImage, outline: Outline) -> FrameMask:
    """Measure the thickness of rims, bridge and temples and return their mask."""
    o = outline
    rims = [_rim_points(o, k) for k in (0, 1)]
    hinges = [float(rims[0][:, 0].min() - HINGE_MM), float(rims[1][:, 0].max() + HINGE_MM)]
    temples = [_temple(image, o, rims[k], k) for k in (0, 1)]
    ends = [float(t[0][-1, 0]) if len(t[0]) else h for t, h in zip(temples, hinges, strict=True)]

    everything = np.vstack([*rims, o.bridge, *(t[0] for t in temples)])
    reach = GROWTH[0][0] + GROWTH[1][0] + FADE_MM
    corners = np.array([[x, y] for x in (everything[:, 0].min() - reach,
                                         everything[:, 0].max() + reach)
                        for y in (everything[:, 1].min() - reach,
                                  everything[:, 1].max() + reach)])  # fmt: skip
    placed = _placed(o, corners)
    size = image.shape[0]
    x0, y0 = np.clip(np.floor(placed.min(0)).astype(int), 0, size - 4)
    x1, y1 = np.clip(np.ceil(placed.max(0)).astype(int) + 1, (x0 + 4, y0 + 4), size)
    rows, columns = np.mgrid[y0:y1, x0:x1]
    dx, dy = columns - o.nose[0], rows - o.nose[1]
    x = (dx * o.across[0] + dy * o.across[1]) / o.mm
    y = (dx * o.down[0] + dy * o.down[1]) / o.mm

    cover, lenses = np.zeros(x.shape), np.zeros(x.shape)
    tint = np.zeros((*x.shape, 3))
    beside_eyes = np.ones(x.shape)
    for k, rim in enumerate(o.rims):
        centre = _local(o, rim.centre)
        inside, outside = _thickness(image, o, k)
        r = np.hypot(x - centre[0], y - centre[1])
        out_of_eye = in_eye_radii(x - centre[0], y - centre[1])
        beside_eyes = np.minimum(beside_eyes, smoothstep((out_of_eye - 0.88) / 0.12))
        ray = np.arctan2(y - centre[1], x - centre[0]) / (2 * np.pi) * RAYS
        line, inner, outer = (
            np.interp(ray, np.arange(RAYS), values, period=RAYS)
            for values in (rim.radii, inside, outside)
        )
        cover = np.maximum(cover, _band(r - line, inner, outer))
        lenses = np.maximum(lenses, smoothstep((line - r) / FADE_MM + 0.5))
        depth = np.clip((line - r) / TINT_DEPTH_MM, 0, 1)
        edge = smoothstep((line - r) / FADE_MM + 0.5) * (1 - smoothstep(depth))
        steps = _tint_steps(image, o, k, inside, outside)
        for c in range(3):
            tint[..., c] += edge * np.interp(ray, np.arange(RAYS), steps[:, c], period=RAYS)
    for path, thick in [_bridge(image, o), *temples]:
        if len(path):
            order = np.argsort(path[:, 0])
            line, above, below = (
                np.interp(x, path[order, 0], values[order])
                for values in (path[:, 1], thick[:, 0], thick[:, 1])
            )
            along = np.minimum(x - path[order[0], 0], path[order[-1], 0] - x)
            band = _band(y - line, above, below) * smoothstep(along / END_MM + 1)
            cover = np.maximum(cover, band)
    through = [_thickness(image, o, k) for k in (0, 1)]
    thickness = min(float(np.median(inner + outer)) for inner, outer in through)
    growth = GROWTH if thickness > THICK_MM else GROWTH[:1]
    allowed = beside_eyes
    if thickness <= THICK_MM:  # hair that a thin temple runs into is none of it
        allowed = allowed * ((x > hinges[0] - 1) & (x < hinges[1] + 1))
    cover = _grown(image[y0:y1, x0:x1], cover * beside_eyes, allowed, o.mm, growth)
    cover *= beside_eyes
    return FrameMask(
        int(x0), int(y0), cover.astype(np.float32), lenses.astype(np.float32),
        tint.astype(np.float32), (hinges[0], hinges[1]), (ends[0], ends[1]),
    )  # fmt: skip


def _grown(
    photo: ByteImage,
    cover: Array,
    allowed: Array,
    mm: float,
    growth: tuple[tuple[float, float, float], ...],
) -> Array:
    """Let the mask grow, a little, into what touches it and has the frame's colour, not the skin's.

    The line of a thick frame may run along one of its edges, and the ends where the temples are
    hinged are no part of the rim's curve. Dark lashes that touch it stay with the eye.
    """
    core = (cover > 0.5).astype(np.float32)
    beside = 1 - cv2.dilate(core, np.ones((3, 3), np.uint8))
    values = photo.astype(np.float32)
    # an end of the frame that the core has missed is no skin
    usual = np.median(values[core > 0], axis=0) if core.any() else np.zeros(3)
    beside *= np.linalg.norm(values - usual, axis=2) > LEAST_UNLIKE
    sigma = COLOUR_MM * mm
    frame, skin = (
        cv2.GaussianBlur(values * w[..., None], (0, 0), sigma)
        / (cv2.GaussianBlur(w, (0, 0), sigma) + 1e-6)[..., None]
        for w in (core, beside)
    )
    to_frame, to_skin = (np.linalg.norm(values - c, axis=2) for c in (frame, skin))
    grown = core
    for reach_mm, closer, apart in growth:
        alike = (to_frame < closer * to_skin) & (to_skin > apart) & (allowed > 0.5)
        alike = alike.astype(np.float32)
        for _ in range(max(round(reach_mm * mm), 1)):
            grown = np.maximum(grown, cv2.dilate(grown, np.ones((3, 3), np.uint8)) * alike)
    grown = cv2.dilate(grown, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(grown, (0, 0), 0.4 * mm)
    return np.asarray(np.maximum(cover, soft))


def _placed(o: Outline, local: Array) -> Array:
    return np.asarray(o.nose + o.mm * (local[:, :1] * o.across + local[:, 1:] * o.down))


def _local(o: Outline, point: Array) -> Array:
    return np.array([(point - o.nose) @ o.across, (point - o.nose) @ o.down]) / o.mm


def _rim_points(o: Outline, k: int) -> Array:
    """Return the rim's line, (RAYS, 2) mm across and down from the nose."""
    turn = angles()
    radii = o.rims[k].radii[:, None]
    return np.asarray(_local(o, o.rims[k].centre) + radii * np.c_[np.cos(turn), np.sin(turn)])


def _band(beyond: Array, before: Array, after: Array) -> Array:
    """Return 1 from ``before`` in front of a line to ``after`` behind it, fading out."""
    rise = (beyond + before + MARGIN_MM + FADE_MM) / FADE_MM
    fall = (after + MARGIN_MM + FADE_MM - beyond) / FADE_MM
    return smoothstep(rise) * smoothstep(fall)


def _thickness(image: ByteImage, o: Outline, k: int) -> tuple[Array, Array]:
    """Return how far the rim reaches inwards and outwards from its line, (RAYS,) mm each."""
    turn = angles()
    offsets = np.arange(-PROFILE_MM, PROFILE_MM + 0.01, STEP_MM)
    radii = o.rims[k].radii + offsets[:, None]
    at = _local(o, o.rims[k].centre)
    profile = _sampled(image, o, at[0] + radii * np.cos(turn), at[1] + radii * np.sin(turn))
    inside, outside = _extents(profile)
    return _smooth_ring(inside), _smooth_ring(outside)


def _tint_steps(image: ByteImage, o: Outline, k: int, inside: Array, outside: Array) -> Array:
    """Return the step of colour from outside to inside each rim, (RAYS, 3), smooth along it."""
    turn, at, line = angles(), _local(o, o.rims[k].centre), o.rims[k].radii
    beside = np.arange(MARGIN_MM + FADE_MM, MARGIN_MM + FADE_MM + 3, STEP_MM)[:, None]
    within, without = (
        np.median(_sampled(image, o, at[0] + r * np.cos(turn), at[1] + r * np.sin(turn)), axis=0)
        for r in (line - inside - beside, line + outside + beside)
    )
    step = within - without
    # where hair or the background borders on the rim, its neighbours tell the tint
    unlike = np.linalg.norm(without - np.median(without, axis=0), axis=1)
    trust = np.exp(-((unlike / SKIN_SPREAD) ** 2))[:, None] + 1e-3
    blurred = [
        cv2.GaussianBlur(
            np.tile(values, (3, 1)), (1, 4 * TINT_RAYS + 1), 1e-3, sigmaY=TINT_RAYS
        ).reshape(3 * RAYS, -1)[RAYS : 2 * RAYS]
        for values in (step * trust, trust)
    ]  # fmt: skip
    return np.asarray(np.clip(blurred[0] / blurred[1], -MOST_TINT, MOST_TINT))


def _extents(profile: Array) -> Array:
    """Return how far the frame reaches before and behind the middle of profiles, (2, m) mm.

    Args:
        profile: (n, m, 3) colours at :data:`STEP_MM`, the line in the middle.
    """
    values = profile.astype(np.float32)
    middle, near = len(profile) // 2, round(NEAR_LINE_MM / STEP_MM)
    column = np.arange(profile.shape[1])
    hats = []
    for length in THICKEST_MM:
        line = np.ones((2 * round(0.5 * length / STEP_MM) + 1, 1), np.uint8)
        # what is darker, or brighter, than both of its sides
        hats.append(
            [(cv2.morphologyEx(values, cv2.MORPH_CLOSE, line) - values).max(2),
             (values - cv2.morphologyEx(values, cv2.MORPH_OPEN, line)).max(2)]
        )  # fmt: skip
    around = slice(middle - near, middle + near + 1)
    contrast = [float(np.median(np.maximum(*hat)[around].max(0))) for hat in hats]
    # the thinnest that explains most of the contrast
    thin = next(k for k, c in enumerate(contrast) if c >= ENOUGH_CONTRAST * max(contrast))
    dark, bright = hats[thin]
    way_dark = dark[around].max(0) >= bright[around].max(0)
    stands_out = np.where(way_dark, dark, bright)
    start = stands_out[around].argmax(0) + middle - near
    peak = cv2.GaussianBlur(stands_out[start, column][None], (0, 0), 2)[0]
    frame = stands_out > np.maximum(DIFFERENT * peak, LEAST_DIFFERENCE)
    # a run of frame, which one sample may break
    frame[1:-1] |= frame[:-2] & frame[2:]
    found = []
    for way in (-1, 1):
        at = start.copy()
        going = np.ones(len(at), bool)
        for _ in range(round(REACH_MM / STEP_MM)):
            ahead = np.clip(at + way, 0, len(profile) - 1)
            going &= frame[ahead, column]
            at = np.where(going, ahead, at)
        found.append(np.clip(way * (at - middle) * STEP_MM, LEAST_THICK_MM, REACH_MM))
    return np.array(found)


def _smooth_ring(values: Array) -> Array:
    """Return the upper quartile over neighbours: rims change their thickness slowly."""
    stacked = np.stack([np.roll(values, s) for s in range(-3, 4)])
    quartile = np.percentile(stacked, 65, axis=0)
    return np.asarray(np.mean([np.roll(quartile, s) for s in (-1, 0, 1)], 0))


def _smooth_row(values: Array) -> Array:
    """Return (2, m) values as (m, 2), medians over neighbours."""
    padded = np.pad(values, ((0, 0), (3, 3)), mode="edge")
    count = values.shape[1]
    stacked = np.stack([padded[:, s : s + count] for s in range(7)])
    return np.asarray(np.percentile(stacked, 60, axis=0).T)


def _bridge(image: ByteImage, o: Outline) -> tuple[Array, Array]:
    path = o.bridge
    offsets = np.arange(-PROFILE_MM, PROFILE_MM + 0.01, STEP_MM)[:, None]
    profile = _sampled(image, o, path[:, 0] + 0 * offsets, path[:, 1] + offsets)
    return path, _smooth_row(_extents(profile))


def _temple(image: ByteImage, o: Outline, rim: Array, k: int) -> tuple[Array, Array]:
    """Follow a temple from its hinge outwards while it can be seen; (n, 2) path and thickness."""
    way = -1.0 if k == 0 else 1.0
    upper = rim[rim[:, 1] < np.median(rim[:, 1])]
    hinge = upper[np.argmax(way * upper[:, 0])]
    xs = hinge[0] + way * np.arange(0, TEMPLE_MM, 2 * STEP_MM)
    above, below = TEMPLE_ROWS_MM
    ys = hinge[1] + np.arange(-above - 12 * STEP_MM, below + 12 * STEP_MM, STEP_MM)
    x, y = np.meshgrid(xs, ys)
    luma = _sampled(image, o, x, y) @ np.array([0.299, 0.587, 0.114])
    ridge = np.abs(line_contrast(luma))[12:-12]
    path = best_path(np.tanh(ridge / CLEAR_CONTRAST), 1, 0.2)
    strong = ridge[path, np.arange(len(xs))]
    smooth = np.convolve(np.r_[[strong[0]] * 2, strong, [strong[-1]] * 2], np.ones(5) / 5, "valid")
    least = max(TEMPLE_CONTRAST, TEMPLE_FALL * float(np.median(strong[:6])))
    count = int(np.argmax(np.r_[smooth < least, True]))
    if xs[:count].size * 2 * STEP_MM < LEAST_TEMPLE_MM:
        return np.zeros((0, 2)), np.zeros((0, 2))
    line = np.c_[xs, ys[12:-12][path]][:count]
    offsets = np.arange(-PROFILE_MM, PROFILE_MM + 0.01, STEP_MM)[:, None]
    profile = _sampled(image, o, line[:, 0] + 0 * offsets, line[:, 1] + offsets)
    thick = _smooth_row(_extents(profile))
    # no thicker than near the hinge: there it ends in hair
    return line, np.minimum(thick, 1.2 * np.median(thick[:6], axis=0))


def _sampled(image: ByteImage, o: Outline, x: Array, y: Array) -> Array:
    return sampled(image, o.nose, o.mm, x, y, o.across, o.down)
