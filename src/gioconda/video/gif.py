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
from typing import TYPE_CHECKING, Final

from gioconda.video.encoder import ByteImage, Job

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

logger = logging.getLogger(__name__)

TICK: Final = Fraction(1, 100)
MIN_TICKS: Final = 2
#: The palette is chosen from the frames of this long a time, a few of them.
PALETTE_S: Final = 1
PALETTE_FRAMES: Final = 8


class GifEncoder:
    """A :class:`gioconda.video.encoder.FrameEncoder` for ``.gif``."""

    def __init__(self, path: Path, job: Job) -> None:
        import av

        if job.sound is not None:
            logger.warning("a GIF carries no sound; it is left out")
        self._job = job
        self._container: OutputContainer = av.open("file:" + os.fspath(path), "w", format="gif")
        self._stream = self._container.add_stream("gif", rate=100)
        self._stream.width, self._stream.height = job.width, job.height
        self._stream.pix_fmt = "pal8"
        self._stream.codec_context.time_base = TICK
        self._held: list[av.VideoFrame] = []
        self._graph: av.filter.Graph | None = None
        self._count = 0
        self._last_tick = -MIN_TICKS

    def add(self, frame: ByteImage) -> None:
        """Quantise and encode the next frame; the first second is held to choose the palette."""
        import av

        tick = round(self._count / self._job.fps / TICK)
        self._count += 1
        if tick - self._last_tick < MIN_TICKS:
            return
        self._last_tick = tick
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgra")
        picture.pts, picture.time_base = tick, TICK
        if self._graph is not None:
            self._encode(picture)
            return
        self._held.append(picture)
        if len(self._held) >= PALETTE_S * min(self._job.fps, 1 / (MIN_TICKS * TICK)):
            self._start()

    def finish(self) -> None:
        """Flush and complete the file."""
        if self._graph is None:
            self._start()
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def discard(self) -> None:
        """Close the file as it is."""
        with suppress(Exception):
            self._container.close()

    def _start(self) -> None:
        """Choose the palette and encode what was held."""
        step = -(-len(self._held) // PALETTE_FRAMES)
        self._graph = _mapper(self._held[0], _palette(self._held[::step]))
        for picture in self._held:
            self._encode(picture)
        self._held.clear()

    def _encode(self, picture: av.VideoFrame) -> None:
        import av

        assert self._graph is not None
        self._graph.vpush(picture, at=0)
        while True:
            try:
                mapped = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            mapped.pts, mapped.time_base = picture.pts, TICK
            self._container.mux(self._stream.encode(mapped))


def _source(graph: av.filter.Graph, like: av.VideoFrame, name: str) -> av.filter.FilterContext:
    return graph.add_buffer(
        width=like.width, height=like.height, format=like.format, name=name, time_base=TICK
    )


def _palette(pictures: list[av.VideoFrame]) -> av.VideoFrame:
    """Return 256 colours (16 x 16 px) by median cut over some frames."""
    import av

    graph = av.filter.Graph()
    graph.link_nodes(
        _source(graph, pictures[0], "in"),
        graph.add("palettegen", "reserve_transparent=0"),
        graph.add("buffersink"),
    ).configure()
    for picture in pictures:
        graph.vpush(picture)
    graph.vpush(None)
    return graph.vpull()


def _mapper(like: av.VideoFrame, palette: av.VideoFrame) -> av.filter.Graph:
    """Return a graph that maps frames to a palette, ordered dither (it does not crawl)."""
    import av

    graph = av.filter.Graph()
    pictures, colours = _source(graph, like, "in"), _source(graph, palette, "palette")
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    pictures.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(graph.add("buffersink"))
    graph.configure()
    palette.pts, palette.time_base = 0, TICK
    graph.vpush(palette, at=1)
    graph.vpush(None, at=1)
    return graph
