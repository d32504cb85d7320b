"""Frames of a webcam are checked before they are decoded."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import ImageDecodeError
from gioconda.live.puppet import decode_frame


def jpeg(width: int, height: int, *flags: int) -> bytes:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (200, 60, 20)  # blue, green, red
    return bytes(cv2.imencode(".jpg", image, flags)[1])


GOOD = jpeg(64, 48)


def test_a_frame_is_rgb() -> None:
    image = decode_frame(jpeg(640, 480))
    assert image.shape == (480, 640, 3)
    np.testing.assert_allclose(image[240, 100], (20, 60, 200), atol=12)


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (960, 1280)])
def test_the_largest_frames_are_taken(width: int, height: int) -> None:
    assert decode_frame(jpeg(width, height)).shape == (height, width, 3)


@pytest.mark.parametrize(("width", "height"), [(1281, 16), (16, 1281), (1000, 1000)])
def test_larger_ones_are_refused(width: int, height: int) -> None:
    with pytest.raises(ImageDecodeError, match="at most 1280x960"):
        decode_frame(jpeg(width, height))


def test_the_header_decides_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageDecodeError, match="4000x3000"):
        decode_frame(jpeg(4000, 3000))


def test_other_formats_and_damage_are_refused() -> None:
    png = bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1])
    for data in (b"", b"\xff\xd8", png, GOOD[:60], b"x" * 1_000_001):
        with pytest.raises(ImageDecodeError):
            decode_frame(data)


def test_many_scans_are_refused() -> None:
    assert decode_frame(jpeg(64, 48, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)).shape == (48, 64, 3)
    with pytest.raises(ImageDecodeError, match="scans"):
        decode_frame(GOOD[:-2] + b"\xff\xda\x00\x08" * 20 + GOOD[-2:])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8))
def test_mutations_are_a_frame_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    try:
        image = decode_frame(bytes(data))
    except ImageDecodeError:
        return
    assert image.dtype == np.uint8
    assert max(image.shape[:2]) <= 1280
