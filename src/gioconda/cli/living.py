"""The body of the command ``live``: a session, paced by the machine's clock, into outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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


def live(
    portrait: str,
    source: str,
    targets: Sequence[str],
    controls: Controls,
    look: LiveLook,
    voice: Voice,
    *,
    rate_hz: int,
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
        session = _session(portrait, controls, look)
        outputs: list[Output] = []

        def told(event: OutputEvent) -> None:
            voice.say(f"{event.output}: {event.state}" + (f", {event.reason}" * bool(event.reason)))

        try:
            for address in addresses:
                outputs.append(
                    open_output(address, session.width, session.height, session.fps, on_event=told)
                )
            voice.say("speaking; Ctrl-C ends it")
            run(session, speech, outputs)
        except KeyboardInterrupt:
            voice.say("ending")
        finally:
            _close(outputs, voice)


def run(
    session: Session,
    source: Source,
    outputs: Sequence[Output],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Step a session in real time until its source has ended and was heard.

    Raises:
        OutputError: every output has failed.
        SoundError: the source was lost.
    """
    from gioconda.live.pacing import Pacer

    pacer = Pacer(session.fps, session.delay_s, clock())
    quiet_since_s: float | None = None
    told_end = False
    while True:
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
        busy = not told_end or session.speaking or session.queued_s > 0
        if busy:
            quiet_since_s = None
        elif quiet_since_s is None:
            quiet_since_s = now_s
        elif now_s - quiet_since_s > session.delay_s + _TAIL_S:
            return


def _opened(source: str, rate_hz: int, stack: ExitStack) -> Source:
    from gioconda.live.sources import open_source

    opened = open_source(source, rate_hz)
    stack.callback(opened.close)
    return opened


def _session(portrait: str, controls: Controls, look: LiveLook) -> Session:
    from gioconda.background import background_of
    from gioconda.frame_maker import check_options
    from gioconda.live.session import Session
    from gioconda.portrait import Portrait

    background = background_of(look.background)
    if look.background == "none":
        raise OptionError("outputs carry no transparency; choose keep, blur, a colour or a picture")
    check_options(look.fps, look.size, "crop", controls.distance, background)
    return Session(
        Portrait.open(portrait, look.face), controls, fps=look.fps, size=look.size,
        background=background, lookahead_ms=look.lookahead_ms,
    )  # fmt: skip


def _close(outputs: Sequence[Output], voice: Voice) -> None:
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
        voice.say(f"{output.name}: {figures.frames} frames, {figures.dropped} dropped")
    if failure is not None:
        raise failure
