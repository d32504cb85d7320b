"""What lies behind the moving person: the matte it is cut out with, and the plate it leaves open.

The matte is soft and wide: the person's original pixels keep full cover for some pixels beyond
the contour and fade out over some more. So hair moves with a little of its own background, and at
rest the frame is the photo; a tight matte shows a halo even at rest.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

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
    blended = view.plate * share + view.image.astype(np.float32) * (1 - share)
    plate: ByteImage = np.clip(np.round(blended), 0, 255).astype(np.uint8)
    return plate
