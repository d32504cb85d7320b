"""A session that runs in a worker process: stepped by the clock, encoded, reported."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from gioconda.errors import GiocondaError, OptionError
from gioconda.live.host.commands import Opened, OpenSession, OutputChanged, Turn, Want
from gioconda.live.host.encoders import LiveEncoder, create_encoder
from gioconda.live.messages import (
    MotionEvent,
    SpeakEndedEvent,
    SpeakStartedEvent,
    Stats,
)
from gioconda.live.pacing import Pacer
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.live.session import Session
from gioconda.live.told import told
from gioconda.live.types import LiveAudio, LiveEvent, LiveFrame, SpeakStarted, pcm16
from gioconda.motion import INDEX, FloatArray, gaze_of

if TYPE_CHECKING:
    from gioconda.live.outputs import Output, OutputEvent
    from gioconda.portrait import Portrait

logger = logging.getLogger(__name__)

#: Channels of motion events; the gaze's two angles follow, in degrees.
PLOTTED: Final = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "eyeBlinkLeft", "browInnerUp",
    "headYaw", "headPitch", "headRoll",
)  # fmt: skip
_MOTION_S: Final = 0.1
_STATS_S: Final = 1.0
#: How long a session that may not go on waits for its end.
_REFUSED_S: Final = 1.0


class RunningSession:
    """One session with its clock and its encoders.

    Args:
        portrait: whom to animate.
        spec: how.
        send: takes every report.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        portrait: Portrait,
        spec: OpenSession,
        send: Callable[[Any], None],
        clock: Callable[[], float],
    ) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="views")
        self.session = Session(
            portrait, spec.controls, fps=spec.fps, size=spec.size, background=spec.background,
            lookahead_ms=spec.lookahead_ms, sound_lead_ms=spec.sound_lead_ms,
            executor=self._executor, basis=spec.grant, marks=spec.marks, label=spec.label,
            language=spec.language,
        )  # fmt: skip
        self._send, self._clock = send, clock
        self._encoders: dict[Kind, LiveEncoder] = {}
        self._keys: set[Kind] = set()
        self._numbers = dict.fromkeys(Kind, 0)
        self._motion_wanted = False
        self._motion_rows: list[tuple[float, list[float]]] = []
        self._outputs: dict[str, tuple[Output, float]] = {}
        self._away: set[str] = set()
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="outputs")
        self._made_ms: list[float] = []
        self._stats_due_s = _STATS_S
        self._frames = 0
        self._refused = False
        # The first step takes libraries and caches in; it is not to count.
        self.session.step(0.0)
        self._pacer = Pacer(spec.fps, self.session.delay_s, clock())
        s = self.session
        send(Opened(s.width, s.height, s.lookahead_ms, spec.ticket))
        self.ticket = spec.ticket

    def wait_s(self) -> float:
        """Return how long nothing is to be done."""
        if self._refused:
            return _REFUSED_S
        return self._pacer.wait_s(self._clock())

    def turn(self, command: Turn) -> None:
        """Set what a command sets.

        Raises:
            OptionError: something of it is refused; what came before it is set.
        """
        if command.controls is not None:
            self.session.set(command.controls)
        if command.background is not None:
            self.session.set_background(command.background)
        if command.listening is not None:
            self.session.set_listening(command.listening)
        if command.label is not None:
            self.session.set_label(command.label)

    def want(self, command: Want) -> None:
        """Make encoders for what is wanted, and drop the others."""
        session = self.session
        for kind in command.video - self._encoders.keys():
            self._encoders[kind] = create_encoder(kind, session.width, session.height, session.fps)
            self._keys.add(kind)
        for kind in self._encoders.keys() - command.video:
            del self._encoders[kind]
        self._motion_wanted = command.motion

    def want_key(self, kind: Kind) -> None:
        """Let the next frame of a codec be a key frame."""
        self._keys.add(kind)

    def show_label(self) -> None:
        """Show the label to somebody who begins to watch."""
        self.session.show_label()

    def start_output(self, name: str, target: str, overwrite: bool, away: bool = False) -> None:
        """Send frames and sound to a target too; see :class:`StartOutput`.

        Raises:
            GiocondaError: it cannot be opened.
        """
        from gioconda.live.outputs import check_output, open_output
        from gioconda.live.outputs.away import AwayFileOutput

        if name in self._outputs:
            raise OptionError("this output runs already; stop it first")

        def changed(event: OutputEvent) -> None:
            # The end is told by stop_output, once a file is whole.
            if event.state != "closed":
                self._send(OutputChanged(name, event.state, event.reason))

        s = self.session
        output: Output
        if away:
            address = check_output(target, overwrite=overwrite)
            output = AwayFileOutput(
                address, s.width, s.height, s.fps, changed, provenance=s.provenance
            )
            self._away.add(name)
        else:
            output = open_output(
                target, s.width, s.height, s.fps, overwrite=overwrite, on_event=changed,
                provenance=s.provenance,
            )  # fmt: skip
        self._outputs[name] = (output, s.time_s)
        s.show_label()

    def stop_output(self, name: str) -> None:
        """End an output; a file is completed beside the session."""
        output, since_s = self._outputs.pop(name, (None, 0.0))
        if output is None:
            self._send(OutputChanged(name, "failed", "nothing is being recorded or sent"))
            return
        output.provenance = self.session.provenance
        self._closer.submit(self._close_output, name, output, self.session.time_s - since_s)

    def _close_output(self, name: str, output: Output, seconds: float) -> None:
        try:
            output.close()
        except GiocondaError as e:
            self._send(OutputChanged(name, "failed", told(e)))
        except Exception as e:
            logger.error("an output could not be closed: %s", type(e).__name__)
            self._send(OutputChanged(name, "failed", "the output could not be completed"))
        else:
            made_from = output.provenance if name in self._away else None
            self._away.discard(name)
            self._send(OutputChanged(name, "closed", seconds=seconds, provenance=made_from))

    def close(self) -> None:
        """End everything; files are complete when it returns."""
        for name in list(self._outputs):
            self.stop_output(name)
        self._closer.shutdown(wait=True)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def refuse(self) -> None:
        """Make nothing any more: the portrait may not be animated. The session is still closed."""
        self._refused = True

    def tick(self) -> None:
        """Give out whatever is due.

        Raises:
            ConsentError: the portrait may not be animated any more.
        """
        if self._refused:
            return
        now_s = self._pacer.now_s(self._clock())
        step = self.session.step(now_s)
        for event in step.events:
            self._send(_told(event))
        if step.audio is not None:
            self._give_sound(step.audio)
        if step.frame is not None:
            self._give_frame(step.frame)
        if now_s >= self._stats_due_s:
            self._tell(now_s)

    def _give_sound(self, audio: LiveAudio) -> None:
        samples = pcm16(audio.pcm)
        self._packet(Kind.PCM, audio.time_s, samples.tobytes())
        for output, _ in self._outputs.values():
            output.write_audio(audio.pcm, audio.sample)

    def _give_frame(self, frame: LiveFrame) -> None:
        for kind, encoder in self._encoders.items():
            key = kind in self._keys
            self._keys.discard(kind)
            for data, flags in encoder.encode(frame.image, frame.time_s, key):
                self._packet(kind, frame.time_s, data, flags)
        for output, _ in self._outputs.values():
            output.write_frame(frame.image, frame.time_s)
        self._made_ms.append(1000 * (self._clock() - self._pacer.due_s(frame.index)))
        self._frames += 1
        if self._motion_wanted:
            self._plot(frame.time_s, frame.moment)

    def _packet(self, kind: Kind, time_s: float, data: bytes, flags: Flag = Flag(0)) -> None:  # noqa: B008
        self._send(Packet(kind, time_s, data, self._numbers[kind], flags))
        self._numbers[kind] += 1

    def _plot(self, time_s: float, moment: FloatArray) -> None:
        row = [round(float(moment[INDEX[name]]), 4) for name in PLOTTED]
        self._motion_rows.append((time_s, row + [round(a, 2) for a in gaze_of(moment)]))
        if time_s - self._motion_rows[0][0] < _MOTION_S:
            return
        times, rows = zip(*self._motion_rows, strict=True)
        channels = [*PLOTTED, "gazeYaw", "gazePitch"]
        self._send(MotionEvent(time_s=list(times), channels=channels, rows=list(rows)))
        self._motion_rows.clear()

    def _tell(self, now_s: float) -> None:
        over_s = now_s - self._stats_due_s + _STATS_S
        self._send(
            Stats(
                time_s=round(self.session.time_s, 3), fps=round(self._frames / over_s, 2),
                dropped=self.session.dropped,
                made_ms=round(statistics.median(self._made_ms or [0.0]), 2),
                queued_ms=round(1000 * self.session.queued_s),
                sessions=0, capacity=0,
            )
        )  # fmt: skip
        self._frames = 0
        self._made_ms.clear()
        self._stats_due_s = now_s + _STATS_S


def _told(event: LiveEvent) -> SpeakStartedEvent | SpeakEndedEvent:
    if isinstance(event, SpeakStarted):
        return SpeakStartedEvent(utterance=event.utterance, time_s=round(event.time_s, 4))
    return SpeakEndedEvent(
        utterance=event.utterance, time_s=round(event.time_s, 4),
        played_ms=round(1000 * event.played_s, 1), interrupted=event.interrupted,
    )  # fmt: skip
