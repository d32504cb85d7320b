"""Eyes: gaze moves the iris, blinks cover it, hidden eyes are left alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.motion import moment, neutral, set_gaze
from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.eye_regions import EYES, EyeRegion, eyes_visible, polygon_mask
from gioconda.render.mesh.eyes import MOST_CONVERGENCE_DEG, MOST_DIVERGENCE_DEG, eye_gazes

BLINK = moment(eyeBlinkLeft=1, eyeBlinkRight=1)


def looking(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    m = neutral()
    set_gaze(m, yaw_deg, pitch_deg)
    return m


def iris_patch(frame: np.ndarray, view: View, eye: EyeRegion) -> np.ndarray:
    x, y = view.landmarks[eye.iris[0], :2].round().astype(int)
    return frame[y - 3 : y + 4, x - 3 : x + 4].astype(float)


def darkness_centre(frame: np.ndarray, view: View, eye: EyeRegion) -> np.ndarray:
    """Centre of what is dark between the lids at rest, (x, y)."""
    ids = [eye.corners[0], *eye.upper, eye.corners[1], *reversed(eye.lower)]
    inside = polygon_mask(view.landmarks[ids, :2], frame.shape) > 0.5
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(float)
    weight = np.where(inside, np.clip(np.percentile(luma[inside], 50) - luma, 0, None), 0)
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]]
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


@pytest.mark.parametrize(("yaw_deg", "sign"), [(18, 1), (-18, -1)])
@pytest.mark.parametrize("eye", EYES, ids=lambda e: e.side)
def test_gaze_moves_the_iris_to_its_side(
    astronaut_renderer: MeshRenderer,
    astronaut_at_512: View,
    eye: EyeRegion,
    yaw_deg: float,
    sign: int,
) -> None:
    rest = darkness_centre(astronaut_renderer.render(neutral()), astronaut_at_512, eye)
    aside = darkness_centre(astronaut_renderer.render(looking(yaw_deg, 0)), astronaut_at_512, eye)
    assert sign * (aside - rest)[0] > 2


def test_each_eye_has_its_own_gaze() -> None:
    together = looking(18, -6)
    assert eye_gazes(together)[0] == pytest.approx((18, -6))
    assert eye_gazes(together)[1] == pytest.approx((18, -6))
    near = moment(eyeLookInRight=0.2, eyeLookInLeft=0.2)
    right, left = eye_gazes(near)
    assert right[0] == pytest.approx(6)
    assert left[0] == pytest.approx(-6)


def test_eyes_never_squint() -> None:
    parted = moment(eyeLookOutRight=0.4, eyeLookOutLeft=0.4)
    right, left = eye_gazes(parted)
    assert left[0] - right[0] == pytest.approx(MOST_DIVERGENCE_DEG)
    crossed = moment(eyeLookInRight=1, eyeLookInLeft=0.8)
    right, left = eye_gazes(crossed)
    assert right[0] - left[0] == pytest.approx(MOST_CONVERGENCE_DEG)
    # led back equally: their mean stays
    assert 0.5 * (right[0] + left[0]) == pytest.approx(3)


def test_one_eye_may_converge_alone(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    rest = astronaut_renderer.render(neutral()).copy()
    converged = astronaut_renderer.render(moment(eyeLookInLeft=0.5))
    right, left = (
        np.abs(iris_patch(converged, astronaut_at_512, e) - iris_patch(rest, astronaut_at_512, e))
        for e in EYES
    )
    assert left.max() > 25
    assert right.max() == 0


@pytest.mark.parametrize("channel", ["blink", "gaze"])
def test_a_sweep_never_pops(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View, channel: str
) -> None:
    x, y = astronaut_at_512.landmarks[topo.RIGHT_IRIS[0], :2].astype(int)
    around = slice(y - 25, y + 20), slice(x - 35, x + 36)
    sweep = np.linspace(0, 1, 21)
    frames = [
        astronaut_renderer.render(
            moment(eyeBlinkLeft=w, eyeBlinkRight=w) if channel == "blink" else looking(25 * w, 0)
        )[around].astype(int)
        for w in sweep
    ]  # fmt: skip
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])
    assert steps.max() < 3 * np.median(steps[steps > 0])
    assert steps.max() < 0.25 * np.abs(frames[-1] - frames[0]).mean() + 0.5


def test_a_gaze_that_barely_leaves_rest_does_not_pop(
    astronaut_renderer: MeshRenderer,
) -> None:
    rest = astronaut_renderer.render(neutral()).astype(int)
    small = astronaut_renderer.render(looking(0.1, 0)).astype(int)
    full = astronaut_renderer.render(looking(10, 0)).astype(int)
    assert np.abs(small - rest).max() <= 8
    assert np.abs(full - rest).max() > 40


@pytest.mark.parametrize("eye", EYES, ids=lambda e: e.side)
def test_a_blink_covers_the_iris_with_skin(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View, eye: EyeRegion
) -> None:
    rest = iris_patch(astronaut_renderer.render(neutral()), astronaut_at_512, eye)
    closed = iris_patch(astronaut_renderer.render(BLINK), astronaut_at_512, eye)
    x, y = astronaut_at_512.landmarks[50, :2].astype(int)
    skin = astronaut_at_512.image[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0)
    was, now = rest.reshape(-1, 3).mean(0), closed.reshape(-1, 3).mean(0)
    assert np.abs(now - skin).mean() < 0.6 * np.abs(was - skin).mean()


def test_a_half_blink_lies_between_open_and_closed(
    astronaut_renderer: MeshRenderer, astronaut_at_512: View
) -> None:
    x, y = astronaut_at_512.landmarks[topo.RIGHT_IRIS[0], :2].astype(int)
    around = slice(y - 12, y + 12), slice(x - 20, x + 20)
    rest, half, closed = (
        astronaut_renderer.render(moment(eyeBlinkRight=w)).astype(int)[around].copy()
        for w in (0.0, 0.5, 1.0)
    )
    assert 2 < np.abs(half - rest).mean() < np.abs(closed - rest).mean()


def test_one_eye_can_wink(astronaut_renderer: MeshRenderer, astronaut_at_512: View) -> None:
    rest = astronaut_renderer.render(neutral()).copy()
    wink = astronaut_renderer.render(moment(eyeBlinkRight=1))
    right, left = (
        np.abs(iris_patch(wink, astronaut_at_512, e) - iris_patch(rest, astronaut_at_512, e)).max()
        for e in EYES
    )
    assert right > 30
    assert left == 0


def above_the_lid(view: View, eye: EyeRegion) -> tuple[int, int]:
    """Point between crease and brow over the middle of an eye, (x, y)."""
    crease = view.landmarks[eye.crease[len(eye.crease) // 2], :2]
    brow = view.landmarks[list(eye.brow), :2].mean(0)
    x, y = (0.45 * crease + 0.55 * brow).round().astype(int).tolist()
    return x, y


def left_of_a_line_over_the_lid(view: View, eye: EyeRegion, along: bool) -> float:
    """Draw a dark line above the crease; return the share of it that a blink leaves."""
    x, y = above_the_lid(view, eye)
    dx, dy = (12, 0) if along else (0, 3)
    image = view.image.copy()
    cv2.line(image, (x - dx, y - dy), (x + dx, y + dy), (45, 35, 30), 1)
    around = slice(y - 6, y + 10), slice(x - 4, x + 5)
    drawn, plain = (
        MeshRenderer(v).render(BLINK)[around].astype(int)
        for v in (replace(view, image=image), view)
    )
    before = view.image[around].astype(int) - image[around].astype(int)
    return float((plain - drawn).max() / before.max())


def test_lashes_that_stand_up_over_the_lid_go_with_a_blink(astronaut_at_512: View) -> None:
    assert left_of_a_line_over_the_lid(astronaut_at_512, EYES[0], along=False) < 0.35


@pytest.mark.parametrize("eye", EYES, ids=lambda e: e.side)
def test_the_wing_of_lashes_at_the_outer_corner_goes_with_a_blink(
    astronaut_at_512: View, eye: EyeRegion
) -> None:
    ends = astronaut_at_512.landmarks[list(eye.corners), :2]
    out, width = ends[0] - ends[1], float(np.linalg.norm(ends[0] - ends[1]))
    start, end = ends[0] + 0.04 * out, ends[0] + 0.15 * out - (0, 0.12 * width)
    image = astronaut_at_512.image.copy()
    points = [np.round(p).astype(int).tolist() for p in (start, end)]
    cv2.line(image, points[0], points[1], (30, 22, 20), 3, cv2.LINE_AA)
    x, y = (0.4 * start + 0.6 * end).round().astype(int)
    around = slice(y - 4, y + 8), slice(x - 5, x + 6)
    drawn, plain = (
        MeshRenderer(v).render(BLINK)[around].astype(int)
        for v in (replace(astronaut_at_512, image=image), astronaut_at_512)
    )
    before = astronaut_at_512.image[around].astype(int) - image[around].astype(int)
    assert float((plain - drawn).max() / before.max()) < 0.4


def test_the_rim_of_glasses_stays_in_a_blink(astronaut_at_512: View) -> None:
    assert left_of_a_line_over_the_lid(astronaut_at_512, EYES[0], along=True) > 0.6


def behind_dark_glasses(view: View) -> View:
    image = view.image.copy()
    for eye in EYES:
        x, y = view.landmarks[eye.iris[0], :2]
        cv2.ellipse(image, (int(x), int(y)), (38, 28), 0, 0, 360, (22, 20, 24), -1, cv2.LINE_AA)
    return replace(view, image=image)


def test_eyes_behind_dark_glasses_are_left_alone(astronaut_at_512: View) -> None:
    view = behind_dark_glasses(astronaut_at_512)
    renderer = MeshRenderer(view)
    rest = renderer.render(neutral()).copy()
    assert (renderer.render(BLINK) == rest).all()
    assert (renderer.render(looking(20, 5)) == rest).all()
    assert not (renderer.render(moment(jawOpen=0.5)) == rest).all()


@pytest.mark.parametrize(
    ("name", "visible"),
    [
        ("statue_terracotta.jpg", False),
        ("photo_man_beard_sunglasses_turned.jpg", False),
        ("photo_woman_threequarter.png", True),
        ("photo_man_glasses_curly.jpg", True),
    ],
)
def test_it_is_seen_whether_a_portrait_shows_its_eyes(
    shared: Path, name: str, visible: bool
) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(512)
    assert eyes_visible(view, build_mesh(view)) == visible


def test_a_closed_lid_leaves_no_strip_of_white_below(shared: Path) -> None:
    """A cartoon's eyes are larger than the landmarks know: the lid closes to their true edge."""
    path = shared / "data" / "portraits" / "cartoon_boy_3d.jpg"
    view = Portrait.open(path, cache=False).view(512)
    renderer = MeshRenderer(view)
    rest, closed = (renderer.render(m).copy() for m in (neutral(), BLINK))
    for eye in EYES:
        ends = view.landmarks[list(eye.corners), :2]
        middle, width = ends.mean(0), float(np.linalg.norm(ends[0] - ends[1]))
        (x0, y0), (x1, y1) = (middle + s * np.array([0.5, 0.35]) * width for s in (-1, 1))
        box = slice(round(y0), round(y1)), slice(round(x0), round(x1))
        # neither skin nor hair of a warm light is as blue as it is red
        before, after = (
            int((f[box][..., 2].astype(int) > f[box][..., 0].astype(int) - 12).sum())
            for f in (rest, closed)
        )
        assert before > 500
        assert after < 0.03 * before


@pytest.mark.parametrize(
    "name",
    [
        "photo_frontal_woman_01.png",
        "photo_frontal_man_02.png",
        "painting_pearl_earring_turned.jpg",
        "painting_woman_darkskin_afro.png",
        "cartoon_illustration_woman.png",
        "cartoon_man_flat.png",
        "photo_man_darkskin_glasses_afro.jpg",
        "photo_frontal_man_bw_01.jpg",
    ],
)
def test_a_closed_lid_has_the_tint_of_the_skin_around(shared: Path, name: str) -> None:
    view = Portrait.open(shared / "data" / "portraits" / name, cache=False).view(512)
    renderer = MeshRenderer(view)
    closed = renderer.render(BLINK)
    screen = renderer._head.screen
    off = []
    for eye in EYES:
        crease, edge = screen[list(eye.crease[2:5])], screen[list(eye.upper[2:5])]
        way = edge - crease
        lid = tint(closed, np.vstack([crease + 0.25 * way, (crease + 0.75 * way)[::-1]]))
        above, below = (view.landmarks[list(ids[1:6]), :2] for ids in (eye.crease, eye.under))
        brow = view.landmarks[list(eye.brow), :2]
        strip = np.array([0, 0.06 * view.size / 2])
        skin = [
            tint(view.image, np.vstack([above + 0.15 * (brow - above),
                                        (above + 0.55 * (brow - above))[::-1]])),
            tint(view.image, np.vstack([below, (below + strip)[::-1]])),
        ]  # fmt: skip
        between = skin[1] - skin[0]
        share = np.clip((lid - skin[0]) @ between / (between @ between + 1e-6), 0, 1)
        off.append(float(np.linalg.norm(lid - skin[0] - share * between)))
    assert max(off) < 5


def tint(image: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Median a, b of Lab inside a polygon."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    lab = cv2.cvtColor((image / 255).astype(np.float32), cv2.COLOR_RGB2LAB)
    found: np.ndarray = np.median(lab[mask > 0], axis=0)[1:]
    return found
