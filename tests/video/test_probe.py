"""Videos are told apart from what is not one, and read on the clock of their sound."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gioconda.errors import VideoDecodeError
from gioconda.video import check_encoders, frame_count, frame_rate, read_frames
from gioconda.video.probe import probe


@pytest.mark.parametrize("case", ["missing", "folder", "text", "sound"])
def test_what_is_no_video_is_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.mp4"
    if case == "folder":
        path.mkdir()
    elif case == "text":
        path.write_text("hello " * 100)
    elif case == "sound":
        with av.open(str(path), "w", format="wav") as out:
            stream = out.add_stream("pcm_s16le", rate=8_000, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
            frame.sample_rate = 8_000
            out.mux(stream.encode(frame))
    for read in (probe, lambda p: next(read_frames(p))):
        with pytest.raises(VideoDecodeError, match=r"a\.mp4"):
            read(path)


def test_real_clips_are_read(shared: Path) -> None:
    for name in ("grid_01.mpg", "voxceleb_01.mp4"):
        path = shared / "data" / "clips" / name
        info = probe(path)
        times, pictures = zip(*read_frames(path), strict=True)
        assert len(times) == info.frames
        assert times[0] == pytest.approx(0, abs=0.05)
        assert np.diff(times) == pytest.approx(1 / float(info.fps), abs=0.002)
        assert pictures[0].shape == (info.height, info.width, 3)


def test_an_unlabelled_hd_picture_is_taken_as_bt709(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    for height, red in ((720, (63, 102, 240)), (576, (81, 90, 240))):
        with av.open(str(path), "w") as out:
            stream = out.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, height, "yuv420p"
            frame = av.VideoFrame(64, height, "yuv420p")
            for plane, level in zip(frame.planes, red, strict=True):
                plane.update(bytes([level]) * plane.buffer_size)
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        (_, picture), *_ = read_frames(path)
        assert np.abs(picture.mean((0, 1)) - (255, 0, 0)).max() <= 3


def test_pixels_that_are_not_square_are_widened(tmp_path: Path) -> None:

    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 128, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((128, 96, 3), 90, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    _, picture = next(read_frames(path))
    assert picture.shape == (128, 128, 3)


def test_every_encoder_works_here() -> None:
    reports = check_encoders()
    assert {r.name for r in reports} >= {"libx264", "aac", "libvpx-vp9", "libopus", "gif"}
    assert all(r.works for r in reports), reports


@pytest.mark.parametrize(
    ("samples", "rate_hz", "fps", "frames"),
    [(16_000, 16_000, 25, 25), (16_001, 16_000, 25, 26), (1, 16_000, 25, 1), (0, 8_000, 25, 1),
     (44_100 * 3_600, 44_100, 29.97, 107_892), (44_100 * 1001, 44_100, 30_000 / 1001, 30_000)],
)  # fmt: skip
def test_frames_cover_the_sound(samples: int, rate_hz: int, fps: float, frames: int) -> None:
    assert frame_count(samples, rate_hz, fps) == frames
    assert (frames - 1) / frame_rate(fps) <= samples / rate_hz <= frames / frame_rate(fps)


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, gioconda.video, gioconda.speech.sound; gioconda.video.check_target;"
        "print([m for m in ('av', 'numba', 'cv2', 'soxr', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
