"""What a frame must draw and move."""

from __future__ import annotations

import numpy as np

from gioconda.measure.floor import copy_rate_mb_ms, floor_rows
from gioconda.motion import moment
from gioconda.portrait import Portrait
from gioconda.render import MeshRenderer


def test_more_pixels_move_more_bytes_and_as_many_triangles(astronaut: np.ndarray) -> None:
    portrait = Portrait.open(astronaut, cache=False)
    works = []
    for size in (256, 512):
        renderer = MeshRenderer(portrait.view(size))
        renderer.render(moment(headYaw=5))
        works.append(renderer.work())
    small, large = works
    assert 3.5 < large.pixels / small.pixels < 4.5
    assert 3.5 < large.bytes_moved / small.bytes_moved < 4.5
    assert abs(large.triangles - small.triangles) < 0.05 * large.triangles


def test_rows_name_what_they_count(astronaut: np.ndarray) -> None:
    renderer = MeshRenderer(Portrait.open(astronaut, cache=False).view(256))
    rows = {r.what.strip(): r for r in floor_rows(renderer, np.stack([moment(headYaw=5)] * 3))}
    assert rows["floor: triangles drawn"].value == renderer.work().triangles
    assert rows["floor: moved"].unit == "MB"
    assert rows["floor: copying as much takes"].value > 0
    assert copy_rate_mb_ms() > 0.1
