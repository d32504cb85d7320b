from __future__ import annotations

import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view

from gioconda.motion import BLENDSHAPES
from gioconda.portrait.canonical import mirror_index
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import LID_SHAPES, SHAPES, build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.closing import face_in_mm
from gioconda.render.mesh.types import HeadMesh, ShapeBasis

STILL = {"tongueOut", *(n for n in BLENDSHAPES if n.startswith("eyeLook"))}
SIDED = sorted(
    n[: -len("Left")]
    for n in SHAPES
    if n.endswith("Left") and n not in {"jawLeft", "mouthLeft"} and n not in STILL
)


class Face:
    """The symmetric face with its shapes, in millimetres."""

    def __init__(self) -> None:
        view = canonical_view()
        self.mesh: HeadMesh = build_mesh(view)
        self.basis: ShapeBasis = build_shapes(self.mesh, view)
        self.column = {int(h): i for i, h in enumerate(self.mesh.handles)}

    def shape(self, name: str) -> np.ndarray:
        field: np.ndarray = self.basis.displacements[self.basis.names.index(name)]
        return field / self.mesh.mm

    def at(self, name: str, landmark: int) -> np.ndarray:
        result: np.ndarray = self.shape(name)[self.column[landmark]]
        return result

    def x(self) -> np.ndarray:
        middle = self.mesh.vertices[topo.NOSE_TIP, 0]
        result: np.ndarray = self.mesh.vertices[self.mesh.handles, 0] - middle
        return result / self.mesh.mm


@pytest.fixture(scope="module")
def face() -> Face:
    return Face()


def test_basis_holds_the_52_names_and_the_lids(face: Face) -> None:
    assert face.basis.names == (*BLENDSHAPES, *LID_SHAPES)
    assert face.basis.displacements.shape == (56, len(face.mesh.handles), 3)
    assert np.isfinite(face.basis.displacements).all()


@pytest.mark.parametrize("name", SHAPES)
def test_shape_moves_by_a_plausible_amount(face: Face, name: str) -> None:
    largest = float(np.linalg.norm(face.shape(name), axis=1).max())
    if name in STILL:
        assert largest == 0
    else:
        assert 0.4 < largest < 40


@pytest.mark.parametrize("name", SIDED)
def test_left_is_the_subjects_left_and_moves_alone(face: Face, name: str) -> None:
    x = face.x()
    left = np.linalg.norm(face.shape(name + "Left"), axis=1)
    right = np.linalg.norm(face.shape(name + "Right"), axis=1)
    assert left[x > 1].max() > 0.2  # the subject's left is the image's right
    assert not left[x < -1].any()
    assert not right[x > 1].any()


@pytest.mark.parametrize("name", SIDED)
def test_left_mirrors_right(face: Face, name: str) -> None:
    mirror = mirror_index()
    swap = [face.column[int(mirror[h])] for h in face.mesh.handles]
    mirrored = face.shape(name + "Right")[swap] * (-1, 1, 1)
    assert np.abs(face.shape(name + "Left") - mirrored).max() < 0.15


def test_jaw_left_and_right_are_opposite(face: Face) -> None:
    for name in ("jaw", "mouth"):
        assert face.at(name + "Left", topo.LOWER_LIP_OUTER[4])[0] > 4
        assert np.allclose(face.shape(name + "Left"), -face.shape(name + "Right"), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "landmark", "axis", "sign"),
    [
        ("jawOpen", topo.CHIN, 1, 1),  # y points down
        ("jawOpen", topo.CHIN, 2, 1),  # z away from the camera
        ("jawForward", topo.CHIN, 2, -1),
        ("mouthSmileLeft", topo.CORNER_LEFT_OUTER, 1, -1),
        ("mouthSmileLeft", topo.CORNER_LEFT_OUTER, 0, 1),
        ("mouthSmileRight", topo.CORNER_RIGHT_OUTER, 0, -1),
        ("mouthFrownRight", topo.CORNER_RIGHT_OUTER, 1, 1),
        ("mouthPucker", topo.CORNER_RIGHT_OUTER, 0, 1),
        ("mouthPucker", topo.UPPER_LIP_OUTER[4], 2, -1),
        ("mouthFunnel", topo.LOWER_LIP_INNER[4], 1, 1),
        ("mouthStretchLeft", topo.CORNER_LEFT_OUTER, 0, 1),
        ("mouthRollUpper", topo.UPPER_LIP_OUTER[4], 1, 1),
        ("mouthRollLower", topo.LOWER_LIP_OUTER[4], 1, -1),
        ("mouthShrugLower", topo.LOWER_LIP_OUTER[4], 1, -1),
        ("mouthUpperUpLeft", topo.UPPER_LIP_INNER[5], 1, -1),
        ("mouthLowerDownRight", topo.LOWER_LIP_INNER[3], 1, 1),
        ("browDownLeft", topo.LEFT_BROW_UPPER[4], 1, 1),
        ("browInnerUp", topo.RIGHT_BROW_UPPER[4], 1, -1),
        ("browOuterUpRight", topo.RIGHT_BROW_UPPER[1], 1, -1),
        ("cheekPuff", 207, 2, -1),
        ("cheekSquintRight", 50, 1, -1),
        ("noseSneerLeft", 358, 1, -1),
        ("jawLeft", topo.CHIN, 0, 1),
        ("jawRight", topo.CHIN, 0, -1),
        ("jawForward", topo.LOWER_LIP_OUTER[4], 2, -1),
        ("jawForward", topo.CHIN, 1, 1),  # seen from the front: a longer chin
        ("mouthLeft", topo.LOWER_LIP_OUTER[4], 0, 1),
        ("mouthRight", topo.CORNER_LEFT_OUTER, 0, -1),
        ("mouthSmileRight", 205, 1, -1),  # cheeks and lower lids go along
        ("mouthSmileLeft", topo.LEFT_LOWER_LID[3], 1, -1),
        ("mouthSmileRight", topo.CORNER_RIGHT_OUTER, 2, 1),
        ("mouthDimpleLeft", topo.CORNER_LEFT_OUTER, 2, 1),
        ("mouthDimpleRight", topo.CORNER_RIGHT_OUTER, 0, -1),
        ("mouthPressLeft", topo.LOWER_LIP_OUTER[5], 1, -1),
        ("mouthPressRight", topo.UPPER_LIP_OUTER[3], 1, 1),
        ("mouthShrugUpper", topo.UPPER_LIP_OUTER[4], 1, -1),
        ("mouthShrugLower", 199, 1, -1),
        ("mouthStretchRight", topo.CORNER_RIGHT_OUTER, 2, 1),
        ("mouthFunnel", topo.UPPER_LIP_OUTER[4], 2, -1),
        ("cheekPuff", 213, 0, -1),
        ("cheekSquintLeft", topo.LEFT_LOWER_LID[3], 1, -1),
        ("noseSneerRight", 64, 1, -1),
        ("noseSneerRight", topo.UPPER_LIP_OUTER[3], 1, -1),
        ("browDownRight", topo.RIGHT_BROW_UPPER[4], 0, 1),  # ... and together
        ("eyeWideLeft", topo.LEFT_UPPER_LID[3], 1, -1),
        ("eyeSquintLeft", topo.LEFT_UPPER_LID[3], 1, 1),
        ("eyeBlinkLeft", topo.LEFT_UPPER_LID[3], 1, 1),
        ("eyeWideRight", topo.RIGHT_UPPER_LID[3], 1, -1),
        ("eyeSquintRight", topo.RIGHT_LOWER_LID[3], 1, -1),
        ("lidDownLeft", topo.LEFT_UPPER_LID[3], 1, 1),
        ("lidUpLeft", topo.LEFT_UPPER_LID[3], 1, -1),
    ],
)
def test_directions(face: Face, name: str, landmark: int, axis: int, sign: int) -> None:
    assert sign * face.at(name, landmark)[axis] > 0.3


REGIONS = {
    "brow": (*topo.RIGHT_BROW_UPPER, *topo.RIGHT_BROW_LOWER, *topo.LEFT_BROW_UPPER,
             *topo.LEFT_BROW_LOWER),
    "eye": (*topo.RIGHT_UPPER_LID, *topo.RIGHT_LOWER_LID, *topo.LEFT_UPPER_LID,
            *topo.LEFT_LOWER_LID),
    "lid": (*topo.RIGHT_UPPER_LID, *topo.RIGHT_LOWER_LID, *topo.LEFT_UPPER_LID,
            *topo.LEFT_LOWER_LID),
    "cheek": topo.CHEEKS,
    "nose": (*topo.NOSE, *topo.PHILTRUM),
    "mouth": (*topo.LIPS, *topo.PHILTRUM),
    "jaw": (*topo.CHIN_AREA, *topo.LIPS, topo.CHIN, 148, 176, 377, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(SHAPES) - STILL))
def test_shape_moves_most_what_its_name_says(face: Face, name: str) -> None:
    region = next(r for r in REGIONS if name.startswith(r))
    size = np.linalg.norm(face.shape(name), axis=1)
    inside = [face.column[i] for i in REGIONS[region] if i in face.column]
    assert size[inside].max() >= 0.8 * size.max()


@pytest.mark.parametrize("name", [n + "Left" for n in SIDED])
def test_both_halves_together_are_symmetric(face: Face, name: str) -> None:
    both = face.shape(name) + face.shape(name.removesuffix("Left") + "Right")
    mirror = mirror_index()
    swap = [face.column[int(mirror[h])] for h in face.mesh.handles]
    assert np.abs(both - both[swap] * (-1, 1, 1)).max() < 0.05


def test_blink_closes_the_eye(face: Face) -> None:
    blink = face.shape("eyeBlinkRight")
    for u, l in zip(topo.RIGHT_UPPER_LID, topo.RIGHT_LOWER_LID, strict=True):
        aperture = (face.mesh.vertices[l] - face.mesh.vertices[u]) @ face.mesh.axes[1]
        closing = blink[face.column[u], 1] - blink[face.column[l], 1]
        assert closing == pytest.approx(aperture / face.mesh.mm, abs=0.05)


def test_mouth_close_cancels_the_aperture_of_the_open_jaw(face: Face) -> None:
    both = face.shape("jawOpen") + face.shape("mouthClose")
    upper = [face.column[i] for i in topo.UPPER_LIP_INNER]
    lower = [face.column[i] for i in topo.LOWER_LIP_INNER]
    assert np.abs(both[lower] - both[upper]).max() < 1e-3
    assert face.at("jawOpen", topo.LOWER_LIP_INNER[4])[1] > 15
    # ... while the jaw stays open
    assert both[face.column[topo.CHIN], 1] == pytest.approx(face.at("jawOpen", topo.CHIN)[1])


@pytest.mark.parametrize(
    "name", ["mouthSmile", "mouthFrown", "mouthStretch", "mouthDimple", "mouthPress"]
)
def test_lips_that_were_closed_stay_nearly_closed(face: Face, name: str) -> None:
    both = face.shape(name + "Left") + face.shape(name + "Right")
    upper = [face.column[i] for i in topo.UPPER_LIP_INNER]
    lower = [face.column[i] for i in topo.LOWER_LIP_INNER]
    assert (both[lower] - both[upper])[:, 1].max() < 0.3


def test_rolled_lips_keep_some_thickness(face: Face) -> None:
    mesh = face.mesh
    for name, outer, inner, sign in (
        ("mouthRollUpper", topo.UPPER_LIP_OUTER, topo.UPPER_LIP_INNER, 1),
        ("mouthRollLower", topo.LOWER_LIP_OUTER, topo.LOWER_LIP_INNER, -1),
    ):
        for o, i in zip(outer, inner, strict=True):
            own = sign * (mesh.vertices[i] - mesh.vertices[o]) @ mesh.axes[1] / mesh.mm
            change = sign * (face.at(name, i) - face.at(name, o))[1]
            assert own + change > 0.1 * own


def test_shapes_scale_with_the_view() -> None:
    small, large = canonical_view(256), canonical_view(1024)
    a, b = (build_shapes(build_mesh(v), v) for v in (small, large))
    assert np.abs(4 * a.displacements - b.displacements).max() < 0.05


def test_a_wide_mouth_puckers_further_than_a_narrow_one() -> None:
    pull = []
    for factor in (0.85, 1.15):
        view = canonical_view()
        lips = view.landmarks[list(topo.LIPS)]
        middle = lips[:, 0].mean()
        view.landmarks[list(topo.LIPS), 0] = middle + factor * (lips[:, 0] - middle)
        mesh = build_mesh(view)
        basis = build_shapes(mesh, view)
        corner = list(mesh.handles).index(topo.CORNER_RIGHT_OUTER)
        pull.append(basis.displacements[basis.names.index("mouthPucker"), corner, 0])
    assert pull[1] > 1.2 * pull[0]


def test_view_and_mesh_of_different_size_are_refused(face: Face) -> None:
    with pytest.raises(ValueError, match="256"):
        build_shapes(face.mesh, canonical_view(256))


def test_rounding_swells_the_lips_and_hides_the_upper_teeth(face: Face) -> None:
    """Rounded lips are no beak: a third narrower at most, fuller, and open downwards."""
    width = face_in_mm(face.mesh)[[topo.CORNER_LEFT_OUTER, topo.CORNER_RIGHT_OUTER], 0]
    pulled = 2 * face.at("mouthPucker", topo.CORNER_RIGHT_OUTER)[0]
    assert 0.25 < pulled / float(width[0] - width[1]) < 0.4
    upper, lower = (rows[topo.LIP_MIDDLE] for rows in (topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER))
    outer = topo.LOWER_LIP_OUTER[topo.LIP_MIDDLE]
    down = {i: face.at("mouthPucker", i)[1] for i in (upper, lower, outer)}
    assert 0 < down[upper] < down[lower] < down[outer]


@pytest.mark.parametrize("name", ["mouthUpperUp", "mouthLowerDown"])
def test_lips_part_in_the_middle_and_stay_in_touch_near_the_corners(face: Face, name: str) -> None:
    rows = topo.UPPER_LIP_INNER if "Upper" in name else topo.LOWER_LIP_INNER
    moved = [abs(sum(face.at(name + s, i)[1] for s in ("Left", "Right"))) for i in rows[:5]]
    assert moved == sorted(moved)
    assert moved[0] < 0.2 * moved[-1]
