from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.render.mesh_faces import (
    CLOSED_MOUTHS,
    OPEN_MOUTHS,
    blank_view,
    canonical_view,
    portrait_view,
)

from gioconda.portrait.canonical import mirror_index
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.sheet import doubled_area
from gioconda.render.mesh.types import HeadMesh
from gioconda.render.mesh.unfold import JAW_FOLLOWS, lower_jaw


@pytest.fixture(scope="module")
def mesh() -> HeadMesh:
    return build_mesh(canonical_view())


def turned_view(yaw_deg: float) -> View:
    view = canonical_view()
    yaw = np.radians(yaw_deg)
    p = view.landmarks.astype(float) - (255.5, 255.5, 0)
    rotation = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    return blank_view(p @ rotation.T + (255.5, 255.5, 0), 512)


def test_no_triangle_is_flipped_at_rest(mesh: HeadMesh) -> None:
    assert doubled_area(mesh.vertices, mesh.triangles).min() > 0
    assert doubled_area(mesh.vertices, mesh.strips).min() > -0.1


@pytest.mark.parametrize("yaw_deg", [-35, -20, 20, 35])
def test_no_triangle_of_a_turned_face_is_flipped(yaw_deg: float) -> None:
    mesh = build_mesh(turned_view(yaw_deg))
    assert doubled_area(mesh.vertices, mesh.triangles).min() > 0
    assert mesh.yaw_deg == pytest.approx(yaw_deg, abs=3)


@pytest.mark.shared
@pytest.mark.parametrize("name", OPEN_MOUTHS + CLOSED_MOUTHS)
def test_no_triangle_of_a_real_face_is_flipped(shared: Path, name: str) -> None:
    mesh = build_mesh(portrait_view(shared / "data" / "portraits" / name))
    assert doubled_area(mesh.vertices, mesh.triangles).min() > 0


def test_sheet_covers_the_view_once(mesh: HeadMesh) -> None:
    covered = doubled_area(mesh.vertices, np.vstack([mesh.triangles, mesh.strips])).sum() / 2
    low, high = mesh.vertices[:, :2].min(0), mesh.vertices[:, :2].max(0)
    assert (low < 0).all()
    assert (high > 511).all()
    # The edge of the hexagonal grid is ragged by half a spacing on both sides.
    assert covered == pytest.approx(float(np.prod(high - low)), rel=0.02)


def test_vertices_are_the_landmarks(mesh: HeadMesh) -> None:
    away = np.abs(mesh.vertices[: topo.LANDMARKS, :2] - mesh.landmarks[: topo.LANDMARKS, :2])
    assert np.percentile(away, 95) < 0.1
    assert away.max() < 3.0


def test_rings_run_along_the_slits(mesh: HeadMesh) -> None:
    for name in topo.SLITS:
        ring = mesh.vertices[mesh.rings[name]]
        half = len(ring) // 2
        assert len(ring) == 2 * half
        assert ring[0, 0] == ring[:, 0].min()
        assert ring[half, 0] == ring[:, 0].max()
        gap = ring[:half:-1, 1] - ring[1:half, 1]
        assert (gap > -0.2).all()


def test_midpoints_halve_their_edges(mesh: HeadMesh) -> None:
    middle = mesh.vertices[mesh.midpoint_parents].mean(1)
    away = np.abs(middle - mesh.vertices[topo.LANDMARKS : mesh.face_count])[:, :2]
    assert np.median(away) < 0.01
    assert mesh.face_count == topo.LANDMARKS + len(mesh.midpoint_parents)


def test_handles_move_themselves_and_nothing_far_away(mesh: HeadMesh) -> None:
    weights = mesh.handle_weights
    assert np.allclose(weights[mesh.handles], np.eye(len(mesh.handles)), atol=1e-5)
    assert weights.sum(1).max() < 1.2
    assert weights.min() > -0.8
    inner_face = weights[: mesh.face_count].sum(1)
    assert np.median(inner_face) == pytest.approx(1, abs=0.02)
    outline = mesh.vertices[mesh.rings["oval"], :2]
    apart = np.linalg.norm(mesh.vertices[:, None, :2] - outline[None], axis=2).min(1)
    far = (apart > 0.3 * mesh.face_height) & (np.arange(len(weights)) >= mesh.face_count)
    assert far.any()
    assert not weights[far].any()


def test_head_turns_and_shoulders_stay(mesh: HeadMesh) -> None:
    weight = mesh.rotation_weight
    assert weight[: mesh.face_count].min() > 0.9
    chin = mesh.landmarks[topo.CHIN, 1]
    below = mesh.vertices[:, 1] > chin + 0.7 * mesh.face_height
    assert weight[below].max() < 0.05
    above = mesh.vertices[:, 1] < mesh.landmarks[topo.FOREHEAD_TOP, 1]
    assert weight[above].min() > 0.95


def test_hair_and_neck_lie_behind_the_outline(mesh: HeadMesh) -> None:
    sheet = mesh.vertices[mesh.face_count :]
    outline = mesh.vertices[mesh.rings["oval"]]
    apart = np.linalg.norm(sheet[:, None, :2] - outline[None, :, :2], axis=2)
    behind = sheet[:, 2] - outline[apart.argmin(1), 2]
    assert behind[apart.min(1) > 0.3 * mesh.face_width].min() > 0.1 * mesh.face_width


@pytest.mark.parametrize("yaw_deg", [-25, 25])
def test_far_side_lies_beyond_the_far_contour(yaw_deg: float) -> None:
    mesh = build_mesh(turned_view(yaw_deg))
    x = mesh.vertices[mesh.face_count :, 0]
    nose = mesh.landmarks[topo.NOSE_TIP, 0]
    towards = np.sign(yaw_deg)  # the nose points to the far side
    assert mesh.far_side[(x - nose) * towards > 60].min() > 0.9
    assert mesh.far_side[(x - nose) * towards < -150].max() < 0.01


def test_frontal_face_has_no_far_side(mesh: HeadMesh) -> None:
    assert not mesh.far_side.any()


@pytest.mark.parametrize("size", [256, 1024])
def test_size_of_the_view_only_scales_the_mesh(mesh: HeadMesh, size: int) -> None:
    other = build_mesh(canonical_view(size))
    factor = size / 512
    expected = mesh.vertices * factor
    expected[:, :2] += 0.5 * factor - 0.5
    assert np.array_equal(other.triangles, mesh.triangles)
    assert np.abs(other.vertices - expected).max() < 0.02 * factor
    assert np.allclose(other.handle_weights, mesh.handle_weights, atol=2e-3)
    assert other.mm == pytest.approx(mesh.mm * factor, rel=1e-4)


def test_axes_are_a_rotation_and_follow_the_head() -> None:
    for yaw in (-20.0, 0.0, 20.0):
        axes = build_mesh(turned_view(yaw)).axes
        assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-5)
        assert np.linalg.det(axes) == pytest.approx(1, abs=1e-4)
        assert -np.degrees(np.arcsin(axes[2, 0])) == pytest.approx(yaw, abs=2)


def test_symmetric_face_gives_symmetric_weights(mesh: HeadMesh) -> None:
    mirror = mirror_index()
    column = {int(h): i for i, h in enumerate(mesh.handles)}
    swap = [column[int(mirror[h])] for h in mesh.handles]
    face = mesh.handle_weights[: topo.LANDMARKS]
    apart = np.abs(face - face[mirror][:, swap])  # the grid round the face is not symmetric
    assert apart.max() < 0.2
    assert apart.mean() < 1e-3


def test_closed_lips_are_joined_on_the_line_between_them() -> None:
    view = canonical_view()
    p = view.landmarks
    upper, lower = list(topo.UPPER_LIP_INNER), list(topo.LOWER_LIP_INNER)
    line = p[upper, 1].mean() + 1.0
    image = np.full((512, 512, 3), 160, np.uint8)
    image[round(line)] = 40  # a dark line a little below the landmarks
    mesh = build_mesh(View(image, view.landmarks, view.matte, view.plate, view.to_picture))
    gap = mesh.vertices[lower, 1] - mesh.vertices[upper, 1]
    assert np.abs(gap).max() < 0.1
    assert mesh.vertices[upper[2:-2], 1].mean() == pytest.approx(round(line), abs=0.5)


def test_a_chin_taken_for_the_lip_is_put_below_it() -> None:
    """As on a bearded, shouting face, where the fit puts the jaw's outline to the lower lip."""
    view = canonical_view(mouth_gap=0.3)
    landmarks = view.landmarks.copy()
    plain = build_mesh(view)
    landmarks[list(JAW_FOLLOWS), 1] -= 34 * plain.mm * np.array(list(JAW_FOLLOWS.values()))
    hidden = build_mesh(blank_view(landmarks, view.size))
    below = [(m.vertices[152, 1] - m.vertices[17, 1]) / m.mm for m in (plain, hidden)]
    assert below[0] > 25
    assert 18 < below[1] < 32
    assert doubled_area(hidden.vertices, hidden.triangles).min() > 0


def test_a_chin_that_is_seen_stays() -> None:
    landmarks = canonical_view(mouth_gap=0.3).landmarks.astype(np.float64)
    moved = landmarks.copy()
    lower_jaw(moved, np.array([0.0, 1.0]), build_mesh(canonical_view()).mm)
    assert np.array_equal(moved, landmarks)
