"""The plate: the background with the person filled in."""

from __future__ import annotations

from typing import Final

import numpy as np

from gioconda.portrait.types import ByteImage, FloatArray

#: The fill is smooth, so it is made at the view's size over this.
_REDUCTION: Final = 4
#: Strands and earrings that the matte missed lie this close; in pixels of the reduced picture of
#: a view of 512. They neither colour the fill nor stay in the plate.
_CLEARANCE: Final = 3
#: The fill covers this much round the matte (pixels of a view of 512), fading at its rim.
_EDGE_PX: Final = 9
_MOST_GRAIN: Final = 4.0


def fill_person(image: ByteImage, matte: FloatArray, seed: int = 0) -> ByteImage:
    """Return the image, (S, S, 3), with everything under the matte, (S, S), filled smoothly.

    Push-pull (Gortler et al., 1996, "The Lumigraph"): known pixels are averaged up a pyramid,
    holes take what the coarser level knows. Grain measured on the background is laid over the
    fill, else it shows as a smooth patch.
    """
    import cv2

    side = image.shape[0]
    small_side = max(8, side // _REDUCTION)
    kernel = np.ones((3, 3), np.uint8)
    small = cv2.resize(image, (small_side, small_side), interpolation=cv2.INTER_AREA)
    covered = cv2.resize(matte, (small_side, small_side), interpolation=cv2.INTER_AREA)
    hole = cv2.dilate((covered > 0.04).astype(np.uint8), kernel, iterations=_CLEARANCE)
    known = (1 - hole).astype(np.float32)
    if known.sum() < 10:
        return image.copy()
    filled = _push_pull(small.astype(np.float32) * known[..., None], known)
    fill = cv2.resize(np.clip(filled, 0, 255), (side, side), interpolation=cv2.INTER_CUBIC)
    edge = max(1, round(_EDGE_PX * side / 512))
    mask = cv2.dilate((matte > 0.03).astype(np.uint8), kernel, iterations=edge)
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.5 * side / 512)[..., None]
    grain = np.random.default_rng(seed).standard_normal((side, side, 1), np.float32)
    fill = fill + grain * _grain_level(image, matte)
    mixed = image * (1 - weight) + fill * weight
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def _push_pull(total: FloatArray, weight: FloatArray) -> FloatArray:
    """Fill weighted colours where their weight is low, from coarser and coarser means."""
    import cv2

    mean = total / np.maximum(weight, 1e-6)[..., None]
    if min(total.shape[:2]) <= 2:
        return np.asarray(mean, np.float32)
    coarse = _push_pull(cv2.pyrDown(total), cv2.pyrDown(weight))
    size = (total.shape[1], total.shape[0])
    below = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    trust = np.clip(weight, 0.0, 1.0)[..., None]
    return np.asarray(trust * mean + (1 - trust) * below, np.float32)


def _grain_level(image: ByteImage, matte: FloatArray) -> float:
    """Return the background's fine noise, standard deviation in grey levels."""
    import cv2

    covered = cv2.dilate((matte > 0.01).astype(np.uint8), np.ones((9, 9), np.uint8))
    background = covered == 0
    if background.sum() < 500:
        return 0.0
    fine = image.astype(np.float32) - cv2.GaussianBlur(image, (0, 0), 1.5).astype(np.float32)
    spread = 1.48 * float(np.median(np.abs(fine[background])))  # edges and leaves are not grain
    return min(spread, _MOST_GRAIN)
