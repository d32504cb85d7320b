"""Hashes of pictures: nearly the same for the same picture, far apart for others."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tests.trust.outputs import Shelf, frames

from gioconda.trust.frame_hashes import BITS, distances, file_hashes, picture_hash
from gioconda.trust.log import NEAR_BITS


def apart(a: int, b: int) -> int:
    return int(distances(np.array([a], np.uint64), b)[0])


@pytest.fixture(scope="module")
def pictures(astronaut: np.ndarray) -> list[np.ndarray]:
    from skimage import data

    others = [data.coffee(), data.chelsea(), data.rocket(), np.dstack([data.camera()] * 3)]
    return [astronaut, *others]


def test_a_picture_scaled_encoded_and_lit_otherwise_is_near(pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        height, width = picture.shape[:2]
        known = picture_hash(picture)
        small = cv2.resize(picture, (width // 3, height // 3), interpolation=cv2.INTER_AREA)
        wide = cv2.resize(picture, (width * 2, height))
        jpeg = cv2.imdecode(
            cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR
        )
        dim = (255 * (picture / 255) ** 1.4).astype(np.uint8)
        for changed in (small, wide, jpeg, dim):
            assert apart(known, picture_hash(changed)) <= NEAR_BITS


def test_other_pictures_and_the_mirror_are_far(pictures: list[np.ndarray]) -> None:
    hashes = [picture_hash(p) for p in pictures]
    hashes += [picture_hash(np.ascontiguousarray(p[:, ::-1])) for p in pictures]
    for i, a in enumerate(hashes):
        assert all(apart(a, b) > NEAR_BITS for b in hashes[:i])


def test_gray_and_colour_of_a_picture_have_one_hash(astronaut: np.ndarray) -> None:
    gray = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    alpha = np.dstack((astronaut, astronaut[..., :1]))
    assert apart(picture_hash(gray), picture_hash(astronaut)) <= 2
    assert picture_hash(alpha) == picture_hash(astronaut)


def test_a_flat_picture_has_a_hash() -> None:
    assert 0 <= picture_hash(np.full((90, 160, 3), 128, np.uint8)) < 1 << BITS


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".ts"])
def test_video_is_hashed_once_a_second(tmp_path: Path, shelf: Shelf, suffix: str) -> None:
    """30 frames at 25 a second: the first, and the one a second later."""
    kinds = {".mp4": "video/mp4", ".webm": "video/webm", ".gif": "image/gif", ".ts": "video/mp2t"}
    found = file_hashes(shelf.copy(suffix, tmp_path), kinds[suffix])
    assert [round(time_s) for time_s, _ in found] == [0, 1]
    shown = list(frames(30))
    assert apart(found[0][1], picture_hash(shown[0])) <= NEAR_BITS
    assert apart(found[1][1], picture_hash(shown[25])) <= NEAR_BITS


def test_sound_has_no_hashes(tmp_path: Path, shelf: Shelf) -> None:
    assert file_hashes(shelf.copy(".wav", tmp_path), "audio/wav") == []
    sound = tmp_path / "sound.mp4"
    with av.open(str(sound), "w") as out:
        stream = out.add_stream("aac", rate=16_000)
        for packet in (*stream.encode(_silence()), *stream.encode(None)):
            out.mux(packet)
    assert file_hashes(sound, "video/mp4") == []


def _silence() -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
    frame.sample_rate = 16_000
    return frame
