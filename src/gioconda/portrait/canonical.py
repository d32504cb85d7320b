"""The canonical face: the mean shape of the 468-point mesh, and its left-right mirror.

The table is the mean of what MediaPipe's face mesh gives for two public-domain portraits (NASA's
Eileen Collins, blurred until her smile is gone, and the US Navy's Grace Hopper), each rolled by
-6, 0 and 6 degrees and mirrored, then made symmetric. So it carries the mesh model's own idea of
depth, which is what a fit against that model's output needs.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

LANDMARK_COUNT: Final = 468


def canonical_landmarks() -> FloatArray:
    """Return the canonical face, (468, 3), in outer-eye distances.

    The origin lies midway between the outer eye corners (landmarks 33 and 263). Axes are the
    head's: x to the image's right (landmark 263, the subject's left eye, has x = 0.5), y down,
    z away from the camera (the nose tip has z of about -0.5). Relaxed, lips closed, eyes open,
    exactly symmetric under :func:`mirror_index`. The head is level: in the mesh model's
    depth the forehead then lies about 7 degrees nearer the camera than the chin (median of
    frontal portraits), so that line alone would call a level head tilted.
    """
    return _table()[0]


def mirror_index() -> IntArray:
    """Return, (468,), each landmark's mirror image; those on the midline give themselves."""
    return _table()[1]


@lru_cache(maxsize=1)
def _table() -> tuple[FloatArray, IntArray]:
    with np.load(Path(__file__).with_name("canonical.npz"), allow_pickle=False) as data:
        landmarks = np.asarray(data["landmarks"], np.float32)
        mirror = np.asarray(data["mirror"], np.int32)
    landmarks.flags.writeable = False
    mirror.flags.writeable = False
    return landmarks, mirror
