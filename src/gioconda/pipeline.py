"""The main job in three calls: :func:`animate`, :func:`perform`, :func:`render_motion`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.background import Background, BackgroundLike, background_of
from gioconda.control_track import ControlTrack, Direction, track_of
from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.frame_maker import KEPT, FrameMaker, check_options
from gioconda.motion import Motion, concatenate
from gioconda.partner import paired_chunks
from gioconda.session import Performance, Session, StageClock, TimedFrame

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.portrait.decode import PictureSource
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.speech.sound import Sound
    from gioconda.trust.provenance import Basis, Grant
    from gioconda.trust.watermark.marks import Marks

#: Told how much is done and, where it is known, of how much: frames, or seconds of sound.
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Report:
    """What saving an animation took.

    Attributes:
        path: the finished file.
        frames: how many were written.
        duration_s: their duration.
        seconds: wall time of the work.
        start_s: the part of it before the first frame was made: set-up of the portrait.
        stages_ms: mean milliseconds a frame in each stage.
    """

    path: str
    frames: int
    duration_s: float
    seconds: float
    start_s: float
    stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def frames_per_second(self) -> float:
        """Frames made in a second of wall time once the first is made."""
        steady = self.seconds - self.start_s
        return (self.frames - 1) / steady if self.frames > 1 and steady > 0 else 0.0


@dataclass(frozen=True)
class Animation:
    """A talking face yet to be made; nothing is computed until frames are asked for.

    Made by :func:`animate` and :func:`render_motion`. Iterating it twice makes it twice, and gives
    the same frames.
    """

    portrait: Portrait
    sound: Sound | None
    motion: Motion | None
    controls: Direction
    fps: float
    size: int
    framing: str
    performer: str = "rules"
    renderer: str = "mesh"
    background: Background = KEPT
    phones: PhoneTrack | None = None
    partner: Sound | None = None
    grant: Grant | None = None
    marks: Marks | None = None
    clock: StageClock = field(default_factory=StageClock, compare=False, repr=False)

    @property
    def expected_frames(self) -> int | None:
        """How many frames there will be; None where the sound does not tell its length."""
        seconds = None
        if self.motion is not None:
            seconds = self.motion.start_s + self.motion.duration_s
        own = self.sound if self.sound is not None else self.partner
        if own is not None and self.motion is None:
            seconds = own.duration_s
        return None if seconds is None else max(math.ceil(seconds * self.fps - 1e-6), 1)

    @property
    def heard(self) -> Sound | None:
        """The sound beside the picture: one's own and the partner's, as far as there are both."""
        if self.sound is None or self.partner is None:
            return self.sound if self.sound is not None else self.partner
        from gioconda.speech.mix import mixed

        return mixed(self.sound, self.partner)

    def frames(self) -> Iterator[TimedFrame]:
        """Yield every frame in order; see :class:`gioconda.session.TimedFrame`."""
        return self._from_motion() if self.motion is not None else self._from_sound()

    def _from_motion(self) -> Iterator[TimedFrame]:
        assert self.motion is not None
        maker = self._maker()
        track = track_of(self.controls)
        for i in range(self.expected_frames or 1):
            now = time.perf_counter()
            image = maker.frame(self.motion.at(i / self.fps), track.distance_at(i / self.fps))
            self.clock.add("render", now)
            yield TimedFrame(i, i / self.fps, image)

    def _from_sound(self) -> Iterator[TimedFrame]:
        session = Session(
            self.portrait, self.controls, fps=self.fps, size=self.size, framing=self.framing,
            background=self.background, performer=self.performer, renderer=self.renderer,
            phones=self.phones, basis=self.grant, marks=self.marks,
        )  # fmt: skip
        session.clock.seconds = self.clock.seconds
        chunks = paired_chunks(self.sound, self.partner)
        now = time.perf_counter()
        for pcm, other in chunks:
            self.clock.add("decode", now)
            yield from session.push(pcm, partner=other)
            now = time.perf_counter()
        yield from session.finish()

    def _maker(self) -> FrameMaker:
        return FrameMaker(
            self.portrait, size=self.size, framing=self.framing,
            distance=track_of(self.controls).distances, background=self.background,
            renderer=self.renderer, basis=self.grant, marks=self.marks,
        )  # fmt: skip

    def frame_size(self) -> tuple[int, int]:
        """Return the frames' (width, height) in pixels."""
        if self.framing == "full":
            height, width = self.portrait.picture.shape[:2]
            return int(width), int(height)
        return self.size, self.size

    def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Make the animation and write it; the suffix of ``path`` chooses the format.

        Args:
            path: .mp4, .webm, .gif and others (see :func:`gioconda.open_writer`).
            overwrite: replace an existing file.
            progress: called after every frame.

        Returns:
            What it took.

        Raises:
            OptionError: the format has no transparency, and the background is ``none``.
            OutputError: the target exists, cannot be written or is full.
            GiocondaError: what the portrait, the sound or the motion raise.
        """
        import cv2

        from gioconda.video import check_target, open_writer

        transparent = self.background.transparent
        check_target(path, overwrite, alpha=transparent)
        started = time.perf_counter()
        start_s = 0.0
        # One thread renders and one encodes; more would only contend for two cores.
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        width, height = self.frame_size()
        expected = self.expected_frames
        count = 0
        self.clock.seconds.clear()
        frames = self.frames()
        try:
            with (
                closing(frames),  # type: ignore[type-var]
                open_writer(
                    path,
                    width,
                    height,
                    self.fps,
                    sound=self.heard,
                    overwrite=overwrite,
                    alpha=transparent,
                ) as writer,  # fmt: skip
            ):
                for frame in frames:
                    now = time.perf_counter()
                    start_s = start_s or now - started
                    writer.write(frame.image)
                    self.clock.add("encode wait", now)
                    count += 1
                    if progress is not None:
                        progress(count, expected)
        finally:
            cv2.setNumThreads(threads)
        seconds = time.perf_counter() - started
        stages = {k: 1000 * v / max(count, 1) for k, v in self.clock.seconds.items()}
        return Report(str(path), count, count / self.fps, seconds, start_s, stages)


def animate(
    portrait: Portrait | PictureSource | PathLike[str],
    sound: str | PathLike[str] | Sound | None,
    controls: Direction | None = None,
    *,
    partner: str | PathLike[str] | Sound | None = None,
    fps: float = 40.0,
    size: int = 512,
    framing: str = "crop",
    background: BackgroundLike = KEPT,
    performer: str = "rules",
    renderer: str = "mesh",
    transcript: str | PathLike[str] | None = None,
    language: str | None = None,
    basis: Basis | None = None,
) -> Animation:
    """Make a portrait speak with a sound.

    Args:
        portrait: a :class:`gioconda.Portrait`, or a picture's path, bytes or array.
        sound: a :class:`gioconda.Sound`, or the path of anything with sound in it; None to
            listen in silence.
        controls: the dials, :class:`gioconda.Controls` or, over time,
            :class:`gioconda.ControlTrack`; defaults if None.
        partner: somebody else's sound over the same time, which is listened to. The video lets
            both be heard; one's own sound sets the length, and a longer partner's is cut.
        fps: frames a second, 24 to 60.
        size: side of the square: 256, 512, 768 or 1024. The whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        background: ``"keep"``, ``"blur"``, ``"none"`` (transparent), a colour (``"red"``,
            ``"#1e90ff"``) or a picture's path; on ``"crop"`` only.
        performer: name in the registry of performers.
        renderer: name in the registry of renderers.
        transcript: the words of the sound, or a .txt, .srt or .vtt file of them, which make the
            lips sharper; not needed.
        language: of the transcript, as espeak-ng names it; by its script, or English, if None.
        basis: on which the portrait is animated: ``self``, ``permission``, ``artwork``,
            ``synthetic``, or a grant given for one; None relies on the ledger of consent.

    Returns:
        An :class:`Animation`, to ``save`` or to iterate.

    Raises:
        OptionError: an option is out of range, or there is no sound at all.
        PortraitError: the picture cannot be animated.
        ConsentError: it may not be animated: nothing was stated, or it was revoked or has expired.
        SoundError: the sound cannot be used.
        TranscriptError: the transcript cannot be used.
        VoiceError: a transcript needs espeak-ng, which is not installed, or lacks the language.
    """
    controls = controls or Controls()
    behind = background_of(background)
    for distance in track_of(controls).distances:
        check_options(fps, size, framing, distance, behind)
    person = _portrait(portrait)
    grant = _granted(person, basis)
    own, other = _voices(sound, partner)
    return Animation(
        person, own, None, controls, float(fps), size, framing,
        performer, renderer, behind, _phones(own, transcript, language), other, grant,
    )  # fmt: skip


def perform(
    sound: str | PathLike[str] | Sound | None,
    controls: Direction | None = None,
    *,
    partner: str | PathLike[str] | Sound | None = None,
    performer: str = "rules",
    progress: Progress | None = None,
    transcript: str | PathLike[str] | None = None,
    language: str | None = None,
) -> Motion:
    """Return the motion that a sound calls for, at 50 Hz, without a face.

    Args:
        sound: a :class:`gioconda.Sound`, or a path; None to listen in silence.
        controls: the dials, :class:`gioconda.Controls` or, over time,
            :class:`gioconda.ControlTrack`; defaults if None.
        partner: somebody else's sound over the same time, which is listened to; one's own sets
            the length.
        performer: a name in the registry.
        progress: told the seconds done and, where known, the sound's duration.
        transcript: the words of the sound, as in :func:`animate`.
        language: of the transcript.

    Raises:
        OptionError: there is no sound at all.
        SoundError: the sound cannot be used.
        TranscriptError, VoiceError: as in :func:`animate`.
    """
    own, other = _voices(sound, partner)
    heard = own or other
    phones = _phones(own, transcript, language)
    performance = Performance(controls, performer=performer, phones=phones)
    parts: list[Motion] = []
    done = 0
    for pcm, others in paired_chunks(own, other):
        parts.append(performance.push(pcm, partner=others))
        done += len(pcm)
        if progress is not None:
            progress(done / 16_000, heard.duration_s if heard else None)
    parts += performance.finish()
    return concatenate(parts)


def render_motion(
    portrait: Portrait | PictureSource | PathLike[str],
    motion: Motion | str | PathLike[str],
    sound: str | PathLike[str] | Sound | None = None,
    *,
    fps: float = 40.0,
    size: int = 512,
    framing: str = "crop",
    distance: float | ControlTrack = 1.0,
    background: BackgroundLike = KEPT,
    renderer: str = "mesh",
    basis: Basis | None = None,
) -> Animation:
    """Show a motion on a portrait, with a sound beside it if one is given.

    Motion and sound share one clock: frame 0 is the instant 0 of both, and motion that starts
    later holds its first row until then.

    Args:
        portrait: a :class:`gioconda.Portrait`, or a picture's path, bytes or array.
        motion: a :class:`gioconda.Motion`, or the path of a .npz or .csv file of motion.
        sound: put beside the picture if given.
        fps: frames a second, 24 to 60.
        size: side of the square: 256, 512, 768 or 1024. The whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        distance: of the camera, 0.7 to 2, or a track that says it over time; what else the
            track says is the motion's own.
        background: as in :func:`animate`.
        renderer: name in the registry of renderers.
        basis: on which the portrait is animated, as in :func:`animate`.

    Raises:
        OptionError: an option is out of range.
        ConsentError: the portrait may not be animated.
        PortraitError, MotionError, SoundError: what the inputs raise.
    """
    controls = distance if isinstance(distance, ControlTrack) else Controls(distance=distance)
    behind = background_of(background)
    for off in track_of(controls).distances:
        check_options(fps, size, framing, off, behind)
    loaded = motion if isinstance(motion, Motion) else Motion.load(str(motion))
    opened = None if sound is None else _sound(sound)
    person = _portrait(portrait)
    return Animation(
        person, opened, loaded, controls, float(fps), size, framing,
        renderer=renderer, background=behind, grant=_granted(person, basis),
    )  # fmt: skip


def _portrait(portrait: Portrait | PictureSource | PathLike[str]) -> Portrait:
    from gioconda.portrait import Portrait

    if isinstance(portrait, Portrait):
        return portrait
    return Portrait.open(Path(portrait) if isinstance(portrait, PathLike) else portrait)


def _granted(portrait: Portrait, basis: Basis | None) -> Grant:
    from gioconda.trust.consent.requirement import granted

    return granted(portrait, basis)


def _sound(sound: str | PathLike[str] | Sound) -> Sound:
    from gioconda.speech.sound import Sound

    return sound if isinstance(sound, Sound) else Sound.open(sound)


def _voices(
    sound: str | PathLike[str] | Sound | None, partner: str | PathLike[str] | Sound | None
) -> tuple[Sound | None, Sound | None]:
    """Open one's own sound and the partner's.

    Raises:
        OptionError: there is neither.
    """
    if sound is None and partner is None:
        raise OptionError("a sound is needed: one's own, or a partner's to listen to")
    return (
        None if sound is None else _sound(sound),
        None if partner is None else _sound(partner),
    )


def _phones(
    sound: Sound | None, transcript: str | PathLike[str] | None, language: str | None
) -> PhoneTrack | None:
    """Return the phones that are known: those of a transcript, else the sound's own."""
    if transcript is None:
        return None if sound is None else sound.phones
    if sound is None:
        raise OptionError("a transcript needs the sound of its words")
    from gioconda.speech.transcribed import transcribed_phones

    return transcribed_phones(sound, transcript, language)
