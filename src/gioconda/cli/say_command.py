"""The command ``say``: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.consent_options import Stating, with_consent
from gioconda.cli.voice import Voice

SPEECH = "Voice"


@with_consent
def say(
    context: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(
            help="What to say: the words, a text file, or '-' for standard input.",
            show_default=False,
        ),
    ] = None,
    portrait: Annotated[
        str | None,
        typer.Option("--portrait", "-p", help="The picture that speaks.", show_default=False),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", show_default=False,
            help="Where the video goes, as in 'animate'; a .wav keeps the speech alone and needs "
            "no portrait.",
        ),
    ] = None,
    voice: Annotated[
        str | None,
        typer.Option(
            "--voice", rich_help_panel=SPEECH, show_default=False,
            help="it, en-gb+f3, ...; by the text's script, or English, if not given. With piper "
            "the path of a model.",
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", help="Speed, 0.5 to 2.", rich_help_panel=SPEECH)
    ] = 1.0,
    pitch: Annotated[
        float,
        typer.Option(
            "--pitch", help="Semitones higher or lower, -7 to 7.", rich_help_panel=SPEECH
        ),
    ] = 0.0,
    engine: Annotated[
        str, typer.Option("--engine", help="espeak-ng or piper.", rich_help_panel=SPEECH)
    ] = "espeak-ng",
    command: Annotated[
        str | None,
        typer.Option(
            "--command", rich_help_panel=SPEECH, show_default=False,
            help="A program of your own speaks, as in 'flite -t {text} -o {out}'.",
        ),
    ] = None,
    language: arg.Language = None,
    list_voices: Annotated[
        bool,
        typer.Option(
            "--list-voices", rich_help_panel=SPEECH,
            help="List the voices there are, of the language given as TEXT or of all.",
        ),
    ] = False,
    sound_out: Annotated[
        str | None,
        typer.Option(
            "--sound-out", help="Keep the speech as a .wav, too.", rich_help_panel=SPEECH,
            show_default=False,
        ),
    ] = None,
    fps: arg.Fps = 40.0,
    size: arg.Size = 512,
    framing: arg.FramingOption = "crop",
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
    controls_file: arg.ControlsFile = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
    *,
    consent: Stating,
) -> None:  # fmt: skip
    """Type instead of speak: a text becomes speech and a talking face."""
    from gioconda.background import background_of
    from gioconda.cli import saying
    from gioconda.cli.making import Look

    teller = Voice(as_json=as_json, quiet=quiet)
    if list_voices:
        saying.list_voices(text, engine, teller)
        return
    speech = saying.Speech(
        text=text, voice=voice, rate=rate, pitch=pitch, engine=engine, command=command,
        language=language,
    )  # fmt: skip
    look = Look(
        fps=fps, size=size, framing=framing, face=face, distance=distance,
        background=background_of(background), label=label,
    )  # fmt: skip
    constant = arg.controls(
        gaze=gaze, distance=distance, emotion=emotion, expression=expression, head=head,
        blinks=blinks, seed=seed, still=still,
    )  # fmt: skip
    controls = arg.directed(constant, controls_file, context)
    saying.say(
        speech,
        portrait,
        output,
        sound_out,
        controls,
        look,
        teller,
        consent=consent,
        force=force,
    )
