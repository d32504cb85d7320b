"""Frames with flashes and sound with clicks, fed to outputs and found again in what they wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gioconda.live.outputs import Output

SIDE, FPS, RATE = 128, 40, 48_000


def picture(index: int, flash: bool = False) -> np.ndarray:
    """A dark picture with a bar that moves; all white for a flash."""
    image = np.full((SIDE, SIDE, 3), 20, np.uint8)
    image[:, (index * 3) % SIDE] = 200
    if flash:
        image[:] = 255
    return image


def begun(output: Output) -> int:
    """Frames that have left the queue, one way or the other."""
    return output.figures.frames + output.figures.dropped


def feed(
    output: Output,
    seconds: float,
    *,
    marks: tuple[float, ...] = (),
    start_s: float = 0.0,
    missing: Callable[[int], bool] = lambda i: False,
    hurried: bool = False,
) -> None:
    """Give an output frames and sound, a flash and a click together at each mark.

    It waits for the output, so that none is dropped, unless it is hurried.
    """
    given, before = 0, begun(output)
    for i in range(round(seconds * FPS)):
        flash = any(abs(i / FPS - mark) < 1e-6 for mark in marks)
        first = round((start_s + i / FPS) * RATE)
        pcm = np.zeros(round((start_s + (i + 1) / FPS) * RATE) - first, np.float32)
        if flash:
            pcm[:200] = 0.9
        output.write_audio(pcm, first)
        if not missing(i):
            output.write_frame(picture(i, flash), start_s + i / FPS)
            given += 1
        until = time.monotonic() + 5
        while not hurried and given - begun(output) + before > 3 and time.monotonic() < until:
            time.sleep(0.001)


@dataclass
class Seen:
    """What was decoded: times of frames, of flashes and clicks, and the sound's two ends."""

    frames: list[float]
    flashes: list[float]
    clicks: list[float]
    sound: tuple[float, float]
    keys: list[float]
    images: list[np.ndarray]


def decode(path: Any, **options: Any) -> Seen:
    import av

    frames, flashes, clicks, ends, keys, images = [], [], [], [], [], []
    with av.open(path, **options) as container:
        try:
            # What is attached (credentials, in Matroska) is no stream to be decoded.
            streams = [s for s in container.streams if s.type in ("video", "audio")]
            for frame in container.decode(streams):
                if frame.pts is None:
                    continue
                time_s = float(frame.pts * frame.time_base)
                if isinstance(frame, av.VideoFrame):
                    grey = frame.to_ndarray(format="gray")
                    frames.append(time_s)
                    images.append(grey)
                    if grey.mean() > 180:
                        flashes.append(time_s)
                    if frame.key_frame:
                        keys.append(time_s)
                else:
                    pcm = frame.to_ndarray().reshape(-1)
                    ends += [time_s, time_s + len(pcm) / RATE]
                    loud = np.flatnonzero(np.abs(pcm) > 0.3)
                    if len(loud) and (not clicks or time_s + loud[0] / RATE > clicks[-1] + 0.1):
                        clicks.append(time_s + loud[0] / RATE)
        except av.error.FFmpegError:  # a stream that ended
            pass
    return Seen(frames, flashes, clicks, (min(ends), max(ends)), keys, images)
