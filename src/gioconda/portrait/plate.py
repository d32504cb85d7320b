"""The plate: the background with the person filled in."""

from __future__ import annotations

import functools
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
#: Up to this close to the matte (pixels of a view of 512) the photo is kept where it is surely no
#: part of the person: so many grey levels unlike the person nearby, unlike what a smooth fill
#: would put there, and without fine strands.
_KEEP_PX: Final = 2
_UNLIKE_PERSON_GREY: Final = 60.0
_UNLIKE_FILL_GREY: Final = 12.0
_STRAND_GREY: Final = 20.0
_STRAND_PX: Final = 5


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
    kept = np.zeros_like(matte)
    if textured:
        # right up to the matte the background's own pixels are better than any invented ones
        kept = _surely_background(image, matte, covered, fill)
        hole[cv2.resize(kept, (small_side, small_side), interpolation=cv2.INTER_AREA) > 0.9] = 0
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
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.5 * side / 512)
    weight = (weight * (1 - cv2.GaussianBlur(kept, (0, 0), side / 512)))[..., None]
    result = image * (1 - weight) + fill * weight
    return np.asarray(np.clip(result + 0.5, 0, 255), np.uint8)


def _surely_background(
    image: ByteImage, matte: FloatArray, covered: FloatArray, fill: FloatArray
) -> FloatArray:
    """Return 1 where a pixel beside the matte is surely no part of the person, (S, S), else 0.

    Args:
        image: (S, S, 3).
        matte: (S, S).
        covered: (s, s) the same matte, reduced.
        fill: (S, S, 3) what the background farther off leads over to; where the photo is like
            that, nothing is gained by keeping it, and strands that the matte missed would stay.
    """
    import cv2

    side = image.shape[0]
    size = (max(side // 2, 8),) * 2  # half is enough to tell, in a quarter of the time
    half = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    plain = cv2.medianBlur(half, 2 * (_STRAND_PX * side // 2048) + 3)
    person = cv2.resize(_filled_small(image, (covered > 0.97).astype(np.uint8)), size)
    behind = cv2.resize(fill, size, interpolation=cv2.INTER_AREA)
    apart = [
        functools.reduce(cv2.max, cv2.split(cv2.absdiff(plain, other)))
        for other in (half, *(np.clip(v, 0, 255).astype(np.uint8) for v in (person, behind)))
    ]
    sure = (
        (apart[0] < _STRAND_GREY)
        & (apart[1] > _UNLIKE_PERSON_GREY)
        & (apart[2] > _UNLIKE_FILL_GREY)
    ).astype(np.uint8)
    sure = cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(
        (matte > 0.03).astype(np.uint8), np.ones((3, 3), np.uint8),
        iterations=max(1, round(_KEEP_PX * side / 512)),
    )  # fmt: skip
    kept = cv2.resize(sure, (side, side), interpolation=cv2.INTER_NEAREST) & (near == 0)
    return np.asarray(kept, np.float32)


def _smooth(image: ByteImage, known: FloatArray | npt.NDArray[np.uint8]) -> FloatArray:
    """Fill what is not known, (s, s) at a reduced size, smoothly; (S, S, 3) float32."""
    import cv2

    side = image.shape[0]
    filled = _filled_small(image, known)
    return np.asarray(
        cv2.resize(np.clip(filled, 0, 255), (side, side), interpolation=cv2.INTER_CUBIC), np.float32
    )


def _filled_small(image: ByteImage, known: FloatArray | npt.NDArray[np.uint8]) -> FloatArray:
    import cv2

    small = cv2.resize(image, known.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = known.astype(np.float32)
    return _push_pull(small * weight[..., None], weight)


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
