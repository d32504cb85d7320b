"""The fixed topology of the face: which landmark lies where, and the triangles between them.

Landmarks are those of MediaPipe's 478-point face mesh. In the names below "right" and "left"
are the subject's; the subject's right lies on the image's left. Rows of lips, lids, creases and
brows run in the order stated for each, and rows of opposite lips or lids pair up index by index.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int32]

#: Points of the mesh without the ten of the irises.
LANDMARKS: Final = 468

# Lips, from the corner on the image's left to the corner on its right; corners apart.
CORNER_RIGHT_OUTER: Final = 61
CORNER_RIGHT_INNER: Final = 78
CORNER_LEFT_OUTER: Final = 291
CORNER_LEFT_INNER: Final = 308
UPPER_LIP_OUTER: Final = (185, 40, 39, 37, 0, 267, 269, 270, 409)
UPPER_LIP_INNER: Final = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_LIP_OUTER: Final = (146, 91, 181, 84, 17, 314, 405, 321, 375)
LOWER_LIP_INNER: Final = (95, 88, 178, 87, 14, 317, 402, 318, 324)
#: Index of the middle of a lip row.
LIP_MIDDLE: Final = 4
LIPS_OUTER: Final = (
    CORNER_RIGHT_OUTER, *UPPER_LIP_OUTER, CORNER_LEFT_OUTER, *reversed(LOWER_LIP_OUTER),
)  # fmt: skip
LIPS_INNER: Final = (
    CORNER_RIGHT_INNER, *UPPER_LIP_INNER, CORNER_LEFT_INNER, *reversed(LOWER_LIP_INNER),
)  # fmt: skip
LIPS: Final = (*LIPS_OUTER, *LIPS_INNER)

# Eyes, from the outer corner to the inner one.
RIGHT_EYE_CORNERS: Final = (33, 133)
RIGHT_UPPER_LID: Final = (246, 161, 160, 159, 158, 157, 173)
RIGHT_LOWER_LID: Final = (7, 163, 144, 145, 153, 154, 155)
RIGHT_CREASE: Final = (247, 30, 29, 27, 28, 56, 190)
RIGHT_UNDER_EYE: Final = (25, 110, 24, 23, 22, 26, 112)
LEFT_EYE_CORNERS: Final = (263, 362)
LEFT_UPPER_LID: Final = (466, 388, 387, 386, 385, 384, 398)
LEFT_LOWER_LID: Final = (249, 390, 373, 374, 380, 381, 382)
LEFT_CREASE: Final = (467, 260, 259, 257, 258, 286, 414)
LEFT_UNDER_EYE: Final = (255, 339, 254, 253, 252, 256, 341)
#: Iris centres, then the four points round each.
RIGHT_IRIS: Final = (468, 469, 470, 471, 472)
LEFT_IRIS: Final = (473, 474, 475, 476, 477)

# Brows, from the temple inwards.
RIGHT_BROW_UPPER: Final = (70, 63, 105, 66, 107)
RIGHT_BROW_LOWER: Final = (46, 53, 52, 65, 55)
LEFT_BROW_UPPER: Final = (300, 293, 334, 296, 336)
LEFT_BROW_LOWER: Final = (276, 283, 282, 295, 285)

#: The face's outline, clockwise as seen from the top of the forehead.
OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
#: Its lower part, ear to ear, from the image's left.
JAW: Final = (
    234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454,
)  # fmt: skip
FOREHEAD_TOP: Final = 10
CHIN: Final = 152
EAR_RIGHT: Final = 234
EAR_LEFT: Final = 454
NOSE_TIP: Final = 1
NOSE_BASE: Final = 2

NOSE: Final = (1, 2, 4, 5, 6, 168, 195, 197, 98, 327, 64, 294, 48, 278, 129, 358, 19, 94)
CHEEKS: Final = (
    50, 280, 205, 425, 187, 411, 207, 427, 206, 426, 216, 436, 117, 346, 118, 347, 123, 352, 147,
    376, 213, 433, 212, 432, 214, 434, 192, 416,
)  # fmt: skip
CHIN_AREA: Final = (
    199, 200, 18, 175, 201, 421, 83, 313, 182, 406, 194, 418, 32, 262, 204, 424, 211, 431,
)  # fmt: skip
PHILTRUM: Final = (164, 167, 393, 165, 391)
FOREHEAD: Final = (
    10, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 151, 9, 8, 69, 299,
    108, 337, 104, 333, 68, 298,
)  # fmt: skip

#: Landmarks that expressions move; all other vertices follow them.
HANDLES: Final[tuple[int, ...]] = tuple(
    sorted(
        {
            *LIPS, *RIGHT_EYE_CORNERS, *RIGHT_UPPER_LID, *RIGHT_LOWER_LID, *RIGHT_CREASE,
            *RIGHT_UNDER_EYE, *LEFT_EYE_CORNERS, *LEFT_UPPER_LID, *LEFT_LOWER_LID, *LEFT_CREASE,
            *LEFT_UNDER_EYE, *RIGHT_BROW_UPPER, *RIGHT_BROW_LOWER, *LEFT_BROW_UPPER,
            *LEFT_BROW_LOWER, *JAW, *NOSE, *CHEEKS, *CHIN_AREA, *PHILTRUM, *FOREHEAD,
        }
    )
)  # fmt: skip

#: Closed rings of landmarks that subdivision keeps track of. The slits (mouth and eyes) start at
#: the corner on the image's left and run along the upper edge, then back along the lower one.
RINGS: Final[dict[str, tuple[int, ...]]] = {
    "oval": OVAL,
    "mouth": LIPS_INNER,
    "eye_right": (
        RIGHT_EYE_CORNERS[0], *RIGHT_UPPER_LID, RIGHT_EYE_CORNERS[1], *reversed(RIGHT_LOWER_LID),
    ),
    "eye_left": (
        LEFT_EYE_CORNERS[1], *reversed(LEFT_UPPER_LID), LEFT_EYE_CORNERS[0], *LEFT_LOWER_LID,
    ),
}  # fmt: skip
#: The rings that are holes of the mesh.
SLITS: Final = ("mouth", "eye_right", "eye_left")


@lru_cache(maxsize=1)
def triangles() -> IntArray:
    """Return the 852 triangles of the face, shape (852, 3), positive seen from the camera.

    They are the 3-cliques of MediaPipe's tesselation graph, less the two that are no faces of
    the mesh (each of their edges belongs to two faces already). Mouth and eyes are holes. Shipped
    as a table, so that nothing here imports mediapipe.
    """
    with resources.files(__package__).joinpath("topology.npz").open("rb") as file:
        table: IntArray = np.load(file)["triangles"].astype(np.int32)
    table.setflags(write=False)
    return table
