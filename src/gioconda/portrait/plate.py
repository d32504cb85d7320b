"""The plate: the background with the person filled in."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.types import ByteImage, FloatArray

#: The fill is smooth, so it is made at the view's size over this.
_REDUCTION: Final = 4
#: Strands and earrings that the matte missed lie this close; in pixels of the reduced picture of
#: a view of 512. They neither colour the fill nor stay in the plate.
_CLEARANCE: Final = 3
#: The fill covers this much round the matte (pixels of a view of 512), fading at its rim.
_EDGE_PX: Final = 9
_MOST_GRAIN: Final = 4.0


def fill_person(
    image: ByteImage,
    matte: FloatArray,
    seed: int = 0,
    *,
    textured: bool = True,
    avoid: npt.NDArray[np.uint8] | None = None,
) -> ByteImage:
    """Return the image, (S, S, 3), with everything under the matte, (S, S), filled.

    Push-pull (Gortler et al., 1996, "The Lumigraph"): known pixels are averaged up a pyramid,
    holes take what the coarser level knows. In the ring that can come into sight the background's
    own texture goes on; deeper, grain measured on the background is laid over the smooth fill.

    Args:
        image: (S, S, 3) uint8.
        matte: (S, S) float32, 0 background to 1 person.
        seed: of the grain and the search for texture.
        avoid: (S, S) uint8, 1 where texture may not be taken from (other people); none if None.
        textured: False for the smooth fill alone, in a fifth of the time.
    """
    import cv2

    side = image.shape[0]
    small_side = max(8, side // _REDUCTION)
    kernel = np.ones((3, 3), np.uint8)
    covered = cv2.resize(matte, (small_side, small_side), interpolation=cv2.INTER_AREA)
    hole = cv2.dilate((covered > 0.04).astype(np.uint8), kernel, iterations=_CLEARANCE)
    if (hole == 0).sum() < 10:
        return image.copy()
    fill = _smooth(image, 1 - hole)
    grain = np.random.default_rng(seed).standard_normal((side, side, 1), np.float32)
    grain *= _grain_level(image, matte)
    if textured:
        from gioconda.portrait.continuation import continued

        wide = cv2.resize(hole, (side, side), interpolation=cv2.INTER_NEAREST)
        barred = np.zeros_like(wide) if avoid is None else avoid
        found = continued(image, wide, barred, fill, seed)
        if found is not None:
            texture, share = found
            mixed = texture * share[..., None] + fill * (1 - share[..., None])
            # the deeper fill goes on from the ring's colours, not from those outside it
            known = cv2.resize((share > 0.5).astype(np.float32), (small_side, small_side))
            inner = _smooth(np.clip(mixed, 0, 255).astype(np.uint8), np.maximum(1 - hole, known))
            fill = texture * share[..., None] + inner * (1 - share[..., None])
            grain *= 1 - share[..., None]
    fill = fill + grain
    edge = max(1, round(_EDGE_PX * side / 512))
    mask = cv2.dilate((matte > 0.03).astype(np.uint8), kernel, iterations=edge)
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.5 * side / 512)[..., None]
    result = image * (1 - weight) + fill * weight
    return np.asarray(np.clip(result + 0.5, 0, 255), np.uint8)


def _smooth(image: ByteImage, known: FloatArray | npt.NDArray[np.uint8]) -> FloatArray:
    """Fill what is not known, (s, s) at a reduced size, smoothly; (S, S, 3) float32."""
    import cv2

    side = image.shape[0]
    small = cv2.resize(image, known.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = known.astype(np.float32)
    filled = _push_pull(small * weight[..., None], weight)
    return np.asarray(
        cv2.resize(np.clip(filled, 0, 255), (side, side), interpolation=cv2.INTER_CUBIC), np.float32
    )


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
