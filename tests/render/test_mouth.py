"""The painted inside of the mouth: what it touches, what moves it, what colours it takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.motion import INDEX, moment, neutral
from gioconda.portrait.portrait import Portrait
from gioconda.portrait.types import View
from gioconda.render.mesh import mouth_kernels as kernels
from gioconda.render.mesh.blendshapes import build_shapes
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.deform import Deformer
from gioconda.render.mesh.mouth import MouthPainter
from gioconda.render.mesh.types import HeadMesh, PosedHead, ShapeBasis

LUMA = np.array([0.299, 0.587, 0.114])
OPEN = {"jawOpen": 0.7, "mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.4, "articulation": 1.0}


class Subject:
    """A portrait with its mesh, and pictures of its painted mouth."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.mesh: HeadMesh = build_mesh(view)
        self.basis: ShapeBasis = build_shapes(self.mesh, view)
        self._deformer = Deformer(self.mesh, self.basis)
        self.painter = MouthPainter(view, self.mesh, self.basis)

    def pose(self, **channels: float) -> PosedHead:
        return self._deformer.pose(moment(**channels))

    def paint(self, canvas: np.ndarray | None = None, **channels: float) -> np.ndarray:
        out = (self.view.image if canvas is None else canvas).copy()
        self.painter.draw(out, self.pose(**channels))
        return out

    def opening(self, head: PosedHead, margin_px: float = 0.0) -> np.ndarray:
        """Mask of the inner lip polygon, grown by a margin."""
        ring = head.screen[self.mesh.rings["mouth"]]
        mask = np.zeros(self.view.image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
        if margin_px:
            outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
            return outside <= margin_px
        return mask > 0


@pytest.fixture(scope="module")
def astronaut_view(astronaut: np.ndarray) -> View:
    return Portrait.open(astronaut, cache=False).view(512)


@pytest.fixture(scope="module")
def smiling(astronaut_view: View) -> Subject:
    """A smile that shows teeth: an open mouth of her own."""
    subject = Subject(astronaut_view)
    assert subject.basis.own_gap_mm > 1
    return subject


@pytest.fixture(scope="module")
def closed(smiling: Subject) -> Subject:
    """The same face with closed lips: landmarks moved in a picture of plain lip colour."""
    mesh, view = smiling.mesh, smiling.view
    landmarks = mesh.landmarks.copy()
    landmarks[mesh.handles] += smiling.basis.closing @ mesh.axes
    image = view.image.copy()
    lips = cv2.convexHull(mesh.landmarks[mesh.rings["mouth"][::4], :2].astype(np.int32))
    cv2.fillConvexPoly(image, lips, (190, 120, 115))
    subject = Subject(replace(view, image=image, landmarks=landmarks))
    assert subject.basis.own_gap_mm <= 1
    return subject


def test_closed_lips_at_neutral_are_left_alone(closed: Subject) -> None:
    assert np.array_equal(closed.paint(), closed.view.image)


@pytest.mark.parametrize("pose", [{"headYaw": 12.0}, {"headPitch": 8.0, "headRoll": -6.0}])
def test_closed_lips_stay_alone_as_the_head_turns(closed: Subject, pose: dict[str, float]) -> None:
    changed = np.abs(closed.paint(**pose).astype(int) - closed.view.image).max(2)
    assert changed.max() <= 3


def test_own_open_mouth_is_the_photo_at_articulation_zero(smiling: Subject) -> None:
    assert np.array_equal(smiling.paint(), smiling.view.image)


def test_own_open_mouth_gives_way_as_articulation_rises(smiling: Subject) -> None:
    """Painted over more and more of the same opening, without a jump."""
    head = smiling.pose()
    inside = smiling.opening(head)
    change = []
    for articulation in (0.0, 0.25, 0.5, 0.75, 1.0):
        out = np.zeros_like(smiling.view.image)
        head.moment[INDEX["articulation"]] = articulation
        smiling.painter.draw(out, head)
        change.append(float(out[inside].mean()))
    assert change == sorted(change)
    assert change[0] == 0
    assert change[-1] > 20


@pytest.mark.parametrize("channels", [OPEN, {"jawOpen": 0.25}, {"jawOpen": 1.0, "headYaw": 15.0}])
def test_painting_stays_inside_the_lips(closed: Subject, channels: dict[str, float]) -> None:
    """On a canvas that needs no mending at the lips, only the opening changes."""
    head = closed.pose(**channels)
    lips = np.full_like(closed.view.image, 128)
    colours = closed.painter._colours.lips.reshape(-1, 3).mean(0)
    lips[:] = np.round(colours)
    painted = lips.copy()
    closed.painter.draw(painted, head)
    changed = np.abs(painted.astype(int) - lips).max(2) > 8
    assert changed.any()
    assert not (changed & ~closed.opening(head, margin_px=1.5)).any()


def mouth_view(subject: Subject, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
    """Paint on black and return the picture and mouth y (mm) of each of its pixels."""
    out = np.zeros_like(subject.view.image)
    subject.painter.draw(out, head)
    to_mouth = subject.painter._frame.on_screen(head).to_mouth
    y, x = np.mgrid[0 : out.shape[0], 0 : out.shape[1]]
    return out, to_mouth[1, 0] * x + to_mouth[1, 1] * y + to_mouth[1, 2]


def rows_of_teeth(subject: Subject, **channels: float) -> tuple[float, float]:
    """Mouth y, in mm, of the lower end of the upper row and of the upper end of the lower one.

    Seen in a mouth whose tongue and cavity are black.
    """
    head = subject.pose(**channels)
    palette = subject.painter._palette
    subject.painter._palette = palette * np.float32([[1], [0], [0], [0]])
    out, y = mouth_view(subject, head)
    subject.painter._palette = palette
    lumas = out @ LUMA
    x0 = subject.mesh.landmarks[[13, 14], 0].mean()
    columns = slice(int(x0 - 3 * subject.mesh.mm), int(x0 + 3 * subject.mesh.mm))
    profile, at = lumas[:, columns].mean(1), y[:, columns].mean(1)
    inside = np.flatnonzero(profile > 1)
    profile, at = profile[inside], at[inside]
    tooth = float(palette[0] @ LUMA)
    bright = profile > 0.5 * tooth
    middle = 0.5 * (at[0] + at[-1])
    return float(at[bright & (at < middle)].max()), float(at[bright & (at > middle)].min())


def test_upper_teeth_stay_with_the_skull_and_lower_ones_go_with_the_jaw(closed: Subject) -> None:
    narrow = rows_of_teeth(closed, **{**OPEN, "jawOpen": 0.6})
    wide = rows_of_teeth(closed, **{**OPEN, "jawOpen": 0.9})
    assert wide[0] == pytest.approx(narrow[0], abs=0.7)
    assert wide[1] - narrow[1] > 3.0


def test_teeth_are_brighter_than_the_cavity(closed: Subject) -> None:
    head = closed.pose(**OPEN)
    out, _ = mouth_view(closed, head)
    lumas = (out @ LUMA)[closed.opening(head)]
    assert np.percentile(lumas, 98) > 3 * np.percentile(lumas, 10)


def test_a_small_step_of_the_jaw_is_a_small_step_of_the_picture(closed: Subject) -> None:
    """No popping: over the whole range of the jaw, from closed lips on."""
    canvas = closed.view.image
    steps = np.linspace(0, 1, 81)
    frames = [closed.paint(canvas, jawOpen=float(j)).astype(float) for j in steps]
    x0, y0 = closed.mesh.landmarks[[61, 13], :2].min(0).astype(int) - 6
    x1, y1 = closed.mesh.landmarks[[291, 152], :2].max(0).astype(int) + 6
    change = [np.abs(b - a)[y0:y1, x0:x1].mean() for a, b in pairwise(frames)]
    assert max(change) < 2.0
    assert max(change) < 6 * np.median(change)


def test_tongue_rises_to_the_upper_teeth_and_then_comes_out(closed: Subject) -> None:
    """At weight 0.35 flesh fills the way up to the upper row; at 1 it hides the lower one."""
    rest = closed.paint(**OPEN).astype(int)
    raised = closed.paint(**OPEN, tongueOut=0.35).astype(int)
    out = closed.paint(**OPEN, tongueOut=1.0).astype(int)
    head = closed.pose(**OPEN)
    _, y = mouth_view(closed, head)
    inside = closed.opening(head)
    behind_upper = inside & (y > 4.0) & (y < 6.0)
    assert raised[behind_upper].mean() > rest[behind_upper].mean() + 10
    lower = rows_of_teeth(closed, **OPEN)[1]
    teeth = inside & (y > lower) & (y < lower + 1.0)
    x0 = closed.mesh.landmarks[13, 0]
    teeth[:, : int(x0 - 4 * closed.mesh.mm)] = teeth[:, int(x0 + 4 * closed.mesh.mm) :] = False
    redness = [(p[teeth][:, 0] - p[teeth][:, 1]).mean() for p in (rest, out)]
    assert redness[1] > redness[0] + 15


def test_grey_pictures_get_grey_mouths(smiling: Subject) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(smiling.view.image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    subject = Subject(replace(smiling.view, image=grey))
    assert np.ptp(subject.paint(**OPEN).astype(int), axis=2).max() <= 2


def test_a_faded_picture_gets_a_faded_mouth(closed: Subject) -> None:
    """Half the contrast, lifted blacks: the mouth must not be the only black and white in it."""
    faded = (closed.view.image * 0.5 + 70).astype(np.uint8)
    subject = Subject(replace(closed.view, image=faded))
    head = subject.pose(**OPEN)
    inside = subject.opening(head)
    lumas = (subject.paint(**OPEN) @ LUMA)[inside]
    assert lumas.min() > 30
    assert lumas.max() <= faded.max() + 8


def test_own_teeth_are_found_and_keep_their_place(smiling: Subject) -> None:
    """Put back through the rest frame, the sprite falls on the teeth it was cut from."""
    p, sprite = smiling.painter._parameters, smiling.painter._sprite
    assert p[kernels.SPRITE_WEIGHT] > 0
    solid = sprite[..., 3] > 0.95
    assert solid.sum() > 100
    v, u = np.nonzero(solid)
    mm = np.stack([u, v, np.zeros(len(u))], 1) / p[kernels.SPRITE_PX_PER_MM]
    mm += (p[kernels.SPRITE_X], p[kernels.SPRITE_Y], 1)
    xy = (mm @ smiling.painter._frame.to_view.T).astype(np.float32)
    photo = cv2.remap(smiling.view.image, xy[:, None, 0], xy[:, None, 1], cv2.INTER_LINEAR)[:, 0]
    cut = sprite[solid][:, :3] / sprite[solid][:, 3:]
    assert np.abs(cut - photo).mean() < 5


def test_colours_at_other_sizes_agree(smiling: Subject) -> None:
    view = smiling.view
    half = replace(
        view,
        image=cv2.resize(view.image, (256, 256), interpolation=cv2.INTER_AREA),
        landmarks=view.landmarks / 2,
    )
    small = Subject(half).painter._colours
    large = smiling.painter._colours
    np.testing.assert_allclose(small.tooth, large.tooth, atol=12)
    np.testing.assert_allclose(small.tongue, large.tongue, atol=12)


def test_teeth_suit_portraits(shared: Path) -> None:
    """Teeth are about as bright as lit skin or brighter, and never blue or orange."""
    for name in ("photo_frontal_woman_01.png", "photo_man_darkskin_glasses_afro.jpg"):
        subject = Subject(Portrait.open(shared / "data" / "portraits" / name).view(512))
        tooth = subject.painter._colours.tooth
        skin = 150 * subject.painter._colours.exposure
        assert 0.9 * min(skin, 190) < tooth @ LUMA < 1.8 * skin
        assert 1.0 <= tooth[0] / tooth[2] < 1.5


def test_neutral_moment_has_no_articulation() -> None:
    assert neutral()[INDEX["articulation"]] == 0


def test_the_painted_mouth_carries_the_grain_of_the_picture(astronaut_view: View) -> None:
    noise = np.random.default_rng(0).normal(0, 6, astronaut_view.image.shape[:2])
    grainy = np.clip(astronaut_view.image + noise[..., None], 0, 255).astype(np.uint8)
    smooth = cv2.GaussianBlur(astronaut_view.image, (0, 0), 1.5)
    added = {}
    for name, picture in (("grainy", grainy), ("smooth", smooth)):
        subject = Subject(replace(astronaut_view, image=picture))
        inside = subject.opening(subject.pose(**OPEN))
        painted = subject.paint(**OPEN).astype(int)
        subject.painter._grain = np.zeros((64, 64), np.float32)
        added[name] = (painted - subject.paint(**OPEN))[inside].std()
    assert 2.0 < added["grainy"] < 7.0
    assert added["smooth"] < 0.7


def profile(subject: Subject, **channels: float) -> tuple[np.ndarray, np.ndarray]:
    """Luma down the mouth's middle (6 mm wide), between the lips, and y of each sample in mm."""
    head = subject.pose(**channels)
    out, y = mouth_view(subject, head)
    ring = head.screen[subject.mesh.rings["mouth"]]
    x0 = 0.5 * (ring[:, 0].min() + ring[:, 0].max())
    columns = slice(int(x0 - 3 * subject.mesh.mm), int(x0 + 3 * subject.mesh.mm) + 1)
    lumas, at = (out @ LUMA)[:, columns].mean(1), y[:, columns].mean(1)
    inside = np.flatnonzero(subject.opening(head)[:, columns].mean(1) > 0.9)
    return lumas[inside], at[inside]


E = {
    "articulation": 1.0, "jawOpen": 0.22, "mouthStretchLeft": 0.35, "mouthStretchRight": 0.35,
    "mouthLowerDownLeft": 0.35, "mouthLowerDownRight": 0.35, "mouthUpperUpLeft": 0.2,
    "mouthUpperUpRight": 0.2,
}  # fmt: skip
I = {
    "articulation": 1.0, "jawOpen": 0.1, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4,
    "mouthSmileLeft": 0.3, "mouthSmileRight": 0.3, "mouthLowerDownLeft": 0.3,
    "mouthLowerDownRight": 0.3, "mouthUpperUpLeft": 0.25, "mouthUpperUpRight": 0.25,
}  # fmt: skip


@pytest.mark.parametrize("vowel", [E, I])
def test_no_black_bar_stands_between_the_rows(closed: Subject, vowel: dict[str, float]) -> None:
    lumas, y = profile(closed, **vowel)
    skin = 150 * closed.painter._colours.exposure
    step = float(np.median(np.diff(y)))
    dark = np.concatenate([[0], (lumas < 0.25 * skin).astype(int), [0]])
    runs = np.flatnonzero(np.diff(dark) == -1) - np.flatnonzero(np.diff(dark) == 1)
    assert max(runs, default=0) * step < 1.0
    assert lumas.max() > 0.7 * skin


def test_a_wide_mouth_shows_both_rows_over_a_dark(closed: Subject) -> None:
    """As in real clips: rows about as bright as lit skin, a fifth of it between them."""
    lumas, y = profile(closed, **{**OPEN, "mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3})
    skin = 150 * closed.painter._colours.exposure
    upper, lower = lumas[y < y[0] + 4], lumas[y > y[-1] - 5]
    between = lumas[(y > y[0] + 4) & (y < y[-1] - 5)]
    assert upper.max() > 0.75 * skin
    assert lower.max() > 0.75 * skin
    assert between.min() < 0.35 * skin
    assert (lower > 0.6 * skin).sum() * float(np.median(np.diff(y))) > 1.5


def test_teeth_fall_into_shade_towards_the_corners(closed: Subject) -> None:
    head = closed.pose(**I)
    out, _ = mouth_view(closed, head)
    lumas = np.where(closed.opening(head), out @ LUMA, 0).max(0)
    columns = np.flatnonzero(lumas)
    middle, half = 0.5 * (columns[0] + columns[-1]), 0.5 * np.ptp(columns)

    def at(part: float) -> float:
        return float(np.mean([lumas[round(middle + s * part * half)] for s in (-1, 1)]))

    assert at(0.4) > 0.8 * at(0.0)
    assert at(0.75) < 0.75 * at(0.0)
    assert at(0.93) < 0.5 * at(0.0)


def test_parted_lips_alone_leave_teeth_dim(closed: Subject) -> None:
    """A small gap lets in little light, unless the lips are drawn back from the teeth."""
    parted = profile(closed, articulation=1.0, jawOpen=0.2)[0]
    drawn_back = profile(closed, **E)[0]
    assert np.percentile(parted, 90) < 0.85 * np.percentile(drawn_back, 90)


def test_lower_lip_against_bared_teeth_shows_them(closed: Subject) -> None:
    """F and v: teeth over a tucked lip, not a dark slit."""
    f = {"articulation": 1.0, "jawOpen": 0.12, "mouthRollLower": 0.6}
    bared = {"mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3}
    lumas, _ = profile(closed, **f, **bared)
    skin = 150 * closed.painter._colours.exposure
    assert lumas.max() > 0.5 * skin


def test_white_things_in_neutral_light_are_white(closed: Subject) -> None:
    grey_world = closed.painter._colours.tooth
    assert 1.0 <= grey_world[0] / grey_world[2] <= 1.13
    assert abs(2 * grey_world[1] / (grey_world[0] + grey_world[2]) - 1) < 0.04


@pytest.mark.parametrize("base", [E, {"articulation": 1.0, "jawOpen": 0.5}])
@pytest.mark.parametrize("moved", ["tongueOut", "mouthPucker", "mouthRollLower"])
def test_a_small_step_of_any_channel_is_a_small_step_of_the_picture(
    closed: Subject, base: dict[str, float], moved: str
) -> None:
    frames = [
        closed.paint(**base, **{moved: float(w)}).astype(float) for w in np.linspace(0, 1, 41)
    ]
    x0, y0 = closed.mesh.landmarks[[61, 13], :2].min(0).astype(int) - 6
    x1, y1 = closed.mesh.landmarks[[291, 152], :2].max(0).astype(int) + 6
    change = [np.abs(b - a)[y0:y1, x0:x1].mean() for a, b in pairwise(frames)]
    assert max(change) < 1.2
