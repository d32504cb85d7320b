"""Where a face's own nasolabial fold runs: a line of landmarks drawn to the crease in the photo.

Landmarks lie beside the fold rather than in it, by up to 8 mm on a smiling face. The line's
points may slide across it; the best smooth line through the darkest creases is found by dynamic
programming.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from gioconda.render.mesh.skin_map import SkinMap
from gioconda.render.mesh.types import FloatArray

POINTS: Final = 13
#: How far a point may slide to the mouth and to the cheek, and the first point, at the nose.
TO_MOUTH_MM: Final = 9.0
TO_CHEEK_MM: Final = 4.0
AT_NOSE_MM: Final = 2.0
STEP_MM: Final = 0.5
#: Offset that is as dear as a crease of full contrast is good, and the same for a bend.
DEAR_MM: Final = 11.0
BEND_MM: Final = 1.6
#: Contrast of a crease that counts in full.
CONTRAST: Final = 0.25


def nearest_crease(skin: SkinMap, line: FloatArray, towards: FloatArray) -> FloatArray:
    """Draw a line to the darkest crease beside it.

    Args:
        skin: the portrait's skin.
        line: (n, 2) from the wing of the nose down, head axes, millimetres.
        towards: (2,) a point on the cheek.

    Returns:
        (POINTS, 2), the line with its points slid across it.
    """
    points = _resampled(line)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    if (across[POINTS // 2] @ (towards - points[POINTS // 2])) < 0:
        across = -across
    offsets = np.arange(-TO_MOUTH_MM, TO_CHEEK_MM + STEP_MM / 2, STEP_MM)
    candidates = points[:, None] + offsets[None, :, None] * across[:, None]
    free = np.clip(np.linspace(0, 3, POINTS), AT_NOSE_MM / TO_MOUTH_MM, 1)[:, None]
    dear = (offsets / DEAR_MM) ** 2 - np.minimum(_darkness(skin, candidates) / CONTRAST, 1.2)
    dear = np.where(np.abs(offsets) <= TO_MOUTH_MM * free, dear, np.inf)

    bend = ((offsets[:, None] - offsets[None]) / BEND_MM) ** 2
    total, back = dear[0], np.zeros((POINTS, len(offsets)), int)
    for k in range(1, POINTS):
        through = total[:, None] + bend
        back[k] = through.argmin(0)
        total = through.min(0) + dear[k]
    chosen = np.zeros(POINTS, int)
    chosen[-1] = int(total.argmin())
    for k in range(POINTS - 1, 0, -1):
        chosen[k - 1] = back[k, chosen[k]]
    found: FloatArray = candidates[np.arange(POINTS), chosen].astype(np.float32)
    return found


def _resampled(line: FloatArray) -> FloatArray:
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, length[-1], POINTS)
    return np.stack([np.interp(at, length, line[:, c]) for c in range(2)], -1).astype(np.float32)


def _darkness(skin: SkinMap, points: FloatArray) -> FloatArray:
    """Return the contrast of creases and hollows at points of the head, (...,)."""
    # near the fold the head's axes are an affine map of the pixels
    known = skin.inside > 0
    rows, columns = np.nonzero(known)
    near = np.abs(skin.x[known] - points[..., 0].mean()) < 25
    near &= np.abs(skin.y[known] - points[..., 1].mean()) < 25
    picked = np.flatnonzero(near)[:: max(int(near.sum()) // 400, 1)]
    if len(picked) < 8:
        return np.zeros(points.shape[:-1], np.float32)
    x, y = skin.x[known][picked], skin.y[known][picked]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    pixels = np.stack([columns[picked], rows[picked]], -1).astype(np.float32)
    fit = np.linalg.lstsq(terms, pixels, rcond=None)[0]
    px, py = points[..., 0], points[..., 1]
    where = np.stack([np.ones_like(px), px, py, px * px, px * py, py * py], -1) @ fit
    dark = -(skin.creases + 0.4 * skin.hollows) * skin.bare
    u, v = where[..., 0].astype(np.float32), where[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(dark, u, v, cv2.INTER_LINEAR), np.float32)
