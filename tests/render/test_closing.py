from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.render.mesh_faces import CLOSED_MOUTHS, OPEN_MOUTHS, canonical_view, portrait_view

from gioconda import motion
from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.closing import canonical_face, mouth_at_rest
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.sheet import slit_rows


class Mouth:
    """A mouth ready to be moved."""

    def __init__(self, view: View) -> None:
        self.mesh = build_mesh(view)
        self.basis = build_shapes(self.mesh, view)
        self.deformer = Deformer(self.mesh, self.basis)

    def gaps_mm(self, **channels: float) -> np.ndarray:
        """Gaps along the mouth, corners apart, in millimetres, as seen."""
        screen = self.deformer.pose(motion.moment(**channels)).screen
        upper, lower = slit_rows(self.mesh.rings["mouth"])
        down = self.mesh.axes[1, :2] / np.linalg.norm(self.mesh.axes[1, :2])
        result: np.ndarray = (screen[lower] - screen[upper])[1:-1] @ down / self.mesh.mm
        return result


@pytest.mark.shared
@pytest.mark.parametrize("name", OPEN_MOUTHS)
def test_open_mouths_of_photos_close(shared: Path, name: str) -> None:
    mouth = Mouth(portrait_view(shared / "data" / "portraits" / name))
    assert mouth.basis.own_gap_mm > 5
    assert np.abs(mouth.gaps_mm(articulation=1)).max() < 0.3
    at_rest = mouth.gaps_mm()
    assert at_rest.max() == pytest.approx(mouth.basis.own_gap_mm, rel=0.25)
    half = mouth.gaps_mm(articulation=0.5)
    assert half.max() == pytest.approx(0.5 * at_rest.max(), rel=0.2)


@pytest.mark.shared
@pytest.mark.parametrize("name", CLOSED_MOUTHS)
def test_closed_mouths_of_photos_are_left_alone(shared: Path, name: str) -> None:
    view = portrait_view(shared / "data" / "portraits" / name)
    mesh = build_mesh(view)
    basis = build_shapes(mesh, view)
    assert basis.own_gap_mm < 1
    assert not basis.closing.any()


@pytest.mark.parametrize("gap", [0.03, 0.08, 0.2, 0.3])
def test_any_gap_closes(gap: float) -> None:
    mouth = Mouth(canonical_view(mouth_gap=gap))
    assert mouth.gaps_mm().max() > 1
    assert np.abs(mouth.gaps_mm(articulation=1)).max() < 0.3


def test_closed_smile_is_left_as_it_is() -> None:
    view = canonical_view()
    mesh = build_mesh(view)
    basis = build_shapes(mesh, view)
    smile = basis.displacements[[basis.names.index("mouthSmile" + s) for s in ("Left", "Right")]]
    view.landmarks[mesh.handles] += 0.6 * smile.sum(0) @ mesh.axes
    smiling = build_mesh(view)
    assert mouth_at_rest(_in_mm(smiling.landmarks)).smile > 0.3
    assert not build_shapes(smiling, view).closing.any()


def _in_mm(landmarks: np.ndarray) -> np.ndarray:
    from gioconda.render.mesh.head_frame import measure_head

    head = measure_head(landmarks.astype(float))
    return head.coordinates(landmarks[: topo.LANDMARKS].astype(float)) / head.mm


def test_canonical_mouth_is_at_rest() -> None:
    mouth = mouth_at_rest(canonical_face())
    assert mouth.gap_mm < 1
    assert mouth.smile < 0.05


def test_chin_follows_a_mouth_that_closes() -> None:
    view = canonical_view(mouth_gap=0.25)
    mesh = build_mesh(view)
    closing = build_shapes(mesh, view).closing / mesh.mm
    column = {int(h): i for i, h in enumerate(mesh.handles)}
    lower = closing[column[topo.LOWER_LIP_INNER[4]], 1]
    chin = closing[column[topo.CHIN], 1]
    assert lower < -10
    assert lower < chin < 0.5 * lower
    for ear in (topo.EAR_LEFT, topo.EAR_RIGHT):
        assert np.abs(closing[column[ear]]).max() < 0.5


def test_closed_geometry_takes_the_same_shapes() -> None:
    """Pucker and jaw do about as much on a closed open mouth as on a closed one."""
    shapes = []
    for gap in (0.0, 0.2):
        view = canonical_view(mouth_gap=gap)
        mesh = build_mesh(view)
        shapes.append(build_shapes(mesh, view).displacements / mesh.mm)
    for name in ("jawOpen", "mouthPucker", "mouthRollUpper"):
        i = motion.BLENDSHAPES.index(name)
        a, b = (np.linalg.norm(s[i], axis=1).max() for s in shapes)
        assert a == pytest.approx(b, rel=0.3)


@pytest.mark.shared
def test_a_beard_is_not_torn_by_a_mouth_that_closes(shared: Path) -> None:
    """No part of the skin round the lips is squeezed into a line or turned over."""
    view = portrait_view(shared / "data" / "portraits" / "ai_man_selfie_shouting_beard.png")
    mouth = Mouth(view)
    assert np.abs(mouth.gaps_mm(articulation=1)).max() < 0.3
    screen = mouth.deformer.pose(motion.moment(articulation=1)).screen
    mm = mouth.mesh.mm
    assert (screen[152, 1] - screen[17, 1]) / mm > 10
    for jaw, corner in ((136, topo.CORNER_RIGHT_OUTER), (365, topo.CORNER_LEFT_OUTER)):
        assert (screen[jaw, 1] - screen[corner, 1]) / mm > 12
