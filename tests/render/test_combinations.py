"""Expressions together: nothing in the face turns inside out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view, portrait_view

from gioconda.motion import moment, neutral, set_gaze
from gioconda.portrait import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer

PORTRAITS = (
    "photo_man_beard_01.png",
    "photo_man_glasses_curly.jpg",
    "painting_woman_darkskin_afro.png",
    "ai_girl_schoolage.png",
    "photo_frontal_woman_02.jpg",
    "cartoon_boy_3d.jpg",
)


def both(**shapes: float) -> dict[str, float]:
    return {n + side: w for n, w in shapes.items() for side in ("Left", "Right")}


COMBINATIONS: dict[str, dict[str, float]] = {
    "smile, open": both(mouthSmile=0.8) | {"jawOpen": 0.4},
    "laugh": both(mouthSmile=1.0, cheekSquint=1.0, mouthUpperUp=0.4) | {"jawOpen": 0.3},
    "smile, blink": both(mouthSmile=0.8, eyeBlink=1.0),
    "pucker, jaw": {"mouthPucker": 0.8, "jawOpen": 0.4},
    "frown, open": both(mouthFrown=0.7, browDown=0.8) | {"jawOpen": 0.4},
    "sneer": both(noseSneer=1.0, mouthUpperUp=1.0),
    "puff, pucker": {"cheekPuff": 1.0, "mouthPucker": 0.4},
    "mouth aside": {"mouthLeft": 1.0, "jawLeft": 1.0},
    "against the jaw": {"mouthRight": 0.8, "jawLeft": 0.8},
    "tongue": {"tongueOut": 1.0, "jawOpen": 0.5},
    "rolled": {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
    "shrug": {"mouthShrugLower": 1.0, "mouthShrugUpper": 1.0},
    "brows at odds": both(browDown=1.0) | {"browInnerUp": 1.0},
    "squint, blink": both(eyeSquint=1.0, cheekSquint=1.0, eyeBlink=1.0),
    "surprise": both(browOuterUp=1.0, eyeWide=1.0) | {"browInnerUp": 1.0, "jawOpen": 0.7},
    "smile let go": both(mouthSmile=-0.6, cheekSquint=-0.6),
    "stretch let go": both(mouthStretch=-0.6, mouthDimple=-0.6) | {"mouthPucker": -0.6},
    "frown let go": both(mouthFrown=-0.6, browDown=-0.6) | {"mouthShrugLower": -0.6},
    "negative eyes": both(eyeBlink=-0.6, eyeSquint=-0.6, browDown=-0.6),
}


class Folding:
    """How much of a face's picture lies inside out."""

    def __init__(self, view: View) -> None:
        self.mesh = build_mesh(view)
        self.deformer = Deformer(self.mesh, build_shapes(self.mesh, view))
        # the rim of the face is seen edge-on: there triangles turn over as any cheek moves
        self.triangles = self.mesh.triangles
        for _ in range(4):
            self.triangles = self._within(self.triangles)
        rest = self._areas(self.deformer.pose(neutral()).screen)
        self.kept = rest > 0
        self.face_mm2 = float(rest[self.kept].sum()) / self.mesh.mm**2

    def _within(self, triangles: np.ndarray) -> np.ndarray:
        """Return the face's triangles without those that touch their own outline."""
        triangles = triangles[(triangles < self.mesh.face_count).all(1)]
        edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        each, count = np.unique(edges, axis=0, return_counts=True)
        rim = set(each[count == 1].ravel().tolist())
        rim -= {int(v) for name in topo.SLITS for v in self.mesh.rings[name]}
        return triangles[~np.isin(triangles, sorted(rim)).any(1)]

    def _areas(self, screen: np.ndarray) -> np.ndarray:
        a, b, c = (screen[self.triangles[:, k]].astype(np.float64) for k in range(3))
        u, v = b - a, c - a
        return 0.5 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])

    def turned_mm2(self, moved: np.ndarray) -> float:
        """Area that has turned over, in square millimetres of the face."""
        areas = self._areas(self.deformer.pose(moved).screen)[self.kept]
        return float(-np.minimum(areas, 0).sum()) / self.mesh.mm**2


@pytest.fixture(scope="module", params=["canonical", *PORTRAITS])
def folding(request: pytest.FixtureRequest) -> Folding:
    if request.param == "canonical":
        return Folding(canonical_view())
    shared: Path = request.getfixturevalue("shared")
    return Folding(portrait_view(shared / "data" / "portraits" / request.param))


@pytest.mark.shared
@pytest.mark.parametrize("name", COMBINATIONS)
def test_nothing_turns_inside_out(folding: Folding, name: str) -> None:
    """At most 12 mm2 of some 12,000: slivers at the corners of mouth and eyes."""
    assert folding.face_mm2 > 8000
    assert folding.turned_mm2(moment(articulation=1, **COMBINATIONS[name])) < 12


@pytest.mark.shared
def test_a_blink_over_lowered_gaze_turns_nothing_over(folding: Folding) -> None:
    for blink in (0.3, 0.6, 1.0):
        moved = moment(**both(eyeBlink=blink))
        set_gaze(moved, 0, 16)
        assert folding.turned_mm2(moved) < 6


@pytest.mark.shared
@pytest.mark.parametrize("name", COMBINATIONS)
def test_lids_and_lips_never_cross(folding: Folding, name: str) -> None:
    screen = folding.deformer.pose(moment(articulation=1, **COMBINATIONS[name])).screen
    down = folding.mesh.axes[1, :2] / np.linalg.norm(folding.mesh.axes[1, :2])
    for upper, lower in (
        (topo.UPPER_LIP_INNER, topo.LOWER_LIP_INNER),
        (topo.RIGHT_UPPER_LID, topo.RIGHT_LOWER_LID),
        (topo.LEFT_UPPER_LID, topo.LEFT_LOWER_LID),
    ):
        gap = (screen[list(lower)] - screen[list(upper)]) @ down / folding.mesh.mm
        own = (folding.mesh.vertices[list(lower)] - folding.mesh.vertices[list(upper)])[:, :2]
        # the photo's own crossing, where the tracker found one, is not made worse
        assert (gap - np.minimum(own @ down / folding.mesh.mm, 0)).min() > -0.15
