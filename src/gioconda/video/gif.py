"""Animated GIF: 256 colours chosen from the first second, no sound.

One palette for all frames keeps still parts still. GIF counts time in hundredths of a second and
browsers slow down what is faster than 50 frames a second, so frames beyond that are left out.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gioconda.video.encoder import ByteImage, Job

if TYPE_CHECKING:
    from av.container import OutputContainer

logger = logging.getLogger(__name__)

TICK: Final = Fraction(1, 100)
MIN_TICKS: Final = 2
#: The palette is chosen from the frames of this long a time, a few of them.
PALETTE_S: Final = 1
PALETTE_FRAMES: Final = 8
#: At most this many pixels are held while the palette is not chosen yet.
HELD_PX: Final = 100_000_000
#: Levels by which the ordered dither lifts and lowers; it hides bands and does not crawl.
DITHER: Final = 5


class GifEncoder:
    """A :class:`gioconda.video.encoder.FrameEncoder` for ``.gif``."""

    def __init__(self, path: Path, job: Job) -> None:
        import av

        from gioconda.video.palette_kernels import bayer_offsets

        if job.sound is not None:
            logger.warning("a GIF carries no sound; it is left out")
        self._job = job
        last_ticks = max(round(1 / job.fps / TICK), MIN_TICKS)
        self._container: OutputContainer = av.open(
            "file:" + os.fspath(path),
            "w",
            format="gif",
            container_options={"final_delay": str(last_ticks)},
        )
        self._stream = self._container.add_stream("gif", rate=100)
        self._stream.width, self._stream.height = job.width, job.height
        self._stream.pix_fmt = "pal8"
        self._stream.codec_context.time_base = TICK
        self._held: list[tuple[int, ByteImage]] = []
        self._table: ByteImage | None = None
        rate = min(job.fps, 1 / (MIN_TICKS * TICK))
        room = HELD_PX // (job.width * job.height)
        self._palette_frames = max(min(round(rate * PALETTE_S), room), 1)
        self._dither = bayer_offsets(DITHER)
        self._count = 0
        self._last_tick = -MIN_TICKS

    def add(self, frame: ByteImage) -> None:
        """Quantise and encode the next frame; the first second is held to choose the palette."""
        tick = round(self._count / self._job.fps / TICK)
        self._count += 1
        if tick - self._last_tick < MIN_TICKS:
            return
        self._last_tick = tick
        if self._table is not None:
            self._encode(tick, frame)
            return
        self._held.append((tick, frame.copy()))
        if len(self._held) >= self._palette_frames:
            self._start()

    def finish(self) -> None:
        """Flush and complete the file."""
        if self._table is None:
            self._start()
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def discard(self) -> None:
        """Close the file as it is."""
        with suppress(Exception):
            self._container.close()

    def _start(self) -> None:
        """Choose the palette and encode what was held."""
        from gioconda.video.palette_kernels import nearest_table

        step = max(-(-len(self._held) // PALETTE_FRAMES), 1)
        self._palette = _palette([frame for _, frame in self._held[::step]])
        self._table = nearest_table(np.ascontiguousarray(self._palette[:, 1:]))
        for tick, frame in self._held:
            self._encode(tick, frame)
        self._held.clear()

    def _encode(self, tick: int, frame: ByteImage) -> None:
        import av

        from gioconda.video.palette_kernels import map_to_palette

        indices = np.empty(frame.shape[:2], np.uint8)
        map_to_palette(frame, self._table, self._dither, indices)
        pair: Any = (indices, self._palette)
        picture = av.VideoFrame.from_ndarray(pair, format="pal8")
        picture.pts, picture.time_base = tick, TICK
        self._container.mux(self._stream.encode(picture))


def _palette(frames: list[ByteImage]) -> ByteImage:
    """Return 256 colours chosen by median cut over some frames; (256, 4) as A, R, G, B."""
    import av

    graph = av.filter.Graph()
    height, width = frames[0].shape[:2]
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat("bgra"), time_base=TICK
    )
    chooser = graph.add("palettegen", "reserve_transparent=0")
    graph.link_nodes(source, chooser, graph.add("buffersink")).configure()
    for frame in frames:
        graph.vpush(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgra"))
    graph.vpush(None)
    colours = graph.vpull().to_ndarray().reshape(-1, 4)
    return np.ascontiguousarray(colours[:, ::-1])
