"""The frame of a video in which a person's face is most at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.capture.head_pose import RIGID, Camera, fit_poses
from gioconda.portrait.canonical import canonical_landmarks
from gioconda.render.mesh import topology as topo

Array = npt.NDArray[np.float64]

#: Camera for a first look at a face, in outer-eye distances.
_CAMERA: Final = 12.0
#: What counts as one unit of unrest: outer-eye distances, and degrees.
_LIPS_PARTED: Final = 0.02
_WIDTH: Final = 0.03
_LIDS: Final = 0.012
_BROWS: Final = 0.02
_TURNED_DEG: Final = 7.0
_LEANED_DEG: Final = 12.0
#: Lids of a relaxed eye are as far apart as in this percentile of all frames, past blinks.
_OPEN_PERCENTILE: Final = 65.0
#: Frames measured at a time.
_BLOCK: Final = 500


@dataclass(frozen=True)
class Looks:
    """First measures of a face in each frame, in outer-eye distances and degrees.

    Attributes:
        angles_deg: (T, 3) yaw, pitch, roll against the camera.
        gap: (T,) between the inner lips.
        width: (T,) of the mouth.
        lids: (T,) mean aperture of the eyes.
        brows: (T,) mean height of the brows over the eyes.
    """

    angles_deg: Array
    gap: Array
    width: Array
    lids: Array
    brows: Array


def look(landmarks: npt.NDArray[np.floating]) -> Looks:
    """Measure faces, (T, 478, 3) landmarks in pixels, against the canonical face."""
    canonical = canonical_landmarks().astype(np.float64)
    camera = Camera(0.0, _CAMERA, np.zeros(3))
    rigid = list(RIGID)
    angles, flat = [], []
    for first in range(0, len(landmarks), _BLOCK):
        seen = np.asarray(landmarks[first : first + _BLOCK], np.float64)[..., :2]
        size = np.linalg.norm(seen[:, 263] - seen[:, 33], axis=1)
        size = np.maximum(size, 0.6 * np.linalg.norm(seen[:, 168] - seen[:, 2], axis=1))
        middle = seen[:, rigid].mean(axis=1)
        seen = (seen - middle[:, None]) / np.median(size)
        poses = fit_poses(canonical[rigid], seen[:, rigid], camera)
        angles.append(poses.angles_deg())
        posed = poses.apply(canonical, camera)
        at_depth = np.concatenate([seen[:, : len(canonical)], posed[..., 2:]], axis=-1)
        flat.append(poses.undo(camera.unproject(at_depth), camera))
    face = np.concatenate(flat)

    def apart(a: tuple[int, ...], b: tuple[int, ...]) -> Array:
        result: Array = face[:, list(b), 1].mean(axis=1) - face[:, list(a), 1].mean(axis=1)
        return result

    lids = apart(
        topo.RIGHT_UPPER_LID[2:5] + topo.LEFT_UPPER_LID[2:5],
        topo.RIGHT_LOWER_LID[2:5] + topo.LEFT_LOWER_LID[2:5],
    )
    brows = apart(
        (*topo.RIGHT_BROW_UPPER, *topo.LEFT_BROW_UPPER),
        (*topo.RIGHT_EYE_CORNERS, *topo.LEFT_EYE_CORNERS),
    )
    return Looks(
        np.concatenate(angles),
        apart(topo.UPPER_LIP_INNER[3:6], topo.LOWER_LIP_INNER[3:6]),
        face[:, topo.CORNER_LEFT_OUTER, 0] - face[:, topo.CORNER_RIGHT_OUTER, 0],
        lids,
        brows,
    )


def most_restful(looks: Looks) -> int:
    """Return the frame with lips closed, eyes open, brows and mouth as usual, head level.

    Frames are compared with the clip itself: a person whose brows are high has them high at rest.
    """
    yaw, pitch, roll = looks.angles_deg.T
    unrest = (
        (np.maximum(looks.gap, 0) / _LIPS_PARTED) ** 2
        + ((looks.width - np.median(looks.width)) / _WIDTH) ** 2
        + ((looks.lids - np.percentile(looks.lids, _OPEN_PERCENTILE)) / _LIDS) ** 2
        + ((looks.brows - np.median(looks.brows)) / _BROWS) ** 2
        + (yaw / _TURNED_DEG) ** 2
        + ((pitch - np.median(pitch)) / _LEANED_DEG) ** 2
        + (roll / _LEANED_DEG) ** 2
    )
    return int(np.argmin(unrest))
