"""An animation yet to be made, and what making it took."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

from gioconda.background import Background
from gioconda.control_track import Direction, track_of
from gioconda.frame_maker import KEPT, FrameMaker
from gioconda.motion import Motion
from gioconda.partner import paired_chunks
from gioconda.session import Session, StageClock, TimedFrame

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.speech.sound import Sound
    from gioconda.trust.label import LabelLike
    from gioconda.trust.provenance import Driver, Grant, Ingredient, Provenance
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
        credentials: who signed the file, in words.
    """

    path: str
    frames: int
    duration_s: float
    seconds: float
    start_s: float
    stages_ms: dict[str, float] = field(default_factory=dict)
    credentials: str = ""

    @property
    def frames_per_second(self) -> float:
        """Frames made in a second of wall time once the first is made."""
        steady = self.seconds - self.start_s
        return (self.frames - 1) / steady if self.frames > 1 and steady > 0 else 0.0


@dataclass(frozen=True)
class Animation:
    """A talking face yet to be made; nothing is computed until frames are asked for.

    Made by :func:`animate` and :func:`render_motion`. Iterating it twice makes it twice, and gives
    the same frames. Every frame carries the watermark; :meth:`save` signs what it writes with what
    :attr:`provenance` says, and so does :func:`gioconda.open_writer` when it is given that.

    Attributes:
        grant: on which the portrait is animated; None relies on the ledger of consent.
        marks: what the watermark says; this installation's own if None.
        driver: what moves the face.
        origins: what it is made from beside portrait, sounds and background.
        label: whether the word "Synthetic" is seen in a corner, or in which language.
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
    driver: Driver = "speech"
    origins: tuple[Ingredient, ...] = ()
    label: LabelLike = False
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

    @property
    def provenance(self) -> Provenance:
        """What the output is made from, as its credentials say it; sources are read for it."""
        from gioconda.trust import origins
        from gioconda.trust.provenance import Provenance, of_marked_frames
        from gioconda.trust.watermark.marks import own_marks

        marks = own_marks() if self.marks is None else self.marks
        ingredients = (
            *origins.portrait_of(self.portrait), *origins.sound_of(self.sound),
            *origins.sound_of(self.partner, "partner"), *origins.background_of(self.background),
            *self.origins,
        )  # fmt: skip
        voice = None if self.sound is None else self.sound.synthetic
        return of_marked_frames(
            Provenance(self.driver, self.grant, ingredients, marks.identifier, voice=voice)
        )

    def frames(self) -> Iterator[TimedFrame]:
        """Yield every frame in order; see :class:`gioconda.session.TimedFrame`."""
        return self._from_motion() if self.motion is not None else self._from_sound()

    def _from_motion(self) -> Iterator[TimedFrame]:
        assert self.motion is not None
        from gioconda.trust.label import label_language

        language = label_language(self.label)
        maker = FrameMaker(
            self.portrait, size=self.size, framing=self.framing,
            distance=track_of(self.controls).distances, background=self.background,
            renderer=self.renderer, basis=self.grant, marks=self.marks, language=language or "en",
        )  # fmt: skip
        label = 1.0 if language else 0.0
        track = track_of(self.controls)
        for i in range(self.expected_frames or 1):
            now = time.perf_counter()
            moment, distance = self.motion.at(i / self.fps), track.distance_at(i / self.fps)
            image = maker.frame(moment, distance, label=label)
            self.clock.add("render", now)
            yield TimedFrame(i, i / self.fps, image)

    def _from_sound(self) -> Iterator[TimedFrame]:
        session = Session(
            self.portrait, self.controls, fps=self.fps, size=self.size, framing=self.framing,
            background=self.background, performer=self.performer, renderer=self.renderer,
            phones=self.phones, basis=self.grant, marks=self.marks, label=self.label,
        )  # fmt: skip
        session.clock.seconds = self.clock.seconds
        chunks = paired_chunks(self.sound, self.partner)
        now = time.perf_counter()
        for pcm, other in chunks:
            self.clock.add("decode", now)
            yield from session.push(pcm, partner=other)
            now = time.perf_counter()
        yield from session.finish()

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
        """Make the animation, write it and sign it; the suffix of ``path`` chooses the format.

        Args:
            path: .mp4, .webm, .gif and others (see :func:`gioconda.open_writer`).
            overwrite: replace an existing file.
            progress: called after every frame.

        Returns:
            What it took.

        Raises:
            OptionError: the format has no transparency, and the background is ``none``.
            OutputError: the target exists, cannot be written or is full.
            TrustError: it cannot be signed; no file is left then.
            GiocondaError: what the portrait, the sound or the motion raise.
        """
        from gioconda.saving import save

        return save(self, path, overwrite=overwrite, progress=progress)
