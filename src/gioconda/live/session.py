"""A live session: speech is pushed as it comes, frames and sound are taken as time passes.

No sockets, threads or wall clock inside: :meth:`Session.step` is told the time, so that tests run
faster than it passes. Everything comes out on one timeline, ``delay_s`` behind the time it is told:
the lips need to hear that much of what comes after an instant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from gioconda.background import BackgroundLike, background_of
from gioconda.control_track import Direction, track_of
from gioconda.controls import Controls, check_number
from gioconda.errors import OptionError
from gioconda.frame_maker import KEPT, FrameMaker, check_options
from gioconda.live.heard import HeardSound
from gioconda.live.release import Release
from gioconda.live.resample import Resampler
from gioconda.live.speech_queue import SpeechQueue
from gioconda.live.types import OUTPUT_RATE_HZ, LiveFrame, Step
from gioconda.live.views import Views
from gioconda.motion import FloatArray, MotionBuffer
from gioconda.session import SAMPLE_RATE_HZ, Performance
from gioconda.speech.analyser import check_pcm
from gioconda.trust.label import LabelTiming
from gioconda.zoom import Camera

if TYPE_CHECKING:
    from gioconda.live.puppet import PuppetStream
    from gioconda.portrait import Portrait
    from gioconda.trust.label import LabelLike
    from gioconda.trust.provenance import Basis, Driver, Provenance
    from gioconda.trust.watermark.marks import Marks
    from gioconda.voices.types import TimedPhone

#: Look-ahead that costs .02 of the lips' correlation and is hardly felt.
LOOKAHEAD_MS: Final = 80.0
SOUND_LEAD_RANGE_MS: Final = (0.0, 60.0)
_SAFETY_S: Final = 0.001
#: So much speech may wait, in seconds; a client that pushes more is refused.
MOST_QUEUED_S: Final = 600.0
#: Speech that ended longer ago has left the mouth at rest.
_RELAXED_S: Final = 0.5


class Session:
    """A face that answers while one speaks.

    Args:
        portrait: whom to animate.
        controls: the dials; :meth:`set` changes them.
        fps: frames a second, 24 to 60.
        size: side of the square, one of 256, 512, 768, 1024.
        background: ``keep``, ``blur``, ``none`` (frames get an alpha channel), a colour or a
            picture's path.
        lookahead_ms: how much of the sound after an instant is waited for, 40 to 500.
        sound_lead_ms: how much earlier than its picture sound is given out, 0 to 60, for players
            that hold sound in a buffer anyway. Times tell what belongs together.
        executor: prepares views for distances not asked for before, which takes about a second;
            until one is ready the nearest distance that can be shown is. None prepares them at
            once, in :meth:`set`.
        performer, renderer: names in the two registries.
        basis: on which the portrait is animated: ``self``, ``permission``, ``artwork``,
            ``synthetic``, or a grant given for one; None relies on the ledger of consent.
        marks: what the watermark says; this installation's own if None.
        label: draw the word "Synthetic" in a corner all the time; a language (``"de"``) says in
            which. In the first seconds it is there in any case.
        language: of the label where ``label`` says none.

    Attributes:
        grant: on which the portrait is animated.
        marks: what the watermark says.
        fps: frames a second.
        dropped: frames that were never made, since their successors were due.

    Raises:
        OptionError: an option is out of range.
        ConsentError: the portrait may not be animated.

    Example::

        session = Session(portrait)
        while True:
            session.push_audio(microphone.read(), 16_000)
            step = session.step(time.monotonic() - start)
            ...
    """

    def __init__(
        self,
        portrait: Portrait,
        controls: Controls | None = None,
        *,
        fps: float = 40.0,
        size: int = 512,
        background: BackgroundLike = KEPT,
        lookahead_ms: float = LOOKAHEAD_MS,
        sound_lead_ms: float = 0.0,
        executor: Executor | None = None,
        performer: str = "rules",
        renderer: str = "mesh",
        basis: Basis | None = None,
        marks: Marks | None = None,
        label: LabelLike = False,
        language: str = "",
    ) -> None:
        from gioconda.trust.consent.requirement import granted
        from gioconda.trust.label import label_language

        self._controls: Direction = controls or Controls()
        track = track_of(self._controls)
        behind = background_of(background)
        for distance in track.distances:
            check_options(fps, size, "crop", distance, behind)
        self.fps = float(fps)
        self.dropped = 0
        self.grant = granted(portrait, basis)
        self._label = LabelTiming(bool(label))
        self._portrait = portrait
        make = partial(
            FrameMaker, portrait, size=size, renderer=renderer, basis=self.grant, marks=marks,
            language=label_language(label) or label_language(language or True),
        )  # fmt: skip
        self._views = Views(make, track.distances, behind, executor)
        self.marks = self._views.shown.marks
        self._camera = Camera(track, self.fps)
        self._performance = Performance(
            self._controls, performer=performer, lookahead_ms=lookahead_ms
        )
        self._motion = MotionBuffer()
        self._release = Release()
        self._speech, self._partner = SpeechQueue(), SpeechQueue()
        self._hearing = Resampler(OUTPUT_RATE_HZ, SAMPLE_RATE_HZ)
        self._listening: Resampler | None = None
        wait = self._hearing.delay_samples / OUTPUT_RATE_HZ
        self.delay_s = self._performance.lookahead_ms / 1000 + wait + _SAFETY_S
        self._delay = math.ceil(self.delay_s * OUTPUT_RATE_HZ)
        check_number("sound lead", sound_lead_ms, SOUND_LEAD_RANGE_MS, " ms")
        # No more than there is: sound cannot be given before it is taken.
        self._lead = min(round(sound_lead_ms * OUTPUT_RATE_HZ / 1000), self._delay)
        self._sound = HeardSound()
        self._heard = 0
        self._frame = 0
        self._puppet: PuppetStream | None = None
        self._was_puppet = False

    @property
    def width(self) -> int:
        """Width of the frames in pixels."""
        return self._views.shown.width

    @property
    def height(self) -> int:
        """Height of the frames in pixels."""
        return self._views.shown.height

    @property
    def lookahead_ms(self) -> float:
        """How much of the sound after an instant is waited for."""
        return self._performance.lookahead_ms

    @property
    def controls(self) -> Direction:
        """The dials as they were last set."""
        return self._controls

    @property
    def time_s(self) -> float:
        """The instant up to which sound was given."""
        return self._sound.given / OUTPUT_RATE_HZ

    @property
    def queued_s(self) -> float:
        """Seconds of pushed speech that wait to be heard."""
        ahead = max(self._sound.spoken_to - self._sound.given, 0)
        return (self._speech.waiting_samples + ahead) / OUTPUT_RATE_HZ

    @property
    def speaking(self) -> bool:
        """Whether an utterance is being heard."""
        return self._sound.saying is not None

    @property
    def provenance(self) -> Provenance:
        """What its frames are made from, as the credentials of a recording say it."""
        from gioconda.trust.origins import portrait_of
        from gioconda.trust.provenance import Provenance, of_marked_frames

        driver: Driver = "person" if self._was_puppet else "speech"
        ingredients = portrait_of(self._portrait)
        return of_marked_frames(
            Provenance(driver, self.grant, ingredients, self.marks.identifier, live=True)
        )

    def show_label(self) -> None:
        """Show the label for some seconds, as when somebody begins to watch."""
        self._label.show(self._frame / self.fps)

    def set_label(self, wanted: bool) -> None:
        """Say whether the label is to be there all the time; the first seconds show it anyway."""
        self._label.keep(wanted, self._frame / self.fps)

    def push_audio(
        self,
        pcm: FloatArray,
        rate_hz: int = SAMPLE_RATE_HZ,
        phones: Sequence[TimedPhone] | None = None,
        *,
        live: bool = False,
    ) -> None:
        """Push speech to be spoken, in real time or faster; it waits until it is its turn.

        Args:
            pcm: float32 mono, (n,), -1 to 1.
            rate_hz: of it, 8,000 to 192,000.
            phones: that sound in it and after, in seconds from its start, where a voice tells.
            live: it comes from a microphone: chunks may come 20 ms late, and silence is left out
                where sound comes faster than it is heard.

        Raises:
            OptionError: a rate out of range, not one channel of floats, or more than ten minutes
                of speech would wait.
            BadSamplesError: a sample is NaN or infinite.
        """
        check_pcm(pcm)
        _check_room(self._speech, len(pcm), rate_hz)
        self._speech.push(np.asarray(pcm, np.float32), rate_hz, phones, live)

    def end_of_speech(self) -> None:
        """Say that the utterance is complete; :class:`SpeakEnded` comes once it was heard."""
        self._speech.end()

    def interrupt(self) -> None:
        """Stop speaking: what was not heard is forgotten, the mouth comes to rest.

        The next frame begins to close the mouth, the sound fades within 10 ms, and a
        :class:`SpeakEnded` says how much was played.
        """
        lost = self._speech.clear()
        last = self._sound.spoken_to
        if last and last > self._sound.given - _RELAXED_S * OUTPUT_RATE_HZ:
            self._release.interrupt(self._frame / self.fps)
        self._sound.cut(lost)

    def set(self, controls: Controls) -> None:
        """Change the dials from now on; every dial runs there smoothly.

        Raises:
            OptionError: ``still`` would change.
        """
        self._performance.set(controls)
        self._controls = controls
        track = track_of(controls)
        self._camera.set(track)
        self._views.want(track.distances, self._views.background)

    def set_background(self, background: BackgroundLike) -> None:
        """Change what is behind the person, once it is prepared.

        Raises:
            OptionError: it cannot be used, or it differs in having an alpha channel.
        """
        behind = background_of(background)
        if behind.transparent != self._views.background.transparent:
            raise OptionError("a background cannot become transparent, or cease to be, on the way")
        self._views.want(track_of(self._controls).distances, behind)

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks whose sound is not pushed.

        Raises:
            OptionError: the performer cannot listen.
        """
        self._performance.set_listening(listening)

    def push_partner(
        self, pcm: FloatArray, rate_hz: int = SAMPLE_RATE_HZ, *, live: bool = True
    ) -> None:
        """Push somebody else's speech, which is listened to and not heard in the output.

        Raises:
            OptionError, BadSamplesError: as in :meth:`push_audio`.
        """
        check_pcm(pcm, "the partner's")
        _check_room(self._partner, len(pcm), rate_hz)
        if self._listening is None:
            self._listening = self._hearing.silent_twin()
        self._partner.push(np.asarray(pcm, np.float32), rate_hz, None, live)

    def set_puppet(self, mode: str) -> None:
        """Say what a puppeteer's motion drives.

        Args:
            mode: ``off``, ``head`` (all but the lips, which the voice moves) or ``face``.

        Raises:
            OptionError: there is no such mode.
        """
        if mode == "off":
            self._puppet = None
            return
        from gioconda.live.puppet import PuppetStream

        if self._puppet is None:
            self._puppet = PuppetStream(mode)
        self._was_puppet = True
        self._puppet.mode = mode

    def push_motion(self, moment: FloatArray | None, time_s: float) -> None:
        """Take a puppeteer's moment; it goes over into the performance where it stops coming.

        Args:
            moment: (60,); None says that no face is seen.
            time_s: its instant on the puppeteer's own clock.

        Raises:
            OptionError: it is no moment, or nothing is driven by a puppeteer.
        """
        if self._puppet is None:
            raise OptionError("no puppet mode is set: head or face")
        self._puppet.push(time_s, moment, self._frame / self.fps)

    def step(self, now_s: float) -> Step:
        """Return everything that is due at an instant; call it about once a frame.

        Args:
            now_s: seconds since the session's start by the caller's clock; never falls.

        Raises:
            OptionError: the time fell, or is no number.
        """
        sound = self._sound
        if not (math.isfinite(now_s) and now_s * OUTPUT_RATE_HZ > sound.taken - 2):
            raise OptionError(f"the time is {now_s:g} s after {sound.taken / OUTPUT_RATE_HZ:g} s")
        self._hear(max(int(now_s * OUTPUT_RATE_HZ) - sound.taken, 0))
        audio, events = sound.give(max(sound.taken - self._delay + self._lead, sound.given))
        return Step(self._newest(now_s - self.delay_s), audio, events)

    def _hear(self, count: int) -> None:
        """Take so many samples off the queue and make the motion that they complete."""
        if not count:
            return
        taken = self._speech.take(count)
        heard = self._hearing.step(taken.pcm)
        other = None
        if self._listening is not None:
            other = self._listening.step(self._partner.take(count).pcm)
        phones: list[TimedPhone] = []
        for at, told in taken.phones:
            if phones:
                self._motion.append(self._performance.push(np.zeros(0, np.float32), phones))
            offset_s = (self._sound.taken + at) / OUTPUT_RATE_HZ - self._heard / SAMPLE_RATE_HZ
            phones = [_later(p, offset_s) for p in told]
        self._motion.append(self._performance.push(heard, phones or None, partner=other))
        for begun_s in self._sound.put(taken):
            self._release.speak(begun_s)
        self._heard += len(heard)

    def _newest(self, time_s: float) -> LiveFrame | None:
        """Return the newest frame that is due; older ones are dropped."""
        due = math.floor(time_s * self.fps + 1e-6)
        if due < self._frame:
            return None
        self._views.take_over()
        self.dropped += due - self._frame
        for index in range(self._frame, due + 1):
            distance = self._camera.at(index / self.fps)
        self._frame = due + 1
        instant_s = due / self.fps
        moment = self._release.apply(self._motion.at(instant_s), instant_s)
        if self._puppet is not None:
            moment = self._puppet.over(moment, instant_s)
        view = self._views.shown
        near, far = view.distances
        label = self._label.seen(instant_s)
        image = view.frame(moment, min(max(distance, near), far), label=label)
        return LiveFrame(due, instant_s, image, moment)


def _check_room(waiting: SpeechQueue, count: int, rate_hz: int) -> None:
    """Refuse more sound than may wait.

    Raises:
        OptionError: there would be more.
    """
    if waiting.waiting_samples / OUTPUT_RATE_HZ + count / max(rate_hz, 1) > MOST_QUEUED_S:
        minutes = f"{MOST_QUEUED_S / 60:.0f} minutes"
        raise OptionError(f"more than {minutes} of speech would wait; push it as it is heard")


def _later(phone: TimedPhone, seconds: float) -> TimedPhone:
    return replace(phone, start_s=phone.start_s + seconds, end_s=phone.end_s + seconds)
