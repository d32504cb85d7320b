"""A session: PCM goes in, timed frames come out, on the sound's own clock.

No sockets, files or wall clock inside; a file is one long session. This is the one way in
which Gioconda makes frames: :mod:`gioconda.pipeline` and live use both stand on it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.background import Background, BackgroundLike, background_of
from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.motion import FloatArray, Motion, MotionBuffer, neutral

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.render.types import AlphaRenderer

ByteImage = npt.NDArray[np.uint8]

FPS_RANGE: Final = (24.0, 60.0)
SIZES: Final = (256, 512, 768, 1024)
FRAMINGS: Final = ("crop", "full")
KEPT: Final = Background()
#: Frames handed out before a buffer is used again.
BUFFERS: Final = 4
SAMPLE_RATE_HZ: Final = 16_000


@dataclass(frozen=True)
class TimedFrame:
    """A frame and its instant.

    Attributes:
        index: number of the frame, from 0.
        time_s: the instant of the sound that it shows, ``index / fps``.
        image: uint8 RGB, (height, width, 3), or with the background ``none`` RGB and alpha,
            (height, width, 4), not premultiplied; valid until the next three frames are made.
    """

    index: int
    time_s: float
    image: ByteImage


@dataclass
class StageClock:
    """Seconds spent in each stage of a session."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, since: float) -> float:
        """Book the time since ``since`` on a stage; return the present instant."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


def check_options(
    fps: float,
    size: int,
    framing: str,
    distance: float = 1.0,
    background: Background = KEPT,
) -> None:
    """Check the options that every way of making frames shares.

    Raises:
        OptionError: one of them is out of range; the message says the range.
    """
    if not (math.isfinite(fps) and FPS_RANGE[0] <= fps <= FPS_RANGE[1]):
        raise OptionError(f"fps is {fps:g}; it must lie between 24 and 60")
    if size not in SIZES:
        raise OptionError(f"size is {size}; it must be one of {', '.join(map(str, SIZES))}")
    if framing not in FRAMINGS:
        raise OptionError(f"framing is {framing!r}; it must be 'crop' or 'full'")
    if framing == "full" and distance != 1:
        raise OptionError(
            f"distance is {distance:g} with framing 'full', which shows the whole picture as it "
            "is; use framing 'crop'"
        )
    if framing == "full" and background.kind != "keep":
        raise OptionError(
            "framing 'full' shows the whole picture with its own background; use framing 'crop' "
            "for another one"
        )


class FrameMaker:
    """Turns moments of motion into frames of one portrait, cropped or whole.

    Args:
        portrait: whom to animate.
        size: side of the square frames, one of 256, 512, 768, 1024.
        framing: ``"crop"`` gives the square, ``"full"`` the whole picture, in which a square at
            the picture's own resolution is animated.
        distance: of the camera, as in :class:`gioconda.Controls`; the crop shows as much more,
            or less, of the picture.
        background: see :func:`gioconda.background.background_of`.
        renderer: name in the registry of renderers.

    Raises:
        OptionError: an option is out of range, the whole picture is asked for at a distance or
            with another background, or the renderer cannot give a transparent one.
    """

    def __init__(
        self,
        portrait: Portrait,
        *,
        size: int = 512,
        framing: str = "crop",
        distance: float = 1.0,
        background: BackgroundLike = KEPT,
        renderer: str = "mesh",
    ) -> None:
        from gioconda.render import Paster
        from gioconda.render.registry import create
        from gioconda.render.types import AlphaRenderer

        behind = background_of(background)
        check_options(40.0, size, framing, distance, behind)
        # Nearer than the portrait: the whole head is rendered larger and a part of it shown,
        # so that hair cut by the frame still moves as hair.
        rendered = size if distance >= 1 else 2 * math.ceil(size / distance / 2)
        whole = framing == "full"
        view = portrait.view_in_place() if whole else portrait.view(rendered, max(distance, 1.0))
        middle = view.landmarks[:468, :2].mean(axis=0) - size / 2
        self._left, self._top = (int(v) for v in np.clip(middle, 0, rendered - size))
        if behind.kind != "keep":
            from gioconda.render.backdrop import before

            view = before(view, behind, (self._left, self._top, size))
        self._renderer = create(renderer, view)
        self._alpha: AlphaRenderer | None = None
        if behind.transparent:
            if not isinstance(self._renderer, AlphaRenderer):
                raise OptionError(f"the renderer {renderer!r} cannot leave the background out")
            self._alpha = self._renderer
            self._cover = np.empty((rendered, rendered), np.uint8)
            self._layered = [np.empty((size, size, 4), np.uint8) for _ in range(BUFFERS)]
            self._next = 0
        self._paster: Paster | None = None
        if whole:
            rest = self._renderer.render(neutral()).copy()
            self._paster = Paster(portrait.picture, view, rest)
        height, width = portrait.picture.shape[:2] if whole else (size, size)
        self.width: int = int(width)
        self.height: int = int(height)

    def frame(self, moment: FloatArray) -> ByteImage:
        """Return the frame of a moment, uint8 RGB, (height, width, 3).

        With the background ``none``, RGB and alpha, (height, width, 4), not premultiplied.
        """
        square = self._renderer.render(moment)
        if self._alpha is not None:
            return self._with_alpha(square, self._alpha)
        if self._paster is not None:
            return self._paster.paste(square)
        if square.shape[0] == self.height:
            return square
        bottom, right = self._top + self.height, self._left + self.width
        return np.ascontiguousarray(square[self._top : bottom, self._left : right])

    def _with_alpha(self, square: ByteImage, renderer: AlphaRenderer) -> ByteImage:
        renderer.alpha(self._cover)
        out = self._layered[self._next]
        self._next = (self._next + 1) % BUFFERS
        rows = slice(self._top, self._top + self.height)
        columns = slice(self._left, self._left + self.width)
        out[..., :3] = square[rows, columns]
        out[..., 3] = self._cover[rows, columns]
        return out


class Performance:
    """The sound's half of a session: PCM in, motion out, chunk by chunk.

    Args:
        controls: the dials.
        performer: name in the registry of performers.
        lookahead_ms: how much of the sound after an instant may be waited for, 40 to 500; None
            for the default, 272.5 ms. 80 ms cost .01 to .02 of r.

    Raises:
        OptionError: the look-ahead is out of range.
    """

    def __init__(
        self,
        controls: Controls | None = None,
        *,
        performer: str = "rules",
        lookahead_ms: float | None = None,
    ) -> None:
        from gioconda.live import SoundToMotion

        self.controls = controls or Controls()
        self.clock = StageClock()
        self._line = SoundToMotion(self.controls, performer, lookahead_ms)

    @property
    def lookahead_ms(self) -> float:
        """How far behind the sound the motion runs at most, its grid of 20 ms included."""
        return self._line.lookahead_ms

    def push(self, pcm: FloatArray) -> Motion:
        """Take float32 mono PCM at 16 kHz, any length; return the motion that became final."""
        self._since = time.perf_counter()
        motion = self._line.push(pcm, self._heard)
        self.clock.add("performance", self._since)
        return motion

    def finish(self) -> list[Motion]:
        """End the sound; return the motion that was waiting for look-ahead."""
        self._since = time.perf_counter()
        rest = self._line.finish(self._heard)
        self.clock.add("performance", self._since)
        return rest

    def _heard(self) -> None:
        self._since = self.clock.add("speech", self._since)


class Session:
    """PCM goes in, timed frames come out.

    Args:
        portrait: whom to animate.
        controls: the dials; the defaults of :class:`Controls` if None.
        fps: frames a second, 24 to 60. Motion is a function of time, so any rate shows the
            same performance.
        size: side of the square, one of 256, 512, 768, 1024; the whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        background: ``keep``, ``blur``, ``none`` (frames get an alpha channel), a colour or a
            picture's path; see :func:`gioconda.background.background_of`.
        performer, renderer: names in the two registries.
        lookahead_ms: how much of the sound after an instant frames may wait for, 40 to 500; None
            for the default, 272.5 ms.

    Raises:
        OptionError: an option is out of range.

    Example::

        session = Session(portrait)
        for chunk in chunks:                 # float32 mono, 16 kHz, any length
            for frame in session.push(chunk):
                show(frame.image, at=frame.time_s)
        for frame in session.finish():
            show(frame.image, at=frame.time_s)
    """

    def __init__(
        self,
        portrait: Portrait,
        controls: Controls | None = None,
        *,
        fps: float = 40.0,
        size: int = 512,
        framing: str = "crop",
        background: BackgroundLike = KEPT,
        performer: str = "rules",
        renderer: str = "mesh",
        lookahead_ms: float | None = None,
    ) -> None:
        controls = controls or Controls()
        behind = background_of(background)
        check_options(fps, size, framing, controls.distance, behind)
        self.fps = float(fps)
        self._maker = FrameMaker(
            portrait, size=size, framing=framing, distance=controls.distance,
            background=behind, renderer=renderer,
        )  # fmt: skip
        self._performance = Performance(controls, performer=performer, lookahead_ms=lookahead_ms)
        self._buffer = MotionBuffer()
        self._samples = 0
        self._next = 0
        self._ended = False
        self.clock = self._performance.clock

    @property
    def width(self) -> int:
        """Width of the frames in pixels."""
        return self._maker.width

    @property
    def height(self) -> int:
        """Height of the frames in pixels."""
        return self._maker.height

    @property
    def lookahead_ms(self) -> float:
        """How far behind the pushed sound the frames run at most, but for a frame's time."""
        return self._performance.lookahead_ms

    def push(self, pcm: FloatArray) -> Iterator[TimedFrame]:
        """Take float32 mono PCM at 16 kHz; yield the frames that it completes.

        The sound is taken in at once; frames are rendered as the iterator is consumed.

        Raises:
            OptionError: the session has been finished, or the array is not one of floats with
                one dimension.
            BadSamplesError: a sample is NaN or infinite.
        """
        if self._ended:
            raise OptionError("this session has been finished; start a new one")
        pcm = np.asarray(pcm)
        if pcm.ndim != 1:
            raise OptionError(f"PCM has shape {pcm.shape}; mono samples, shape (n,), are needed")
        if not np.issubdtype(pcm.dtype, np.floating):
            raise OptionError(
                f"PCM is of {pcm.dtype}; float samples from -1 to 1 are needed (int16 / 32768)"
            )
        pcm = pcm.astype(np.float32, copy=False)
        self._samples += len(pcm)
        self._buffer.append(self._performance.push(pcm))
        return self._frames_until(self._buffer.end_s)

    def finish(self) -> Iterator[TimedFrame]:
        """End the sound; yield the frames left. Their number in all is ceil(duration * fps)."""
        if self._ended:
            return iter(())
        self._ended = True
        for chunk in self._performance.finish():
            self._buffer.append(chunk)
        last = math.ceil(self._samples * self.fps / SAMPLE_RATE_HZ - 1e-6) - 1
        return self._frames_until(last / self.fps)

    def _frames_until(self, end_s: float) -> Iterator[TimedFrame]:
        while self._next / self.fps <= end_s + 1e-9:
            index = self._next
            self._next += 1
            now = time.perf_counter()
            image = self._maker.frame(self._buffer.at(index / self.fps))
            self.clock.add("render", now)
            yield TimedFrame(index, index / self.fps, image)
