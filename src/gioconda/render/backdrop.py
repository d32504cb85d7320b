"""A view with another background: the person cut out, in their own colours, before it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from gioconda.background import Background
from gioconda.portrait.foreground import person_colours, tightened
from gioconda.portrait.types import View
from gioconda.render.types import ByteImage, FloatArray

#: Radius of the circle of confusion beside the person and far from them, part of the view's side,
#: and how far away, as a part of it, the second is reached.
BLUR_NEAR: Final = 0.008
BLUR_FAR: Final = 0.028
BLUR_WITHIN: Final = 0.35
#: Out-of-focus lights keep their brightness: light is added up, not its encoding.
_GAMMA: Final = 2.2


def before(view: View, background: Background, shown: tuple[int, int, int]) -> View:
    """Return the view with the person before another background.

    Args:
        view: the portrait's view; its matte cuts the person out.
        background: what stands behind; ``keep`` returns the view as it is. For ``none`` the plate
            carries the person's own colours on, for edges that no background has touched.
        shown: left, top and side of the square of the view that frames show.
    """
    if background.kind == "keep":
        return view
    matte = tightened(view.matte, view.landmarks)
    person = person_colours(view.image, matte)
    if background.kind == "blur":
        plate = _defocused(view)
    elif background.kind == "none":
        plate = person
    elif background.kind == "image":
        assert background.image is not None
        plate = _covering(background.image, view.size, shown)
    else:
        plate = np.full_like(view.image, background.colour)
    share = matte[..., None]
    image = np.round(person * share + plate * (1 - share)).astype(np.uint8)
    return replace(view, image=image, matte=matte, plate=plate, foreground=person)


def _covering(picture: ByteImage, size: int, shown: tuple[int, int, int]) -> ByteImage:
    """Return a picture so large that it just covers the square shown, its middle in the middle."""
    left, top, side = shown
    height, width = picture.shape[:2]
    scale = side / min(height, width)
    new = (max(side, round(width * scale)), max(side, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    fitted = cv2.resize(picture, new, interpolation=method)
    x, y = (new[0] - side) // 2, (new[1] - side) // 2
    part = fitted[y : y + side, x : x + side]
    right, below = size - side - left, size - side - top
    # what frames do not show is there all the same, since the whole view is rendered
    return np.asarray(
        cv2.copyMakeBorder(part, top, below, left, right, cv2.BORDER_REFLECT_101), np.uint8
    )


def _defocused(view: View) -> ByteImage:
    """Return the plate out of focus, more so with the distance from the person in the view."""
    light = np.asarray((view.plate / 255) ** _GAMMA, np.float32)
    near, far = (_disc_blurred(light, part * view.size) for part in (BLUR_NEAR, BLUR_FAR))
    outside = (view.matte < 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5) / (BLUR_WITHIN * view.size)
    share = cv2.GaussianBlur(np.minimum(distance, 1.0), (0, 0), 0.02 * view.size)[..., None]
    mixed = near * (1 - share) + far * share
    return np.asarray(np.round(255 * np.clip(mixed, 0, 1) ** (1 / _GAMMA)), np.uint8)


def _disc_blurred(light: FloatArray, radius: float) -> FloatArray:
    """Blur with an anti-aliased disc, as a round aperture does."""
    reach = math.ceil(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(
        cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE), np.float32
    )
