"""Is it a human face? The mesh also fits dogs and monkeys, so two other models are asked.

Evidence, in log-odds, is summed over two models that were trained on human faces only:

* the short-range BlazeFace detector, shown the face at four sizes, as it is and mirrored;
* the face flag of the plain mesh model, on crops that are moved, scaled and mirrored a little.
  Its log-odds are far too sure of themselves (5 for a dog), so they are tempered by ten.

On 90 faces of photos, video stills, paintings, cartoons, a statue and a robot, turned by less than
45 degrees, the sum lies between 3.2 (a 112 px picture) and 6.0, median 5.0. A capuchin monkey
reaches 2.4, a dog 1.4, and meshes that fell on hair, flowers or a cat lie below 0. Darkened,
blurred, desaturated or recompressed copies of the faces lose up to 1.4 at worst (typically 0.3).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gioconda.portrait import mediapipe_models as models
from gioconda.portrait.crop import cut, sample
from gioconda.portrait.face import OUTER_EYE_LEFT, OUTER_EYE_RIGHT, face_height_px
from gioconda.portrait.types import ByteImage, FloatArray

#: A face at or above this is human.
HUMAN_EVIDENCE: Final = 2.55
#: Both models know few turned heads, so less is asked of one: down to this at the second of the
#: two angles below. (Past 45 degrees a face is refused for its angle, the true reason.)
TURNED_EVIDENCE: Final = 0.0
_TURN_RAMP_DEG: Final = (25.0, 50.0)
#: Larger faces are reduced to this height first: the models look at less anyway.
_WORK_HEIGHT_PX: Final = 256
_WORK_AREA_HEIGHTS: Final = 4.5
_PRESENCE_TEMPERATURE: Final = 10.0
_DETECTOR_HEIGHTS: Final = (1.6, 2.0, 2.5, 3.2)
_DETECTOR_SIDE_PX: Final = 256
_PRESENCE_SIDE_PX: Final = 192
#: Scale, shift right, shift down (of the crop's side), mirrored.
_PRESENCE_CROPS: Final = (
    (1.0, 0.0, 0.0, False), (1.0, 0.0, 0.0, True), (0.85, 0.0, 0.0, False),
    (1.2, 0.0, 0.0, False), (1.0, 0.08, 0.0, False), (1.0, 0.0, -0.08, True),
)  # fmt: skip


def human_evidence(picture: ByteImage, mesh: FloatArray) -> float:
    """Return the log-odds that a mesh, (478, 3) in pixels of the picture, is a human face."""
    picture, mesh = _reduced(picture, mesh)
    presence = presence_log_odds(picture, mesh)
    if presence < 0:
        return presence  # nothing there; the detector need not be asked
    return presence / _PRESENCE_TEMPERATURE + detector_log_odds(picture, mesh)


def needed_evidence(yaw_deg: float) -> float:
    """Return the evidence that a face turned by this much must reach to count as human."""
    start, end = _TURN_RAMP_DEG
    return float(np.interp(abs(yaw_deg), (start, end), (HUMAN_EVIDENCE, TURNED_EVIDENCE)))


def detector_log_odds(picture: ByteImage, mesh: FloatArray) -> float:
    """Return the log-odds of the short-range detector's mean score on the mesh's place."""
    height = face_height_px(mesh)
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    scores: list[float] = []
    for heights in _DETECTOR_HEIGHTS:
        to_picture = _square((low + high) / 2, height * heights, 0.0, _DETECTOR_SIDE_PX)
        crop = sample(picture, to_picture, _DETECTOR_SIDE_PX)
        reach = 0.5 * _DETECTOR_SIDE_PX / heights
        for image in (crop, np.ascontiguousarray(crop[:, ::-1])):
            hits = models.detect_faces(image, full_range=False)
            scores.append(max((d.score for d in hits if _central(d.box, reach)), default=0.0))
    mean = float(np.clip(np.mean(scores), 1e-3, 1 - 1e-3))
    return float(np.log(mean / (1 - mean)))


def presence_log_odds(picture: ByteImage, mesh: FloatArray) -> float:
    """Return the mean log-odds of the mesh model's face flag over crops round the mesh."""
    across = mesh[OUTER_EYE_LEFT, :2] - mesh[OUTER_EYE_RIGHT, :2]
    roll = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    upright = mesh[:, :2] @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    side = float((high - low).max()) * 1.5
    crops = []
    for scale, right, down, mirrored in _PRESENCE_CROPS:
        centre = turn @ ((low + high) / 2 + np.array([right, down]) * side)
        to_picture = _square(centre, side * scale, roll, _PRESENCE_SIDE_PX)
        crop = sample(picture, to_picture, _PRESENCE_SIDE_PX, replicate=True)
        crops.append(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
    return float(np.mean(models.face_presence(crops)))


def _reduced(picture: ByteImage, mesh: FloatArray) -> tuple[ByteImage, FloatArray]:
    """Return the mesh's surroundings, not larger than the models can use, and the mesh in them."""
    height = face_height_px(mesh)
    scale = min(1.0, _WORK_HEIGHT_PX / height)
    middle = (mesh[:, :2].min(axis=0) + mesh[:, :2].max(axis=0)) / 2
    half = _WORK_AREA_HEIGHTS / 2 * height
    limits = np.array([picture.shape[1], picture.shape[0]])
    left, top = (int(v) for v in np.clip(np.floor(middle - half), 0, limits - 1))
    right, bottom = (int(v) for v in np.clip(np.ceil(middle + half), 1, limits))
    area = cut(picture, left, top, max(right - left, 1), max(bottom - top, 1), scale)
    placed = mesh.copy()
    placed[:, :2] = (placed[:, :2] - (left, top) + 0.5) * scale - 0.5
    placed[:, 2] *= scale
    return area, placed


def _square(centre: FloatArray, side: float, roll_rad: float, size: int) -> FloatArray:
    """Return the (2, 3) affine from a view of ``size`` to a rolled square of the picture."""
    step = side / size
    c, s = np.cos(roll_rad) * step, np.sin(roll_rad) * step
    linear = np.array([[c, -s], [s, c]])
    offset = np.asarray(centre, np.float64) - linear @ np.full(2, (size - 1) / 2)
    return np.hstack([linear, offset[:, None]]).astype(np.float32)


def _central(box: FloatArray, reach: float) -> bool:
    """Tell whether a detector's box has its centre near the crop's."""
    centre = box[:2] + box[2:] / 2
    return bool(np.abs(centre - _DETECTOR_SIDE_PX / 2).max() < reach)
