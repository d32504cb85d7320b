"""The command ``verify``: its options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.voice import Voice


def verify(
    path: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="A picture, a video or a sound from anywhere, or a folder of them.",
        ),
    ],
    report: Annotated[
        str | None,
        typer.Option(
            "--report", show_default=False,
            help="Write the finding as a page or a picture, too: .html or .png; of one file.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Look for the watermark in whole frames alone: misses crops and screenshots.",
        ),
    ] = False,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:  # fmt: skip
    """Tell what can be known of a file: credentials, watermark, this installation's log.

    Exit codes: 0 made with Gioconda, 1 no evidence either way, 2 unreadable or wrong usage,
    3 evidence of tampering. Nothing leaves this machine.
    """
    from gioconda.cli import verifying

    sys.exit(
        verifying.verify(
            path, report, quick=quick, force=force, voice=Voice(as_json=as_json, quiet=quiet)
        )
    )
