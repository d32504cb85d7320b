"""Folds of the skin: where expressions darken and lighten the photo's own pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view, portrait_view

from gioconda.motion import BLENDSHAPES, moment, neutral
from gioconda.portrait import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.crease_line import nearest_crease
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.fold_map import FaceFolds
from gioconda.render.mesh.light import FaceLight
from gioconda.render.mesh.raster_kernels import LIGHT_NOTHING
from gioconda.render.mesh.skin_map import skin_map

SMILE = {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}


class Folded:
    """A view whose folds are laid into the light of the undeformed face."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.mesh = build_mesh(view)
        basis = build_shapes(self.mesh, view)
        self.deformer = Deformer(self.mesh, basis)
        light = FaceLight(view, self.mesh, self.deformer.pose(neutral()))
        self.skin = skin_map(view, self.mesh, light.rest_shade)
        self.folds = FaceFolds(view, self.mesh, basis.names, light.direction, light.rest_shade)
        columns, rows = np.meshgrid(np.arange(view.size), np.arange(view.size))
        self._whole = np.stack([columns, rows], -1).astype(np.int16)

    def light(self, crown: int = 0, **channels: float) -> np.ndarray:
        """Light of each pixel as it lies in the photo, 1 = unchanged."""
        light_map = np.full((self.view.size, self.view.size), 256, np.uint16)
        head = self.deformer.pose(moment(**channels))
        head.screen[:] = self.mesh.vertices[:, :2]
        whole = self._whole + np.int16([0, crown])
        self.folds.lay(head, light_map, whole, crown, 1)
        return light_map / 256

    def near(self, light: np.ndarray, landmark: int, mm: float = 6.0) -> np.ndarray:
        """Light within some millimetres of a landmark."""
        x, y = self.mesh.vertices[landmark, :2].astype(int)
        r = round(mm * self.mesh.mm)
        return light[y - r : y + r + 1, x - r : x + r + 1]


@pytest.fixture(scope="module")
def folded(astronaut_at_512: View) -> Folded:
    return Folded(astronaut_at_512)


def test_at_rest_no_light_changes(folded: Folded) -> None:
    assert (folded.light() == 1).all()
    assert (folded.light(headYaw=20, jawOpen=0.7, eyeBlinkLeft=1) == 1).all()


def test_a_smile_darkens_the_fold_beside_the_mouth(folded: Folded) -> None:
    light = folded.light(**SMILE)
    for landmark in (206, 426):
        assert folded.near(light, landmark).min() < 0.95


def test_one_side_of_a_smile_leaves_the_other_side_alone(folded: Folded) -> None:
    light = folded.light(mouthSmileRight=1)
    middle = int(folded.mesh.vertices[topo.NOSE_TIP, 0])
    assert light[:, :middle].min() < 0.95  # the subject's right is the image's left
    assert np.abs(light[:, middle + round(8 * folded.mesh.mm) :] - 1).max() < 0.02


@pytest.mark.parametrize(
    ("shapes", "landmark", "reach_mm"),
    [
        (("browDownLeft", "browDownRight"), 9, 9.0),
        (("browInnerUp", "browOuterUpLeft", "browOuterUpRight"), 151, 12.0),
        (("noseSneerRight",), 129, 6.0),
        (("cheekSquintRight",), 23, 7.0),
        (("mouthDimpleRight",), topo.CORNER_RIGHT_OUTER, 6.0),
        (("mouthShrugLower",), 18, 6.0),
    ],
)
def test_each_expression_darkens_its_own_place(
    folded: Folded, shapes: tuple[str, ...], landmark: int, reach_mm: float
) -> None:
    light = folded.light(**dict.fromkeys(shapes, 1.0))
    assert folded.near(light, landmark, reach_mm).min() < 0.96
    # and no place is painted black
    assert light.min() > 0.6


def test_folds_grow_without_a_jump(folded: Folded) -> None:
    """From 0 to 1 in steps of a fiftieth, no pixel jumps by more than its even share and a bit."""
    sweep = np.stack(
        [folded.light(**dict.fromkeys(SMILE, w), jawOpen=w) for w in np.linspace(0, 1, 51)]
    )
    assert np.abs(np.diff(sweep, axis=0)).max() < 3.1 / 256
    assert (np.abs(sweep - 1).max((1, 2))[1:] >= np.abs(sweep - 1).max((1, 2))[:-1] - 1e-6).all()


def test_everything_at_once_stays_within_sane_bounds(folded: Folded) -> None:
    light = folded.light(**dict.fromkeys(BLENDSHAPES, 1.0))
    assert light.min() > 0.45
    assert light.max() < 1.3


def test_lips_eyes_and_outline_are_left_alone(folded: Folded) -> None:
    light = folded.light(**SMILE)
    for landmark in (*topo.OVAL, 13, 14):
        x, y = folded.mesh.vertices[landmark, :2].astype(int)
        assert abs(light[y, x] - 1) < 0.03


def test_folds_follow_the_texture_not_the_screen(folded: Folded) -> None:
    """The pixel that shows a fold's skin gets it, wherever it lies; what shows nothing does not."""
    light_map = np.full((folded.view.size,) * 2, 256, np.uint16)
    head = folded.deformer.pose(moment(**SMILE))
    whole = folded._whole.copy()
    whole[..., 0] -= 10  # the face drawn ten pixels to the right
    light_map[:, : folded.view.size // 2] = LIGHT_NOTHING
    folded.folds.lay(head, light_map, whole, 0, 1)
    there = folded.light(**SMILE)
    half = folded.view.size // 2
    low, high = head.screen[:468].min(0).astype(int) + 12, head.screen[:468].max(0).astype(int)
    rows, columns = slice(low[1], high[1]), slice(half, high[0])
    moved = slice(half - 10, high[0] - 10)
    assert np.abs(light_map[rows, columns] / 256 - there[rows, moved]).max() < 1e-6
    assert (light_map[:, :half] == LIGHT_NOTHING).all()


def test_a_crown_above_the_texture_shifts_nothing(folded: Folded) -> None:
    assert np.array_equal(folded.light(crown=37, **SMILE), folded.light(**SMILE))


@pytest.mark.parametrize("offset_mm", [-3.0, 0.0, 5.0])
def test_the_fold_is_drawn_to_the_faces_own_crease(offset_mm: float) -> None:
    view = canonical_view()
    mesh = build_mesh(view)
    beside = [129, 203, 206, 216, 212]
    drawn = mesh.vertices[beside, :2].copy()
    drawn[1:, 0] += offset_mm * mesh.mm  # > 0 to the mouth: this is the subject's right
    image = view.image.copy()
    points = np.round(drawn * 16).astype(np.int32)
    cv2.polylines(image, [points], False, (85, 85, 85), round(1.2 * mesh.mm), cv2.LINE_AA, 4)
    view = replace(view, image=cv2.GaussianBlur(image, (0, 0), 1.0))

    skin = skin_map(view, mesh, np.ones(mesh.face_count, np.float32))
    line = skin.landmarks[beside]
    found = nearest_crease(skin, line, towards=skin.landmarks[205])
    fine = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(line)])
    fine[50:, 0] += offset_mm
    apart = np.linalg.norm(found[:, None] - fine[None], axis=2).min(1)
    assert apart[4:11].max() < 1.0


@pytest.mark.shared
def test_lined_skin_folds_deeper_than_a_childs(shared: Path) -> None:
    depth = {}
    for name in ("painting_elder_woman.png", "cartoon_boy_3d.jpg"):
        subject = Folded(portrait_view(shared / "data" / "portraits" / name))
        light = subject.light(**SMILE)
        depth[name] = np.mean([1 - subject.near(light, i, 8).min() for i in (206, 426)])
    assert depth["painting_elder_woman.png"] > 1.4 * depth["cartoon_boy_3d.jpg"]


@pytest.mark.shared
def test_a_smile_let_go_lifts_the_shadow_of_its_fold(shared: Path) -> None:
    laughing = Folded(portrait_view(shared / "data" / "portraits" / "photo_woman_talking_03.png"))
    assert laughing.light(articulation=1).max() > 1.1
    assert (laughing.light() == 1).all()
    # smiling again brings it back
    again = laughing.light(articulation=1, **SMILE)
    assert again.max() < laughing.light(articulation=1).max()
