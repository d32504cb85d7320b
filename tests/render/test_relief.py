"""Slopes are limited where a turn would smear the photo, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view

from gioconda.motion import moment
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.relief import STEEPEST, limit_slopes
from gioconda.render.mesh.sheet import doubled_area
from gioconda.render.mesh.types import HeadMesh, PosedHead

#: A strip of triangles, ten columns of two points, 10 apart.
POINTS = np.array([[10.0 * i, 10.0 * j] for i in range(10) for j in range(2)])
STRIP = np.array(
    [t for i in range(0, 18, 2) for t in ((i, i + 2, i + 1), (i + 1, i + 2, i + 3))], np.int32
)


MIDWAY = np.full(len(POINTS), 0.5)


def step(height: float) -> np.ndarray:
    return np.where(POINTS[:, 0] > 45, height, 0.0)


def slopes(z: np.ndarray) -> np.ndarray:
    edges = np.sort(STRIP[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    a, b = edges.T
    result: np.ndarray = np.abs(z[a] - z[b]) / np.linalg.norm(POINTS[a] - POINTS[b], axis=1)
    return result


def test_a_step_becomes_a_slope_that_a_turn_can_pay_for() -> None:
    limited = limit_slopes(POINTS, step(80), np.ones(len(POINTS)), MIDWAY)
    assert slopes(step(80)).max() > 3 * STEEPEST
    assert slopes(limited).max() < 1.1 * STEEPEST
    assert (np.diff(limited[::2]) > -1e-6).all()


def test_what_is_gentle_stays_as_it_is() -> None:
    gentle = 0.9 * STEEPEST * POINTS[:, 0]
    assert np.array_equal(limit_slopes(POINTS, gentle, np.ones(len(POINTS)), MIDWAY), gentle)


def test_what_may_not_move_does_not() -> None:
    mobility = np.where(POINTS[:, 0] > 45, 1.0, 0.0)
    limited = limit_slopes(POINTS, step(80), mobility, MIDWAY)
    assert not limited[mobility == 0].any()
    assert slopes(limited).max() < 1.1 * STEEPEST


@pytest.mark.parametrize("back", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("face_count", [0, 12, 24])
def test_no_sliver_drops_steeply_across(face_count: int, back: float) -> None:
    # rows of points that crowd: neighbours along a row are level, the next row lies just beside
    rows = np.array([0.0, 0.05, 0.2, 6.0])
    points = np.array([[x, 10.0 * j] for j in range(6) for x in rows])
    z = np.array([h for _ in range(6) for h in (0.0, 12.0, 25.0, 40.0)])
    limited = limit_slopes(points, z, np.ones(len(points)), np.full(face_count, back))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    fall = np.abs(limited[:, None] - limited)
    assert (fall <= 1.05 * STEEPEST * apart + 0.05).all()


def test_a_rim_comes_forward_by_what_the_cheek_does_not_fall_back_by() -> None:
    ones, total = np.ones(len(POINTS)), step(80).mean()
    means = [limit_slopes(POINTS, step(80), ones, k + 0 * ones).mean() for k in (0.0, 0.5, 1.0)]
    assert means[0] < 0.8 * total
    assert means[1] == pytest.approx(total, rel=0.02)
    assert means[2] > 1.2 * total


@pytest.fixture(scope="module")
def mesh() -> HeadMesh:
    view = canonical_view()
    # nothing is cut by the frame
    matte = np.zeros_like(view.matte)
    matte[40:470, 100:410] = 1
    return build_mesh(replace(view, matte=matte))


@pytest.fixture(scope="module")
def deformer(mesh: HeadMesh) -> Deformer:
    return Deformer(mesh, build_shapes(mesh, canonical_view()))


def turned(deformer: Deformer, **channels: float) -> PosedHead:
    return deformer.pose(moment(**channels))


def beside_face(mesh: HeadMesh) -> np.ndarray:
    """Points of the sheet close beside the cheeks, between eyes and mouth."""
    sheet = np.arange(mesh.face_count, len(mesh.vertices))
    p = mesh.vertices[sheet, :2]
    oval = mesh.vertices[mesh.rings["oval"], :2]
    distance = np.linalg.norm(p[:, None] - oval[None], axis=2).min(1)
    eyes = mesh.landmarks[topo.RIGHT_EYE_CORNERS[0], 1]
    mouth = mesh.landmarks[topo.UPPER_LIP_INNER[topo.LIP_MIDDLE], 1]
    level = (p[:, 1] > eyes) & (p[:, 1] < mouth)
    return sheet[level & (distance < 0.12 * mesh.face_width)]


@pytest.mark.parametrize("yaw", [-20, 20])
def test_no_part_of_the_sheet_is_smeared_by_a_turn(
    mesh: HeadMesh, deformer: Deformer, yaw: float
) -> None:
    head = turned(deformer, headYaw=yaw)
    triangles = mesh.triangles[(mesh.triangles >= mesh.face_count).any(1)]
    ratio = doubled_area(head.screen, triangles) / doubled_area(mesh.vertices, triangles)
    assert ratio.max() < 2.2


@pytest.mark.parametrize("yaw", [-20, 20])
def test_the_cheek_hides_the_ear_that_turns_away_and_shows_the_other(
    mesh: HeadMesh, deformer: Deformer, yaw: float
) -> None:
    rest, head = turned(deformer), turned(deformer, headYaw=yaw)
    beside = beside_face(mesh)
    middle = mesh.landmarks[topo.NOSE_TIP, 0]
    away = np.sign(rest.screen[beside, 0] - middle) == np.sign(yaw)
    assert away.any()
    assert (~away).any()
    oval = mesh.rings["oval"]
    edges = [
        np.abs(head.screen[oval[np.sign(rest.screen[oval, 0] - middle) == side], 0] - middle)
        for side in (np.sign(yaw), -np.sign(yaw))
    ]
    # the sheet's nearest points lie behind the outline on one side, well outside on the other
    hidden = np.sign(yaw) * (head.screen[beside[away], 0] - middle)
    assert np.median(hidden) < edges[0].max()
    assert (head.position[beside[away], 2] > head.position[oval, 2].min()).all()
    widths = [np.ptp(p.screen[beside[~away], 0]) for p in (rest, head)]
    assert widths[1] > 1.15 * widths[0]


def test_the_fall_behind_the_cheek_comes_gradually(mesh: HeadMesh, deformer: Deformer) -> None:
    steps = [turned(deformer, headYaw=float(y)).screen.copy() for y in np.linspace(-20, 20, 81)]
    moved = np.array([np.abs(b - a).max() for a, b in pairwise(steps)])
    assert moved.max() < 2.5 * np.median(moved)
    assert mesh.behind.max() > 0.05 * mesh.face_width
