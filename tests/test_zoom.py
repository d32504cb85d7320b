"""The camera comes nearer and steps back: exact where it stands, true to scale where it moves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gioconda import Controls, ControlTrack, Keyframe, Portrait, Session, render_motion
from gioconda.errors import OptionError
from gioconda.frame_maker import FrameMaker
from gioconda.motion import Motion, neutral
from gioconda.zoom import Camera, Zoom

SIZE = 256
NEARER = ControlTrack(distance=[Keyframe(0, 1.3), Keyframe(1, 0.8)])


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut)


@pytest.fixture(scope="module")
def maker(portrait: Portrait) -> FrameMaker:
    return FrameMaker(portrait, size=SIZE, distance=(0.8, 1.3))


def at_rest(maker: FrameMaker, distance: float) -> np.ndarray:
    return maker.frame(neutral(), distance).copy()


def sharpness(frame: np.ndarray) -> float:
    grey = frame.astype(float).mean(axis=2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def test_a_distance_that_never_changes_is_shown_as_ever(portrait: Portrait) -> None:
    one = FrameMaker(portrait, size=SIZE).frame(neutral()).copy()
    track = ControlTrack(distance=[Keyframe(0, 1.0), Keyframe(1, 1.0)])
    still = Motion(np.zeros((3, 60), np.float32), 30)
    for frame in render_motion(portrait, still, fps=30, size=SIZE, distance=track).frames():
        assert np.array_equal(frame.image, one)


def test_a_moving_camera_passes_through_the_frames_of_a_standing_one(
    portrait: Portrait, maker: FrameMaker
) -> None:
    for distance in (0.8, 1.0, 1.3):
        standing = FrameMaker(portrait, size=SIZE, distance=distance).frame(neutral())
        passing = at_rest(maker, distance)
        assert np.abs(standing.astype(int) - passing).mean() < 3.0, distance
        assert 0.85 < sharpness(passing) / sharpness(standing) < 1.1, distance


def test_what_is_seen_has_the_scale_of_the_distance(maker: FrameMaker) -> None:
    zoom = maker._zoom
    assert zoom is not None
    unit = zoom.window(1.0)[2]
    for distance in np.linspace(0.8, 1.3, 11):
        left, top, side = zoom.window(float(distance))
        assert side / unit == pytest.approx(distance, rel=1e-6)
        assert min(left, top) >= -1e-6
        assert max(left, top) + side <= zoom.side + 1e-6


def test_faces_tracked_in_the_frames_have_that_scale_too(maker: FrameMaker) -> None:
    from gioconda.portrait.finder import MediapipeFinder

    finder = MediapipeFinder()

    def eyes(distance: float) -> float:
        points = np.asarray(finder.find(at_rest(maker, distance))[0])
        return float(np.linalg.norm(points[33, :2] - points[263, :2]))

    unit = eyes(1.0)
    for distance in (0.8, 0.9, 1.15, 1.3):
        assert unit / eyes(distance) == pytest.approx(distance, rel=0.03)


def test_no_frame_jumps(maker: FrameMaker) -> None:
    distances = np.linspace(1.06, 0.94, 25)
    frames = [at_rest(maker, float(d)).astype(int) for d in distances]
    steps = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    assert max(steps) < 2.0 * np.median(steps)
    sharp = [sharpness(f) for f in frames]
    assert np.abs(np.diff(sharp)).max() < 0.02 * np.mean(sharp)


def test_transparent_frames_are_cut_alike(portrait: Portrait) -> None:
    maker = FrameMaker(portrait, size=SIZE, distance=(0.8, 1.2), background="none")
    near, far = at_rest(maker, 0.8), at_rest(maker, 1.2)
    assert near.shape == far.shape == (SIZE, SIZE, 4)
    assert near[..., 3].mean() > far[..., 3].mean() > 20
    standing = FrameMaker(portrait, size=SIZE, distance=1.2, background="none").frame(neutral())
    assert np.abs(standing.astype(int) - far)[..., 3].mean() < 4


def test_a_camera_told_another_distance_runs_there_without_a_jump() -> None:
    camera = Camera(ControlTrack(Controls(distance=1.0)), 40)
    seen = [camera.at(i / 40) for i in range(20)]
    camera.set(ControlTrack(Controls(distance=1.5)))
    seen += [camera.at(i / 40) for i in range(20, 120)]
    assert seen[:21] == [1.0] * 21
    assert seen[-1] == pytest.approx(1.5, abs=1e-3)
    steps = np.diff(seen)
    assert steps.min() >= 0
    assert steps.max() * 40 < 1.0


def test_views_are_not_larger_than_they_need_be() -> None:
    assert Zoom(512, 1.0, 1.2).side < 620
    assert Zoom(512, 0.7, 2.0).side == 1024
    assert Zoom(1024, 0.7, 2.0).side == 2048


def test_a_session_takes_new_controls_while_it_runs(portrait: Portrait) -> None:
    session = Session(portrait, fps=25, size=SIZE)
    silence = np.zeros(16_000, np.float32)
    first = [f.image.copy() for f in session.push(silence)]
    session.set(Controls(distance=0.8, emotion="happy"))
    frames = [*first, *(f.image.copy() for f in session.push(silence))]
    steps = [np.abs(b.astype(int) - a).mean() for a, b in pairwise(frames)]
    # The first frame of another camera differs little more than the face has moved.
    assert steps[len(first) - 1] < steps[len(first) - 2] + 0.5
    assert np.abs(frames[-1].astype(int) - first[-1]).mean() > 5
    with pytest.raises(OptionError, match="still"):
        session.set(Controls(still=True))
    whole = Session(portrait, fps=25, framing="full")
    with pytest.raises(OptionError, match="framing 'full'"):
        whole.set(NEARER)


def test_any_chunking_gives_the_same_frames(portrait: Portrait) -> None:
    rng = np.random.default_rng(3)
    pcm = (0.01 * rng.standard_normal(16_000)).astype(np.float32)

    def all_frames(sizes: list[int]) -> list[np.ndarray]:
        session = Session(portrait, NEARER, fps=24, size=SIZE)
        parts = np.split(pcm, np.cumsum(sizes))
        frames = [f.image.copy() for part in parts for f in session.push(part)]
        return frames + [f.image.copy() for f in session.finish()]

    for a, b in zip(all_frames([]), all_frames([700, 1, 5_000, 3_333]), strict=True):
        assert np.array_equal(a, b)


def test_the_whole_picture_has_no_distance_over_time(portrait: Portrait) -> None:
    with pytest.raises(OptionError, match="framing 'full'"):
        FrameMaker(portrait, framing="full", distance=(0.8, 1.0))
    with pytest.raises(OptionError, match=r"between 0\.7 and 2"):
        Session(portrait, distances=(0.5, 1.0))
