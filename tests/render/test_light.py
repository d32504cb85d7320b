"""Light on the face: the fit, and what stays at rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gioconda.motion import moment, neutral
from gioconda.portrait import View
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.light import BRIGHTEST, WARM_GAINS, FaceLight
from gioconda.render.mesh.raster_kernels import LIGHT_ONE


class Lit:
    """A view with its mesh and light."""

    def __init__(self, view: View) -> None:
        self.mesh = build_mesh(view)
        basis = build_shapes(self.mesh, view)
        self.deformer = Deformer(self.mesh, basis)
        self.light = FaceLight(view, self.mesh, self.deformer.pose(neutral()))

    def vertices(self, **channels: float) -> np.ndarray:
        head = self.deformer.pose(moment(**channels))
        return self.light.vertex_light(head)[: self.mesh.face_count] / LIGHT_ONE


@pytest.fixture(scope="module")
def lit(astronaut_at_512: View) -> Lit:
    return Lit(astronaut_at_512)


def from_the_left(view: View, strength: float) -> View:
    """The view as a flat grey face, brighter towards the image's left."""
    x = np.arange(view.size) - view.landmarks[1, 0]
    width = np.ptp(view.landmarks[:468, 0])
    grey = np.clip(140 - strength * 140 * x / width, 0, 255)
    image = np.repeat(np.repeat(grey[None, :, None], view.size, 0), 3, 2)
    return replace(view, image=image.astype(np.uint8))


def test_at_rest_light_is_exactly_unchanged(lit: Lit) -> None:
    assert np.abs(lit.vertices() - 1).max() < 1e-3


def test_the_fit_finds_the_side_the_light_comes_from(astronaut_at_512: View) -> None:
    # normals point into the head: a light from the image's left brightens where they point right
    left, right = (Lit(from_the_left(astronaut_at_512, s)).light.direction for s in (0.8, -0.8))
    assert left[0] > 0.15
    assert right[0] < -0.15


def test_a_face_turned_away_from_the_light_darkens(astronaut_at_512: View) -> None:
    one_sided = Lit(from_the_left(astronaut_at_512, 0.8))
    cheeks = [50, 280]
    away = one_sided.vertices(headYaw=15)[cheeks].mean()
    towards = one_sided.vertices(headYaw=-15)[cheeks].mean()
    assert away < 1 < towards


def test_bright_skin_is_not_lit_until_it_loses_its_colour(astronaut_at_512: View) -> None:
    view = from_the_left(astronaut_at_512, 0.8)
    bright = replace(view, image=np.clip(view.image.astype(int) + 60, 0, 255).astype(np.uint8))
    lit = Lit(bright)
    at = lit.mesh.vertices[: lit.mesh.face_count, :2].astype(int)
    value = bright.image[at[:, 1], at[:, 0], 0].astype(float)
    light = lit.vertices(headYaw=-15)
    assert light[value < 200].max() > 1.03
    assert (value * light)[value < BRIGHTEST].max() < BRIGHTEST + 1


def test_light_stays_within_sane_bounds(lit: Lit) -> None:
    light = lit.vertices(
        headYaw=20, headPitch=-12, mouthSmileLeft=1, mouthSmileRight=1, browDownLeft=1,
        browDownRight=1, noseSneerLeft=1, noseSneerRight=1, cheekSquintLeft=1, cheekSquintRight=1,
    )  # fmt: skip
    assert light.min() > 0.35
    assert light.max() < 1.5


def test_shadows_are_warm_in_colour_and_neutral_in_black_and_white(
    lit: Lit, astronaut_at_512: View
) -> None:
    assert lit.light.gains.tolist() == [round(g * 256) for g in WARM_GAINS]
    grey = astronaut_at_512.image.mean(2, keepdims=True).astype(np.uint8)
    colourless = replace(astronaut_at_512, image=np.ascontiguousarray(grey.repeat(3, 2)))
    assert Lit(colourless).light.gains.tolist() == [256, 256, 256]
