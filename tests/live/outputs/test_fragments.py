"""What a lost process has left of a recording can be played."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from gioconda.live.outputs.fragments import cut_to_whole

av = pytest.importorskip("av")


def left_behind(folder: Path, seconds: float) -> Path:
    """A file as it is while it is being recorded."""
    from gioconda.live.outputs import open_output

    output = open_output(str(folder / "talk.mp4"), 64, 64, 25.0)
    for k in range(int(25 * seconds)):
        image = np.full((64, 64, 3), 10 * (k % 20), np.uint8)
        output.write_frame(image, k / 25)
        output.write_audio(np.zeros(1920, np.float32), 1920 * k)
        time.sleep(0.002)  # frames that come too fast are dropped
    stage = folder / "talk.partial.mp4"
    until = time.monotonic() + 20
    while stage.read_bytes().count(b"moof") < 7 and time.monotonic() < until:
        time.sleep(0.02)
    left = folder / "left.mp4"
    left.write_bytes(stage.read_bytes())
    output.close()
    return left


def test_all_whole_seconds_are_kept_and_the_torn_one_is_cut_off(tmp_path: Path) -> None:
    left = left_behind(tmp_path, 10.3)
    was = left.read_bytes()
    cut = was.rindex(b"mdat") + 20  # in the last fragment
    left.write_bytes(was[:cut])
    seconds = cut_to_whole(left)
    assert seconds is not None
    assert left.read_bytes() == was[: was.rindex(b"moof") - 4]
    with av.open(str(left)) as film:
        frames = list(film.decode(video=0))
    assert len(frames) >= 25
    assert 2 < frames[-1].time < seconds + 0.1


def test_a_file_without_a_whole_fragment_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    for content in (b"", b"\0\0\0\x08moof", b"nonsense", b"\0\0\0\0mdat", b"\0\0\0\x01mdat"):
        path.write_bytes(content)
        assert cut_to_whole(path) is None
        assert path.read_bytes() == content
