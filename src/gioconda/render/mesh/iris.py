"""The iris of a portrait: its true size, the whole disc, and the light that the eye reflects."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray

Array = npt.NDArray[np.float64]

SPRITE_PX: Final = 96
#: The iris is looked for up to these multiples of the landmarks' radius: theirs is that of a human
#: eye, whatever the picture shows.
SEARCH: Final = (0.6, 1.8)
#: The white is beyond this many of its radii beside it, the iris surely between these.
WHITE_FROM: Final = 1.25
IRIS_FROM: Final = 0.45
IRIS_TO: Final = 0.85
#: White is what is nearer to the eye's usual white than to the iris, over so many steps of a ray.
WHITE_RUN: Final = 5
#: Rays on which the rim is looked for, on either side: the lids hide the rest.
RAY_DEG: Final = 38.0
RAYS: Final = 15
#: The rim counts as found where iris and white are so far apart in weighted Lab, on this many rays.
LEAST_STEP: Final = 12.0
LAB_WEIGHTS: Final = np.array([0.5, 1.5, 1.5], np.float32)
LEAST_FOUND: Final = 5
#: A reflex is brighter than the iris round it by so many grey levels, from and in full.
GLINT_FROM: Final = 28.0
GLINT_FULL: Final = 70.0
#: It lies inside this part of the iris and is no wider than this part of its radius.
GLINT_INSIDE: Final = 0.95
GLINT_WIDTH: Final = 0.75

_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)


def measured_iris(
    photo: FloatArray, inside: FloatArray, centre: FloatArray, radius: float
) -> tuple[FloatArray, float]:
    """Return centre and radius of the iris as its left and right rims show them.

    Args:
        photo: (h, w, 3) box round the eye.
        inside: (h, w) 1 between the lids.
        centre: (2,) pixels, by the landmarks.
        radius: pixels, by the landmarks; returned as it is where no rim is seen.
    """
    soft = cv2.GaussianBlur(photo, (0, 0), max(0.05 * radius, 0.5))
    rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]
    beside = np.abs(columns - centre[0]) > WHITE_FROM * radius
    eye = (inside > 0.9) & (np.hypot(columns - centre[0], rows - centre[1]) < 3.5 * radius)
    if (eye & beside).sum() < 8:
        return centre, radius
    luma = soft @ _LUMA
    bright = eye & beside & (luma >= np.percentile(luma[eye & beside], 50))
    # the white may lie half in shade, so its tint tells more than its brightness
    lab = (cv2.cvtColor(soft / 255, cv2.COLOR_RGB2LAB) * LAB_WEIGHTS).astype(np.float32)
    from_middle = np.hypot(columns - centre[0], rows - centre[1])
    ring = (inside > 0.9) & (from_middle > IRIS_FROM * radius) & (from_middle < IRIS_TO * radius)
    if ring.sum() < 8:
        return centre, radius
    white, iris = (np.median(lab[where], axis=0) for where in (bright, ring))
    if np.linalg.norm(white - iris) < LEAST_STEP:
        return centre, radius
    whiter = np.linalg.norm(lab - iris, axis=2) - np.linalg.norm(lab - white, axis=2)
    whiter = whiter.astype(np.float32)
    reach = np.arange(SEARCH[0], SEARCH[1], 0.03) * radius
    turn = np.radians(np.linspace(-RAY_DEG, RAY_DEG, RAYS))
    edges = []
    for way in (-1, 1):
        x = (centre[0] + way * reach[:, None] * np.cos(turn)).astype(np.float32)
        y = (centre[1] + reach[:, None] * np.sin(turn)).astype(np.float32)
        values = cv2.remap(whiter, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        open_ = cv2.remap(inside, x, y, cv2.INTER_LINEAR, borderValue=0) > 0.9
        # the rim is where a run of white begins; a light iris has bright spots, but short ones
        is_white = (values > 0) & open_
        run = np.stack([is_white[k : len(is_white) - WHITE_RUN + k + 1] for k in range(WHITE_RUN)])
        first = run.all(0) & (np.cumsum(~open_, axis=0)[: run.shape[1]] == 0)
        rim = first.argmax(0)
        found = first.any(0) & (rim > 0)
        if found.sum() < LEAST_FOUND:
            return centre, radius
        edges.append(float(np.median(reach[rim[found]])))
    left, right = edges
    middle = centre + np.array([0.5 * (right - left), 0], np.float32)
    return middle.astype(np.float32), 0.5 * (left + right)


def iris_sprites(
    photo: FloatArray, inside: FloatArray, centre: FloatArray, radius: float
) -> tuple[FloatArray, FloatArray]:
    """Return the whole iris, (n, n, 4) premultiplied, and its reflex, (n, n, 3) light added.

    Parts that the lids hide come from the mirror image below the centre where that is seen, and
    from the radial median; so does what lies under the reflex.
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
    radial = _radial(colour, visible, r)

    reflex = _reflex(colour, radial, visible, r)
    clear = visible & (reflex < 0.02)
    glint = np.clip((colour - radial) * reflex[..., None], 0, 255)

    def soft(mask: npt.NDArray[np.bool_]) -> FloatArray:
        weight: FloatArray = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0) * mask
        return weight[..., None].astype(np.float32)

    mirrored = 0.6 * soft(clear[::-1])
    completed = radial * (1 - mirrored) + colour[::-1] * mirrored
    # under the upper lid it lies in shade
    completed *= np.where(visible & ~clear, 1.0, 0.92)[..., None]
    own = soft(clear)
    full = completed * (1 - own) + colour * own
    # where a reflex begins to show, iris and reflex must add up to the photo
    partly = visible & (reflex >= 0.02)
    full[partly] = np.clip(colour - glint, 0, 255)[partly]
    opaque = np.where(r < 1.5, 1 / (1 + np.exp((r - 1.03) * 14)), 0)[..., None]
    sprite = np.concatenate([full * opaque, opaque], 2).astype(np.float32)
    return (
        np.ascontiguousarray(np.clip(sprite, 0, 255)),
        np.ascontiguousarray(glint, np.float32),
    )


def _radial(colour: FloatArray, visible: npt.NDArray[np.bool_], r: FloatArray) -> FloatArray:
    """Return the median colour at each distance from the centre, laid out as a disc."""
    ring = np.clip((r * 16).astype(int), 0, 23)
    profile = np.full((24, 3), np.nan)
    for k in range(24):
        chosen = visible & (ring == k)
        if chosen.sum() > 2:
            values = colour[chosen]
            # the reflex must not colour the pupil
            luma = values @ _LUMA
            profile[k] = np.median(values[luma <= np.percentile(luma, 75)], 0)
    known = np.flatnonzero(~np.isnan(profile[:, 0]))
    if not len(known):
        profile[:] = colour.reshape(-1, 3).mean(0)
    else:
        for k in range(24):
            profile[k] = profile[known[np.argmin(np.abs(known - k))]]
    result: FloatArray = cv2.GaussianBlur(profile[ring].astype(np.float32), (0, 0), 2.0)
    return result


def _reflex(
    colour: FloatArray, radial: FloatArray, visible: npt.NDArray[np.bool_], r: FloatArray
) -> FloatArray:
    """Return how much each pixel of the disc shows a reflex, 0 to 1: small and bright."""
    luma = colour @ _LUMA
    brighter = luma - radial @ _LUMA
    unit = SPRITE_PX / 4
    reach = 2 * round(0.5 * GLINT_WIDTH * unit) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    # what an opening with a disc takes away is small
    small = luma - cv2.morphologyEx(luma, cv2.MORPH_OPEN, kernel)
    clear = np.minimum(brighter, small)
    share = smoothstep((clear - GLINT_FROM) / (GLINT_FULL - GLINT_FROM))
    share *= smoothstep((GLINT_INSIDE - r) / 0.12) * visible
    wide = cv2.GaussianBlur(share.astype(np.float32), (0, 0), 1.2)
    result: FloatArray = np.clip(1.6 * wide, 0, 1).astype(np.float32) * visible
    return result
