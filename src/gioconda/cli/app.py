"""Every command and its options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli import live_command, motion_commands, say_command, serve_command, verify_command
from gioconda.cli.cluster_option import ClusterOption, JobsOption, WithCluster
from gioconda.cli.consent_commands import consent_app
from gioconda.cli.consent_options import Stating, with_consent
from gioconda.cli.measure_commands import measure_app
from gioconda.cli.train_commands import train_app
from gioconda.cli.trust_commands import trust_app
from gioconda.cli.voice import Voice
from gioconda.cli.words import Words
from gioconda.controls import Controls
from gioconda.errors import OptionError

app = typer.Typer(
    name="gioconda",
    help="One portrait and a voice become a talking face, in real time, on a plain CPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from gioconda import __version__

        print(f"gioconda {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command(cls=WithCluster)
@with_consent
def animate(
    context: typer.Context,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PORTRAIT... SOUND",
            help="One picture or several, then the sound ('-' reads it from standard input).",
            show_default=False,
        ),
    ] = None,
    output: arg.Output = None,
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
    partner: arg.Partner = None,
    controls_file: arg.ControlsFile = None,
    text: arg.Transcript = None,
    language: arg.Language = None,
    motion_from: arg.MotionFrom = None,
    motion_face: arg.MotionFace = None,
    cluster: ClusterOption = None,
    jobs: JobsOption = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
    source_image: arg.HiddenPortrait = None,
    source: arg.HiddenSource = None,
    driven_audio: arg.HiddenSound = None,
    audio: arg.HiddenAudio = None,
    *,
    consent: Stating,
) -> None:
    """Make a portrait speak: one picture and a sound become a video.

    Several portraits with a folder as the output make a batch. With --partner the face listens to
    somebody else; a portrait alone, without a sound of its own, then listens throughout. With
    --motion-from a person in a video drives the portrait, and the video's own sound is heard if no
    other is given.
    """
    from gioconda.background import background_of
    from gioconda.cli import making

    look = making.Look(
        fps=fps, size=size, framing=framing, face=face, distance=distance,
        background=background_of(background), label=label,
    )  # fmt: skip
    say = Voice(as_json=as_json, quiet=quiet)
    if motion_from is not None:
        from gioconda.cli import capturing

        capturing.refuse_controls(
            {
                "--gaze": gaze != "0,0", "--emotion": emotion != "neutral",
                "--expression": expression != 1, "--blinks": blinks != 1,
                "--seed": seed != 0, "--still": still, "--controls": controls_file is not None,
                "--text": text is not None, "--language": language is not None,
                "--partner": partner is not None, "--cluster": cluster is not None,
                "--jobs": jobs is not None,
            }
        )  # fmt: skip
        capturing.animate_from(
            motion_from, inputs or [], [p for p in (source_image, source) if p],
            [s for s in (driven_audio, audio) if s], output, head=head,
            video_face=motion_face, look=look, voice=say, consent=consent, force=force,
        )  # fmt: skip
        return
    if motion_face is not None:
        raise OptionError("--motion-face chooses a face of the video that --motion-from names")
    if jobs is not None:
        from gioconda.cli import batches

        named = inputs or source_image or source or driven_audio or audio
        batches.refuse_beside_jobs(
            {
                "PORTRAIT... SOUND": bool(named),
                "--partner": partner is not None, "--controls": controls_file is not None,
                "--text": text is not None, "--language": language is not None,
            }
        )  # fmt: skip
        given = arg.controls(
            gaze=gaze, distance=distance, emotion=emotion, expression=expression, head=head,
            blinks=blinks, seed=seed, still=still,
        )  # fmt: skip
        sys.exit(
            batches.animate_list(
                jobs, output, lambda file: arg.directed(given, file, context), look, say, cluster,
                consent=consent, force=force,
            )
        )  # fmt: skip
    portraits, sound = arg.split_inputs(
        inputs or [],
        [p for p in (source_image, source) if p],
        [s for s in (driven_audio, audio) if s],
        listens=partner is not None,
    )
    constant = arg.controls(
        gaze=gaze, distance=distance, emotion=emotion, expression=expression, head=head,
        blinks=blinks, seed=seed, still=still,
    )  # fmt: skip
    controls = arg.directed(constant, controls_file, context)
    words = Words(text, language)
    if cluster is not None:
        from gioconda.cli import batches

        sys.exit(
            batches.animate(
                portraits, sound, output, controls, look, say, words, cluster, partner=partner,
                consent=consent, force=force,
            )
        )  # fmt: skip
    sys.exit(
        making.animate(
            portraits,
            sound,
            output,
            controls,
            look,
            say,
            words,
            partner=partner,
            consent=consent,
            force=force,
        )
    )


app.command()(say_command.say)
app.command()(live_command.live)


@app.command()
def perform(
    context: typer.Context,
    sound: Annotated[
        str | None,
        typer.Argument(help="The sound; '-' reads it from standard input.", show_default=False),
    ] = None,
    output: arg.MotionOutput = "motion.npz",
    partner: arg.Partner = None,
    seed: arg.Seed = 0,
    gaze: arg.Gaze = "0,0",
    emotion: arg.Emotion = "neutral",
    expression: arg.Expression = 1.0,
    head: arg.Head = 1.0,
    blinks: arg.Blinks = 1.0,
    still: arg.Still = False,
    text: arg.Transcript = None,
    language: arg.Language = None,
    rate: arg.Rate = None,
    format: arg.MotionFormat = None,
    controls_file: arg.ControlsFile = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Make the motion alone: a sound becomes 52 blendshapes and the head's pose over time."""
    from gioconda.cli import making

    constant = arg.controls(
        gaze=gaze, emotion=emotion, expression=expression, head=head,
        blinks=blinks, seed=seed, still=still,
    )  # fmt: skip
    controls = arg.directed(constant, controls_file, context)
    making.perform(
        sound, output, controls, Voice(as_json=as_json, quiet=quiet), Words(text, language),
        partner=partner, force=force, controls_file=controls_file, rate_hz=rate, format=format,
    )  # fmt: skip


@app.command()
def track(
    video: Annotated[str, typer.Argument(help="A video of a person.")],
    output: arg.MotionOutput = "motion.npz",
    face: arg.TrackedFace = None,
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            help="What is neutral. neutral: the person's face at rest, to drive any portrait; "
            "first: the first frame with a face, to drive that frame.",
        ),
    ] = "neutral",
    rate: arg.Rate = None,
    format: arg.MotionFormat = None,
    refine: Annotated[
        bool,
        typer.Option(
            "--refine",
            help="Render the person, track that too, and correct lids and brows; takes twice as "
            "long.",
        ),
    ] = False,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Take the motion of a person from a video: blendshapes, gaze and head over time."""
    from gioconda.cli import capturing

    capturing.track(
        video, output, face=face, reference=reference, rate_hz=rate, format=format,
        refine=refine, voice=Voice(as_json=as_json, quiet=quiet), force=force,
    )  # fmt: skip


@app.command()
@with_consent
def render(
    context: typer.Context,
    portrait: Annotated[str, typer.Argument(help="The picture.")],
    motion: Annotated[
        str, typer.Argument(help="Motion: .npz, .csv, a take of Live Link Face, or .bvh.")
    ],
    sound: Annotated[
        str | None, typer.Option("--sound", help="A sound to put beside the picture.")
    ] = None,
    output: arg.Output = None,
    fps: arg.Fps = 40.0,
    size: arg.Size = 512,
    framing: arg.FramingOption = "crop",
    background: arg.BackgroundOption = "keep",
    label: arg.Label = False,
    face: arg.FaceOption = None,
    distance: arg.Distance = 1.0,
    controls_file: arg.ControlsFile = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
    *,
    consent: Stating,
) -> None:
    """Show a motion on a portrait."""
    from gioconda.background import background_of
    from gioconda.cli import making

    look = making.Look(
        fps=fps, size=size, framing=framing, face=face, distance=distance,
        background=background_of(background), label=label,
    )  # fmt: skip
    say = Voice(as_json=as_json, quiet=quiet)
    controls = arg.directed(Controls(distance=distance), controls_file, context)
    making.render(
        portrait, motion, sound, output, controls, look, say, consent=consent, force=force
    )


motion_commands.add_to(app)


@app.command()
@with_consent
def inspect(
    portrait: Annotated[str, typer.Argument(help="The picture.")],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Where the sheet of expressions goes (.png)."),
    ] = None,
    face: arg.FaceOption = None,
    size: arg.Size = 512,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
    *,
    consent: Stating,
) -> None:
    """Say what is found in a picture, before any long work: faces, angle, sharpness, warnings."""
    from gioconda.cli import looking

    looking.inspect(
        portrait,
        output,
        face=face,
        size=size,
        consent=consent,
        as_json=as_json,
        quiet=quiet,
        force=force,
    )


@app.command()
def doctor(as_json: arg.Json = False) -> None:
    """Check this installation: versions, cores, codecs, backends, the speed of a frame."""
    from gioconda.cli import looking

    sys.exit(looking.doctor(as_json=as_json))


@app.command()
def bench(
    portrait: Annotated[
        str | None, typer.Option("--portrait", help="A picture; the example portrait if none.")
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(
            "--minutes", min=0.2, max=60, help="Length of the long sound of the memory test."
        ),
    ] = 1.0,
    as_json: arg.Json = False,
) -> None:
    """Measure speed and memory on this machine: each stage, and the whole."""
    from gioconda.cli import looking

    looking.bench(portrait, minutes=minutes, as_json=as_json)


@app.command()
def demo(
    output: Annotated[str, typer.Option("-o", "--output", help="Where the video goes.")] = (
        "demo.mp4"
    ),
    force: arg.Force = False,
    quiet: arg.Quiet = False,
    as_json: arg.Json = False,
) -> None:
    """Animate the example portrait with the example speech."""
    from gioconda.cli import making

    making.demo(output, Voice(as_json=as_json, quiet=quiet), force=force)


app.command(cls=WithCluster)(serve_command.serve)
app.command()(verify_command.verify)


@app.command("warm-up", hidden=True)
def warm_up() -> None:
    """Compile every kernel, so that no later command waits for it."""
    from gioconda.cli import looking

    looking.warm_up()


app.add_typer(consent_app, name="consent")
app.add_typer(measure_app, name="measure")
app.add_typer(trust_app, name="trust")
app.add_typer(train_app, name="train")
