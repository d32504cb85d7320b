"""The command ``live``: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.consent_options import Stating, with_consent
from gioconda.cli.voice import Voice
from gioconda.errors import OptionError


@with_consent
def live(
    portrait: Annotated[str, typer.Argument(help="The picture that speaks.")],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="microphone|SOUND|-",
            help="The voice: the microphone, a sound played in real time, or raw PCM on standard "
            "input (16 bits, mono, --rate).",
        ),
    ] = "microphone",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="ADDRESS|FILE|camera",
            show_default=False,
            help="Where it goes; can be given several times: rtmp://, rtsp://, srt:// or udp://, a "
            "file (.mp4, .mkv, .ts, .flv), or camera, a virtual webcam.",
        ),
    ] = None,
    rate: Annotated[int, typer.Option("--rate", help="Samples a second of raw PCM.")] = 16_000,
    lookahead: Annotated[
        float,
        typer.Option(
            "--lookahead",
            metavar="MS",
            help="How far the picture lies behind the voice, 40 to 500 ms; more is livelier.",
        ),
    ] = 80.0,
    fps: arg.Fps = 40.0,
    size: arg.Size = 512,
    background: arg.BackgroundOption = "keep",
    label: arg.Label = False,
    face: arg.FaceOption = None,
    seed: arg.Seed = 0,
    gaze: arg.Gaze = "0,0",
    distance: arg.Distance = 1.0,
    emotion: arg.Emotion = "neutral",
    expression: arg.Expression = 1.0,
    head: arg.Head = 1.0,
    blinks: arg.Blinks = 1.0,
    still: arg.Still = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
    *,
    consent: Stating,
) -> None:
    """A face that speaks with you, without a browser: into a stream, a file or a virtual webcam.

    Ctrl-C ends it; files are complete then. The voice is sent with the face, in step with it.
    """
    from gioconda.cli import living

    track = arg.controls(
        gaze=gaze, distance=distance, emotion=emotion, expression=expression, head=head,
        blinks=blinks, seed=seed, still=still,
    )  # fmt: skip
    if track.emotion:
        raise OptionError("'live' shows one emotion at a time; give --emotion NAME:STRENGTH")
    look = living.LiveLook(fps, size, background, face, lookahead, label)
    living.live(
        portrait, source, to or [], track.constant, look, Voice(as_json=False, quiet=quiet),
        rate_hz=rate, consent=consent, force=force,
    )  # fmt: skip
