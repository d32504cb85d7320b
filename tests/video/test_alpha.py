"""Transparency is written, and read back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from gioconda.errors import OptionError
from gioconda.trust.provenance import Provenance, of_marked_frames
from gioconda.video import check_target, open_writer


def layered(width: int, height: int, shift: int) -> np.ndarray:
    """A soft-edged rectangle over nothing, its colour a slope; RGBA."""
    frame = np.zeros((height, width, 4), np.uint8)
    frame[..., 0] = np.linspace(40, 220, width)[None]
    frame[..., 1] = 90
    frame[..., 2] = np.linspace(200, 60, height)[:, None]
    cover = np.zeros((height, width), np.float32)
    cover[height // 4 : -height // 4, width // 4 + shift : -width // 4 + shift] = 255
    frame[..., 3] = cv2.GaussianBlur(cover, (0, 0), 3)
    return frame


def read(path: Path) -> list[np.ndarray]:
    """RGBA frames of a file; FFmpeg's own VP9 decoder would leave the alpha out."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if path.suffix == ".mov":
            return [rgba(f) for f in container.decode(stream)]
        decoder: Any = av.CodecContext.create("libvpx-vp9", "r")
        return [rgba(f) for packet in container.demux(stream) for f in decoder.decode(packet)]


def rgba(frame: Any) -> np.ndarray:
    """A decoded frame by the matrix it is tagged with."""
    shown = frame.to_ndarray(format="rgba", src_colorspace="ITU709")
    if frame.format.name == "yuva420p":  # FFmpeg's conversion spoils the last odd columns of it
        plane = frame.planes[3]
        alpha = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        shown[..., 3] = alpha[: frame.height, : frame.width]
    return np.asarray(shown)


@pytest.mark.parametrize(
    ("suffix", "alpha_error", "colour_error"), [(".webm", 8, 3.0), (".mov", 1, 1.0)]
)
@pytest.mark.parametrize(("width", "height"), [(160, 120), (161, 121)])
def test_alpha_and_colour_come_back(
    tmp_path: Path, suffix: str, alpha_error: int, colour_error: float, width: int, height: int
) -> None:
    path = tmp_path / f"a{suffix}"
    frames = [layered(width, height, shift) for shift in range(6)]
    with open_writer(path, width, height, 25, alpha=True) as writer:
        for frame in frames:
            writer.write(frame)
    back = read(path)
    assert len(back) == len(frames)
    for frame, shown in zip(frames, back, strict=True):
        got = shown[:height, :width].astype(int)
        assert np.abs(got[..., 3] - frame[..., 3]).max() <= alpha_error
        seen = frame[..., 3] > 0
        assert np.abs(got[..., :3] - frame[..., :3])[seen].mean() < colour_error
    if width % 2:  # made even by repetition, in the alpha too
        assert back[0].shape == (height + 1, width + 1, 4)
        assert np.abs(back[0][:, -1, 3].astype(int) - back[0][:, -2, 3]).max() <= 2 * alpha_error


def test_numbered_pictures_hold_alpha_exactly(tmp_path: Path) -> None:
    frame = layered(64, 48, 0)
    made = of_marked_frames(Provenance(identifier=1))  # frames that are left as they are
    with open_writer(tmp_path / "a_%d.png", 64, 48, 25, alpha=True, provenance=made) as writer:
        writer.write(frame)
    assert (np.asarray(Image.open(tmp_path / "a_0.png")) == frame).all()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif"])
def test_other_formats_say_which_hold_it(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(OptionError, match=r"no transparency; use \.webm, \.mov or a PNG sequence"):
        check_target(tmp_path / f"a{suffix}", alpha=True)


def test_frames_without_alpha_are_not_taken_for_ones_with_it(tmp_path: Path) -> None:
    with (
        pytest.raises(OptionError, match=r"\(48, 64, 4\)"),
        open_writer(tmp_path / "a.webm", 64, 48, 25, alpha=True) as writer,
    ):
        writer.write(np.zeros((48, 64, 3), np.uint8))
