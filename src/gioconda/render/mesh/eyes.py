"""Eyes: gaze, blinks and lashes.

Between the lids the photo's own eye shows as long as nothing about it moves. Once gaze or lids
leave rest, an eyeball is led in over it: the white, completed under the iris, and the iris as a
sprite that slides as on a ball. Lids close over it with a painted skin (:mod:`.lids`) and end in
a soft lash line. The deformer makes the lids follow the gaze.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from gioconda.motion import INDEX
from gioconda.portrait.types import View
from gioconda.render.mesh.deform import camera_distance, unproject
from gioconda.render.mesh.eye_kernels import lid_edge, paint_eyeball, paint_lash_line
from gioconda.render.mesh.eye_regions import (
    EYES,
    EyeRegion,
    eyes_visible,
    iris_distance,
    iris_radius,
    opening_polygon,
    polygon_mask,
    split_ring,
)
from gioconda.render.mesh.lids import Eyelid, painted_share
from gioconda.render.mesh.types import (
    ByteImage,
    FloatArray,
    HeadMesh,
    PosedHead,
    ShapeBasis,
)

#: Radius, in mm, on which the iris moves: a little less than the eyeball's 12.
GAZE_RADIUS_MM: Final = 10.5
#: Gaze and lid weights at which the painted eyeball has fully taken over from the photo.
GAZE_FULL_DEG: Final = 2.5
BLINK_FULL: Final = 0.12
SQUINT_FULL: Final = 0.3
#: The sprite is foreshortened at most to this.
LEAST_FORESHORTENING: Final = 0.75
SHADOW_MM: Final = 3.0
#: The lash line: a dark core in a soft shadow, half widths and opacities.
LASH_HALF_WIDTH_MM: Final = 1.0
LASH_OPACITY: Final = 0.7
LASH_SHADOW_HALF_WIDTH_MM: Final = 2.6
LASH_SHADOW_OPACITY: Final = 0.3
#: The line is a curve of this degree through the lid's edge: a lid has no waves.
LASH_DEGREE: Final = 3
#: How far the shut line hangs below the upper lid's edge, as part of what is left open.
LASH_DROP: Final = 0.25
#: Steps of the tables of the lids' edges.
TABLE_STEPS: Final = 32
SPRITE_PX: Final = 96
#: An eye shorter than this on screen is not painted.
LEAST_LENGTH_PX: Final = 3.0

f32 = np.float32
EYE_CHANNELS: Final = tuple(i for name, i in INDEX.items() if name.startswith("eye"))


class EyePainter:
    """Paints both eyes of a portrait into frames.

    Args:
        view: the portrait's square view.
        mesh: its mesh.
        basis: its blendshapes.
        texture: (size, size, 4) premultiplied texture of the surface; lids are written into it.

    Attributes:
        active: False where the eyes are closed or hidden and must be left alone.
    """

    def __init__(self, view: View, mesh: HeadMesh, basis: ShapeBasis, texture: ByteImage) -> None:
        self.active = eyes_visible(view, mesh)
        if not self.active:
            return
        self._lids = [
            (basis.names.index(f"eyeBlink{eye.side}"), Eyelid(view, mesh, eye, texture))
            for eye in EYES
        ]
        self._eyes = [_Eye(view, mesh, eye, basis) for eye in EYES]

    def steady(self, moment: FloatArray) -> FloatArray:
        """Return the moment without eye motion if the eyes must be left alone."""
        if self.active:
            return moment
        held = moment.copy()
        held[list(EYE_CHANNELS)] = 0
        return held

    def update_lids(self, head: PosedHead) -> list[tuple[slice, slice]]:
        """Write the lids of this moment into the texture; before the surface is sampled.

        Returns:
            Rows and columns of each box that changed.
        """
        if not self.active:
            return []
        return [lid.box for blink, lid in self._lids if lid.fade(float(head.weights[blink]))]

    def draw(self, out: ByteImage, head: PosedHead) -> None:
        """Paint eyeballs and lashes of this moment, in place; nothing at rest."""
        if self.active:
            for eye in self._eyes:
                eye.draw(out, head)


class _Eye:
    """One eye: its textures and where it lies on the skull."""

    def __init__(self, view: View, mesh: HeadMesh, eye: EyeRegion, basis: ShapeBasis) -> None:
        points = mesh.landmarks
        self._upper, self._lower = split_ring(mesh.rings[eye.ring])
        self._smooth_line = _polynomial_projector(len(self._upper), LASH_DEGREE)
        self._mm = mesh.mm
        self._slide = mesh.axes[:2, :2].T.astype(np.float64)
        self._upper_table, self._lower_table = np.zeros((2, TABLE_STEPS + 1), f32)
        self._blink, self._squint, self._wide = (
            basis.names.index(f"eye{kind}{eye.side}") for kind in ("Blink", "Squint", "Wide")
        )
        self._radius = max(iris_radius(mesh, eye), 0.5)

        # a box one eye width round the eye is its texture
        outline = opening_polygon(mesh, eye)
        width = float(np.linalg.norm(points[eye.corners[0], :2] - points[eye.corners[1], :2]))
        middle = outline.mean(0)
        x0, y0 = np.clip(middle - width - 4, 0, view.size - 8).astype(int)
        x1, y1 = np.clip(middle + width + 4, 8, view.size).astype(int)
        photo = view.image[y0:y1, x0:x1].astype(np.float32)
        inside = polygon_mask(outline - (x0, y0), photo.shape)
        distance = iris_distance(mesh, eye, int(x0), int(y0), photo.shape)
        scale = view.size / 512
        self._centre: FloatArray = (points[eye.iris[0], :2] - (x0, y0)).astype(np.float32)
        self._white, eye_luma = _white(photo, inside, distance, scale)
        self._iris = _iris_sprite(photo, inside, self._centre, self._radius)
        self._lash = _lash_colour(photo, inside, distance, scale, eye_luma)

        corner, other = points[eye.corners[0]], points[eye.corners[1]]
        below = corner + mesh.axes[1] * 10 * mesh.mm
        anchor = np.stack([corner, other, below]).astype(np.float32)
        self._anchor = unproject(anchor, view.size, camera_distance(mesh))
        flat = anchor[:, :2] - (x0, y0)
        self._texture_origin = flat[0]
        self._texture_basis = np.stack([flat[1] - flat[0], flat[2] - flat[0]], 1)

    def draw(self, out: ByteImage, head: PosedHead) -> None:
        blink = min(max(float(head.weights[self._blink]), 0.0), 1.0)
        strength = self._strength(head, blink)
        if strength > 0:
            self._draw_ball(out, head, blink, strength)
        self._draw_lashes(out, head, blink)

    def _draw_lashes(self, out: ByteImage, head: PosedHead, blink: float) -> None:
        """Draw the lashes that the painted lid took away, on its edge."""
        share = painted_share(blink)
        if share <= 0:
            return
        upper, lower = head.screen[self._upper], head.screen[self._lower]
        line = upper + f32(LASH_DROP * share) * (lower - upper)
        # least squares over the row of points, ends included: one small product
        line = self._smooth_line @ line
        for width_mm, opacity in (
            (LASH_SHADOW_HALF_WIDTH_MM, LASH_SHADOW_OPACITY), (LASH_HALF_WIDTH_MM, LASH_OPACITY),
        ):  # fmt: skip
            paint_lash_line(out, line, self._lash, f32(opacity * share), f32(width_mm * self._mm))

    def _strength(self, head: PosedHead, blink: float) -> float:
        gaze = math.hypot(*head.gaze_deg)
        lids = max(float(head.weights[self._squint]), float(head.weights[self._wide]), 0.0)
        x = min(max(gaze / GAZE_FULL_DEG, blink / BLINK_FULL, lids / SQUINT_FULL), 1.0)
        return x * x * (3 - 2 * x)

    def _draw_ball(self, out: ByteImage, head: PosedHead, blink: float, strength: float) -> None:
        screen = head.screen
        corner = screen[self._upper[0]]
        (x0, y0), (x1, y1) = corner.tolist(), screen[self._upper[-1]].tolist()
        length = math.hypot(x1 - x0, y1 - y0)
        if length < LEAST_LENGTH_PX:
            return
        along = np.array([(x1 - x0) / length, (y1 - y0) / length], f32)
        for edge, table in ((self._upper, self._upper_table), (self._lower, self._lower_table)):
            lid_edge(screen, edge, corner, along, f32(length), table)

        yaw, pitch = (math.radians(a) for a in head.gaze_deg)
        reach = GAZE_RADIUS_MM * self._mm
        shift = self._slide @ (reach * math.sin(yaw), reach * math.sin(pitch))
        narrowed = [
            self._radius * max(math.cos(a), LEAST_FORESHORTENING) for a in (yaw, pitch)
        ]  # fmt: skip
        shadow = 0.10 * strength + 0.40 * min(1.0, blink + 0.6 * abs(pitch))
        paint_eyeball(
            out, corner, along, f32(length), self._upper_table, self._lower_table,
            self._to_texture(head), self._white, self._iris, (self._centre + shift).astype(f32),
            np.array(narrowed, f32), f32(strength), f32(min(shadow, 0.6)),
            f32(SHADOW_MM * self._mm),
        )  # fmt: skip

    def _to_texture(self, head: PosedHead) -> FloatArray:
        """Return the affine from screen to the eye's texture, (2, 3): the skull holds the eye."""
        placed = head.project(head.rigid(self._anchor))
        (ox, oy), (ax, ay), (bx, by) = placed.tolist()
        ax, ay, bx, by = ax - ox, ay - oy, bx - ox, by - oy
        area = ax * by - ay * bx
        if abs(area) < 1e-6:
            area = 1e-6
        (p, q), (r, s) = self._texture_basis.tolist()
        xx, xy = (p * by - q * ay) / area, (q * ax - p * bx) / area
        yx, yy = (r * by - s * ay) / area, (s * ax - r * bx) / area
        u, v = self._texture_origin.tolist()
        return np.array(
            [[xx, xy, u - xx * ox - xy * oy], [yx, yy, v - yx * ox - yy * oy]], f32
        )  # fmt: skip


def _polynomial_projector(count: int, degree: int) -> FloatArray:
    """Return the matrix, (count, count), that fits a polynomial to evenly spaced values."""
    terms = np.vander(np.linspace(-1, 1, count), degree + 1)
    projector: FloatArray = (terms @ np.linalg.pinv(terms)).astype(np.float32)
    return projector


def _white(
    photo: FloatArray, inside: FloatArray, distance: FloatArray, scale: float
) -> tuple[FloatArray, float]:
    """Return the white of the eye completed under the iris, and its typical luminance."""
    luma = photo @ np.array([0.299, 0.587, 0.114], np.float32)
    size = 2 * max(round(scale), 1) + 1
    core = cv2.erode(inside, np.ones((size, size), np.uint8)) > 0.5
    seen = core & (distance > 1.12)
    if seen.sum() < 6:
        seen = core & (distance > 1.0)
    typical = 150.0
    if seen.any():
        typical = float(np.median(luma[seen]))
        seen &= luma >= typical
    known = seen.astype(np.float32)
    mean = photo[seen].mean(0) if seen.any() else np.array([200.0, 195.0, 190.0])
    total, weight = np.zeros_like(photo), np.full(luma.shape, 1e-6, np.float32)
    for sigma, share in ((1.2, 1.0), (3.0, 0.15), (8.0, 0.02)):
        total += share * cv2.GaussianBlur(photo * known[..., None], (0, 0), sigma * scale)
        weight += share * cv2.GaussianBlur(known, (0, 0), sigma * scale)
    filled = (total + 1e-4 * mean) / (weight + 1e-4)[..., None]
    # near the iris dark pixels are its rim; farther off they are the lids and corners themselves
    white = (distance > 1.16) & (luma > 0.62 * typical)
    own = ((inside > 0.5) & (white | (distance > 1.45))).astype(np.float32)
    keep = cv2.GaussianBlur(own, (0, 0), 0.8 * scale)[..., None]
    return np.ascontiguousarray(filled * (1 - keep) + photo * keep, np.float32), typical


def _iris_sprite(
    photo: FloatArray, inside: FloatArray, centre: FloatArray, radius: float
) -> FloatArray:
    """Return the whole iris, (n, n, 4) premultiplied; what the lids hide is completed.

    Hidden parts come from the mirror image below the centre where that is seen, and from the
    radial median.
    """
    grid = (np.arange(SPRITE_PX, dtype=np.float32) - SPRITE_PX / 2) / (SPRITE_PX / 4)
    x, y = np.meshgrid(grid, grid)
    r = np.hypot(x, y)
    at_x, at_y = x * radius + centre[0], y * radius + centre[1]
    colour = cv2.remap(photo, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(inside, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # one pixel of the photo away from the lids
    inner = cv2.erode(seen, np.ones((3, 3), np.uint8), iterations=max(round(24 / radius), 1))
    visible = inner > 0.9

    ring = np.clip((r * 16).astype(int), 0, 23)
    profile = np.full((24, 3), np.nan)
    for k in range(24):
        chosen = visible & (ring == k)
        if chosen.sum() > 2:
            profile[k] = np.median(colour[chosen], 0)
    known = np.flatnonzero(~np.isnan(profile[:, 0]))
    if not len(known):
        profile[:] = colour.reshape(-1, 3).mean(0)
    else:
        for k in range(24):
            profile[k] = profile[known[np.argmin(np.abs(known - k))]]
    radial = cv2.GaussianBlur(profile[ring].astype(np.float32), (0, 0), 2.0)

    def soft(mask: np.ndarray) -> FloatArray:
        weight: FloatArray = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0) * mask
        return weight[..., None].astype(np.float32)

    mirrored = 0.6 * soft(visible[::-1])
    completed = (radial * (1 - mirrored) + colour[::-1] * mirrored) * 0.92
    own = soft(visible)
    full = completed * (1 - own) + colour * own
    opaque = np.where(r < 1.5, 1 / (1 + np.exp((r - 1.03) * 14)), 0)[..., None]
    sprite: FloatArray = np.concatenate([full * opaque, opaque], 2).astype(np.float32)
    return np.ascontiguousarray(np.clip(sprite, 0, 255))


def _lash_colour(
    photo: FloatArray, inside: FloatArray, distance: FloatArray, scale: float, white: float
) -> FloatArray:
    size = 2 * max(round(2 * scale), 1) + 1
    near = (cv2.dilate(inside, np.ones((size, size), np.uint8)) > 0) & (distance > 1.15)
    samples = photo[near] if near.any() else np.full((1, 3), white / 3)
    dark = 0.9 * np.percentile(samples, 12, axis=0)
    result: FloatArray = dark.astype(np.float32)
    return result
