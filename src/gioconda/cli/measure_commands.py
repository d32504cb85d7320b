"""The commands under ``gioconda measure`` and their options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.voice import Voice

measure_app = typer.Typer(help="Measure results against recordings.", no_args_is_help=True)

Clips = Annotated[str, typer.Argument(help="Folder of talking clips, with their sound.")]
Tracked = Annotated[str, typer.Argument(help="Folder of curves tracked from them.")]
Rivals = Annotated[
    str | None,
    typer.Option(
        "--rivals", show_default=False,
        help="Folder of other systems' cases: a folder each with portrait.jpg, speech.mp3 and "
        "tracked.npz.",
    ),
]  # fmt: skip
Only = Annotated[
    list[str] | None,
    typer.Option("--clip", help="Only clips whose name begins so; may be repeated."),
]
Speaker = Annotated[
    str | None, typer.Option("--portrait", help="A frontal picture; the example if none.")
]
Rate = Annotated[float, typer.Option("--fps", help="Frames a second to render.")]
MotionOnly = Annotated[
    bool, typer.Option("--motion-only", help="Score the motion without rendering it.")
]

Keep = Annotated[
    str | None,
    typer.Option(
        "--keep", show_default=False,
        help="Folder for our tracked curves, which 'measure motion --ours' takes.",
    ),
]  # fmt: skip
IntervalSeed = Annotated[int, typer.Option("--seed", help="Of the confidence intervals.")]


@measure_app.command()
def lipsync(
    clips: Clips,
    tracked: Tracked,
    rivals: Rivals = None,
    only: Only = None,
    portrait: Speaker = None,
    fps: Rate = 25.0,
    size: arg.Size = 512,
    motion_only: MotionOnly = False,
    readouts: Annotated[
        str | None,
        typer.Option(
            "--readouts",
            show_default=False,
            help="Folder of tables of lip curves, each with the names of the clips that it was "
            "fitted on; every real clip is spoken with one that has not seen it.",
        ),
    ] = None,
    lookahead: Annotated[
        str | None,
        typer.Option(
            "--lookahead",
            metavar="ANALYSIS,PERFORMER",
            show_default=False,
            help="Look-ahead in ms of both, in place of their own: 40,40.",
        ),
    ] = None,
    own: Annotated[
        bool,
        typer.Option("--own-video", help="Score the speakers' own videos too, tracked again."),
    ] = False,
    keep: Keep = None,
    each: Annotated[bool, typer.Option("--each", help="A row for each clip.")] = False,
    seed: IntervalSeed = 0,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Let each clip's sound drive one portrait; compare our lips with the speaker's."""
    from gioconda.cli import measuring

    chosen = measuring.Chosen(clips, tracked, rivals, tuple(only or ()))
    how = measuring.Rendering(portrait, fps, size, motion_only)
    say = Voice(as_json=as_json, quiet=quiet)
    measuring.lipsync(
        chosen, how, readouts=readouts, lookahead=lookahead, own=own, keep=keep, each=each,
        seed=seed, voice=say, force=force,
    )  # fmt: skip


@measure_app.command()
def motion(
    clips: Clips,
    tracked: Tracked,
    rivals: Rivals = None,
    only: Only = None,
    portrait: Speaker = None,
    fps: Rate = 25.0,
    size: arg.Size = 512,
    motion_only: MotionOnly = False,
    ours: Annotated[
        str | None,
        typer.Option(
            "--ours",
            show_default=False,
            help="Folder of our tracked curves that --keep made; nothing is rendered.",
        ),
    ] = None,
    keep: Keep = None,
    seed: IntervalSeed = 0,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Compare how heads, eyes, brows and lips of real people move with how ours do."""
    from gioconda.cli import measuring

    chosen = measuring.Chosen(clips, tracked, rivals, tuple(only or ()))
    how = measuring.Rendering(portrait, fps, size, motion_only)
    say = Voice(as_json=as_json, quiet=quiet)
    measuring.motion(chosen, how, ours=ours, keep=keep, seed=seed, voice=say, force=force)


@measure_app.command()
def closures(
    languages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LANGUAGE...",
            show_default=False,
            help="As espeak-ng names them: de, fr, pt-br; all there are sentences in if none.",
        ),
    ] = None,
    portrait: Speaker = None,
    size: arg.Size = 512,
    motion_only: MotionOnly = False,
    seed: IntervalSeed = 0,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
) -> None:
    """Speak sentences with known phones (by espeak-ng); do the lips close at p, b and m alone?"""
    from gioconda.cli import measuring

    how = measuring.Rendering(portrait, 50.0, size, motion_only)
    say = Voice(as_json=as_json, quiet=quiet)
    measuring.closures(tuple(languages or ()), how, seed=seed, voice=say)


@measure_app.command()
def controls(
    portraits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PORTRAIT...",
            show_default=False,
            help="Pictures, three or more for figures to rely on; the example if none.",
        ),
    ] = None,
    sound: Annotated[
        str | None, typer.Option("--sound", help="What is spoken; the example speech if none.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only this control or emotion; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the performances.")] = 0,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
) -> None:
    """Measure what each control and each emotion does in the rendered frames."""
    from gioconda.cli import measuring

    say = Voice(as_json=as_json, quiet=quiet)
    measuring.controls(tuple(portraits or ()), sound, tuple(only or ()), seed=seed, voice=say)


@measure_app.command()
def reenact(
    clips: Annotated[
        list[str], typer.Argument(metavar="CLIP|FOLDER...", help="Videos, or folders of them.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            show_default=False,
            help="Folder for a picture of each clip: nine real frames above ours.",
        ),
    ] = None,
    size: arg.Size = 512,
    refine: Annotated[
        bool,
        typer.Option(
            "--refine/--no-refine",
            help="Correct lids and brows by what a first render shows, as 'track --refine' does.",
        ),
    ] = True,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Drive each clip's first frame by the clip's motion; compare with the real frames."""
    from gioconda.cli import looking

    say = Voice(as_json=as_json, quiet=quiet)
    sys.exit(looking.reenact(clips, output, size=size, refine=refine, voice=say, force=force))


@measure_app.command()
def live(
    portrait: Annotated[
        str | None,
        typer.Option("--portrait", help="A picture to upload; the example portrait if none."),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.2, max=120, help="Length of the long session.")
    ] = 10.0,
    trials: Annotated[
        int, typer.Option("--trials", min=3, max=200, help="Of clicks and of interruptions.")
    ] = 20,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only this part of the table; may be repeated."),
    ] = None,
    as_json: arg.Json = False,
) -> None:
    """Serve a page to a headless Chromium, and measure frames, delays, synchrony and memory."""
    from gioconda.cli import looking

    looking.live(portrait, minutes=minutes, trials=trials, only=tuple(only or ()), as_json=as_json)


@measure_app.command()
def trust(
    media: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER]",
            show_default=False,
            help="Folder with portraits, audio and clips; the example portrait alone if none.",
        ),
    ] = None,
    clips: Annotated[
        int, typer.Option("--clips", min=1, help="Rendered clips, and as many real ones.")
    ] = 20,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Only this: robustness, invisibility, false-alarms, outputs, trade-off, or a word "
            "of an attack's name; may be repeated.",
        ),
    ] = None,
    keys: Annotated[
        int, typer.Option("--keys", min=1, help="Other operators' keys for the false alarms.")
    ] = 1000,
    plot: Annotated[
        str | None,
        typer.Option("--plot", show_default=False, help="PNG for strength against invisibility."),
    ] = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Measure what the watermark survives, how visible it is, and its false alarms.

    Portraits are rendered without a mark first, for this run alone: each needs consent.
    """
    from gioconda.cli import measuring_trust

    say = Voice(as_json=as_json, quiet=quiet)
    measuring_trust.measured(
        media, clips=clips, only=tuple(only or ()), keys=keys, plot=plot, voice=say, force=force
    )
