"""Faces for the tests of the mesh: an exactly symmetric one, and real portraits."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from gioconda.portrait.canonical import canonical_landmarks
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo

OPEN_MOUTHS = (
    "photo_man_surprised_open_mouth.jpg",
    "photo_woman_shouting_teeth.jpg",
    "photo_child_laughing_teeth.jpg",
)
CLOSED_MOUTHS = ("ai_man_suit.png", "painting_donna_velata.jpg")


def blank_view(landmarks: np.ndarray, size: int) -> View:
    """A view with these landmarks and nothing in the picture."""
    image = np.full((size, size, 3), 128, np.uint8)
    return View(
        image, landmarks.astype(np.float32), np.ones((size, size), np.float32), image,
        np.array([[1, 0, 0], [0, 1, 0]], np.float32),
    )  # fmt: skip


def canonical_view(size: int = 512, mouth_gap: float = 0.0, width: float = 0.22) -> View:
    """The canonical face, ``width`` of the view from eye corner to eye corner.

    ``mouth_gap`` opens the lower lip and jaw, in eye distances.
    """
    face = canonical_landmarks().astype(np.float64).copy()
    if mouth_gap:
        lower = (*topo.LOWER_LIP_INNER, *topo.LOWER_LIP_OUTER)
        x = np.abs(face[list(lower), 0]) / 0.26
        face[list(lower), 1] += mouth_gap * np.clip(1 - x**2, 0, 1)
        below = face[:, 1] > face[17, 1] - mouth_gap + 0.02
        below[list(topo.LIPS)] = False
        face[below, 1] += 0.8 * mouth_gap * np.clip(1 - np.abs(face[below, 0]) / 0.7, 0, 1)
    irises = np.repeat([[-0.34, 0.0, -0.1], [0.34, 0.0, -0.1]], 5, axis=0)
    points = np.vstack([face, irises]) * width * size
    points[:, :2] += (size - 1) / 2 - np.array([0, 0.05 * size])
    return blank_view(points, size)


@lru_cache(maxsize=16)
def portrait_view(path: Path, size: int = 512) -> View:
    """A view of a real portrait."""
    from gioconda.portrait import Portrait

    return Portrait.open(path).view(size)
