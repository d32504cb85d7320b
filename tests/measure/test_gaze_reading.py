"""The gaze reader finds where drawn eyes look, whatever the head does, and says how surely."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda import examples
from gioconda.errors import OptionError
from gioconda.measure.gaze_reading import eye_patches, learn_gaze
from gioconda.measure.gaze_trial import GazeTrial
from gioconda.motion import Motion, neutral
from gioconda.portrait import Portrait

EYE_PX = 60.0


def drawn(
    yaw: float, pitch: float, roll: float = 0.0, jitter: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Two white eyes with dark irises that turn; (frame, landmarks), the latter off by jitter."""
    frame = np.full((260, 320, 3), 170, np.uint8)
    landmarks = np.zeros((478, 3))
    turn = cv2.getRotationMatrix2D((160, 130), -roll, 1.0)
    for middle, corners in ((100.0, (33, 133)), (220.0, (362, 263))):
        shift = EYE_PX / 3 * np.sin(np.radians([yaw, pitch]))
        for k, x in zip(corners, (middle - EYE_PX / 2, middle + EYE_PX / 2), strict=True):
            landmarks[k, :2] = turn @ (x, 130.0, 1.0)
        lens = np.zeros(frame.shape[:2], np.uint8)
        cv2.ellipse(lens, (int(middle), 130), (30, 12), 0, 0, 360, 255, -1)
        ball = np.full_like(frame, 235)
        at = (round((middle + shift[0]) * 16), round((130 + shift[1]) * 16))
        cv2.circle(ball, at, 11 * 16, (60, 40, 30), -1, cv2.LINE_AA, 4)
        frame[lens > 0] = ball[lens > 0]
    frame = cv2.warpAffine(frame, turn, (320, 260), borderValue=(170, 170, 170))
    if jitter is not None:
        landmarks[:, :2] += jitter
    return frame, landmarks


def known(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    eyes = draw.uniform(-1, 1, (count, 2)) * (30, 18)
    rolls = draw.uniform(-8, 8, count)
    patches = [
        eye_patches(*drawn(*eye, roll, draw.normal(0, 0.4, (478, 2))))
        for eye, roll in zip(eyes, rolls, strict=True)
    ]
    heads = np.column_stack([np.zeros((count, 2)), rolls])
    return np.array(patches), heads, eyes


@pytest.fixture(scope="module")
def reader():
    return learn_gaze(*known(0, 200))


def test_gaze_that_was_not_learnt_is_read_to_a_degree_or_two_without_a_pull(reader) -> None:
    patches, heads, eyes = known(1, 60)
    off = reader.read(patches, heads) - eyes
    assert np.sqrt((off**2).mean(axis=0)).max() < 2.0
    assert np.abs(off.mean(axis=0)).max() < 0.5
    slope = [np.polyfit(eyes[:, k], eyes[:, k] + off[:, k], 1)[0] for k in (0, 1)]
    assert slope == pytest.approx([1.0, 1.0], abs=0.05)


def test_the_error_it_states_is_the_error_it_makes(reader) -> None:
    patches, heads, eyes = known(2, 60)
    off = reader.read(patches, heads) - eyes
    made = np.sqrt((off**2).mean(axis=0))
    assert np.all(made < 1.6 * reader.error_deg)
    assert np.all(made > 0.5 * reader.error_deg)


def test_eyes_that_turn_less_than_they_say_are_told(reader) -> None:
    """A motion that asks for 20 degrees and is shown at 12 must not be read as 20."""
    patches = np.array([eye_patches(*drawn(12.0, 0.0))])
    assert reader.read(patches, np.zeros((1, 3)))[0] == pytest.approx([12.0, 0.0], abs=2.5)


def test_light_and_contrast_do_not_count() -> None:
    frame, landmarks = drawn(10.0, 5.0)
    dim = (0.6 * frame.astype(np.float32) + 20).astype(np.uint8)
    ours, theirs = eye_patches(frame, landmarks), eye_patches(dim, landmarks)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999
    assert np.abs(ours - theirs).max() < 0.25


def test_nothing_is_read_before_known_gaze_was_learnt() -> None:
    trial = GazeTrial(Portrait.open(examples.portrait_path()))
    with pytest.raises(OptionError, match="learnt"):
        trial.look(Motion(neutral()[None]), np.zeros(1))
