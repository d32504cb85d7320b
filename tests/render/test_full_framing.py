"""The whole picture with a living face in it: no seam, and as sharp as the picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gioconda.frame_maker import FrameMaker
from gioconda.motion import moment, neutral
from gioconda.portrait import Portrait

pytestmark = pytest.mark.usefixtures("unmarked")

BODIES = ("ai_fullbody_01.png", "ai_halfbody_man_hands.png", "painting_fullfigure_smallface.jpg")
MOVED = moment(headYaw=10, headRoll=6, headX=0.12, headPitch=-4, breath=1, jawOpen=0.3)


class Whole:
    """A picture, its frames, and the square within it."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait, self.picture = portrait, portrait.picture.astype(int)
        self.maker = FrameMaker(portrait, framing="full")
        self.view = portrait.view_in_place()
        step = float(self.view.to_picture[0, 0])
        left, top = (float(v) for v in self.view.to_picture[:, 2] - (step - 1) / 2)
        self.box = np.array([left, top, left + step * self.view.size, top + step * self.view.size])

    def change(self, m: np.ndarray) -> np.ndarray:
        """Greatest change of a channel from the picture, (H, W)."""
        return np.asarray(np.abs(self.maker.frame(m).astype(int) - self.picture).max(2))

    def depth(self) -> np.ndarray:
        """Pixels inwards from the sides beyond which the picture goes on, (H, W)."""
        rows, columns = self.picture.shape[:2]
        x, y = np.arange(columns)[None], np.arange(rows)[:, None]
        left, top, right, bottom = self.box
        inwards = (x - left + 0 * y, y - top + 0 * x, right - 1 - x + 0 * y, bottom - 1 - y + 0 * x)
        sides = [d for d, joined in zip(inwards, self.view.joined, strict=True) if joined]
        return np.asarray(np.min(sides, axis=0))

    def detail(self, image: np.ndarray) -> float:
        """Fine contrast of the face."""
        points = self.portrait.face.landmarks[:, :2]
        (x0, y0), (x1, y1) = points.min(0).astype(int), points.max(0).astype(int)
        grey = cv2.cvtColor(image[y0:y1, x0:x1].astype(np.uint8), cv2.COLOR_RGB2GRAY)
        soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1)
        return float(np.abs(grey - soft).mean())


@pytest.fixture(scope="module")
def astronaut_whole(astronaut_portrait: Portrait) -> Whole:
    return Whole(astronaut_portrait)


def test_at_rest_it_is_the_picture_to_the_bit(astronaut_whole: Whole) -> None:
    assert astronaut_whole.change(neutral()).max() == 0


def check_no_seam(whole: Whole) -> None:
    change, depth = whole.change(MOVED), whole.depth()
    assert change.max() > 40
    assert change[depth < 0].max() == 0  # outside the square are the picture's own pixels
    band = 0.10 * (whole.box[2] - whole.box[0])
    outer, inner = ((depth >= a * band) & (depth < b * band) for a, b in ((0, 0.15), (0.7, 1.3)))
    # most of the border lies in background; the body that crosses it is what may tear
    strongest = [float(np.percentile(change[part], 99.5)) for part in (outer, inner)]
    assert strongest[0] <= 6
    assert strongest[0] < 0.5 * strongest[1]


def test_motion_decays_towards_the_squares_border(astronaut_whole: Whole) -> None:
    check_no_seam(astronaut_whole)


@pytest.mark.parametrize("name", BODIES)
def test_half_and_full_bodies_have_no_seam(shared: Path, name: str) -> None:
    whole = Whole(Portrait.open(shared / "data" / "portraits" / name, cache=False))
    assert whole.change(neutral()).max() == 0
    check_no_seam(whole)
    for k in (1, 4, 7):
        frame = whole.maker.frame(moment(headX=0.004 * k, headY=0.003 * k, headYaw=0.2 * k))
        assert 0.9 < whole.detail(frame) / whole.detail(whole.picture) < 1.1


def test_sharpness_does_not_pulse_with_motion(astronaut_whole: Whole) -> None:
    still = astronaut_whole.detail(astronaut_whole.picture)
    moving = [
        astronaut_whole.detail(
            astronaut_whole.maker.frame(moment(headX=0.003 * k, headYaw=0.1 * k))
        )
        for k in range(1, 14)
    ]
    assert 0.92 * still < min(moving)
    assert max(moving) < 1.08 * still
