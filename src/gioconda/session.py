"""A session: PCM goes in, timed frames come out, on the sound's own clock.

No sockets, files or wall clock inside; a file is one long session. This is the one way in
which Gioconda makes frames: :mod:`gioconda.pipeline` and live use both stand on it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.background import BackgroundLike, background_of
from gioconda.control_track import Direction, track_of
from gioconda.controls import DISTANCE_RANGE, check_number
from gioconda.errors import OptionError
from gioconda.frame_maker import KEPT, SIZES, FrameMaker, check_options
from gioconda.motion import FloatArray, Motion, MotionBuffer
from gioconda.zoom import Camera, span, widened

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.trust.label import LabelLike
    from gioconda.trust.provenance import Basis, Provenance
    from gioconda.trust.watermark.marks import Marks
    from gioconda.voices.types import TimedPhone

ByteImage = npt.NDArray[np.uint8]

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


class Performance:
    """The sound's half of a session: PCM in, motion out, chunk by chunk.

    Args:
        controls: the dials, constant or over time.
        performer: name in the registry of performers.
        phones: that are known to sound, in seconds of the sound; the net hears the rest.
        lookahead_ms: how much of the sound after an instant may be waited for, 40 to 500; None
            for the default, 352.5 ms. 80 ms cost .02 of r.

    Raises:
        OptionError: the look-ahead is out of range.
    """

    def __init__(
        self,
        controls: Direction | None = None,
        *,
        performer: str = "rules",
        phones: PhoneTrack | None = None,
        lookahead_ms: float | None = None,
    ) -> None:
        from gioconda.sound_to_motion import SoundToMotion

        self.controls: Direction = track_of(controls) if controls is None else controls
        self.clock = StageClock()
        self._line = SoundToMotion(self.controls, performer, lookahead_ms, phones)

    @property
    def lookahead_ms(self) -> float:
        """How far behind the sound the motion runs at most, its grid of 20 ms included."""
        return self._line.lookahead_ms

    def set(self, controls: Direction) -> None:
        """Give other controls to the motion still to be made; every dial runs there smoothly.

        Instants of a :class:`gioconda.ControlTrack` are those of the sound from its start. The
        seed remains that of the start.

        Raises:
            OptionError: ``still`` would change.
        """
        self._line.set(controls)
        self.controls = controls

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not given, from now on.

        Raises:
            OptionError: the performer cannot listen.
        """
        self._line.set_listening(listening)

    def push(
        self,
        pcm: FloatArray,
        phones: Sequence[TimedPhone] | None = None,
        *,
        partner: FloatArray | None = None,
    ) -> Motion:
        """Take float32 mono PCM at 16 kHz, any length; return the motion that became final.

        Args:
            pcm: the samples.
            phones: that sound in them and after, in seconds from their start, if known.
            partner: somebody else's samples over the same time, which are listened to; None for
                silence.

        Raises:
            OptionError: the sound has been finished, or an array is not one channel of floats, or
                the partner's has another length, or the performer cannot listen. Nothing of a
                refused push is taken in.
            BadSamplesError: a sample is NaN or infinite.
        """
        self._since = time.perf_counter()
        motion = self._line.push(pcm, self._heard, phones=phones, partner=partner)
        self.clock.add("performance", self._since)
        return motion

    def finish(self) -> list[Motion]:
        """End the sound; return the motion that was waiting for look-ahead, the first time."""
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
        controls: the dials, :class:`gioconda.Controls` or, over time,
            :class:`gioconda.ControlTrack`; the defaults if None.
        distances: nearest and furthest of the distances that :meth:`set` will ask for. Without
            it a distance beyond those of ``controls`` is prepared when it is first asked for,
            up to the next tenth, which takes a second or so.
        fps: frames a second, 24 to 60. Motion is a function of time, so any rate shows the
            same performance.
        size: side of the square, one of 256, 512, 768, 1024; the whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        background: ``keep``, ``blur``, ``none`` (frames get an alpha channel), a colour or a
            picture's path; see :func:`gioconda.background.background_of`.
        performer, renderer: names in the two registries.
        phones: that are known to sound, in seconds of the sound.
        lookahead_ms: how much of the sound after an instant frames may wait for, 40 to 500; None
            for the default, 352.5 ms.
        basis: on which the portrait is animated: ``self``, ``permission``, ``artwork``,
            ``synthetic``, or a grant given for one; None relies on the ledger of consent.
        marks: what the watermark says; this installation's own if None.
        label: draw the word "Synthetic" in a corner; a language (``"de"``) says in which.

    Attributes:
        grant: on which the portrait is animated.
        marks: what the watermark says.

    Raises:
        OptionError: an option is out of range.
        ConsentError: the portrait may not be animated.

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
        controls: Direction | None = None,
        *,
        distances: tuple[float, float] | None = None,
        fps: float = 40.0,
        size: int = 512,
        framing: str = "crop",
        background: BackgroundLike = KEPT,
        performer: str = "rules",
        renderer: str = "mesh",
        phones: PhoneTrack | None = None,
        lookahead_ms: float | None = None,
        basis: Basis | None = None,
        marks: Marks | None = None,
        label: LabelLike = False,
    ) -> None:
        from gioconda.trust.consent.requirement import granted
        from gioconda.trust.label import label_language

        track = track_of(controls)
        behind = background_of(background)
        for distance in distances or ():
            check_number("distance", distance, DISTANCE_RANGE)
        near, far = span([track.distances, distances or track.distances])
        for distance in (near, far):
            check_options(fps, size, framing, distance, behind)
        self.fps = float(fps)
        self.grant = granted(portrait, basis)
        self._portrait, self._framing = portrait, framing
        language = label_language(label)
        self._label = 1.0 if language else 0.0
        self._make = partial(
            FrameMaker, portrait, size=size, framing=framing, background=behind, renderer=renderer,
            basis=self.grant, marks=marks, language=language or "en",
        )  # fmt: skip
        self._maker = self._make(distance=(near, far))
        self.marks = self._maker.marks
        self._camera = Camera(track, self.fps)
        self._performance = Performance(
            track if controls is None else controls,
            performer=performer,
            phones=phones,
            lookahead_ms=lookahead_ms,
        )
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
    def provenance(self) -> Provenance:
        """What its frames are made from, to be given to :func:`gioconda.open_writer`.

        The sound that is pushed is not kept, and not told.
        """
        from gioconda.trust.origins import portrait_of
        from gioconda.trust.provenance import Provenance, of_marked_frames

        ingredients = portrait_of(self._portrait)
        return of_marked_frames(
            Provenance("speech", self.grant, ingredients, self.marks.identifier)
        )

    @property
    def lookahead_ms(self) -> float:
        """How far behind the pushed sound the frames run at most, but for a frame's time."""
        return self._performance.lookahead_ms

    def set(self, controls: Direction) -> None:
        """Give other controls to the motion not made yet; every dial runs there smoothly.

        Motion that was made and has not yet become frames keeps the old ones; the distance, which
        is the frames', changes from the next frame on. Instants of a
        :class:`gioconda.ControlTrack` are those of the sound from its start. The seed remains
        that of the start.

        Raises:
            OptionError: ``still`` would change, or the whole picture is framed and the distance
                is not 1.
        """
        track = track_of(controls)
        for distance in track.distances:
            check_options(self.fps, SIZES[0], self._framing, distance)
        self._performance.set(controls)
        wanted = widened(self._maker.distances, track.distances)
        if wanted != self._maker.distances:
            self._maker = self._make(distance=wanted, marker=self._maker.marker)
        self._camera.set(track)

    def push(
        self,
        pcm: FloatArray,
        phones: Sequence[TimedPhone] | None = None,
        *,
        partner: FloatArray | None = None,
    ) -> Iterator[TimedFrame]:
        """Take float32 mono PCM at 16 kHz; yield the frames that it completes.

        The sound is taken in at once; frames are rendered as the iterator is consumed. A frame's
        picture is valid until three more have been made; copy it to keep it.

        Args:
            pcm: the samples, any number.
            phones: that sound in them and after, in seconds from their start, where a voice
                tells (:attr:`gioconda.Spoken.phones`).
            partner: somebody else's samples, as many, which are listened to; None for silence.

        Raises:
            OptionError: the session has been finished, or an array is not one of floats with
                one dimension, or both have not the same length.
            BadSamplesError: a sample is NaN or infinite.
        """
        if self._ended:
            raise OptionError("this session has been finished; start a new one")
        pcm = _mono(pcm)
        other = None if partner is None else _mono(partner)
        self._buffer.append(self._performance.push(pcm, phones, partner=other))
        self._samples += len(pcm)
        return self._frames_until(self._buffer.end_s)

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not given, from now on.

        Raises:
            OptionError: the performer cannot listen.
        """
        self._performance.set_listening(listening)

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
            time_s = index / self.fps
            image = self._maker.frame(
                self._buffer.at(time_s), self._camera.at(time_s), label=self._label
            )
            self.clock.add("render", now)
            yield TimedFrame(index, index / self.fps, image)


def _mono(pcm: FloatArray) -> FloatArray:
    """Return PCM as float32.

    Raises:
        OptionError: it is not one channel of floats.
    """
    pcm = np.asarray(pcm)
    if pcm.ndim != 1:
        raise OptionError(f"PCM has shape {pcm.shape}; mono samples, shape (n,), are needed")
    if not np.issubdtype(pcm.dtype, np.floating):
        raise OptionError(
            f"PCM is of {pcm.dtype}; float samples from -1 to 1 are needed (int16 / 32768)"
        )
    return pcm.astype(np.float32, copy=False)
