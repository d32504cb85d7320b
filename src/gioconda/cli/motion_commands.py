"""The commands on motion that is there already, and their options: edit, convert, plot."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.ordered import Ordered
from gioconda.cli.voice import Voice


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(cls=Ordered)(edit)
    app.command()(convert)
    app.command()(plot)


def edit(
    ctx: typer.Context,
    motion: arg.MotionFile,
    output: arg.MotionOutput = "edited.npz",
    scale: arg.Scale = None,
    offset: arg.Offset = None,
    mirror: arg.Mirror = False,
    smooth: arg.Smooth = None,
    cut: arg.Cut = None,
    join: arg.Join = None,
    replace: arg.Replace = None,
    speed: arg.Speed = None,
    start: arg.Start = None,
    crossfade: arg.Crossfade = 0.25,
    rate: arg.Rate = None,
    format: arg.MotionFormat = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Change a motion: scale, offset, mirror, smooth, cut and join channels.

    Operations are applied in the order in which they are given. CHANNELS is a channel such as
    jawOpen, both sides of one such as mouthSmile, or a group: mouth, jaw, brows, eyes, lids,
    gaze, cheeks, head, body, all.
    """
    from gioconda.cli import motions

    steps = motions.steps_of(
        ctx,
        {
            "scale": scale, "offset": offset, "mirror": mirror, "smooth": smooth, "cut": cut,
            "join": join, "replace": replace, "speed": speed, "start": start,
        },
    )  # fmt: skip
    motions.check_steps(steps, rate, fades="crossfade" in ctx.meta["gioconda.order"])
    motions.edit(
        motion, output, steps, format=format, rate_hz=rate, crossfade_s=crossfade,
        voice=Voice(as_json=as_json, quiet=quiet), force=force,
    )  # fmt: skip


def convert(
    motion: arg.MotionFile,
    output: arg.MotionOutput,
    rate: arg.Rate = None,
    format: arg.MotionFormat = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Write a motion in another format: for Blender, Unreal, or as a table."""
    from gioconda.cli import motions

    motions.convert(motion, output, format, rate, Voice(as_json=as_json, quiet=quiet), force)


def plot(
    motion: Annotated[
        str, typer.Argument(help="A motion; or a sound or a video, whose motion is made first.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            show_default=False,
            help="Where the picture goes: .png, .svg or .pdf. The motion's name with .png if not "
            "given.",
        ),
    ] = None,
    sound: Annotated[
        str | None,
        typer.Option("--sound", show_default=False, help="A sound to draw above the motion."),
    ] = None,
    begin: Annotated[
        float | None, typer.Option("--from", show_default=False, help="First second to show.")
    ] = None,
    end: Annotated[
        float | None, typer.Option("--to", show_default=False, help="Last second to show.")
    ] = None,
    width: Annotated[int, typer.Option("--width", help="Of the picture, in pixels.")] = 1600,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Draw a motion: sound, mouth, head, eyes and face over time."""
    from gioconda.cli import motions

    motions.plot(
        motion, output, sound, begin=begin, end=end, width=width,
        voice=Voice(as_json=as_json, quiet=quiet), force=force,
    )  # fmt: skip
