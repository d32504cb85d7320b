"""The session as a whole, on the example: any chunking gives the same frames."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gioconda import Controls, Portrait, Session, Sound, animate, examples, perform, render_motion
from gioconda.errors import BadSamplesError, OptionError
from gioconda.motion import Motion
from gioconda.trust.watermark.marker import Marker


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))[16_000:28_800]


def all_frames(portrait: Portrait, chunks: list[np.ndarray], fps: float = 30) -> list[np.ndarray]:
    session = Session(portrait, fps=fps, size=256)
    frames = [f.image.copy() for chunk in chunks for f in session.push(chunk)]
    return frames + [f.image.copy() for f in session.finish()]


def test_any_chunking_gives_the_same_frames(portrait: Portrait, speech: np.ndarray) -> None:
    whole = all_frames(portrait, [speech])
    edges = [0, 1, 160, 3_000, 3_001, 9_000, len(speech)]
    pieces = all_frames(
        portrait, [speech[a:b] for a, b in itertools.pairwise(edges)] + [speech[:0]]
    )
    assert len(whole) == len(pieces) == math.ceil(len(speech) / 16_000 * 30)
    for a, b in zip(whole, pieces, strict=True):
        assert np.array_equal(a, b)


def test_frames_carry_the_sounds_clock(portrait: Portrait, speech: np.ndarray) -> None:
    session = Session(portrait, fps=24, size=256)
    frames = [(f.index, f.time_s) for f in session.push(speech)]
    frames += [(f.index, f.time_s) for f in session.finish()]
    assert [i for i, _ in frames] == list(range(len(frames)))
    assert all(t == i / 24 for i, t in frames)


def test_frames_come_before_the_sound_ends(portrait: Portrait, speech: np.ndarray) -> None:
    """Streaming: all but the stated look-ahead is out before finish is called."""
    session = Session(portrait, fps=50, size=256)
    early = sum(1 for _ in session.push(speech))
    behind_s = len(speech) / 16_000 - early / 50
    assert 0 < behind_s <= session.lookahead_ms / 1000 + 1 / 50


def test_a_face_that_speaks_moves_and_a_face_in_silence_keeps_its_mouth(
    portrait: Portrait, speech: np.ndarray
) -> None:
    talking = perform(Sound.from_array(speech, 16_000))
    silent = perform(Sound.from_array(np.zeros(16_000 * 2, np.float32), 16_000))
    assert talking["jawOpen"].max() > 0.15
    assert np.abs(silent["jawOpen"]).max() < 0.02
    assert np.abs(silent["articulation"]).max() < 0.02


@pytest.mark.usefixtures("unmarked")  # the mark follows what it saw, frame by frame
def test_rates_show_the_same_performance(portrait: Portrait, speech: np.ndarray) -> None:
    at_30 = all_frames(portrait, [speech], fps=30)
    at_60 = all_frames(portrait, [speech], fps=60)
    for i, frame in enumerate(at_30[:-1]):
        assert np.abs(frame.astype(int) - at_60[2 * i]).mean() < 0.05


def test_motion_made_first_renders_to_the_same_frames(
    portrait: Portrait, speech: np.ndarray
) -> None:
    controls = Controls(seed=5, emotion="happy")
    sound = Sound.from_array(speech, 16_000)
    direct = animate(portrait, sound, controls, fps=30, size=256).frames()
    motion = perform(Sound.from_array(speech, 16_000), controls)
    two_steps = render_motion(portrait, motion, fps=30, size=256).frames()
    count = 0
    for a, b in zip(direct, two_steps, strict=False):
        assert np.abs(a.image.astype(int) - b.image).max() <= 1
        count += 1
    assert count >= 23


def test_still_moves_only_the_mouth(speech: np.ndarray) -> None:
    motion = perform(Sound.from_array(speech, 16_000), Controls(still=True))
    for name in ("headYaw", "headPitch", "headRoll", "eyeBlinkLeft", "browInnerUp"):
        assert np.abs(motion[name]).max() < 1e-6
    assert motion["jawOpen"].max() > 0.1


@pytest.mark.parametrize("bad", [{"fps": 23}, {"fps": 61}, {"size": 500}, {"framing": "wide"}])
def test_options_are_checked_first(portrait: Portrait, bad: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Session(portrait, **bad)  # type: ignore[arg-type]


def test_a_finished_session_takes_no_more(portrait: Portrait, speech: np.ndarray) -> None:
    session = Session(portrait, size=256)
    list(session.push(speech[:1600]))
    assert len(list(session.finish())) > 0
    assert list(session.finish()) == []
    with pytest.raises(OptionError, match="finished"):
        session.push(speech)
    with pytest.raises(OptionError, match="mono"):
        Session(portrait, size=256).push(np.zeros((10, 2), np.float32))
    with pytest.raises(OptionError, match="int16"):
        Session(portrait, size=256).push(np.zeros(10, np.int16))


def test_a_refused_push_is_not_counted(portrait: Portrait) -> None:
    second = np.zeros(16_000, np.float32)
    session = Session(portrait, fps=25, size=256)
    frames = len(list(session.push(second)))
    with pytest.raises(BadSamplesError):
        session.push(second + np.float32("nan"))
    assert frames + len(list(session.finish())) == 25


def test_a_dragged_distance_takes_few_views(portrait: Portrait) -> None:
    session = Session(portrait, fps=25, size=256)
    before = len(portrait._views)
    for distance in np.arange(1.0, 1.2, 0.02):
        session.set(Controls(distance=float(distance)))
    assert len(portrait._views) - before <= 2


def test_the_whole_picture_can_be_framed(
    portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.zeros((3, 60), np.float32)
    given: list[np.ndarray] = []
    mark = Marker.marked
    monkeypatch.setattr(
        Marker, "marked", lambda self, frame: mark(self, given.append(frame.copy()) or frame)
    )
    animation = render_motion(portrait, Motion(rows, 30), fps=30, size=256, framing="full")
    frames = list(animation.frames())
    assert len(frames) == 3
    assert frames[0].image.shape == portrait.picture.shape
    # Neutral motion gives the photo back; what is added to it is the watermark alone.
    assert np.abs(given[0].astype(int) - portrait.picture).mean() < 1.0
    added = frames[0].image.astype(int) - given[0]
    assert 0 < np.abs(added).mean() < 4.0
    unclipped = ((given[0] > 30) & (given[0] < 225)).all(axis=2)
    assert np.ptp(added[unclipped], axis=-1).max() == 0
