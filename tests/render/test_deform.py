from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.mesh_faces import blank_view, canonical_view

from gioconda import motion
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import LEAST_BLINK, Deformer, head_rotation, unproject
from gioconda.render.mesh.sheet import doubled_area, slit_rows
from gioconda.render.mesh.types import HeadMesh, PosedHead


class Head:
    """A face ready to be posed."""

    def __init__(self, mouth_gap: float = 0.0, yaw_deg: float = 0.0) -> None:
        view = canonical_view(mouth_gap=mouth_gap)
        if yaw_deg:
            centre = np.array([255.5, 255.5, 0])
            turned = (view.landmarks - centre) @ head_rotation(yaw_deg, 0, 0).T
            view = blank_view(turned + centre, 512)
        self.mesh: HeadMesh = build_mesh(view)
        self.basis = build_shapes(self.mesh, view)
        self.deformer = Deformer(self.mesh, self.basis)

    def pose(self, **channels: float) -> PosedHead:
        return self.deformer.pose(motion.moment(**channels))

    def gaps_mm(self, head: PosedHead, slit: str = "mouth") -> np.ndarray:
        """Gaps along a slit of a head that is not turned, as seen, in millimetres."""
        upper, lower = slit_rows(self.mesh.rings[slit])
        down = self.mesh.axes[1, :2] / np.linalg.norm(self.mesh.axes[1, :2])
        result: np.ndarray = (head.screen[lower] - head.screen[upper]) @ down / self.mesh.mm
        return result


@pytest.fixture(scope="module")
def closed() -> Head:
    return Head()


@pytest.fixture(scope="module")
def opened() -> Head:
    return Head(mouth_gap=0.2)


@pytest.fixture(scope="module")
def turned() -> Head:
    return Head(yaw_deg=25)


@pytest.mark.parametrize("name", ["closed", "opened", "turned"])
def test_neutral_moment_is_the_photo(name: str, request: pytest.FixtureRequest) -> None:
    head: Head = request.getfixturevalue(name)
    posed = head.deformer.pose(motion.neutral())
    assert np.abs(posed.screen - head.mesh.vertices[:, :2]).max() < 1e-3
    assert not posed.displacement.any()


def test_posing_keeps_no_state(closed: Head) -> None:
    m = motion.moment(jawOpen=0.4, headYaw=9, eyeBlinkLeft=0.6)
    first = closed.deformer.pose(m).screen.copy()
    out = closed.deformer.new_pose()
    closed.deformer.pose(motion.moment(mouthPucker=1, headPitch=-9, articulation=1), out)
    assert np.array_equal(closed.deformer.pose(m, out).screen, first)


@pytest.mark.parametrize(
    ("channel", "axis", "sign"), [("headYaw", 0, 1), ("headPitch", 1, 1), ("headX", 0, 1),
                                  ("headY", 1, 1)],
)  # fmt: skip
def test_signs_of_the_head(closed: Head, channel: str, axis: int, sign: int) -> None:
    amount = 10.0 if channel in ("headYaw", "headPitch") else 0.1
    nose = closed.pose(**{channel: amount}).screen[topo.NOSE_TIP]
    moved = nose - closed.mesh.vertices[topo.NOSE_TIP, :2]
    assert sign * moved[axis] > 3
    assert abs(moved[1 - axis]) < 2


def test_roll_is_clockwise_as_seen(closed: Head) -> None:
    screen = closed.pose(headRoll=10).screen
    right, left = topo.RIGHT_EYE_CORNERS[0], topo.LEFT_EYE_CORNERS[0]
    across = screen[left] - screen[right]  # to the image's right
    assert np.degrees(np.arctan2(across[1], across[0])) == pytest.approx(10, abs=1)


def test_rotation_is_roll_after_yaw_after_pitch() -> None:
    both = head_rotation(20, 10, 5)
    steps = head_rotation(0, 0, 5) @ head_rotation(20, 0, 0) @ head_rotation(0, 10, 0)
    assert np.allclose(both, steps, atol=1e-6)
    nose = np.array([0, 0, -1.0])
    assert (head_rotation(20, 0, 0) @ nose)[0] > 0.3
    assert (head_rotation(0, 20, 0) @ nose)[1] > 0.3


def test_head_that_goes_away_gets_smaller(closed: Head) -> None:
    def span(head: PosedHead) -> float:
        return float(np.ptp(head.screen[: topo.LANDMARKS, 0]))

    assert span(closed.pose(headZ=1)) < 0.95 * span(closed.pose())
    assert span(closed.pose(headZ=-1)) > 1.05 * span(closed.pose())


def test_translation_is_in_eye_distances(closed: Head) -> None:
    nose = closed.pose(headX=0.25).position[topo.NOSE_TIP, 0]
    rest = closed.pose().position[topo.NOSE_TIP, 0]
    assert nose - rest == pytest.approx(0.25 * closed.mesh.eye_distance, rel=1e-3)


def test_shoulders_stay_where_they_are_but_for_a_small_part_of_the_heads_way(closed: Head) -> None:
    still = closed.mesh.rotation_weight == 0
    assert still.any()
    at_rest = closed.mesh.vertices[:, :2]
    nodding = closed.pose(headPitch=10, jawOpen=0.5).screen
    assert np.abs(nodding - at_rest)[still].max() < 1e-3
    moved = closed.pose(headYaw=15, headPitch=10, headX=0.1).screen - at_rest
    assert np.abs(moved[still]).max() < 0.2 * np.abs(moved[: closed.mesh.face_count]).max()


def test_points_of_the_skull_go_with_the_head(closed: Head) -> None:
    head = closed.pose(headYaw=12, headPitch=-6, headRoll=4, headX=0.05, headZ=0.2)
    rest = closed.mesh.vertices[[topo.NOSE_TIP, 168]]
    skull = unproject(rest, head.size, head.camera)
    assert np.abs(head.project(head.rigid(skull)) - head.screen[[topo.NOSE_TIP, 168]]).max() < 1e-2
    assert np.abs(closed.pose().project(skull) - rest[:, :2]).max() < 1e-3


@given(
    weights=st.lists(st.floats(0, 1), min_size=52, max_size=52),
    articulation=st.floats(0, 1),
    is_open=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_lips_and_lids_never_cross(
    closed: Head, opened: Head, weights: list[float], articulation: float, is_open: bool
) -> None:
    head = opened if is_open else closed
    m = motion.neutral()
    m[:52] = weights
    m[motion.INDEX["articulation"]] = articulation
    posed = head.deformer.pose(m)
    at_rest = head.pose()
    for slit in topo.SLITS:
        least = np.minimum(head.gaps_mm(at_rest, slit), 0) - 0.01
        assert (head.gaps_mm(posed, slit) >= least).all()


@given(weights=st.lists(st.floats(0, 1), min_size=52, max_size=52))
@settings(max_examples=60, deadline=None)
def test_lips_never_turn_inside_out(closed: Head, weights: list[float]) -> None:
    m = motion.neutral()
    m[:52] = weights
    upright = closed.deformer.pose(m).position @ closed.mesh.axes[1] / closed.mesh.mm
    for outer, inner, sign in (
        (topo.UPPER_LIP_OUTER, topo.UPPER_LIP_INNER, 1),
        (topo.LOWER_LIP_OUTER, topo.LOWER_LIP_INNER, -1),
    ):
        assert (sign * (upright[list(inner)] - upright[list(outer)])[1:-1] > 0).all()


@pytest.mark.parametrize("amount", [0.2, 0.5, 1.0])
def test_open_jaw_with_closed_mouth_keeps_the_lips_together(closed: Head, amount: float) -> None:
    parted = closed.gaps_mm(closed.pose(jawOpen=amount, articulation=1))
    shut = closed.gaps_mm(closed.pose(jawOpen=amount, mouthClose=amount, articulation=1))
    assert parted.max() > 15 * amount
    assert np.abs(shut).max() < 0.3


def test_open_portrait_talks_from_closed_lips(opened: Head) -> None:
    assert opened.gaps_mm(opened.pose()).max() == pytest.approx(opened.basis.own_gap_mm, rel=0.1)
    assert np.abs(opened.gaps_mm(opened.pose(articulation=1))).max() < 0.3
    assert opened.gaps_mm(opened.pose(articulation=1, jawOpen=0.4)).max() > 5


def test_lids_follow_vertical_gaze(closed: Head) -> None:
    def aperture(**channels: float) -> float:
        return float(closed.gaps_mm(closed.pose(**channels), "eye_left").max())

    rest = aperture()
    down = aperture(eyeLookDownLeft=0.6, eyeLookDownRight=0.6)
    up = aperture(eyeLookUpLeft=0.6, eyeLookUpRight=0.6)
    sideways = aperture(eyeLookOutLeft=0.6, eyeLookInRight=0.6)
    assert down < 0.8 * rest
    assert up > 1.05 * rest
    assert sideways == pytest.approx(rest, rel=1e-3)


@pytest.mark.parametrize("down", [0.0, 0.6])
def test_a_blink_shuts_the_eye_whatever_the_gaze(closed: Head, down: float) -> None:
    head = closed.pose(eyeBlinkLeft=1, eyeLookDownLeft=down, eyeLookDownRight=down)
    rest = closed.gaps_mm(closed.pose(), "eye_left").max()
    assert closed.gaps_mm(head, "eye_left").max() < 0.06 * rest
    assert closed.gaps_mm(head, "eye_right").max() > 0.5 * rest


def test_lids_open_only_so_far(closed: Head) -> None:
    """Beyond that there is no photo of an eye to show."""
    upper = topo.LEFT_UPPER_LID[3]
    rest, some, far = (
        closed.pose(eyeBlinkLeft=w).screen[upper, 1] for w in (0.0, LEAST_BLINK, -0.6)
    )
    assert some < rest - 0.5
    assert far == pytest.approx(some, abs=1e-4)


def test_gaze_is_reported(closed: Head) -> None:
    m = motion.neutral()
    motion.set_gaze(m, 12.0, -9.0)
    assert closed.deformer.pose(m).gaze_deg == pytest.approx((12, -9), abs=1e-3)


def test_wild_weights_do_not_blow_the_face_up(closed: Head) -> None:
    head = closed.pose(jawOpen=40, mouthSmileLeft=-30, articulation=1)
    assert np.abs(head.screen - closed.mesh.vertices[:, :2]).max() < 0.5 * closed.mesh.face_height


def test_far_sheet_hides_behind_the_contour_as_the_head_turns_back(turned: Head) -> None:
    mesh = turned.mesh
    far = np.flatnonzero(mesh.far_side > 0.5) + mesh.face_count
    contour = mesh.rings["oval"]

    def nearest(head: PosedHead) -> np.ndarray:
        apart = np.linalg.norm(head.screen[far, None] - head.screen[None, contour], axis=2)
        result: np.ndarray = apart.min(1)
        return result

    rest = nearest(turned.pose())
    close = (rest > 0.02 * mesh.face_width) & (rest < 0.08 * mesh.face_width)
    level = (mesh.vertices[far, 1] > mesh.landmarks[topo.NOSE_BASE, 1]) & (
        mesh.vertices[far, 1] < mesh.landmarks[topo.CHIN, 1]
    )
    chosen = close & level
    assert chosen.any()
    assert nearest(turned.pose(headYaw=-12))[chosen].mean() < 0.5 * rest[chosen].mean()


@pytest.mark.parametrize("name", ["jawOpen", "mouthPucker", "eyeBlinkLeft", "browInnerUp"])
def test_few_triangles_flip(closed: Head, name: str) -> None:
    area = doubled_area(closed.pose(**{name: 0.7}).screen, closed.mesh.triangles)
    assert (area < -0.5).mean() < 0.004
