"""What a lost process has left of a recording can be played."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from gioconda.live.outputs.fragments import cut_to_whole

av = pytest.importorskip("av")


def film(seconds: float) -> bytes:
    """An mp4 of fragments, as one is while it is being recorded."""
    file = io.BytesIO()
    options = {"movflags": "+frag_keyframe+empty_moov+default_base_moof+skip_trailer"}
    with av.open(file, "w", format="mp4", container_options=options) as written:
        stream = written.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for k in range(int(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), k % 200, np.uint8))
            frame.pts = k
            written.mux(stream.encode(frame))
        written.mux(stream.encode())
    return file.getvalue()


def test_what_is_whole_is_kept_and_the_torn_fragment_is_cut_off(tmp_path: Path) -> None:
    left, was = tmp_path / "left.mp4", film(3.0)
    left.write_bytes(was[:-5])
    whole = was.rindex(b"moof") - 4
    seconds = cut_to_whole(left)
    assert seconds is not None
    assert 1 < seconds < 3
    assert left.read_bytes() == was[:whole]
    with av.open(str(left)) as read:
        frames = list(read.decode(video=0))
    assert frames[-1].time == pytest.approx(seconds - 1 / 25, abs=0.01)


def test_a_file_without_a_whole_fragment_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    for content in (b"", b"\0\0\0\x08moof", b"nonsense", b"\0\0\0\0mdat", b"\0\0\0\x01mdat"):
        path.write_bytes(content)
        assert cut_to_whole(path) is None
        assert path.read_bytes() == content
