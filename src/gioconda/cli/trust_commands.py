"""The commands under ``gioconda trust`` and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.voice import Voice

trust_app = typer.Typer(
    help="Keys by which outputs are signed and marked, and the log of what was made.",
    no_args_is_help=True,
)


@trust_app.command()
def init(
    organisation_cert: Annotated[
        str | None,
        typer.Option(
            "--organisation-cert",
            show_default=False,
            help="Sign with an organisation's own certificate: a file of PEM, the signer's first, "
            "then who issued it.",
        ),
    ] = None,
    organisation_key: Annotated[
        str | None,
        typer.Option("--organisation-key", help="Its private key in PEM.", show_default=False),
    ] = None,
    own: Annotated[
        bool, typer.Option("--own", help="Sign with this installation's own key again.")
    ] = False,
    timestamp_url: Annotated[
        str | None,
        typer.Option(
            "--timestamp-url",
            show_default=False,
            help="Ask this RFC 3161 time server for every signature; '' asks none, as at first.",
        ),
    ] = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
) -> None:
    """Make the keys if there are none yet, and set what signs.

    Not needed before the first output, which makes them, too. Doing it again changes nothing but
    what is asked for.
    """
    from gioconda.cli import trusting

    trusting.init(
        organisation_cert, organisation_key, Voice(as_json=as_json, quiet=quiet),
        own=own, timestamp_url=timestamp_url,
    )  # fmt: skip


@trust_app.command()
def show(as_json: arg.Json = False, quiet: arg.Quiet = False) -> None:
    """Show what signs and marks: certificates, dates, identifier; makes nothing."""
    from gioconda.cli import trusting

    trusting.show(Voice(as_json=as_json, quiet=quiet))


@trust_app.command()
def rotate(as_json: arg.Json = False, quiet: arg.Quiet = False) -> None:
    """Make new keys for what comes; what earlier ones signed and marked stays readable."""
    from gioconda.cli import trusting

    trusting.rotate(Voice(as_json=as_json, quiet=quiet))


@trust_app.command()
def export(
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", show_default=False, help="File; standard output if not given."
        ),
    ] = None,
    secret: Annotated[
        bool,
        typer.Option(
            "--secret",
            help="The private keys, too, for a safe copy, encrypted with a passphrase that is "
            "asked for (or in the variable GIOCONDA_PASSPHRASE).",
        ),
    ] = False,
    force: arg.Force = False,
    quiet: arg.Quiet = False,
) -> None:
    """Write the public certificates (PEM) by which others can know files signed here.

    They put it into the folder 'anchors' that 'gioconda trust show' names, or give it to any
    reader of Content Credentials as a trust anchor.
    """
    from gioconda.cli import trusting

    trusting.export(output, Voice(quiet=quiet), secret=secret, force=force)


@trust_app.command()
def log(
    most: Annotated[
        int | None, typer.Option("-n", "--most", min=1, help="The newest so many.")
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(
            "--forget",
            show_default=False,
            help="Delete an output of this number from the log, or 'all'.",
        ),
    ] = None,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
) -> None:
    """List what was made here, newest first: when, from what, on which basis."""
    from gioconda.cli import trusting

    trusting.log(most, forget, Voice(as_json=as_json, quiet=quiet))
