"""Where the frame cuts the person, and how the sheet holds on to it there.

A head that is cut by an edge of the photo and moves away from that edge would lay bare what the
photo does not hold. So the sheet stays where it is at a cut and stretches up to the face: hair
and neck, for the most part, in which that goes unseen.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray

Array = npt.NDArray[np.float64]

#: Matte within this part of the view from an edge counts as cut by it, and the cut fades out
#: along the edge over this part of the view.
EDGE_PART: Final = 0.012
FADE_PART: Final = 0.06
#: Part of the way from an edge to the face by which the head is followed fully.
FOLLOWED_AT: Final = 0.8
#: A narrow cut of the crown goes on above the frame (:func:`background.crowned`); from the first
#: to the second width, in face widths, the crown holds on to the edge instead.
CROWN_WIDTHS: Final = (0.35, 0.8)


def held_by_frame(
    points: Array, outside: Array, matte: FloatArray, side: float, face_width: float
) -> Array:
    """Return how freely points of the sheet follow the head right, left, down, up: (n, 4), 0 to 1.

    A cut holds on to what would move away from it: the left edge to what moves right. Along the
    edge and beyond it the sheet is free to go.

    Args:
        points: (n, 2), in a view of ``side``.
        outside: (n,) distance of each to the face's outline.
        matte: (size, size) of the person.
        side: of the view that points and lengths are given in.
        face_width: in that view.
    """
    reach = max(round(EDGE_PART * matte.shape[0]), 1)
    x, y = points.T
    top = float((matte[:reach].mean(0) > 0.5).mean()) * side / face_width
    narrow, wide = CROWN_WIDTHS
    edges = (
        (2, matte[:reach].mean(0), x, y, float(smoothstep((top - narrow) / (wide - narrow)))),
        (3, matte[-reach:].mean(0), x, side - 1 - y, 1.0),
        (0, matte[:, :reach].mean(1), y, x, 1.0),
        (1, matte[:, -reach:].mean(1), y, side - 1 - x, 1.0),
    )
    free = np.ones((len(points), 4))
    for way, profile, along, away, strength in edges:
        sigma = FADE_PART * len(profile)
        soft = cv2.GaussianBlur(
            profile.reshape(-1, 1), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE
        )
        pixel = np.clip((along + 0.5) * len(profile) / side, 0, len(profile) - 1).astype(int)
        cut = strength * np.clip(2 * soft[pixel, 0], 0, 1)
        away = np.maximum(away, 0)
        share = away / np.maximum(away + np.maximum(outside, 0), 1e-6)
        free[:, way] *= 1 - cut * (1 - smoothstep(share / FOLLOWED_AT))
    return free
