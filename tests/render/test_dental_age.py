"""The guess at whose teeth a portrait needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view, portrait_view

from gioconda.portrait.types import View
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.dental_age import dental_age, skin_texture


def with_irises(view: View, share: float) -> View:
    """The view with irises that are a share of the outer-eye distance wide."""
    landmarks = view.landmarks.copy()
    radius = 0.5 * share * float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]))
    for centre in (468, 473):
        for k, (x, y) in enumerate(((1, 0), (0, -1), (-1, 0), (0, 1)), start=1):
            landmarks[centre + k, :2] = landmarks[centre, :2] + radius * np.array([x, y])
    return replace(view, landmarks=landmarks)


def aged(view: View) -> float:
    return dental_age(view, build_mesh(view))


def test_large_irises_are_a_childs() -> None:
    view = canonical_view()
    ages = [aged(with_irises(view, share)) for share in (0.13, 0.15, 0.17)]
    assert ages[0] == 0
    assert -1 < ages[1] < 0
    assert ages[2] == -1


def test_furrows_everywhere_are_an_elders() -> None:
    view = with_irises(canonical_view(), 0.13)
    mesh = build_mesh(view)
    y = np.arange(view.size)[:, None, None]
    furrows = 128 + 22 * np.sin(2 * np.pi * y / (4.0 * mesh.mm))
    image = np.broadcast_to(furrows, view.image.shape).astype(np.uint8)
    assert aged(replace(view, image=image)) == 1


def test_furrows_on_the_forehead_alone_are_nobodys_age() -> None:
    """A fringe of hair is no wrinkle."""
    view = with_irises(canonical_view(), 0.13)
    mesh = build_mesh(view)
    x = np.arange(view.size)[None, :, None]
    fringe = np.broadcast_to(128 + 22 * np.sin(2 * np.pi * x / (4 * mesh.mm)), view.image.shape)
    image = view.image.copy()
    forehead = slice(0, int(mesh.landmarks[9, 1] + 8 * mesh.mm))
    image[forehead] = fringe[forehead]
    rough = skin_texture(replace(view, image=image), mesh)
    assert rough[1] > 0.03
    assert aged(replace(view, image=image)) == 0


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("photo_child_laughing_teeth.jpg", -1.0, -0.7),
        ("painting_child_book.jpg", -1.0, -0.7),
        ("painting_elder_woman.png", 0.7, 1.0),
        ("photo_man_beard_01.png", -0.1, 0.2),
        ("photo_frontal_woman_02.jpg", -0.1, 0.1),
        ("painting_pearl_earring_turned.jpg", -0.1, 0.1),
    ],
)
def test_ages_of_portraits(shared: Path, name: str, low: float, high: float) -> None:
    assert low <= aged(portrait_view(shared / "data" / "portraits" / name)) <= high
