"""The background's own texture, continued behind the person's outline.

Only a ring inside the outline can ever come into sight, as the head moves. A smooth fill shows
there as a smear and a ghost of the outline; the ring is filled with pixels of the background
round it, which have its structure, grain and focus.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.portrait.matte import smoothstep
from gioconda.portrait.plate_kernels import REACH, agree, copy_fine, grow, mend
from gioconda.portrait.types import ByteImage, FloatArray

#: Places are found in a picture of about this side.
_SIDE_PX: Final = 170
#: Width of the ring, part of the picture's side.
RING: Final = 0.11
#: At its inner rim it fades into the smooth fill within this part of its width.
_FADE: Final = 0.3
#: Sources lie within this part of the side.
_RADIUS: Final = 0.35
_TRIES: Final = 4
_ROUNDS: Final = 2
#: Misfit, in squared grey levels, for each reduced pixel of distance, and for each squared grey
#: level off the smooth fill.
_PENALTY: Final = np.float32(1.0)
_PULL: Final = np.float32(0.003)
#: Fewer whole patches than this tell nothing about a background.
_LEAST_SOURCES: Final = 60


def continued(
    image: ByteImage,
    hole: npt.NDArray[np.uint8],
    avoid: npt.NDArray[np.uint8],
    base: FloatArray,
    seed: int,
) -> tuple[FloatArray, FloatArray] | None:
    """Continue the background's texture into the rim of a hole.

    Args:
        image: (S, S, 3) uint8.
        hole: (S, S) uint8, 1 where the background is not known.
        avoid: (S, S) uint8, 1 where nothing may be copied from: other people.
        base: (S, S, 3) float32, a smooth fill.
        seed: of the search.

    Returns:
        Colours, (S, S, 3) float32, and how far they count, (S, S) float32, 0 to 1; None where
        too little of the background is seen to learn from.
    """
    size = image.shape[0]
    side = max(24, round(size / max(1, round(size / _SIDE_PX))))
    reduced = (side, side)
    small = cv2.resize(image, reduced, interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = cv2.resize(base, reduced, interpolation=cv2.INTER_AREA)
    small_hole = cv2.resize(hole.astype(np.float32), reduced, interpolation=cv2.INTER_AREA) > 0
    covered = small_hole.astype(np.uint8)
    depth = cv2.distanceTransform(covered, cv2.DIST_L2, 5)
    ring = small_hole & (depth <= RING * side)
    known = ~small_hole
    patch = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    barred = cv2.resize(avoid, reduced, interpolation=cv2.INTER_NEAREST)
    free = (1 - covered) * (1 - barred)
    sources = cv2.erode(free, patch, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    if sources.sum() < _LEAST_SOURCES or not ring.any():
        return None
    rows, columns = np.nonzero(ring)
    outwards = np.argsort(depth[rows, columns], kind="stable")
    order = np.stack([rows[outwards], columns[outwards]], 1).astype(np.int32)
    places = np.full((side, side, 2), -1, np.int32)
    bias = np.zeros((side, side, 3), np.float32)
    radius, pull, penalty = _RADIUS * side, _PULL, _PENALTY
    grow(small, smooth, known, sources, order, places, bias, radius, _TRIES, pull, penalty, seed)
    for turn in range(_ROUNDS):
        mend(small, smooth, known, sources, order, places, bias, radius, pull, penalty, seed + turn)
        agreed = small.copy()
        agree(small, order, places, bias, agreed)
        small = agreed
    mend(small, smooth, known, sources, order, places, bias, radius, pull, penalty, seed + _ROUNDS)

    colours = base.copy()
    share = np.zeros((size, size), np.float32)
    copy_fine(image, hole > 0, places, bias, size / side, colours, share)
    fine_depth = cv2.distanceTransform(hole, cv2.DIST_L2, 5) / (RING * size)
    return colours, share * smoothstep((1.0 - fine_depth) / _FADE)
