"""The person matte: selfie segmentation, the face's own hull, edges from the picture itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait import mediapipe_models as models
from gioconda.portrait.face import CHIN, FACE_OVAL, FOREHEAD, face_height_px
from gioconda.portrait.types import ByteImage, FloatArray

#: Sizes below are stated for a view of this side and grow with it.
BASE_SIDE_PX: Final = 512
_GUIDE_RADIUS_PX: Final = 6
_GUIDE_EPS: Final = 1e-4
_BAND_PX: Final = 11
_CLUTTER_WEIGHT: Final = 1.5
_COLOUR_SIDE_PX: Final = 128
_MOST_HOLE_SHARE: Final = 0.02
_COLOUR_BINS: Final = 24
_COLOUR_WEIGHT: Final = 1.3
#: Two people who touch are parted within this many face heights.
_BETWEEN: Final = 0.06


def coarse_matte(
    image: ByteImage, landmarks: FloatArray, others: Sequence[FloatArray] = ()
) -> FloatArray:
    """Return the person who owns the face, (H, W), 0 to 1, with edges drawn to the picture's.

    Selfie segmentation joined with the face oval; what lies nearer to another face, and parts that
    do not touch the own one, are dropped; a guided filter (He et al., 2010) moves the edge onto
    that of the picture.

    Args:
        image: (H, W, 3) uint8.
        landmarks: (478, 3) of the face, in pixels of the image.
        others: landmarks of the other faces, which may lie outside the image.
    """
    import cv2

    probability = _settled_by_colour(image, models.person_probability(image))
    mask = np.clip((probability - 0.15) / 0.7, 0.0, 1.0)
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(hull, [np.round(landmarks[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    mask = np.maximum(mask * _nearest(mask.shape, landmarks, others), hull.astype(np.float32))
    mask = mask * _touching(mask, hull)
    mask = np.maximum(mask, _small_holes(mask))
    radius = max(2, round(_GUIDE_RADIUS_PX * image.shape[0] / BASE_SIDE_PX))
    guide = image.astype(np.float32) / 255
    edged = cv2.ximgproc.guidedFilter(guide, mask.astype(np.float32), radius, _GUIDE_EPS)
    return np.asarray(np.clip((edged - 0.08) / 0.84, 0.0, 1.0), np.float32)


def refine_matte(image: ByteImage, matte: FloatArray, plate: ByteImage) -> FloatArray:
    """Return the matte with its edge solved from colours: strands of hair, not a soft ribbon.

    In a band round the edge, alpha is where a pixel lies between the colour of the sure person
    nearby and that of the plate; used as far as those two colours differ by more than each of
    them varies (hair full of flowers, or a patterned wall, says nothing).
    """
    import cv2

    side = image.shape[0]
    picture, background = image.astype(np.float32), plate.astype(np.float32)
    band_px = max(3, round(_BAND_PX * side / BASE_SIDE_PX))
    cross = np.ones((3, 3), np.uint8)
    sure = cv2.erode((matte > 0.95).astype(np.uint8), cross, iterations=band_px // 2)
    near = cv2.dilate((matte > 0.05).astype(np.uint8), cross, iterations=band_px)
    band = (near > 0) & (sure == 0)
    person, scatter, known = _spread(picture, sure.astype(np.float32), side)
    away = cv2.erode((matte < 0.02).astype(np.uint8), cross, iterations=2).astype(np.float32)
    _, clutter, _ = _spread(picture, away, side)
    difference = person - background
    square = (difference**2).sum(axis=2)
    alpha = ((picture - background) * difference).sum(axis=2) / np.maximum(square, 1.0)
    alpha = np.clip((alpha - 0.04) / 0.9, 0.0, 1.0).astype(np.float32)
    alpha = cv2.bilateralFilter(alpha, 5, 0.15, 1.5)
    reach = np.clip(cv2.GaussianBlur(matte, (0, 0), band_px * 0.5) * 1.6, 0.0, 1.0)
    alpha = np.minimum(alpha, reach)
    trust = smoothstep((np.sqrt(square) - 25.0) / 35.0) * known
    trust *= square / (square + _CLUTTER_WEIGHT * (scatter + clutter) + 1.0)
    soft = cv2.GaussianBlur(matte, (0, 0), 1.0)
    refined = matte.copy()
    refined[band] = (trust * alpha + (1.0 - trust) * soft)[band]
    return np.asarray(np.clip(refined, 0.0, 1.0), np.float32)


def _small_holes(mask: FloatArray) -> FloatArray:
    """Return 1 in small holes: a flower or a slide worn in the hair moves with the head."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask < 0.5).astype(np.uint8))
    side = mask.shape[0]
    left, top, width, height, area = stats.T
    inside = (left > 0) & (top > 0) & (left + width < side) & (top + height < side)
    small = inside & (area < _MOST_HOLE_SHARE * side * side)
    small[0] = False  # label 0 is the person
    return np.asarray(small[labels], np.float32) if count > 1 else np.zeros_like(mask)


def _settled_by_colour(image: ByteImage, probability: FloatArray) -> FloatArray:
    """Settle where the segmentation is unsure, by the colours of where it is sure.

    Bushy hair, ponytails and painted walls come out of the network as grey areas. Two colour
    histograms (Lab) of the sure person and the sure background turn them to one side or the other.
    """
    import cv2

    reduced = (_COLOUR_SIDE_PX, _COLOUR_SIDE_PX)
    small = cv2.resize(image, reduced, interpolation=cv2.INTER_AREA)
    chance = cv2.resize(probability, reduced, interpolation=cv2.INTER_AREA)
    bins = (cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.int32) * _COLOUR_BINS) // 256
    person, background = chance > 0.95, chance < 0.05
    least = 0.02 * chance.size
    if person.sum() < least or background.sum() < least:
        return probability
    ratio = np.log(_histogram(bins[person]) / _histogram(bins[background]))
    leaning = ratio[bins[..., 0], bins[..., 1], bins[..., 2]].astype(np.float32)
    leaning = cv2.GaussianBlur(np.clip(leaning, -3.0, 3.0), (0, 0), 1.2)
    leaning = cv2.resize(leaning, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    inner = np.clip(probability, 1e-3, 1 - 1e-3)
    odds = np.log(inner / (1 - inner))
    unsure = np.clip(1.0 - (np.abs(odds) - 3.0) / 2.0, 0.0, 1.0)
    return np.asarray(1 / (1 + np.exp(-(odds + _COLOUR_WEIGHT * leaning * unsure))), np.float32)


def _histogram(bins: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return the smoothed share of each colour bin, (B, B, B), from (n, 3) bin numbers."""
    counts = np.zeros((_COLOUR_BINS,) * 3)
    np.add.at(counts, tuple(bins.T), 1.0)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        low, middle, high = (
            np.take(padded, range(k, k + _COLOUR_BINS), axis=axis) for k in range(3)
        )
        counts = 0.25 * low + 0.5 * middle + 0.25 * high
    return np.asarray(counts / counts.sum() + 1e-4)


def _nearest(
    shape: tuple[int, ...], landmarks: FloatArray, others: Sequence[FloatArray]
) -> FloatArray:
    """Return 1 where the face is nearer than all others, measured in each one's own height."""
    share = np.ones(shape, np.float32)
    if not others:
        return share
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)

    def away(face: FloatArray) -> FloatArray:
        middle = (face[FOREHEAD, :2] + face[CHIN, :2]) / 2
        apart = np.hypot(x - middle[0], y - middle[1])
        return np.asarray(apart / face_height_px(face), np.float32)

    own = away(landmarks)
    for other in others:
        share = np.minimum(share, smoothstep((away(other) - own) / _BETWEEN + 0.5))
    return share


def _touching(mask: FloatArray, hull: npt.NDArray[np.uint8]) -> FloatArray:
    """Return 1 where the mask hangs together with the face, 0 on anything apart from it."""
    import cv2

    solid = ((mask > 0.3) | (hull > 0)).astype(np.uint8)
    count, labels = cv2.connectedComponents(solid)
    if count <= 2:
        return np.ones(mask.shape, np.float32)
    own = np.bincount(labels[hull > 0], minlength=count)
    own[0] = 0
    chosen = (labels == int(own.argmax())).astype(np.uint8)
    grown = cv2.dilate(chosen, np.ones((9, 9), np.uint8))
    return np.asarray(grown * (1 - (solid - chosen)), np.float32)


def _spread(
    picture: FloatArray, weight: FloatArray, side: int
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Carry weighted colours outwards, nearest scale first: mean, variance, where they reach.

    Views larger than the base are gone through at the base's side: wide blurs of large pictures
    take seconds, and means of whole neighbourhoods need no more pixels.
    """
    import cv2

    if side > BASE_SIDE_PX:
        base, full = (BASE_SIDE_PX, BASE_SIDE_PX), (side, side)
        small, light = (
            cv2.resize(a, base, interpolation=cv2.INTER_AREA) for a in (picture, weight)
        )
        mean, spread, reached = _spread(small, light, BASE_SIDE_PX)
        return (
            cv2.resize(mean, full, interpolation=cv2.INTER_LINEAR),
            cv2.resize(spread, full, interpolation=cv2.INTER_LINEAR),
            cv2.resize(reached.astype(np.uint8), full, interpolation=cv2.INTER_NEAREST) > 0,
        )
    colour, filled = np.zeros_like(picture), np.zeros(weight.shape, bool)
    variance = np.zeros(weight.shape, np.float32)
    energy = (picture**2).sum(axis=2) * weight
    for sigma_px in (2, 4, 8, 16):
        sigma = sigma_px * side / BASE_SIDE_PX
        total = cv2.GaussianBlur(picture * weight[..., None], (0, 0), sigma)
        share = cv2.GaussianBlur(weight, (0, 0), sigma)
        fresh = ~filled & (share > 0.01)
        colour[fresh] = total[fresh] / share[fresh][:, None]
        squares = cv2.GaussianBlur(energy, (0, 0), sigma)[fresh] / share[fresh]
        variance[fresh] = np.maximum(squares - (colour[fresh] ** 2).sum(axis=1), 0.0)
        filled |= fresh
    return colour, variance, filled


def smoothstep(x: FloatArray) -> FloatArray:
    """Return the cubic that rises from 0 at x = 0 to 1 at x = 1, float32."""
    t = np.clip(x, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
