"""The body of the command ``live``: a session, paced by the machine's clock, into outputs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.voice import Voice
from gioconda.controls import Controls
from gioconda.errors import GiocondaError, OptionError, OutputError

if TYPE_CHECKING:
    from gioconda.live.outputs import Output, OutputEvent
    from gioconda.live.session import Session
    from gioconda.live.sources import Source

#: The face is shown so long after the last sound, so that the mouth is seen to close.
_TAIL_S: Final = 0.5


@dataclass(frozen=True)
class LiveLook:
    """How the frames shall look, and how far behind the voice they lie."""

    fps: float
    size: int
    background: str
    face: int | None
    lookahead_ms: float
    label: bool = False


def live(
    portrait: str,
    source: str,
    targets: Sequence[str],
    controls: Controls,
    look: LiveLook,
    voice: Voice,
    *,
    rate_hz: int,
    consent: Stating = NOTHING,
    force: bool,
) -> None:
    """Run until the sound has ended or the user ends it.

    Raises:
        GiocondaError: something that was asked for cannot be, said before any work.
    """
    from gioconda.live.outputs import check_output, open_output

    if not targets:
        raise OptionError(
            "say where the face goes: --to talk.mp4, --to rtmp://host/app/key or --to camera; "
            "for a page in the browser there is 'gioconda serve'"
        )
    if len(set(targets)) < len(targets):
        raise OptionError("an output is named twice; name each once")
    addresses = [check_output(target, overwrite=force) for target in targets]
    with ExitStack() as stack:
        speech = _opened(source, rate_hz, stack)
        session = _session(portrait, controls, look, consent, voice)
        outputs: list[Output] = []

        def told(event: OutputEvent) -> None:
            voice.say(f"{event.output}: {event.state}" + (f", {event.reason}" * bool(event.reason)))

        try:
            for address in addresses:
                outputs.append(
                    open_output(
                        address, session.width, session.height, session.fps, on_event=told,
                        provenance=session.provenance,
                    )
                )  # fmt: skip
            voice.say("speaking; Ctrl-C ends it")
            run(session, speech, outputs)
        except KeyboardInterrupt:
            voice.say("ending")
        finally:
            _close(outputs, voice, session.dropped)


def run(
    session: Session,
    source: Source,
    outputs: Sequence[Output],
    stopped: Callable[[], bool] = lambda: False,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Step a session in real time until its source has ended and was heard, or it is stopped.

    Raises:
        OutputError: every output has failed.
        SoundError: the source was lost.
    """
    from gioconda.live.pacing import Pacer

    pacer = Pacer(session.fps, session.delay_s, clock())
    quiet_since_s: float | None = None
    told_end = False
    while not stopped():
        sleep(pacer.wait_s(clock()))
        now_s = pacer.now_s(clock())
        for pcm in source.take(now_s):
            session.push_audio(pcm, source.rate_hz, live=source.live)
        if source.ended and not told_end:
            session.end_of_speech()
            told_end = True
        step = session.step(now_s)
        for output in outputs:
            if step.audio is not None:
                output.write_audio(step.audio.pcm, step.audio.sample)
            if step.frame is not None:
                output.write_frame(step.frame.image, step.frame.time_s)
        if all(output.state == "failed" for output in outputs):
            raise OutputError("no output is left; each has failed")
        # What is on its way through the look-ahead is counted as queued, silence too.
        waits = session.queued_s > session.delay_s + 0.01
        busy = not told_end or session.speaking or waits
        if busy:
            quiet_since_s = None
        elif quiet_since_s is None:
            quiet_since_s = now_s
        elif now_s - quiet_since_s > session.delay_s + _TAIL_S:
            return


@contextmanager
def _ending() -> Iterator[threading.Event]:
    """Give a flag that Ctrl-C and its kin raise, in place of an exception anywhere at all.

    A second one ends at once, as everywhere.
    """
    ended = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if (each := getattr(signal, name, None)) is not None:
                before[each] = signal.signal(each, end)
    try:
        yield ended
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _opened(source: str, rate_hz: int, stack: ExitStack) -> Source:
    from gioconda.live.sources import open_source

    opened = open_source(source, rate_hz)
    stack.callback(opened.close)
    return opened


def _session(
    portrait: str, controls: Controls, look: LiveLook, consent: Stating, voice: Voice
) -> Session:
    from gioconda.background import background_of
    from gioconda.cli.consenting import granted
    from gioconda.frame_maker import check_options
    from gioconda.live.session import Session
    from gioconda.portrait import Portrait

    background = background_of(look.background)
    if look.background == "none":
        raise OptionError("outputs carry no transparency; choose keep, blur, a colour or a picture")
    check_options(look.fps, look.size, "crop", controls.distance, background)
    picture = Portrait.open(portrait, look.face)
    make = partial(
        Session, picture, controls, fps=look.fps, size=look.size, background=background,
        lookahead_ms=look.lookahead_ms, label=look.label,
        basis=granted(picture, consent, voice),
    )  # fmt: skip
    # A first one loads every library, kernel and model, so that the one that is seen never waits.
    trial = make()
    trial.push_audio(np.zeros(1600, np.float32))
    for k in range(6):
        trial.step(0.05 * k)
    return make()


def _close(outputs: Sequence[Output], voice: Voice, late: int) -> None:
    """End every output, then say what became of each; the first failure is raised."""
    failure: GiocondaError | None = None
    for output in outputs:
        output.close(0)
    for output in outputs:
        figures = output.figures
        try:
            output.close()
        except GiocondaError as e:
            failure = failure or e
            continue
        figures = output.figures
        told = f"{output.name}: {figures.frames} frames, {figures.dropped} dropped"
        if late:
            told += f"; {late} more came due while the machine was busy and were never made"
        voice.say(told)
    if failure is not None:
        raise failure
