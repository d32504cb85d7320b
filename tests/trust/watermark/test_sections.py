"""A file's readings become marked and unmarked parts, and its frames a bounded memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from gioconda.trust.watermark.detector import Detector
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import marks_of
from gioconda.trust.watermark.sections import Strength, sections
from gioconda.trust.watermark.windows import Window, Windows, joined, without_bars

ByteImage = npt.NDArray[np.uint8]


def parts(*z: float) -> list[tuple[float, float, str]]:
    found = sections([Strength(float(i), i + 1.0, v) for i, v in enumerate(z)])
    return [(s.start_s, s.end_s, s.verdict) for s in found]


def test_a_weak_second_among_strong_ones_changes_nothing() -> None:
    assert parts(8, 7, 3.1, 8, 9) == [(0, 5, "detected")]
    assert parts(0.3, -1, 2.4, 0.8, -0.5) == [(0, 5, "not_detected")]


def test_a_spliced_part_shows() -> None:
    assert parts(9, 8, 9, 0.5, -1, 0.2, 8, 9) == [
        (0, 3, "detected"),
        (3, 6, "not_detected"),
        (6, 8, "detected"),
    ]


def test_a_trace_is_neither() -> None:
    assert parts(0, 0, 0, 0, 3.9, 4.1, 3.8, 4.2, 0, 0, 0, 0)[1] == (4, 8, "inconclusive")


def test_no_readings_are_no_parts() -> None:
    assert sections([]) == ()


def filled(
    seconds: int, fps: int = 4, size: tuple[int, int] = (40, 60)
) -> tuple[Windows, list[ByteImage]]:
    random = np.random.default_rng(0)
    windows, frames = Windows(), []
    for i in range(seconds * fps):
        frames.append(random.integers(0, 256, size).astype(np.uint8))
        windows.add(frames[-1], i / fps)
    return windows, frames


def test_windows_hold_mean_and_spread() -> None:
    windows, frames = filled(5)
    kept = windows.all()
    assert [(w.start_s, w.end_s, w.count) for w in kept] == [(i, i + 1, 4) for i in range(5)]
    assert kept[2].luma() == pytest.approx(np.mean(frames[8:12], axis=0), abs=0.01)
    spread = kept[2].spread()
    assert spread is not None
    assert spread == pytest.approx(np.std(frames[8:12], axis=0), abs=0.5)


@pytest.mark.parametrize("seconds", [47, 48, 49, 130, 700])
def test_memory_is_bounded_and_no_frame_is_lost(seconds: int) -> None:
    windows, frames = filled(seconds, size=(12, 20))
    kept = windows.all()
    assert len(kept) <= 48
    assert sum(w.count for w in kept) == len(frames)
    assert kept[0].start_s == 0
    assert kept[-1].end_s == pytest.approx(seconds)
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in pairwise(kept))
    whole = joined(kept)
    assert whole.luma() == pytest.approx(np.mean(frames, axis=0), abs=0.1)
    spread = whole.spread()
    assert spread is not None
    assert spread == pytest.approx(np.std(frames, axis=0), abs=1.0)


def test_every_second_is_told_once() -> None:
    told: list[Window] = []
    windows = Windows(told.append)
    for i in range(4 * 100 + 1):
        windows.add(np.zeros((12, 20), np.uint8), i / 4)
    assert [w.start_s for w in told] == list(range(100))


def test_a_still_is_kept_larger_than_moving_pictures() -> None:
    windows = Windows()
    windows.add(np.zeros((900, 1600), np.uint8), 0.0)
    assert windows.all()[0].fine.shape == (720, 1280)
    windows.add(np.zeros((900, 1600), np.uint8), 0.1)
    assert windows.all()[0].fine.shape == (360, 640)


def test_bars_are_left_out() -> None:
    picture = np.random.default_rng(1).normal(120, 30, (200, 300)).astype(np.float32)
    assert without_bars(picture) is None
    framed = np.full((200, 400), 16, np.float32)
    framed[:, 40:340] = picture
    assert without_bars(framed) == (slice(0, 200), slice(40, 340))


def test_a_short_marked_part_of_a_long_film_is_found_and_read(astronaut: ByteImage) -> None:
    key = OperatorKey(2, b"0123456789abcdef0123456789abcdef")
    small = np.ascontiguousarray(astronaut[::2, ::2])
    marker = Marker(256, 256, marks_of(77, key))
    random = np.random.default_rng(4)
    detector = Detector((key,))
    for second in range(120):
        scene = np.roll(small, 3 * (second // 10), 0)
        for part in range(2):
            frame = marker.marked(scene) if 60 <= second < 64 else scene
            grain = random.integers(-1, 2, (256, 256))
            luma = frame.astype(np.int16) @ np.array([0.299, 0.587, 0.114]) + grain
            detector.add(np.clip(luma, 0, 255).astype(np.uint8), second + part / 2)
    found = detector.result()
    assert found.verdict == "detected"
    assert found.identifier == 77
    marked = [s for s in found.segments if s.verdict == "detected"]
    assert [(s.start_s, s.end_s) for s in marked] == [(60, 64)]
