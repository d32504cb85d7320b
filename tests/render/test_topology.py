from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter, defaultdict

import numpy as np

from gioconda.portrait.canonical import canonical_landmarks, mirror_index
from gioconda.render.mesh import topology as topo


def _edges(triangle: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(itertools.combinations(sorted(triangle), 2))


def test_triangles_are_those_of_the_face_mesh() -> None:
    from mediapipe.python.solutions.face_mesh import FACEMESH_TESSELATION

    edges = {tuple(sorted(e)) for e in FACEMESH_TESSELATION}
    neighbours = defaultdict(set)
    for a, b in edges:
        neighbours[a].add(b)
        neighbours[b].add(a)
    cliques = {tuple(sorted((a, b, c))) for a, b in edges for c in neighbours[a] & neighbours[b]}
    use = Counter(e for t in cliques for e in _edges(t))
    real = {t for t in cliques if any(use[e] < 3 for e in _edges(t))}
    assert {tuple(sorted(int(v) for v in t)) for t in topo.triangles()} == real
    assert len(cliques) - len(real) == 2


def test_triangles_are_oriented_alike_and_face_the_camera() -> None:
    directed = Counter(e for a, b, c in topo.triangles().tolist() for e in ((a, b), (b, c), (c, a)))
    assert max(directed.values()) == 1
    p = canonical_landmarks()[topo.triangles()][..., :2].astype(float)
    a, b = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    assert (area < 0).mean() < 0.02
    assert area.sum() > 0


def test_boundary_is_outline_mouth_and_eyes() -> None:
    use = Counter(e for t in topo.triangles().tolist() for e in _edges(tuple(t)))
    boundary = {e for e, n in use.items() if n == 1}
    rings = {
        tuple(sorted((a, b)))
        for ring in topo.RINGS.values()
        for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)
    }
    assert boundary == rings


def test_slits_start_on_the_images_left_and_run_along_the_upper_edge() -> None:
    face = canonical_landmarks()
    for name in topo.SLITS:
        ring = face[list(topo.RINGS[name])]
        half = len(ring) // 2
        assert ring[0, 0] == ring[:, 0].min()
        assert ring[half, 0] == ring[:, 0].max()
        assert (np.diff(ring[: half + 1, 0]) > 0).all()
        assert ring[1:half, 1].mean() <= ring[half + 1 :, 1].mean()


def test_opposite_rows_are_mirror_images() -> None:
    mirror = mirror_index()
    for right, left in (
        (topo.RIGHT_UPPER_LID, topo.LEFT_UPPER_LID),
        (topo.RIGHT_LOWER_LID, topo.LEFT_LOWER_LID),
        (topo.RIGHT_CREASE, topo.LEFT_CREASE),
        (topo.RIGHT_UNDER_EYE, topo.LEFT_UNDER_EYE),
        (topo.RIGHT_BROW_UPPER, topo.LEFT_BROW_UPPER),
        (topo.RIGHT_BROW_LOWER, topo.LEFT_BROW_LOWER),
        (topo.UPPER_LIP_INNER, topo.UPPER_LIP_INNER[::-1]),
        (topo.LOWER_LIP_OUTER, topo.LOWER_LIP_OUTER[::-1]),
        (topo.JAW, topo.JAW[::-1]),
    ):
        assert mirror[list(right)].tolist() == list(left)
    assert set(mirror[list(topo.HANDLES)].tolist()) == set(topo.HANDLES)


def test_rendering_geometry_does_not_import_mediapipe() -> None:
    code = (
        "import sys, gioconda.render.mesh.build, gioconda.render.mesh.blendshapes, "
        "gioconda.render.mesh.deform, gioconda.render.mesh.topology as t; t.triangles(); "
        "sys.exit(bool({'mediapipe', 'torch', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
