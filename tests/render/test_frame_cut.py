"""A cut by the frame holds on to the head, but only against moving away from the edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.render.mesh_faces import canonical_view

from gioconda.motion import moment
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.frame_cut import held_by_frame

SIDE = 512.0
WIDTH = 200.0
RIGHT, LEFT, DOWN, UP = range(4)


def person(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    matte = np.zeros((512, 512), np.float32)
    matte[top:bottom, left:right] = 1
    return matte


def held(matte: np.ndarray, *points: tuple[float, float], outside: float = 100.0) -> np.ndarray:
    at = np.array(points, float)
    return held_by_frame(at, np.full(len(at), outside), matte, SIDE, WIDTH)


def test_nothing_holds_a_whole_head() -> None:
    assert (held(person(40, 400, 100, 400), (250, 2), (2, 250), (508, 250)) > 0.99).all()


def test_a_cut_at_the_left_holds_against_going_right() -> None:
    free = held(person(0, 512, 0, 400), (0, 250), (-14, 250))
    assert (free[:, RIGHT] < 0.05).all()
    assert (free[:, [LEFT, UP]] > 0.95).all()


def test_next_to_the_face_the_head_is_followed() -> None:
    at = np.array([[100.0, 250.0]])
    free = held_by_frame(at, np.array([5.0]), person(0, 512, 0, 400), SIDE, WIDTH)
    assert free[0, RIGHT] > 0.99


def test_only_a_wide_crown_is_held() -> None:
    assert held(person(0, 512, 230, 280), (255, 0))[0, DOWN] > 0.99
    assert held(person(0, 512, 100, 400), (255, 0))[0, DOWN] < 0.05


def test_a_nodding_head_lays_nothing_bare_above_it() -> None:
    """The face follows the nod; what the frame cuts stays at the frame."""
    view = replace(canonical_view(), matte=person(0, 512, 60, 450))
    mesh = build_mesh(view)
    deformer = Deformer(mesh, build_shapes(mesh, view))
    rest, nod = deformer.pose(moment()), deformer.pose(moment(headPitch=15))
    above = np.flatnonzero((rest.screen[:, 1] < 0) & (np.abs(rest.screen[:, 0] - 255) < 120))
    assert len(above) > 10
    assert nod.screen[above, 1].max() < 1
    face = slice(0, 468)
    assert (nod.screen[face, 1] - rest.screen[face, 1]).mean() > 5
    lifted = deformer.pose(moment(headPitch=-15))
    assert (lifted.screen[face, 1] - rest.screen[face, 1]).mean() < -5
