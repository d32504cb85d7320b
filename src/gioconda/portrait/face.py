"""From landmarks to a :class:`Face`: angle by a rigid fit, size, sharpness."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.portrait.canonical import LANDMARK_COUNT, canonical_landmarks
from gioconda.portrait.types import ByteImage, Face, FloatArray

Doubles = npt.NDArray[np.float64]

CHIN: Final = 152
FOREHEAD: Final = 10
OUTER_EYE_RIGHT: Final = 33
OUTER_EYE_LEFT: Final = 263
EAR_RIGHT: Final = 234
EAR_LEFT: Final = 454
#: Faces turned further than this are refused: past it the far eye and mouth corner are hidden.
MOST_YAW_DEG: Final = 45.0
#: Contour of the face mesh, in order.
FACE_OVAL: Final[tuple[int, ...]] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
#: Sharpness is judged on the face scaled to this height.
SHARPNESS_HEIGHT_PX: Final = 160
#: Spread of the Laplacian, in grey levels over local contrast, that counts as blurred and crisp.
BLURRED_SPREAD: Final = 0.04
CRISP_SPREAD: Final = 0.30
_ROBUST_ROUNDS: Final = 4


@dataclass(frozen=True)
class RigidFit:
    """A similarity that lays the canonical face onto landmarks: p = scale * R c + offset.

    Attributes:
        rotation: (3, 3).
        scale: pixels in one outer-eye distance.
        offset: (3,) pixels.
        residual: weighted mean distance of the fit's points, in outer-eye distances.
    """

    rotation: FloatArray
    scale: float
    offset: FloatArray
    residual: float

    def angles_deg(self) -> tuple[float, float, float]:
        """Return (yaw, pitch, roll) in degrees, signs as in :mod:`gioconda.motion`."""
        r = self.rotation
        yaw = np.degrees(np.arctan2(-r[0, 2], r[2, 2]))
        pitch = np.degrees(np.arcsin(np.clip(-r[1, 2], -1, 1)))
        roll = np.degrees(np.arctan2(r[1, 0], r[0, 0]))
        return float(yaw), float(pitch), float(roll)


def fit_canonical(landmarks: FloatArray) -> RigidFit:
    """Fit the canonical face to (478, 3) or (468, 3) landmarks.

    Weighted Procrustes on the upper face (the jaw moves with speech), reweighted a few times so
    that raised brows or a wrong cheek do not tilt the result (Huber's weights).
    """
    canonical = canonical_landmarks().astype(np.float64)
    points = np.asarray(landmarks[:LANDMARK_COUNT], np.float64)
    base = _rigid_weights()
    weights = base
    for _ in range(_ROBUST_ROUNDS):
        rotation, scale, offset = _procrustes(canonical, points, weights)
        distance = np.linalg.norm(scale * canonical @ rotation.T + offset - points, axis=1) / scale
        knee = max(float(np.median(distance[base > 0])), 1e-4)
        weights = base * np.minimum(1.0, knee / np.maximum(distance, 1e-9))
    residual = float((base * distance).sum() / base.sum())
    return RigidFit(rotation.astype(np.float32), scale, offset.astype(np.float32), residual)


def describe(picture: ByteImage, landmarks: FloatArray) -> Face:
    """Return the face that (478, 3) landmarks, in pixels of the picture, stand for."""
    yaw, pitch, roll = fit_canonical(landmarks).angles_deg()
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    return Face(
        landmarks=np.asarray(landmarks, np.float32),
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        width_px=float(high[0] - low[0]),
        height_px=float(high[1] - low[1]),
        sharpness=sharpness(picture, landmarks),
    )


def face_height_px(landmarks: FloatArray) -> float:
    """Return the height that framing goes by: chin to forehead, or what the width suggests.

    A head that looks up or down is shorter in the picture than it is, so the larger counts.
    """
    tall = float(np.linalg.norm(landmarks[CHIN] - landmarks[FOREHEAD]))
    wide = float(np.linalg.norm(landmarks[EAR_RIGHT, :2] - landmarks[EAR_LEFT, :2]))
    return max(tall, 1.125 * wide)


def mouth_gap(landmarks: FloatArray) -> float:
    """Return the inner-lip gap in outer-eye distances; up to about 0.03 the lips are closed."""
    eyes = float(np.linalg.norm(landmarks[OUTER_EYE_RIGHT] - landmarks[OUTER_EYE_LEFT]))
    return float(np.linalg.norm(landmarks[13] - landmarks[14])) / max(eyes, 1e-6)


def sharpness(picture: ByteImage, landmarks: FloatArray) -> float:
    """Return 0 (blurred) to 1 (crisp).

    The spread of the Laplacian (Pech-Pacheco et al., 2000) inside the face oval, with the face
    at :data:`SHARPNESS_HEIGHT_PX`, over the spread of the grey levels, so that dim pictures
    are not called blurred.
    """
    import cv2

    height, width = picture.shape[:2]
    low = np.floor(landmarks[:, :2].min(axis=0)).astype(int) - 2
    high = np.ceil(landmarks[:, :2].max(axis=0)).astype(int) + 3
    x0, y0 = max(low[0], 0), max(low[1], 0)
    x1, y1 = min(high[0], width), min(high[1], height)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return 0.0
    scale = SHARPNESS_HEIGHT_PX / (high[1] - low[1])
    grey = cv2.cvtColor(np.ascontiguousarray(picture[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=method).astype(np.float32)
    inside = np.zeros(grey.shape, np.uint8)
    oval = (landmarks[list(FACE_OVAL), :2] - (x0, y0) + 0.5) * scale
    cv2.fillPoly(inside, [np.round(oval).astype(np.int32)], 1)
    chosen = inside > 0
    if chosen.sum() < 64:
        return 0.0
    laplacian = cv2.Laplacian(grey, cv2.CV_32F)
    spread = float(laplacian[chosen].std() / max(float(grey[chosen].std()), 4.0))
    return float(np.clip((spread - BLURRED_SPREAD) / (CRISP_SPREAD - BLURRED_SPREAD), 0, 1))


@lru_cache(maxsize=1)
def _rigid_weights() -> Doubles:
    """Return (468,) weights: the nose, eye corners and forehead count, jaw and lips do not."""
    canonical = canonical_landmarks()
    below = canonical[:, 1] - canonical[2, 1]  # landmark 2: base of the nose
    weights = np.clip(1.0 - below / 0.12, 0.0, 1.0)
    contour = list(FACE_OVAL)
    weights[contour] *= 0.4  # contour landmarks slide along the silhouette as the head turns
    return np.asarray(weights, np.float64)


def _procrustes(
    source: Doubles, target: Doubles, weights: Doubles
) -> tuple[Doubles, float, Doubles]:
    """Return rotation, scale and offset of the weighted least-squares similarity (Umeyama)."""
    w = weights / weights.sum()
    source_mean, target_mean = w @ source, w @ target
    a, b = source - source_mean, target - target_mean
    u, s, vt = np.linalg.svd((a * w[:, None]).T @ b)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = (vt.T * sign) @ u.T
    scale = float((s * sign).sum() / (w @ (a * a).sum(axis=1)))
    return rotation, scale, target_mean - scale * rotation @ source_mean
