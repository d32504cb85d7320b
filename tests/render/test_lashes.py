"""Lashes of a shut lid: a fringe that hangs over the lower one, as dark as the open eye's."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.motion import moment
from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.eye_frame import eye_frame
from gioconda.render.mesh.eye_regions import EYES
from gioconda.render.mesh.lashes import Lashes, lash_darkness

SKIN = 180
COLOUR = np.array([30, 20, 20], np.float32)
MM = 2.0
#: A lid's edge from corner to corner, 60 pixels, hanging like a lower lid's.
ALONG = np.linspace(-1, 1, 17)
LINE = np.stack([50 + 30 * ALONG, 60 - 6 * ALONG**2], 1).astype(np.float32)


def drawn(lashes: Lashes, line: np.ndarray = LINE, blink: float = 1.0) -> np.ndarray:
    """How much darker the lashes make an even skin, (100, 100)."""
    out = np.full((100, 100, 3), SKIN, np.uint8)
    lashes.draw(out, line, min(blink / 0.5, 1.0), blink)
    return SKIN - out[..., 0].astype(int)


def human(darkness: float = 1.0, softness: float = 0.0, outer_first: bool = True) -> Lashes:
    return Lashes(darkness, softness, COLOUR, MM, outer_first=outer_first)


def test_lashes_hang_below_the_line_and_lower_in_the_outer_half() -> None:
    fringe = drawn(human()) - drawn(human(darkness=0))
    below = fringe[60:]
    assert fringe.sum() > 3000
    assert below.sum() > 0.6 * fringe.sum()
    assert fringe[:, :50].sum() > 1.3 * fringe[:, 50:].sum()


def test_the_left_eye_mirrors_the_right_one() -> None:
    right = drawn(human())
    mirrored = LINE[::-1].copy()
    mirrored[:, 0] = 99 - mirrored[:, 0]
    left = drawn(human(outer_first=False), mirrored)
    assert np.abs(left[:, ::-1] - right).max() <= 2


def test_fainter_lashes_are_lighter_and_shorter() -> None:
    strong, faint, none = (drawn(human(d)).sum() for d in (1.0, 0.3, 0.0))
    assert 0.2 * (strong - none) < faint - none < 0.75 * (strong - none)


def test_lashes_grow_out_of_the_lid_without_a_step() -> None:
    sweep = [drawn(human(), blink=float(b)) for b in np.linspace(0.02, 1, 21)]
    total = [int(s.sum()) for s in sweep]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(sweep)]
    assert np.diff(total).min() > -0.001 * total[-1]
    assert max(steps) < 0.2 * sweep[-1].mean()


def test_a_line_that_doubles_back_at_the_corner_draws_no_stray_lashes() -> None:
    line = LINE.copy()
    line[0], line[1] = (20.6, 55.0), (20.2, 55.6)
    line[-1], line[-2] = (79.4, 55.0), (79.9, 55.6)
    for blink in (0.4, 0.7, 1.0):
        far = np.ones((100, 100), np.uint8)
        cv2.polylines(far, [line.round().astype(np.int32)], False, 0)
        distance = cv2.distanceTransform(far, cv2.DIST_L2, 5)
        assert drawn(human(), line, blink)[distance > 10].max() == 0


def test_an_eye_that_goes_behind_the_nose_leaves_no_lashes() -> None:
    narrow, half = ((LINE - 50) * [w, 1] + 50 for w in (0.28, 0.6))
    assert drawn(human(), narrow.astype(np.float32)).max() == 0
    assert drawn(human(), half.astype(np.float32)).max() > 60


def test_a_soft_picture_has_soft_lashes() -> None:
    sharp, soft = (np.abs(np.diff(drawn(human(softness=s))[60:, 25:60], axis=0)) for s in (0, 4))
    assert soft.max() < 0.9 * sharp.max()


def with_lid_edges(view: View, colour: tuple[int, int, int], width: int) -> View:
    image = view.image.copy()
    for eye in EYES:
        points = view.landmarks[[eye.corners[0], *eye.upper, eye.corners[1]], :2]
        cv2.polylines(image, [points.round().astype(np.int32)], False, colour, width, cv2.LINE_AA)
    return replace(view, image=image)


def test_darkness_is_that_of_the_open_lids_edge(astronaut_at_512: View) -> None:
    mesh = build_mesh(astronaut_at_512)
    x, y = astronaut_at_512.landmarks[50, :2].astype(int)
    skin = tuple(int(c) for c in astronaut_at_512.image[y, x])
    for eye in EYES:
        own, made_up, bare = (
            lash_darkness(v, eye_frame(v, mesh, eye))
            for v in (
                astronaut_at_512,
                with_lid_edges(astronaut_at_512, (10, 8, 8), 3),
                with_lid_edges(astronaut_at_512, skin, 7),
            )
        )
        assert made_up > 0.8
        assert bare < own < made_up


def test_dark_lashes_give_a_darker_shut_eye(astronaut_at_512: View) -> None:
    shut = moment(eyeBlinkLeft=1, eyeBlinkRight=1)
    made_up = MeshRenderer(with_lid_edges(astronaut_at_512, (10, 8, 8), 3))
    y = round(float(astronaut_at_512.landmarks[[i for e in EYES for i in e.lower], 1].mean()))
    band = slice(y - 3, y + 8)
    with_lashes = made_up.render(shut)[band].astype(int).copy()
    for lashes in made_up._eyes._lashes:
        lashes.darkness = 0
    without = made_up.render(shut)[band].astype(int)
    assert (without - with_lashes).sum() > 3000


@pytest.mark.parametrize(
    ("name", "dark"),
    [
        ("cartoon_man_flat.png", False),
        ("ai_woman_2840px.png", True),
        ("painting_woman_flowers_darkbrows.png", True),
    ],
)
def test_flat_drawings_have_no_fringe(shared: Path, name: str, dark: bool) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(512)
    darkness = MeshRenderer(view)._eyes._lashes[0].darkness
    assert darkness > 0.6 if dark else darkness < 0.05
