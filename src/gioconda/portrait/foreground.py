"""The person's own colours, without what was behind them."""

from __future__ import annotations

from typing import Final

import numpy as np

from gioconda.portrait.face import CHIN, FACE_OVAL, face_height_px
from gioconda.portrait.types import ByteImage, FloatArray

#: Sides of the two passes' windows, in a view of 512.
_WINDOWS_PX: Final = (91, 7)
#: Shares of a matte that become 0 and 1 where the person is cut out.
_RIM: Final = (0.2, 0.82)
#: Gaps in the person smaller than this share of the view are closed, as far outside the face as
#: ears are, in face heights, or anywhere below the chin.
_MOST_GAP_SHARE: Final = 0.006
_EAR_REACH: Final = 0.14
#: Outer corners of the eyes; ears begin as much above them.
_EYES: Final = [33, 263]


def person_colours(image: ByteImage, matte: FloatArray) -> ByteImage:
    """Return the colours that, at the matte's share, make up the image; spread beyond the person.

    A strand of hair before a bright wall is half wall: over a new background it would shine.
    Blur-fusion (Forte, 2021, "Approximate Fast Foreground Colour Estimation"): foreground and
    background are first the local means weighted by matte and its complement; what the two do not
    explain of the image goes to the foreground by its share. A second pass is finer.

    Args:
        image: (S, S, 3) uint8.
        matte: (S, S) float32, 0 background to 1 person.

    Returns:
        (S, S, 3) uint8; far from the person the colours of its nearest parts.
    """
    import cv2

    picture = image.astype(np.float32)
    alpha = matte[..., None].astype(np.float32)
    person, behind = picture, picture
    for window_px in _WINDOWS_PX:
        side = 2 * max(1, round(window_px * image.shape[0] / 1024)) + 1

        def mean(values: FloatArray, share: FloatArray, fallback: FloatArray) -> FloatArray:
            total = cv2.blur(values * share, (side, side))  # noqa: B023
            weight = cv2.blur(share, (side, side))[..., None]  # noqa: B023
            known = np.clip(weight / 0.02, 0.0, 1.0)
            return np.asarray(
                known * total / np.maximum(weight, 1e-5) + (1 - known) * fallback, np.float32
            )

        person_mean = mean(person, alpha, person)
        behind_mean = mean(behind, 1 - alpha, behind)
        rest = picture - alpha * person_mean - (1 - alpha) * behind_mean
        person = np.clip(person_mean + alpha * rest, 0, 255)
        behind = behind_mean
    sure = np.clip((alpha - 0.96) / 0.04, 0, 1)
    person = person * (1 - sure) + picture * sure
    return np.asarray(np.clip(person + 0.5, 0, 255), np.uint8)


def tightened(matte: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Return the matte for another background: its unsure, wide rims narrowed, its gaps closed.

    Beside the picture's own background a soft rim and a gap in an ear do no harm; beside another
    the one glows and the other is a hole.

    Args:
        matte: (S, S) float32, 0 background to 1 person.
        landmarks: (478, 3) of the face, in pixels of the view.
    """
    low, high = _RIM
    narrow = np.clip((matte - low) / (high - low), 0.0, 1.0)
    return np.asarray(np.maximum(narrow, _gaps(narrow, landmarks)), np.float32)


def _gaps(matte: FloatArray, landmarks: FloatArray) -> FloatArray:
    """Return 1 in small gaps in ears and clothes: close to the face, or below the chin."""
    import cv2

    size = matte.shape[0]
    height = face_height_px(landmarks)
    near = np.zeros(matte.shape, np.uint8)
    cv2.fillConvexPoly(near, np.round(landmarks[list(FACE_OVAL), :2]).astype(np.int32), 1)
    reach = 2 * round(_EAR_REACH * height) + 1
    near = cv2.dilate(near, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    ears = float(landmarks[_EYES, 1].mean()) - _EAR_REACH * height
    near[: max(0, round(ears))] = 0  # gaps in curls above them are background
    near[min(size, round(float(landmarks[CHIN, 1]))) :] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats((matte < 0.9).astype(np.uint8))
    left, top, width, tall, area = stats.T
    sides = (left == 0).astype(int) + (top == 0) + (left + width == size) + (top + tall == size)
    small = (sides <= 1) & (area < _MOST_GAP_SHARE * size * size)
    small &= np.bincount(labels[near > 0], minlength=count) > 0.8 * area
    small[0] = False  # label 0 is the person
    closed = cv2.dilate(small[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(closed, np.float32)
