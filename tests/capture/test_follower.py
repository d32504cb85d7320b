"""Which face is followed, and when it is not there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gioconda.capture.follower import FaceFollower
from gioconda.capture.recording import record_frames
from gioconda.errors import OptionError


@pytest.fixture(scope="module")
def two_faces(astronaut: np.ndarray) -> np.ndarray:
    """A large face on the left, a smaller one, mirrored, on the right."""
    frame = np.full((512, 900, 3), 128, np.uint8)
    frame[:, :512] = astronaut
    frame[80:400, 560:880] = cv2.resize(astronaut[:, ::-1], (320, 320))
    return frame


def middle(face: np.ndarray | None) -> float:
    assert face is not None
    return float(face[:, 0].mean())


def test_the_largest_is_followed(two_faces: np.ndarray) -> None:
    with FaceFollower() as follower:
        assert middle(follower.landmarks(two_faces)) < 512
        assert follower.faces == 2
        for _ in range(3):
            assert middle(follower.landmarks(two_faces)) < 512


def test_another_can_be_chosen_by_number(two_faces: np.ndarray) -> None:
    with FaceFollower(2) as follower:
        for _ in range(4):
            assert middle(follower.landmarks(two_faces)) > 560


def test_a_number_too_high_is_refused(astronaut: np.ndarray) -> None:
    with FaceFollower(3) as follower, pytest.raises(OptionError, match="starts with 1 face"):
        follower.landmarks(astronaut)


def test_a_small_face_in_a_large_frame_is_followed(astronaut: np.ndarray) -> None:
    frame = np.full((720, 1280, 3), 110, np.uint8)
    frame[300:512, 900:1112] = cv2.resize(astronaut, (212, 212))
    with FaceFollower() as follower:
        for shift in range(0, 24, 8):
            face = follower.landmarks(np.roll(frame, -shift, axis=1))
            assert face is not None
            eyes = float(np.linalg.norm(face[33, :2] - face[263, :2]))
            assert 20 < eyes < 60
            assert 900 - shift < middle(face) < 1112 - shift


def test_a_frame_without_the_face_gives_none_and_it_is_found_again(astronaut: np.ndarray) -> None:
    blank = np.full_like(astronaut, 128)
    frames = [astronaut] * 3 + [blank] * 12 + [astronaut] * 8
    recording = record_frames((i / 25, f) for i, f in enumerate(frames))
    assert recording.found[:3].all()
    assert not recording.found[3:15].any()
    assert recording.found[-3:].all()
    assert recording.rate_hz == pytest.approx(25)


def test_cuts_are_seen_and_motion_is_none(astronaut: np.ndarray) -> None:
    other = np.roll(astronaut[:, ::-1], 60, axis=1) // 2
    moved = [np.roll(astronaut, k, axis=1) for k in range(4)]
    recording = record_frames((i / 25, f) for i, f in enumerate([*moved, other, other]))
    assert recording.cuts == (4,)
