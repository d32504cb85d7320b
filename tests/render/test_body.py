"""Shoulders follow the head a little and breathe; head and background do not breathe with them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view

from gioconda.motion import moment, neutral
from gioconda.portrait import View
from gioconda.portrait.face import FACE_OVAL
from gioconda.render import MeshRenderer
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.background import soft_matte
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.types import HeadMesh


class Posed:
    """A canonical bust whose screen positions are read in face heights."""

    def __init__(self, view: View) -> None:
        self.mesh: HeadMesh = build_mesh(view)
        self.deformer = Deformer(self.mesh, build_shapes(self.mesh, view))
        self.rest = self.deformer.pose(neutral()).screen.copy()
        chin = self.mesh.landmarks[topo.CHIN, :2]
        self.place = (self.mesh.vertices[:, :2] - chin) / self.mesh.face_height

    def way(self, **channels: float) -> np.ndarray:
        moved = self.deformer.pose(moment(**channels)).screen
        return np.asarray((moved - self.rest) / self.mesh.face_height)

    def shoulders(self) -> np.ndarray:
        x, y = self.place.T
        return (y > 0.62) & (y < 0.75) & (np.abs(x) > 0.5) & (np.abs(x) < 0.9)


@pytest.fixture(scope="module")
def bust() -> Posed:
    return Posed(canonical_view(width=0.16))


def test_a_full_breath_lifts_the_shoulders_by_about_a_hundredth(bust: Posed) -> None:
    rise = -bust.way(breath=1)[bust.shoulders(), 1]
    assert 0.010 <= rise.mean() <= 0.015
    assert rise.std() < 0.002
    np.testing.assert_allclose(-bust.way(breath=0.5)[bust.shoulders(), 1], rise / 2, atol=1e-4)
    assert np.abs(bust.way(breath=1)[: bust.mesh.face_count]).max() == 0


def test_the_chest_rises_less_than_the_shoulders_and_widens(bust: Posed) -> None:
    way = bust.way(breath=1)
    x, y = bust.place.T
    low = (y > 1.0) & (np.abs(x) < 0.8)
    assert 0 < -way[low, 1].mean() < 0.9 * -way[bust.shoulders(), 1].mean()
    assert way[low & (x > 0.4), 0].mean() > 0 > way[low & (x < -0.4), 0].mean()


@pytest.mark.parametrize("channel", ["headX", "headYaw", "headRoll"])
def test_shoulders_follow_part_of_the_heads_way(bust: Posed, channel: str) -> None:
    value = {"headX": 0.2, "headYaw": 12.0, "headRoll": 10.0}[channel]
    way, back = bust.way(**{channel: value}), bust.way(**{channel: -value})
    head = np.linalg.norm(way[: bust.mesh.face_count], axis=1).max()
    body = np.linalg.norm(way[bust.shoulders()], axis=1).mean()
    assert 0.03 * head < body < 0.4 * head
    np.testing.assert_allclose(way[bust.shoulders()], -back[bust.shoulders()], atol=2e-4)


def test_the_neck_bends_softly(bust: Posed) -> None:
    """No edge of the mesh below the jaw is stretched or sheared by more than the head's turn."""
    edges = bust.mesh.triangles[:, [0, 1]]
    x, y = bust.place.T
    neck = (np.abs(x[edges]) < 1.0).all(1) & (y[edges] > 0.15).all(1)
    a, b = edges[neck].T
    length = np.linalg.norm(bust.rest[a] - bust.rest[b], axis=1) / bust.mesh.face_height
    with_breath = bust.way(headX=0.1, headYaw=8, headRoll=5, breath=1)
    without = bust.way(headX=0.1, headYaw=8, headRoll=5)
    assert (np.linalg.norm(with_breath[a] - with_breath[b], axis=1) / length).max() < 0.25
    added = np.linalg.norm((with_breath - without)[a] - (with_breath - without)[b], axis=1)
    assert (added / length).max() < 0.05


def test_motion_ends_before_a_side_beyond_which_the_picture_goes_on() -> None:
    view = canonical_view(width=0.16)
    open_ended, held = Posed(view), Posed(replace(view, joined=(True, False, True, True)))
    everything = {"breath": 1.0, "headX": 0.2, "headRoll": 8.0}
    x, y = held.rest.T
    border = (x < 3) | (x > 508) | (y > 508)
    below = held.place[:, 1] > 0.65
    assert np.abs(open_ended.way(**everything)[border & below]).max() > 0.01
    assert np.abs(held.way(**everything)[border & below]).max() < 2e-4
    inner = (x > 70) & (x < 442) & (y < 442)
    np.testing.assert_allclose(
        held.way(**everything)[inner], open_ended.way(**everything)[inner], atol=1e-6
    )


def test_shoulders_breathe_in_the_picture_and_the_background_does_not(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    view = astronaut_at_512
    rest = astronaut_renderer.render(neutral()).copy()
    change = np.abs(astronaut_renderer.render(moment(breath=1)).astype(int) - rest).max(2)
    reach = np.ones((13, 13), np.uint8)  # what a rise of 3 px and the fade's interpolation reach
    far = cv2.dilate((soft_matte(view.matte) > 0).astype(np.uint8), reach) == 0
    assert far.sum() > 500
    assert change[far].max() == 0
    chin = int(view.landmarks[topo.CHIN, 1])
    face = np.zeros(change.shape, np.uint8)
    cv2.fillConvexPoly(face, view.landmarks[list(FACE_OVAL), :2].astype(np.int32), 1)
    assert change[cv2.erode(face, reach) > 0].max() == 0
    person = view.matte > 0.95
    assert (change[chin + 60 :][person[chin + 60 :]] > 4).mean() > 0.1
