from __future__ import annotations

import numpy as np
import pytest

from gioconda import Portrait
from gioconda.errors import OptionError
from gioconda.frame_maker import FrameMaker
from gioconda.motion import neutral


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut)


def eyes_apart(landmarks: np.ndarray) -> float:
    return float(np.linalg.norm(landmarks[33, :2] - landmarks[263, :2]))


def test_a_camera_further_away_sees_more(portrait: Portrait) -> None:
    near, far = portrait.view(256), portrait.view(256, 1.5)
    assert eyes_apart(near.landmarks) / eyes_apart(far.landmarks) == pytest.approx(1.5, rel=1e-3)
    corners = far.to_picture @ np.array([[0, 255, 0, 255], [0, 0, 255, 255], [1, 1, 1, 1.0]])
    assert corners.min() >= -1
    assert corners.max() <= 512


def test_past_the_edge_the_picture_is_calm(astronaut: np.ndarray) -> None:
    tight = Portrait.open(np.ascontiguousarray(astronaut[:230, 100:330]))
    view = tight.view(256, 2.0)
    shown = view.image[: int((-view.to_picture[1, 2]) / view.to_picture[1, 1]) - 16]
    assert len(shown) > 10
    assert np.abs(np.diff(shown.astype(int), axis=1)).mean() < 2


def test_nearer_and_further_frames_keep_their_size(portrait: Portrait) -> None:
    at_rest = FrameMaker(portrait, size=256).frame(neutral()).copy()
    sharpest = {}
    for distance in (0.7, 1.0, 1.6):
        frame = FrameMaker(portrait, size=256, distance=distance).frame(neutral())
        assert frame.shape == at_rest.shape
        sharpest[distance] = frame.copy()
    assert np.abs(sharpest[0.7].astype(int) - at_rest).mean() > 3
    assert np.abs(sharpest[1.6].astype(int) - at_rest).mean() > 3
    assert np.array_equal(sharpest[1.0], at_rest)


def test_bad_distances_are_refused(portrait: Portrait) -> None:
    with pytest.raises(OptionError, match="1 to 2"):
        portrait.view(256, 0.5)
    with pytest.raises(OptionError, match="framing 'crop'"):
        FrameMaker(portrait, framing="full", distance=1.2)
