"""The commands under ``gioconda train``: their options."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli import arguments as arg

train_app = typer.Typer(help="Make the shipped weights again.", no_args_is_help=True)


@train_app.command("speech")
def train_speech(
    output: Annotated[
        str, typer.Option("-o", "--output", help="Folder for the weights.")
    ] = "out/speech",
    minutes: Annotated[
        float, typer.Option("--minutes", min=1, help="Minutes of synthetic speech.")
    ] = 800.0,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Training steps.")] = 10_100,
    seed: arg.Seed = 0,
) -> None:
    """Train the phonetic net from synthetic speech (needs the extra 'train')."""
    from gioconda.cli import looking

    looking.train_speech(output, minutes=minutes, steps=steps, seed=seed)
