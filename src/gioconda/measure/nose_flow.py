"""How far the wings of the nose rise from one frame to the next, followed in the pixels.

The face tracker's mesh hardly lets the nose wrinkle: of a rise of .03 outer-eye distances it sees a
sixth. So the skin itself is followed, by optical flow (Lucas and Kanade 1981, in a pyramid).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ByteImage = npt.NDArray[np.uint8]

#: Landmarks of the wings of the nose, and of the outer corners of the eyes.
_WINGS: Final = (129, 98, 358, 327)
_OUTER: Final = (33, 263)
#: Round each, so many points a side, so far apart in outer-eye distances, are followed in windows
#: so wide.
_GRID: Final = 3
_APART: Final = 0.025
_WINDOW: Final = 0.12


def wing_rise(frames: Sequence[ByteImage], landmarks: npt.NDArray[np.floating]) -> FloatArray:
    """Return how far the wings have gone down since the first frame, in outer-eye distances.

    Args:
        frames: n of (H, W, 3), in which the head does not move and the face changes little by
            little.
        landmarks: (478, 3) of the first, in pixels.

    Returns:
        (n,), 0 for the first; negative is up.
    """
    points = landmarks[:, :2].astype(np.float64)
    across = points[_OUTER[1]] - points[_OUTER[0]]
    size = float(np.hypot(*across))
    down = np.array([-across[1], across[0]]) / size
    steps = (np.arange(_GRID) - _GRID // 2) * _APART * size
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    start = (points[list(_WINGS)][:, None] + grid).reshape(-1, 1, 2).astype(np.float32)
    window = max(round(_WINDOW * size), 7)
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames]
    at, rise = start, [0.0]
    for before, after in pairwise(grey):
        at = cv2.calcOpticalFlowPyrLK(before, after, at, np.zeros_like(at),
                                      winSize=(window, window), maxLevel=2)[0]  # fmt: skip
        moved = (at - start).reshape(len(_WINGS), -1, 2).astype(np.float64) @ down
        rise.append(float(np.median(moved, axis=1).mean()) / size)
    return np.array(rise)
