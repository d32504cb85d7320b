"""Which set of teeth suits a subject: a child's, an adult's or an elder's, told from the face.

A rough guess is enough: the sets pass into one another, and a wrong guess shows as teeth of
another person, not as a fault.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gioconda.portrait.types import View
from gioconda.render.mesh.depth import smoothstep
from gioconda.render.mesh.types import FloatArray, HeadMesh

#: The iris has its full size from the second year on while the face goes on growing: its
#: diameter as a share of the distance between the outer corners of the eyes, in adults at most the
#: first, in small children the second (measured on 50 portraits; 0.12 to 0.145 in adults).
IRIS_SHARE: Final = (0.143, 0.160)
#: Mean strength of skin texture between 0.5 and 2 mm, as a share of luma. The least of cheeks,
#: forehead and folds of the nose counts: pores, cracks of a varnish and beards roughen one of
#: them, wrinkles all. Adults have up to the first, furrowed faces the second.
WRINKLES: Final = (0.016, 0.040)

_IRISES: Final = ((469, 471), (470, 472), (474, 476), (475, 477))
_EYE_CORNERS: Final = (33, 263)
_SKIN: Final = ((50, 280, 205, 425), (151, 9, 108, 337), (36, 266, 203, 423))
_PATCH_MM: Final = 7.0
_BAND_MM: Final = (0.5, 2.0)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)


def dental_age(view: View, mesh: HeadMesh) -> float:
    """Return which set of teeth suits a portrait.

    Returns:
        -1 for a small child, 0 for an adult, 1 for an elder, and anything between.
    """
    p = mesh.landmarks[:, :2].astype(np.float64)
    eyes = float(np.linalg.norm(p[_EYE_CORNERS[0]] - p[_EYE_CORNERS[1]]))
    eyes /= max(float(np.cos(np.radians(mesh.yaw_deg))), 0.5)
    iris = float(np.mean([np.linalg.norm(p[a] - p[b]) for a, b in _IRISES]))
    young = _part(iris / max(eyes, 1.0), IRIS_SHARE)
    old = _part(min(skin_texture(view, mesh)), WRINKLES)
    return old * (1 - young) - young * (1 - old)


def skin_texture(view: View, mesh: HeadMesh) -> FloatArray:
    """Measure how rough the skin looks, as a share of its luma.

    Returns:
        (3,) for cheeks, forehead and the folds beside the nose.
    """
    import cv2

    reach = max(round(_PATCH_MM * mesh.mm), 3)
    size = view.size
    found = []
    for ids in _SKIN:
        strengths = []
        for x, y in mesh.landmarks[list(ids), :2].astype(int):
            x0, y0 = max(x - reach, 0), max(y - reach, 0)
            patch = view.image[y0 : min(y + reach, size), x0 : min(x + reach, size)]
            if min(patch.shape[:2]) < reach:
                continue
            lumas = patch.astype(np.float32) @ _LUMA
            fine, coarse = (cv2.GaussianBlur(lumas, (0, 0), b * mesh.mm) for b in _BAND_MM)
            strengths.append(float(np.abs(fine - coarse).mean()) / max(float(lumas.mean()), 20.0))
        found.append(float(np.median(strengths)) if strengths else 0.0)
    return np.array(found, np.float32)


def _part(x: float, limits: tuple[float, float]) -> float:
    return float(smoothstep((x - limits[0]) / (limits[1] - limits[0])))
