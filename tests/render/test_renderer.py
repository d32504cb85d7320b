"""The mesh renderer as a whole: at rest it is the photo, moved it moves the documented way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.errors import OptionError
from gioconda.motion import moment, neutral
from gioconda.portrait import Portrait, View
from gioconda.portrait.plate import fill_person
from gioconda.render import MeshRenderer, registry
from gioconda.render.mesh.background import rest_plate, soft_matte
from gioconda.render.mesh.renderer import STAGES

PORTRAITS = (
    "painting_pearl_earring_turned.jpg",
    "lowres_man_112px.png",
    "photo_man_darkskin_glasses_afro.jpg",
    "ai_halfbody_02.png",
)
MOMENTS = (
    moment(headYaw=12, jawOpen=0.5, articulation=1),
    moment(headPitch=-8, headRoll=6, eyeBlinkLeft=1, eyeBlinkRight=1),
    neutral(),
    moment(headYaw=-14, headX=0.2, eyeLookOutLeft=0.6, eyeLookInRight=0.6),
    moment(mouthSmileLeft=1, mouthSmileRight=1, headZ=-0.2, eyeBlinkLeft=0.4),
)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def test_at_rest_the_frame_is_the_photo(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    assert difference(astronaut_renderer.render(neutral()), astronaut_at_512.image) < 0.5


@pytest.mark.parametrize("name", PORTRAITS)
def test_at_rest_the_frame_is_the_photo_for_hard_portraits(shared: Path, name: str) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(256)
    frame = MeshRenderer(view).render(neutral())
    # the face itself is exact to rounding; only the fade into the background may differ
    assert difference(frame, view.image) < 1.0
    x, y = view.landmarks[1, :2].astype(int)
    face = slice(y - 20, y + 20), slice(x - 20, x + 20)
    assert difference(frame[face], view.image[face]) < 0.2


def test_the_same_moment_gives_the_same_frame_whatever_came_before(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    fresh = MeshRenderer(astronaut_at_512)
    expected = [fresh.render(m).copy() for m in MOMENTS]
    rng = np.random.default_rng(3)
    for k in rng.integers(0, len(MOMENTS), 24):
        assert (astronaut_renderer.render(MOMENTS[k]) == expected[k]).all()


def test_a_frame_stays_untouched_for_three_calls_and_may_be_written_into(
    astronaut_renderer: MeshRenderer,
) -> None:
    first = astronaut_renderer.render(MOMENTS[0])
    kept = first.copy()
    for m in MOMENTS[1:4]:
        astronaut_renderer.render(m)
    assert (first == kept).all()
    first[:] = 77
    for m in MOMENTS[:4]:
        last = astronaut_renderer.render(m)
    assert (astronaut_renderer.render(MOMENTS[0]) == kept).all()
    assert not (last == 77).all()


def nose_shift(frame: np.ndarray, rest: np.ndarray, nose: np.ndarray) -> np.ndarray:
    """How far the patch round the nose moved, found by matching it."""
    x, y = nose.astype(int)
    patch = cv2.cvtColor(rest[y - 14 : y + 15, x - 14 : x + 15], cv2.COLOR_RGB2GRAY)
    around = cv2.cvtColor(frame[y - 54 : y + 55, x - 54 : x + 55], cv2.COLOR_RGB2GRAY)
    score = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
    row, column = np.unravel_index(score.argmax(), score.shape)
    return np.array([column - 40, row - 40])


@pytest.mark.parametrize(
    ("channel", "value", "axis", "sign"),
    [
        ("headYaw", 10, 0, 1),
        ("headYaw", -10, 0, -1),
        ("headPitch", 8, 1, 1),
        ("headPitch", -8, 1, -1),
        ("headX", 0.15, 0, 1),
        ("headY", 0.15, 1, 1),
    ],
)
def test_the_nose_goes_where_the_head_is_told_to(
    astronaut_renderer: MeshRenderer,
    astronaut_at_512: View,
    channel: str,
    value: float,
    axis: int,
    sign: int,
) -> None:
    frame = astronaut_renderer.render(moment(**{channel: value}))
    shift = nose_shift(frame, astronaut_at_512.image, astronaut_at_512.landmarks[1, :2])
    assert sign * shift[axis] >= 6
    assert abs(shift[1 - axis]) <= 4


def test_the_background_stands_still_while_the_head_moves(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    rest = astronaut_renderer.render(neutral()).copy()
    frame = astronaut_renderer.render(moment(headYaw=8, headPitch=4, jawOpen=0.4))
    reach = np.ones((61, 61), np.uint8)
    far = cv2.dilate((soft_matte(astronaut_at_512.matte) > 0).astype(np.uint8), reach) == 0
    assert far.sum() > 500
    assert (frame[far] == rest[far]).all()


def test_sizes_agree(astronaut_portrait: Portrait) -> None:
    m = moment(headYaw=8, jawOpen=0.4, eyeBlinkLeft=1, eyeBlinkRight=1, articulation=1)
    small = MeshRenderer(astronaut_portrait.view(256)).render(m)
    large = MeshRenderer(astronaut_portrait.view(1024)).render(m)
    assert small.shape == (256, 256, 3)
    assert large.shape == (1024, 1024, 3)
    shrunk = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    assert difference(shrunk, small) < 4


def test_stages_are_timed_and_add_up(astronaut_renderer: MeshRenderer) -> None:
    astronaut_renderer.render(MOMENTS[0])
    times = astronaut_renderer.timings_ms()
    assert tuple(times) == STAGES
    total = times.pop("total")
    assert sum(times.values()) == pytest.approx(total)


def test_a_moment_of_another_shape_is_refused(astronaut_renderer: MeshRenderer) -> None:
    with pytest.raises(OptionError, match="60"):
        astronaut_renderer.render(np.zeros(59, np.float32))


def test_renderers_come_by_name(astronaut_at_512: View) -> None:
    assert "mesh" in registry.names()
    assert registry.create("mesh", astronaut_at_512).size == 512
    with pytest.raises(OptionError, match="mesh"):
        registry.create("oil", astronaut_at_512)


def test_the_vacated_background_meets_the_photo_without_a_step(astronaut_at_512: View) -> None:
    rows = np.arange(512)[:, None]
    slope = np.repeat(60 + rows / 5, 512, 1)  # a background that a mean cannot match
    image = np.repeat(slope[..., None], 3, 2).astype(np.uint8)
    matte = np.zeros((512, 512), np.float32)
    matte[150:400, 180:330] = 1
    plate = fill_person(image, matte)
    view = replace(astronaut_at_512, image=image, matte=matte, plate=plate)
    levelled = rest_plate(view, soft_matte(matte)).astype(int)

    def outline(plate: np.ndarray) -> float:
        """How far the plate leaves the background in the band round the person's edge."""
        band = cv2.dilate(matte, np.ones((25, 25))) - cv2.erode(matte, np.ones((25, 25)))
        return float(np.abs(plate.astype(int) - image)[band > 0].mean())

    assert outline(levelled) < 1.5
    assert outline(levelled) < 0.5 * outline(fill_person(image, matte, textured=False))


@pytest.mark.parametrize(("channel", "most"), [("headYaw", 20.0), ("headPitch", 15.0)])
def test_a_turn_runs_without_a_jump(
    astronaut_renderer: MeshRenderer, channel: str, most: float
) -> None:
    turns = np.linspace(-most, most, 41)
    frames = [astronaut_renderer.render(moment(**{channel: float(t)})).copy() for t in turns]
    steps = np.array([difference(a, b) for a, b in pairwise(frames)])
    around = np.array([np.median(steps[max(k - 3, 0) : k + 4]) for k in range(len(steps))])
    assert (steps < 1.25 * around).all()
