"""What lies behind the moving person: the matte it is cut out with, and the plate it leaves open.

The matte is soft and wide: the person's original pixels keep full cover for some pixels beyond
the contour and fade out over some more. So hair moves with a little of its own background, and at
rest the frame is the photo; a tight matte shows a halo even at rest.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import View
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import ByteImage, FloatArray

#: Matte from which a pixel belongs to the person. Low, because half of a loose hairdo is unsure,
#: and hair that moves in part looks worse than some background that moves along.
PERSON_FROM: Final = 0.3
#: Pixels outside the person, in a view of 512, up to which the matte is 1 ...
MATTE_FULL_PX: Final = 4.0
#: ... and from which it is 0.
MATTE_CLEAR_PX: Final = 18.0
#: Cover from which the background plate shows unmixed.
PLATE_COVER: Final = 0.6
#: A head cut by the frame's upper edge goes on above it by this much, in a view of 512; the
#: sheet reaches no farther.
CROWN_PX: Final = 32.0
#: Its crown is round: a parabola over the cut this many cut widths high, with an edge as soft as
#: this, in a view of 512.
CROWN_HEIGHT: Final = 0.18
CROWN_EDGE_PX: Final = 6.0
#: The plate is levelled at this part of the view's size.
LEVEL_SIDE: Final = 64


def soft_matte(matte: FloatArray) -> FloatArray:
    """Widen a tight matte to a soft one, (size, size), 1 on the person and a little beyond."""
    scale = matte.shape[0] / 512
    outside = (matte < PERSON_FROM).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    fade = (distance - MATTE_FULL_PX * scale) / ((MATTE_CLEAR_PX - MATTE_FULL_PX) * scale)
    result: FloatArray = (1 - smoothstep(fade)).astype(np.float32)
    return result


def crowned(texture: ByteImage, matte: FloatArray) -> ByteImage:
    """Continue a premultiplied texture above the frame, (size + crown, size, 4).

    ``matte`` is the tight one, (size, size): it tells where the frame cuts the person. There
    nodding brings what was cut into sight. The hair goes on mirrored, under a round crown;
    repeating the first row would draw it out to streaks.
    """
    size = texture.shape[1]
    crown = round(CROWN_PX * size / 512)
    mirrored = texture[crown:0:-1].astype(np.float32)
    above = np.arange(crown, 0, -1)[:, None]
    x = np.arange(size)[None]
    edge = CROWN_EDGE_PX * size / 512
    inside = np.zeros((crown, size), np.float32)
    cut = np.flatnonzero(np.diff(np.r_[0, matte[0] > 0.5, 0]))
    for start, end in cut.reshape(-1, 2).tolist():
        # a cut that reaches a side of the frame goes on beyond it
        left = start if start > 0 else start - (end - start)
        right = end if end < size else end + (end - start)
        half = 0.5 * (right - left)
        height = min(2 * half * CROWN_HEIGHT, crown)
        arch = height * (1 - ((x - left - half) / half) ** 2)
        inside = np.maximum(inside, smoothstep((arch - above) / edge + 0.5))
    return np.vstack([np.round(mirrored * inside[..., None]).astype(np.uint8), texture])


def rest_plate(view: View, cover: FloatArray) -> ByteImage:
    """Return the plate, led over into the photo where the soft matte fades.

    Photo over plate then gives the photo back nearly exactly wherever nothing moves. It begins
    only where the cover is thin, lest the photo's contour stay behind as a ghost.
    """
    share = smoothstep(cover / PLATE_COVER)[..., None]
    blended = (view.plate + _levelling(view, cover)) * share + view.image.astype(np.float32) * (
        1 - share
    )
    plate: ByteImage = np.clip(np.round(blended), 0, 255).astype(np.uint8)
    return plate


def _levelling(view: View, cover: FloatArray) -> FloatArray:
    """Return what to add to the plate so that it meets the photo without a step.

    A fill that is off by a few grey levels leaves the person's outline behind as a ghost. Under
    the matte the plate's low frequencies become the membrane (Laplace's equation) through the
    photo's colours all round.
    """
    size = (LEVEL_SIDE, LEVEL_SIDE)
    photo, plate = (
        cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float64)
        for image in (view.image, view.plate)
    )
    thin = cv2.resize(cover, size, interpolation=cv2.INTER_AREA) < 0.02
    if thin.sum() < LEVEL_SIDE:
        return np.zeros_like(view.plate, np.float32)
    step = np.where(thin[..., None], 0, _membrane(photo, ~thin) - plate).astype(np.float32)
    full = (view.size, view.size)
    result: FloatArray = cv2.resize(step, full, interpolation=cv2.INTER_LINEAR)
    return result


def _membrane(image: npt.NDArray[np.float64], hole: npt.NDArray[np.bool_]) -> Any:
    """Return an image whose hole is filled by Laplace's equation, free at the image's border."""
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import spsolve

    side = hole.shape[0]
    index = np.arange(side * side).reshape(side, side)
    a = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    b = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    links = coo_matrix((np.ones(len(a)), (a, b)), shape=(side * side, side * side)).tocsr()
    links = links + links.T
    laplacian = (diags(np.asarray(links.sum(1)).ravel()) - links).tocsr()
    unknown, known = np.flatnonzero(hole), np.flatnonzero(~hole)
    filled = image.reshape(-1, image.shape[2]).copy()
    rows = laplacian[unknown]
    filled[unknown] = spsolve(rows[:, unknown].tocsc(), -(rows[:, known] @ filled[known]))
    return filled.reshape(image.shape)
