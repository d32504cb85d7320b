"""The marker: read from the first frame on, still where the picture is, and the same each time."""

from __future__ import annotations

import io
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gioconda.trust.watermark.grid import Grid
from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import marks_of
from gioconda.trust.watermark.reading import Reading, read_grid
from gioconda.trust.watermark.statistic import folded, statistic

ByteImage = npt.NDArray[np.uint8]
KEY, OTHER = OperatorKey(1, b"s" * 32), OperatorKey(1, b"t" * 32)
IDENTIFIER = 0x0123456789ABCDEF
MARKS = marks_of(IDENTIFIER, KEY)


def read(frame: ByteImage, key: OperatorKey = KEY) -> Reading:
    luma = cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_RGB2GRAY)
    grid = Grid(frame.shape[1], frame.shape[0])
    return read_grid(folded(statistic(grid.image(luma))), [key])


def resized(picture: ByteImage, width: int, height: int) -> ByteImage:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def test_the_first_frame_carries_both_marks(astronaut: ByteImage) -> None:
    reading = read(Marker(512, 512, MARKS).marked(astronaut))

    assert reading.public_z > 8
    assert reading.keyed[0].z > 5
    assert reading.keyed[0].identifier == IDENTIFIER


def test_another_key_reads_nothing_but_the_public_mark(astronaut: ByteImage) -> None:
    reading = read(Marker(512, 512, MARKS).marked(astronaut), OTHER)

    assert reading.public_z > 8
    assert abs(reading.keyed[0].z) < 4.5
    assert reading.keyed[0].identifier is None


def test_an_unmarked_picture_says_nothing(astronaut: ByteImage) -> None:
    reading = read(astronaut)

    assert abs(reading.public_z) < 5
    assert reading.keyed[0].identifier is None


@settings(max_examples=12, deadline=None)
@given(st.integers(200, 700), st.integers(200, 700))
def test_any_size_and_aspect_is_read(astronaut: ByteImage, width: int, height: int) -> None:
    frame = resized(astronaut, width, height)
    marked = Marker(width, height, MARKS).marked(frame)

    assert marked.shape == frame.shape
    assert read(marked).keyed[0].identifier == IDENTIFIER


@pytest.mark.parametrize(("width", "height"), [(16, 9), (64, 64), (100, 300), (1, 1)])
def test_a_tiny_frame_is_marked_without_harm(astronaut: ByteImage, width: int, height: int) -> None:
    frame = resized(astronaut, width, height)
    marked = Marker(width, height, MARKS).marked(frame)

    assert np.abs(marked.astype(int) - frame).max() <= 40


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
def test_nothing_wraps_round(level: int) -> None:
    frame = np.full((256, 256, 3), level, np.uint8)
    marked = Marker(256, 256, MARKS).marked(frame)

    assert np.abs(marked.astype(int) - level).max() <= 6
    assert (marked != frame).any()


def test_black_bars_change_nothing_of_what_is_read(astronaut: ByteImage) -> None:
    frame = astronaut.copy()
    frame[:70] = frame[-70:] = 0

    assert read(Marker(512, 512, MARKS).marked(frame)).keyed[0].identifier == IDENTIFIER


def test_what_is_added_is_luma_alone(astronaut: ByteImage) -> None:
    frame = np.clip(astronaut, 30, 220)
    added = Marker(512, 512, MARKS).marked(frame).astype(int) - frame

    assert np.array_equal(added[..., 0], added[..., 1])
    assert np.array_equal(added[..., 0], added[..., 2])


def test_alpha_stays_as_it_is(astronaut: ByteImage) -> None:
    alpha = np.arange(512 * 512, dtype=np.uint32).reshape(512, 512, 1).astype(np.uint8)
    frame = np.concatenate([astronaut, alpha], axis=2)
    marked = Marker(512, 512, MARKS).marked(frame)

    assert np.array_equal(marked[..., 3], frame[..., 3])
    assert read(marked).keyed[0].identifier == IDENTIFIER


def test_a_still_picture_gets_the_same_in_every_frame(astronaut: ByteImage) -> None:
    marker = Marker(512, 512, MARKS)
    first = marker.marked(astronaut).copy()

    for _ in range(70):
        assert np.array_equal(marker.marked(astronaut), first)


def test_what_keeps_still_beside_what_moves_does_not_flicker(astronaut: ByteImage) -> None:
    marker = Marker(512, 512, MARKS)
    shown = []
    for k in range(110):
        frame = astronaut.copy()
        frame[300:, :256] = np.roll(frame[300:, :256], 3 * k, axis=1)
        shown.append(marker.marked(frame)[:256, 280:].copy())

    changes = [np.mean(a != b) for a, b in pairwise(shown[40:])]
    assert np.mean(np.array(changes) > 0) < 0.35
    assert max(changes) < 0.05


def test_the_same_frames_come_out_the_same(astronaut: ByteImage) -> None:
    one, two = Marker(256, 256, MARKS), Marker(256, 256, MARKS)
    small = resized(astronaut, 256, 256)
    for k in range(40):
        frame = np.roll(small, k, axis=1)
        assert np.array_equal(one.marked(frame), two.marked(frame))


def test_the_frame_given_is_not_changed_and_three_more_may_be_made(astronaut: ByteImage) -> None:
    marker, kept = Marker(512, 512, MARKS), astronaut.copy()
    first = marker.marked(astronaut)
    copy = first.copy()
    for _ in range(3):
        marker.marked(astronaut // 2)

    assert np.array_equal(astronaut, kept)
    assert np.array_equal(first, copy)


def test_it_is_as_faint_as_promised(astronaut: ByteImage) -> None:
    added = Marker(512, 512, MARKS).marked(astronaut).astype(float) - astronaut

    # 0.86 levels of luma in a video for one of red, green and blue.
    assert 20 * np.log10(255 / (0.86 * np.sqrt(np.mean(added**2)))) >= 44


def test_a_grey_wall_is_marked_within_one_level_on_average() -> None:
    wall = np.full((512, 512, 3), 128, np.uint8)
    added = Marker(512, 512, MARKS).marked(wall).astype(float) - wall

    assert 0 < np.sqrt(np.mean(added**2)) <= 1.0


def test_a_rehearsed_marker_leaves_the_first_frame_as_it_is(astronaut: ByteImage) -> None:
    pairs = [(np.roll(astronaut, k, axis=1), np.roll(astronaut, k + 1, axis=1)) for k in range(6)]
    marker = Marker(512, 512, MARKS)
    marker.rehearse(pairs)
    marked = marker.marked(astronaut)

    assert marked.shape == astronaut.shape
    assert read(marked).keyed[0].identifier == IDENTIFIER


def test_a_jpeg_and_256_colours_keep_it(astronaut: ByteImage) -> None:
    marked = Marker(512, 512, MARKS).marked(astronaut)
    data = io.BytesIO()
    Image.fromarray(marked).save(data, "JPEG", quality=80)
    jpeg = np.asarray(Image.open(data).convert("RGB"))
    few = np.asarray(Image.fromarray(marked).quantize(256).convert("RGB"))

    assert read(jpeg).keyed[0].identifier == IDENTIFIER
    assert read(few).keyed[0].identifier == IDENTIFIER
