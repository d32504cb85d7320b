"""The option ``--cluster [ADDRESS]``, whose address may be left out."""

from __future__ import annotations

import os
from typing import Annotated, Any, Final

import typer.core

from gioconda.cluster.connection import is_address

_NAME: Final = "--cluster"

ClusterOption = Annotated[
    str | None,
    typer.Option(
        _NAME, metavar="[ADDRESS]", rich_help_panel="Many machines", show_default=False,
        help="Make it on a Ray cluster: host:port of its head; without ADDRESS the cluster of this "
        "machine, or else a Ray on this machine's cores. Needs the extra 'cluster'.",
    ),
]  # fmt: skip
JobsOption = Annotated[
    str | None,
    typer.Option(
        "--jobs", metavar="LIST", rich_help_panel="Many machines", show_default=False,
        help="A CSV file of videos to make, in place of PORTRAIT... SOUND: "
        "portrait,sound,output[,controls][,basis].",
    ),
]  # fmt: skip

SessionsOnCluster = Annotated[
    str | None,
    typer.Option(
        _NAME, metavar="[ADDRESS]", rich_help_panel="Many machines", show_default=False,
        help="Hold the sessions on a Ray cluster: host:port of its head; without ADDRESS the "
        "cluster of this machine, or else a Ray on its cores. Needs the extra 'cluster'.",
    ),
]  # fmt: skip
ClusterPort = Annotated[
    int,
    typer.Option(
        "--cluster-port", min=0, max=65535, rich_help_panel="Many machines", show_default=False,
        help="Port of this machine that the cluster's workers connect back to; any if not given.",
    ),
]  # fmt: skip


class WithCluster(typer.core.TyperCommand):
    """A command whose ``--cluster`` takes the next word only if that can be an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual, with the empty address written out."""
        return super().parse_args(ctx, written_out(args))


def written_out(args: list[str]) -> list[str]:
    """Return the words of a command with ``--cluster=`` where no address follows."""
    done: list[str] = []
    for place, word in enumerate(args):
        if word == "--":
            return done + args[place:]
        following = args[place + 1] if place + 1 < len(args) else ""
        alone = word == _NAME and (not is_address(following) or os.path.exists(following))
        done.append(f"{_NAME}=" if alone else word)
    return done
