"""The table of corrections measured on real faces: what it is, and what it must leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.portrait.canonical import mirror_index
from gioconda.render.mesh import measured_shapes
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import SHAPES, shape_fields
from gioconda.render.mesh.closing import canonical_face
from gioconda.render.mesh.measured_shapes import TALKERS, measured_corrections

MOUTH_OPENS = {"jawOpen", "mouthFunnel", "mouthPucker", "mouthShrugUpper", "mouthShrugLower"}
LIDS = ("eyeBlink", "eyeSquint", "eyeWide", "lidUp", "lidDown")
UPPER_FACE = {
    *topo.RIGHT_BROW_UPPER, *topo.LEFT_BROW_UPPER, *topo.RIGHT_BROW_LOWER, *topo.LEFT_BROW_LOWER,
    *topo.FOREHEAD,
}  # fmt: skip
LOWER_FACE = {*topo.LIPS, *topo.CHIN_AREA, *topo.PHILTRUM, topo.CHIN}


def base(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")


def moved(name: str) -> set[int]:
    field = measured_corrections()[name]
    return set(np.flatnonzero(np.abs(field).max(1) > 0).tolist())


def test_the_table_is_an_average_over_many() -> None:
    assert TALKERS >= 10
    assert f"{TALKERS} talkers" in (measured_shapes.__doc__ or "")
    assert "no person's own data" in (measured_shapes.__doc__ or "")


def test_the_table_is_small_and_flat() -> None:
    corrections = measured_corrections()
    assert set(corrections) <= set(SHAPES)
    assert len(corrections) > 30
    hand_set = shape_fields(canonical_face(), hand_set=True)
    for name, field in corrections.items():
        assert field.shape == (468, 3)
        assert not field[:, 2].any()
        largest = np.linalg.norm(hand_set[name], axis=1).max()
        most = max(0.6 * largest + 0.6, 1.25 if base(name) in LIDS else 0)
        assert np.linalg.norm(field, axis=1).max() < most, name
        assert not field.flags.writeable


def test_gaze_tongue_and_closed_lips_are_not_corrected() -> None:
    assert not {n for n in measured_corrections() if n.startswith("eyeLook")}
    assert not {"tongueOut", "mouthClose"} & set(measured_corrections())


def test_left_mirrors_right() -> None:
    corrections, mirror = measured_corrections(), mirror_index()
    for name, field in corrections.items():
        if name in {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}:
            continue
        other = name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        assert np.abs(field[mirror] * (-1, 1, 1) - corrections[other]).max() < 0.03, name


def test_each_shape_corrects_only_what_it_moves() -> None:
    for name in measured_corrections():
        if name.startswith("brow"):
            assert not moved(name) & LOWER_FACE, name
        elif name.startswith(("mouth", "jaw", "cheekPuff")):
            assert not moved(name) & UPPER_FACE, name
        elif base(name) in LIDS:
            assert not moved(name) & (LOWER_FACE | UPPER_FACE), name


def test_the_outline_above_the_jaw_is_not_corrected() -> None:
    """Contour points slide over the head as it turns: what they say is not expression."""
    outline = set(topo.OVAL) - {*topo.JAW}
    outline |= {58, 172, 136, 132, 93, 234, 288, 397, 365, 361, 323, 454}
    for name in measured_corrections():
        assert not moved(name) & outline, name


@pytest.mark.parametrize(
    "name", ["mouthSmileLeft", "mouthFrownRight", "mouthPressLeft", "mouthDimpleRight"]
)
def test_closed_lips_stay_closed(name: str) -> None:
    field = measured_corrections()[name]
    upper, lower = list(topo.UPPER_LIP_INNER), list(topo.LOWER_LIP_INNER)
    assert np.abs(field[upper] - field[lower]).max() < 0.011


def test_a_blink_still_closes() -> None:
    field = measured_corrections()["eyeBlinkRight"]
    upper, lower = list(topo.RIGHT_UPPER_LID), list(topo.RIGHT_LOWER_LID)
    assert np.abs(field[upper] - field[lower]).max() < 0.011


def test_hand_set_shapes_are_as_they_were() -> None:
    """The baseline of measures: the tables before anything was measured or revised."""
    face = canonical_face()
    hand_set, shapes = shape_fields(face, hand_set=True), shape_fields(face)
    width = hand_set["mouthSmileRight"][topo.CORNER_RIGHT_OUTER, 0] / -7.0
    assert hand_set["mouthSmileRight"][topo.CORNER_RIGHT_OUTER] == pytest.approx(
        [-7.0 * width, -8.4, 7.0]
    )
    assert hand_set["browDownLeft"][336] == pytest.approx([-1.6, 3.2, 0.3])
    assert hand_set["noseSneerRight"][64] == pytest.approx([-1.0, -2.2, 0.0])
    for name in ("mouthSmileLeft", "browDownRight", "eyeSquintLeft", "jawOpen"):
        assert np.abs(shapes[name] - hand_set[name]).max() > 0.2


def test_a_smile_moves_its_corner_back_up_and_out() -> None:
    smile = shape_fields(canonical_face())["mouthSmileRight"][topo.CORNER_RIGHT_OUTER]
    assert smile == pytest.approx([-7, -10, 9], abs=1.3)
