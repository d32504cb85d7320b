"""The square crop: how large, and where, so that hair is never cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gioconda.portrait import mediapipe_models as models
from gioconda.portrait.crop import cut
from gioconda.portrait.face import CHIN, FACE_OVAL, FOREHEAD, face_height_px
from gioconda.portrait.types import ByteImage, FloatArray

#: Side of the square, in face heights.
SIDE_HEIGHTS: Final = 2.15
#: The square grows for tall or wide hair up to this.
MOST_SIDE_HEIGHTS: Final = 3.4
#: Room left beyond the hair, in face heights.
HAIR_MARGIN: Final = 0.08
#: Hair reaches at most this far beside the face; what lies further out is another person.
MOST_HAIR_REACH: Final = 0.75
#: Room left below the chin.
CHIN_MARGIN: Final = 0.42
#: The least of it, where the picture ends.
LEAST_CHIN_MARGIN: Final = 0.12
#: How much larger than the crop the square is that is pasted back, and which part of the room
#: gained lies above.
PLACE_ROOM: Final = 1.3
PLACE_ABOVE: Final = 0.2
_LOOK_HEIGHTS: Final = 4.2
_LOOK_SIDE_PX: Final = 256


@dataclass(frozen=True)
class Frame:
    """A square in the picture, in pixels; edges lie between pixels, so 0 is the left edge."""

    left: float
    top: float
    side: float

    def to_picture(self, size: int) -> FloatArray:
        """Return the (2, 3) affine from pixels of a view of ``size`` to those of the picture."""
        step = self.side / size
        shift = 0.5 * step - 0.5  # pixel centres at integers
        return np.array([[step, 0, self.left + shift], [0, step, self.top + shift]], np.float32)


def frame_face(picture: ByteImage, landmarks: FloatArray) -> Frame:
    """Return the square to animate for a face, (478, 3) landmarks in pixels of the picture.

    About 2.15 face heights wide, more where hair or a hat needs it; moved into the picture, and
    made smaller, before it may reach beyond the picture's edge.
    """
    rows, columns = picture.shape[:2]
    height = face_height_px(landmarks)
    centre = (landmarks[FOREHEAD, :2] + landmarks[CHIN, :2]) / 2 + (0.5, 0.5 - 0.03 * height)
    left, top, right, bottom = head_box(picture, landmarks)
    need = max(right - left, bottom - top)
    side = min(max(SIDE_HEIGHTS * height, need), MOST_SIDE_HEIGHTS * height)
    shortest = float(min(rows, columns))
    if side > shortest:  # smaller rather than past the edge, as long as the head fits
        spare = (CHIN_MARGIN - LEAST_CHIN_MARGIN) * height
        bottom = max(bottom - spare, min(bottom, top + shortest))
        need = max(right - left, bottom - top)
        side = max(shortest, min(side, need))
    x = _place(float(centre[0]), side, left, right, columns)
    y = _place(float(centre[1]), side, top, bottom, rows)
    return Frame(x, y, side)


def stepped_back(frame: Frame, distance: float, picture: ByteImage) -> Frame:
    """Return the square that a camera ``distance`` times as far away would see, 1 or more.

    Kept in the picture where that is large enough; else it reaches past the edge.
    """
    rows, columns = picture.shape[:2]
    side = frame.side * distance
    middle = frame.side / 2
    x = _place(frame.left + middle, side, frame.left, frame.left + frame.side, columns)
    y = _place(frame.top + middle, side, frame.top, frame.top + frame.side, rows)
    return Frame(x, y, side)


def frame_in_place(picture: ByteImage, landmarks: FloatArray) -> Frame:
    """Return the square to animate where the whole picture is shown: on whole pixels of it.

    Larger than the crop where the picture has room, most of it below, so that the shoulders'
    motion can end inside it.
    """
    rows, columns = picture.shape[:2]
    tight = frame_face(picture, landmarks)
    side = math.ceil(max(tight.side, min(tight.side * PLACE_ROOM, rows, columns)))
    spare = side - tight.side
    left = _inside(round(tight.left - spare / 2), side, columns)
    top = _inside(round(tight.top - spare * PLACE_ABOVE), side, rows)
    return Frame(left, top, side)


def _inside(start: int, side: int, extent: int) -> int:
    """Return a start moved so that the side lies in the extent, where it is short enough."""
    return min(max(start, 0), extent - side) if side <= extent else start


def head_box(picture: ByteImage, landmarks: FloatArray) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of head, hair and chin with margins, inside the picture."""
    rows, columns = picture.shape[:2]
    height = face_height_px(landmarks)
    face_low, face_high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    left, top = (float(v) - 0.12 * height for v in face_low)
    right = float(face_high[0]) + 0.12 * height
    bottom = float(face_high[1]) + CHIN_MARGIN * height
    hair = _hair_extent(picture, landmarks, height)
    if hair is not None:
        margin = HAIR_MARGIN * height
        reach = MOST_HAIR_REACH * height
        left = min(left, max(hair[0] - margin, float(face_low[0]) - reach))
        right = max(right, min(hair[2] + margin, float(face_high[0]) + reach))
        top = min(top, hair[1] - margin)
    return max(left, 0.0), max(top, 0.0), min(right, columns), min(bottom, rows)


def _hair_extent(
    picture: ByteImage, landmarks: FloatArray, height: float
) -> tuple[float, float, float] | None:
    """Return left, top, right of the person above the mouth, in pixels of the picture."""
    import cv2

    middle = (landmarks[FOREHEAD, :2] + landmarks[CHIN, :2]) / 2
    side = max(16, round(_LOOK_HEIGHTS * height))
    x0, y0 = round(float(middle[0]) - side / 2), round(float(middle[1]) - side * 0.55)
    scale = _LOOK_SIDE_PX / side
    mask = models.person_probability(cut(picture, x0, y0, side, side, scale)) > 0.5
    points = (landmarks[:, :2] - (x0, y0) + 0.5) * scale
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(hull, [np.round(points[list(FACE_OVAL)]).astype(np.int32)], 1)
    solid = (mask | (hull > 0)).astype(np.uint8)
    solid[max(0, int(points[:, 1].max() - 0.22 * height * scale)) :] = 0  # shoulders do not count
    count, labels = cv2.connectedComponents(solid)
    own = np.bincount(labels[(hull > 0) & (solid > 0)], minlength=count)
    own[0] = 0
    if not own.any():
        return None
    ys, xs = np.nonzero(labels == int(own.argmax()))
    return (
        x0 + float(xs.min()) / scale,
        y0 + float(ys.min()) / scale,
        x0 + float(xs.max() + 1) / scale,
    )


def _place(centre: float, side: float, low: float, high: float, extent: int) -> float:
    """Return where a side of the square starts: centred, holding low..high, in the picture."""
    start = centre - side / 2
    fits = high - low <= side
    start = min(max(start, high - side), low) if fits else (low + high - side) / 2
    if side <= extent:
        return min(max(start, 0.0), extent - side)
    return (extent - side) / 2 if start > 0 or start + side < extent else start
