"""Eyes: gaze, blinks and lashes.

Between the lids the photo's own eye shows as long as nothing about it moves. Once gaze or lids
leave rest, an eyeball is led in over it: the white, completed under the iris, and the iris as a
sprite that slides as on a ball. Lids close over it with a painted skin (:mod:`.lids`) and end in
their lashes (:mod:`.lashes`). The deformer makes the lids follow the gaze.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.motion import GAZE_FULL_DEG as LOOK_FULL_DEG
from gioconda.motion import INDEX
from gioconda.portrait.types import View
from gioconda.render.mesh.deform import camera_distance, unproject
from gioconda.render.mesh.depth import smooth_ramp
from gioconda.render.mesh.eye_kernels import lid_edge, paint_eyeball
from gioconda.render.mesh.eye_regions import (
    EYES,
    EyeRegion,
    eyes_visible,
    iris_radius,
    opening_polygon,
    opening_ratio,
    polygon_mask,
    split_ring,
)
from gioconda.render.mesh.iris import iris_sprites, measured_iris
from gioconda.render.mesh.lashes import Lashes, make_lashes, seen_share
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
#: No eye turns further than this; how far both may converge, and part.
MOST_GAZE_DEG: Final = 35.0
MOST_CONVERGENCE_DEG: Final = 16.0
MOST_DIVERGENCE_DEG: Final = 1.0
#: The reflex belongs to the light: it moves with the centre of the cornea's curvature, some 5.6 mm
#: before the eye's own centre, where the iris moves by :data:`GAZE_RADIUS_MM`.
GLINT_RADIUS_MM: Final = 5.6
#: How much wider the pupil is at "eyeWide" 1, and narrower at "eyeSquint" 1: arousal, brightness.
PUPIL_WIDE: Final = 0.16
PUPIL_NARROW: Final = 0.08
#: The sprite is foreshortened at most to this.
LEAST_FORESHORTENING: Final = 0.75
SHADOW_MM: Final = 3.0
#: The line is a curve of this degree through the lid's edge: a lid has no waves.
LASH_DEGREE: Final = 3
#: How far the shut line hangs below the upper lid's edge, as part of what is left open.
LASH_DROP: Final = 0.25
#: The completed white over the typical one, at most; its grain, in grey levels, at most.
MOST_WHITE: Final = 1.2
MOST_GRAIN: Final = 2.5
#: Blink weight from which lids come to meet below the landmarks of the lower one.
MEET_BEGIN: Final = 0.6
#: An eye larger than its landmarks and open by more of its width than this is a drawn one.
MOST_HUMAN_OPENING: Final = 0.4
#: Steps of the tables of the lids' edges.
TABLE_STEPS: Final = 32
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
        self._eyes = [
            _Eye(view, mesh, eye, basis, lid.below)
            for eye, (_, lid) in zip(EYES, self._lids, strict=True)
        ]  # fmt: skip
        lids = [lid for _, lid in self._lids]
        flat = max(lid.flat for lid in lids)
        colours = [eye.lash_colour for eye in self._eyes]
        opening = sum(opening_ratio(mesh, eye) for eye in EYES) / len(EYES)
        human = opening < MOST_HUMAN_OPENING or not all(lid.below for lid in lids)
        self._lashes = make_lashes(
            view, mesh.mm, [lid.frame for lid in lids], flat, colours, straight=human
        )

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
            gazes = eye_gazes(head.moment)
            for eye, lashes, gaze_deg in zip(self._eyes, self._lashes, gazes, strict=True):
                eye.draw(out, head, gaze_deg, lashes)


def eye_gazes(moment: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (yaw, pitch) in degrees of the right and of the left eye, each from its own channels.

    Eyes may converge by up to :data:`MOST_CONVERGENCE_DEG` and never part by more than
    :data:`MOST_DIVERGENCE_DEG`: beyond that both are led back equally, so that no motion makes a
    squint. Positive yaw is to the image's right, positive pitch down.
    """
    right, left = (
        [float(moment[INDEX[f"eyeLook{way}{side}"]]) for way in ("In", "Out", "Down", "Up")]
        for side in ("Right", "Left")
    )
    yaw_right, yaw_left = right[0] - right[1], left[1] - left[0]
    inwards = (yaw_right - yaw_left) * LOOK_FULL_DEG
    held = min(max(inwards, -MOST_DIVERGENCE_DEG), MOST_CONVERGENCE_DEG)
    middle, half = 0.5 * (yaw_right + yaw_left) * LOOK_FULL_DEG, 0.5 * held
    return (
        (_held(middle + half), _held((right[2] - right[3]) * LOOK_FULL_DEG)),
        (_held(middle - half), _held((left[2] - left[3]) * LOOK_FULL_DEG)),
    )


def _held(degrees: float) -> float:
    return min(max(degrees, -MOST_GAZE_DEG), MOST_GAZE_DEG)


class _Eye:
    """One eye: its textures and where it lies on the skull."""

    def __init__(
        self, view: View, mesh: HeadMesh, eye: EyeRegion, basis: ShapeBasis, below: float
    ) -> None:
        """Take the eye out of the photo; it reaches ``below`` eye widths under its landmarks."""
        points = mesh.landmarks
        self._upper, self._lower = split_ring(mesh.rings[eye.ring])
        self._smooth_line = _polynomial_projector(len(self._upper), LASH_DEGREE)
        self._mm = mesh.mm
        self._slide = mesh.axes[:2, :2].T.astype(np.float64)
        self._upper_table, self._lower_table = np.zeros((2, TABLE_STEPS + 1), f32)
        self._blink, self._squint, self._wide = (
            basis.names.index(f"eye{kind}{eye.side}") for kind in ("Blink", "Squint", "Wide")
        )
        arch = 1 - np.linspace(-1, 1, TABLE_STEPS + 1) ** 2
        self._below = (below * arch).astype(np.float32)
        along = np.linspace(-1, 1, len(self._upper))
        self._lash_below = (below * (1 - along**2)).astype(np.float32)
        self._deep = below

        # a box one eye width round the eye is its texture
        outline = opening_polygon(mesh, eye)
        width = float(np.linalg.norm(points[eye.corners[0], :2] - points[eye.corners[1], :2]))
        middle = outline.mean(0)
        x0, y0 = np.clip(middle - width - 4, 0, view.size - 8).astype(int)
        x1, y1 = np.clip(middle + width + 4, 8, view.size).astype(int)
        photo = view.image[y0:y1, x0:x1].astype(np.float32)
        inside = polygon_mask(outline - (x0, y0), photo.shape)
        scale = view.size / 512
        by_landmarks = (points[eye.iris[0], :2] - (x0, y0)).astype(np.float32)
        self._centre, self._radius = measured_iris(
            photo, inside, by_landmarks, max(iris_radius(mesh, eye), 0.5)
        )
        rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]
        distance = np.hypot(columns - self._centre[0], rows - self._centre[1]) / self._radius
        distance = distance.astype(np.float32)
        self._white, eye_luma = _white(photo, inside, distance, scale)
        self._iris, self._glint = iris_sprites(photo, inside, self._centre, self._radius)
        self.lash_colour = _lash_colour(photo, inside, distance, scale, eye_luma)

        corner, other = points[eye.corners[0]], points[eye.corners[1]]
        below = corner + mesh.axes[1] * 10 * mesh.mm
        anchor = np.stack([corner, other, below]).astype(np.float32)
        self._anchor = unproject(anchor, view.size, camera_distance(mesh))
        flat = anchor[:, :2] - (x0, y0)
        self._texture_origin = flat[0]
        self._texture_basis = np.stack([flat[1] - flat[0], flat[2] - flat[0]], 1)

    def draw(
        self, out: ByteImage, head: PosedHead, gaze_deg: tuple[float, float], lashes: Lashes
    ) -> None:
        blink = min(max(float(head.weights[self._blink]), 0.0), 1.0)
        ends = head.screen[self._upper[0]].tolist(), head.screen[self._upper[-1]].tolist()
        strength = self._strength(head, blink, gaze_deg) * seen_share(math.dist(*ends), self._mm)
        if strength > 0:
            self._draw_ball(out, head, blink, strength, gaze_deg)
        share = painted_share(blink)
        if share > 0:
            lashes.draw(out, self._lid_line(head, blink, share), share, blink)

    def _lid_line(self, head: PosedHead, blink: float, share: float) -> FloatArray:
        """Return the edge of the closing lid on screen, (n, 2), from the image's left."""
        upper, lower = head.screen[self._upper], head.screen[self._lower]
        line = upper + f32(LASH_DROP * share) * (lower - upper)
        if self._deep > 0:
            # lids meet where the eye ends, which its landmarks miss
            across = upper[-1] - upper[0]
            down = np.array([-across[1], across[0]], f32)
            line += f32(_met(blink)) * self._lash_below[:, None] * down
        # least squares over the row of points, ends included: one small product
        result: FloatArray = self._smooth_line @ line
        return result

    def _strength(self, head: PosedHead, blink: float, gaze_deg: tuple[float, float]) -> float:
        gaze = math.hypot(*gaze_deg)
        lids = max(float(head.weights[self._squint]), float(head.weights[self._wide]), 0.0)
        return smooth_ramp(max(gaze / GAZE_FULL_DEG, blink / BLINK_FULL, lids / SQUINT_FULL))

    def _draw_ball(
        self,
        out: ByteImage,
        head: PosedHead,
        blink: float,
        strength: float,
        gaze_deg: tuple[float, float],
    ) -> None:
        screen = head.screen
        corner = screen[self._upper[0]]
        (x0, y0), (x1, y1) = corner.tolist(), screen[self._upper[-1]].tolist()
        length = math.hypot(x1 - x0, y1 - y0)
        if length < LEAST_LENGTH_PX:
            return
        along = np.array([(x1 - x0) / length, (y1 - y0) / length], f32)
        for edge, table in ((self._upper, self._upper_table), (self._lower, self._lower_table)):
            lid_edge(screen, edge, corner, along, f32(length), table)

        if self._deep > 0:
            self._lower_table += self._below * f32(length * (1 - _met(blink)))

        yaw, pitch = (math.radians(a) for a in gaze_deg)
        way = self._slide @ (math.sin(yaw), math.sin(pitch)) * self._mm
        wide, squint = (
            min(max(float(head.weights[k]), 0.0), 1.0) for k in (self._wide, self._squint)
        )
        narrowed = [
            self._radius * max(math.cos(a), LEAST_FORESHORTENING) for a in (yaw, pitch)
        ]  # fmt: skip
        shadow = 0.10 * strength + 0.40 * min(1.0, blink + 0.6 * abs(pitch))
        paint_eyeball(
            out, corner, along, f32(length), self._upper_table, self._lower_table,
            self._to_texture(head), self._white, self._iris,
            (self._centre + GAZE_RADIUS_MM * way).astype(f32), np.array(narrowed, f32),
            f32(PUPIL_WIDE * wide - PUPIL_NARROW * squint), self._glint,
            (self._centre + GLINT_RADIUS_MM * way).astype(f32), f32(strength),
            f32(min(shadow, 0.6)), f32(SHADOW_MM * self._mm),
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


def _met(blink: float) -> float:
    """Return how far the lids have met, 0 to 1: the last part of a blink."""
    return smooth_ramp((blink - MEET_BEGIN) / (1 - MEET_BEGIN))


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
    # what the iris hid is no brighter than the white usually is, and has the picture's own grain
    bright = filled @ np.array([0.299, 0.587, 0.114], np.float32)
    filled *= np.minimum(MOST_WHITE * typical / np.maximum(bright, 1), 1)[..., None]
    filled += _grain(luma, seen)[..., None]
    # near the iris dark pixels are its rim; farther off they are the lids and corners themselves
    white = (distance > 1.16) & (luma > 0.62 * typical)
    own = ((inside > 0.5) & (white | (distance > 1.45))).astype(np.float32)
    keep = cv2.GaussianBlur(own, (0, 0), 0.8 * scale)[..., None]
    return np.ascontiguousarray(filled * (1 - keep) + photo * keep, np.float32), typical


def _grain(luma: FloatArray, seen: npt.NDArray[np.bool_]) -> FloatArray:
    """Return noise as strong as that of the white that is seen: brush or film goes on."""
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 1.5)
    spread = float(np.median(np.abs(fine[seen]))) if seen.any() else 0.0
    noise = np.random.default_rng(2).standard_normal(luma.shape)
    soft = cv2.GaussianBlur(noise, (0, 0), 0.8)
    strength = min(0.5 * spread, MOST_GRAIN) / (0.6745 * max(float(soft.std()), 1e-6))
    result: FloatArray = (strength * soft).astype(np.float32)
    return result


def _lash_colour(
    photo: FloatArray, inside: FloatArray, distance: FloatArray, scale: float, white: float
) -> FloatArray:
    size = 2 * max(round(2 * scale), 1) + 1
    near = (cv2.dilate(inside, np.ones((size, size), np.uint8)) > 0) & (distance > 1.15)
    samples = photo[near] if near.any() else np.full((1, 3), white / 3)
    dark = 0.9 * np.percentile(samples, 12, axis=0)
    result: FloatArray = dark.astype(np.float32)
    return result
