"""The cut-out that a head wears away from its place: tight, and free of the old background.

The soft matte of :mod:`gioconda.render.mesh.background` carries some pixels of the photo's own
background along. At rest that is exact; over another part of the background it is a halo. So the
farther a pixel has moved, the more the frame takes from this second texture, in which the matte
is tight and the colour of half-covered pixels is the person's alone.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import ByteImage, FloatArray

#: Matte up to which a moved pixel shows nothing of the person, and from which it shows nothing
#: else: the faint skirt that a matte has over a busy background is background.
TIGHT_FROM: Final = 0.1
TIGHT_TO: Final = 0.92
#: Feather of the moved edge, standard deviation in a view of 512.
FEATHER_PX: Final = 0.7
#: Under the soft matte, what differs from a plain background by this many grey levels, and by this
#: many times its own spread, is the person's too: an earring, a strand that the matte missed.
WORN_GREY: Final = 30.0
WORN_RANGE_GREY: Final = 25.0
WORN_SPREADS: Final = 2.5
#: Where the matte is unsure (from the first to the second), a colour that is this far off the way
#: from the background's to the person's, in grey levels beyond the spread, is a third thing's that
#: covers fully: an ear between hair and wall.
UNSURE_MATTE: Final = (0.1, 0.2)
ASIDE_GREY: Final = 20.0
ASIDE_RANGE_GREY: Final = 15.0
#: Such things come at least this close to the person.
WORN_TOUCH_PX: Final = 5.0
#: The background's spread is measured over this standard deviation, in a view of 512.
SPREAD_PX: Final = 14.0
#: The face is sure this far inside its outline, in a view of 512.
FACE_INSET_PX: Final = 4.0
#: Matte from which a pixel's colour is surely the person's.
SURE_FROM: Final = 0.97
#: Scales at which colours are carried outwards, nearest first, in a view of 512.
CARRY_PX: Final = (2.0, 5.0, 12.0)
#: What is smooth is measured at the view's size over this.
REDUCTION: Final = 2
#: Part of what lies round about that must be the person's for its colour to be told.
LEAST_SHARE: Final = 0.02
#: Least cover by which the photo's colour is told from the background's.
LEAST_COVER: Final = 0.25
#: Distance from its place, in a view of 512, at which a pixel begins to take the tight matte and
#: over which it comes to take it fully: less than idle motion, more than breathing.
MOVED_FROM_PX: Final = 0.5
MOVED_RANGE_PX: Final = 5.0
#: Alpha of the soft texture where it covers fully and the tight one is another: the mark by which
#: the kernel knows the edge.
EDGE_ALPHA: Final = 254


def tight_matte(matte: FloatArray, cover: FloatArray) -> FloatArray:
    """Return the matte of a moved head, (size, size): no faint skirt, still anti-aliased.

    Args:
        matte: (size, size) of the person.
        cover: (size, size) the soft matte; the tight one lies within it.
    """
    tight = np.clip((matte - TIGHT_FROM) / (TIGHT_TO - TIGHT_FROM), 0, 1)
    feathered = cv2.GaussianBlur(
        tight.astype(np.float32), (0, 0), FEATHER_PX * matte.shape[0] / 512
    )
    result: FloatArray = np.minimum(feathered, cover)
    return result


def _worn(view: View, photo: FloatArray, plate: FloatArray, nearby: FloatArray) -> FloatArray:
    """Return how surely a pixel belongs to a thing that hangs from the person, (size, size).

    Letters, lamps and shadows differ from the background too, but do not touch the person.
    ``nearby`` is the person's colour round about, (size, size, 3) as the other two.
    """
    scale = view.size / 512
    apart = np.abs(photo - plate).max(axis=2)
    spread = _background_spread(photo, view.matte)
    stands_out = smoothstep((apart - WORN_GREY - WORN_SPREADS * spread) / WORN_RANGE_GREY)
    # cover is how far the colour lies on the way from the background's to the person's
    way = nearby - plate
    cover = ((photo - plate) * way).sum(axis=2) / np.maximum((way**2).sum(axis=2), 1)
    aside = np.linalg.norm(photo - plate - np.clip(cover, 0, 1)[..., None] * way, axis=2)
    third = smoothstep((aside - ASIDE_GREY - spread) / ASIDE_RANGE_GREY)
    unsure, sure = UNSURE_MATTE
    third *= smoothstep((view.matte - unsure) / (sure - unsure))
    worn = np.maximum(stands_out * np.clip(cover, 0, 1), third).astype(np.float32)
    worn = cv2.medianBlur(worn, 3)  # single pixels are grain
    hangs = cv2.dilate((view.matte > 0.5).astype(np.uint8), _disc(WORN_TOUCH_PX * scale))
    _, parts = cv2.connectedComponents(((worn > 0.3) | (hangs > 0)).astype(np.uint8))
    touching = np.bincount(parts[hangs > 0], minlength=int(parts.max()) + 1) > 0
    touching[0] = False
    result: FloatArray = (worn * touching[parts]).astype(np.float32)
    return result


def _face(view: View) -> FloatArray:
    """Return 1 inside the face's own outline, (size, size): a matte may fray in a beard there."""
    scale = view.size / 512
    inside = np.zeros((view.size, view.size), np.uint8)
    outline = view.landmarks[list(topo.RINGS["oval"]), :2]
    cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], 1)
    inside = cv2.erode(inside, _disc(FACE_INSET_PX * scale), borderValue=1)
    result: FloatArray = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.5 * scale)
    return result


def _background_spread(photo: FloatArray, matte: FloatArray) -> FloatArray:
    """Return the standard deviation of the background round about, (size, size)."""
    size = photo.shape[0]
    sigma = SPREAD_PX * size / 512 / REDUCTION
    away = (matte < 0.02).astype(np.float32)
    share = cv2.GaussianBlur(_reduced(away), (0, 0), sigma)[..., None] + 1e-3
    mean, square = (
        cv2.GaussianBlur(_reduced(values * away[..., None]), (0, 0), sigma) / share
        for values in (photo, photo * photo)
    )
    spread = np.sqrt(np.maximum(square - mean * mean, 0).max(axis=2))
    result: FloatArray = cv2.resize(spread, (size, size), interpolation=cv2.INTER_LINEAR)
    return result


def _reduced(values: FloatArray) -> FloatArray:
    side = max(values.shape[0] // REDUCTION, 1)
    result: FloatArray = cv2.resize(values, (side, side), interpolation=cv2.INTER_AREA)
    return result


def _disc(radius_px: float) -> ByteImage:
    side = 2 * max(round(radius_px), 1) + 1
    disc: ByteImage = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return disc


def tight_texture(view: View, cover: FloatArray) -> ByteImage:
    """Return the photo premultiplied with its tight matte, (size, size, 4).

    Where a pixel mixes person and background, C = a F + (1 - a) B is solved for the person's
    colour F with the plate as B, as far as the cover a is large enough to tell; else F is that of
    the sure person nearby.

    Args:
        view: the portrait's view.
        cover: (size, size) the soft matte; the tight one lies within it.
    """
    photo, plate = view.image.astype(np.float32), view.plate.astype(np.float32)
    nearby = _carried(photo, (view.matte >= SURE_FROM).astype(np.float32))
    matte = np.maximum(view.matte, _worn(view, photo, plate, nearby))
    matte = np.maximum(matte, _face(view))
    alpha = tight_matte(matte, cover)
    mixed = (alpha > 0) & (matte < SURE_FROM)
    share = np.clip(matte[mixed], LEAST_COVER, 1)[:, None]
    solved = np.clip((photo[mixed] - (1 - share) * plate[mixed]) / share, 0, 255)
    trust = smoothstep((share - LEAST_COVER) / (1 - LEAST_COVER))
    photo[mixed] = nearby[mixed] + trust * (solved - nearby[mixed])
    return premultiplied(photo, alpha)


def mark_edge(texture: ByteImage, tight: ByteImage) -> None:
    """Mark, in place, where a soft texture covers fully and the tight one is another."""
    edge = (texture[..., 3] == 255) & (texture != tight).any(axis=2)
    texture[edge, 3] = EDGE_ALPHA


def premultiplied(image: ByteImage | FloatArray, cover: FloatArray) -> ByteImage:
    """Return an image, (size, size, 3), times its cover and with it, (size, size, 4) uint8."""
    colour = np.round(image * cover[..., None])
    alpha = np.round(cover[..., None] * 255)
    texture: ByteImage = np.ascontiguousarray(np.concatenate([colour, alpha], 2).astype(np.uint8))
    return texture


def _carried(colour: FloatArray, weight: FloatArray) -> FloatArray:
    """Carry the colours of where the weight is 1 outwards, nearest scale first."""
    size = colour.shape[0]
    known, share = _reduced(colour * weight[..., None]), _reduced(weight)
    result = _reduced(colour)
    unknown = np.ones(share.shape, bool)
    for sigma_px in (0.0, *CARRY_PX):
        sigma = sigma_px * size / 512 / REDUCTION
        if sigma:
            total, part = (cv2.GaussianBlur(v, (0, 0), sigma) for v in (known, share))
        else:
            total, part = known, share
        reached = unknown & (part > LEAST_SHARE)
        result[reached] = total[reached] / part[reached][:, None]
        unknown &= ~reached
    carried: FloatArray = cv2.resize(result, (size, size), interpolation=cv2.INTER_LINEAR)
    return carried
