"""The commands ``gioconda consent``: the ledger of who may be animated on what basis."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from gioconda.cli import arguments as arg
from gioconda.cli.consent_options import Stating, with_consent
from gioconda.cli.voice import Voice

consent_app: Final = typer.Typer(
    help="Who may be animated, on what basis: list, show, export, state and revoke.",
    no_args_is_help=True,
)
_What = Annotated[
    str, typer.Argument(metavar="REF|PORTRAIT", help="A reference, or a picture's file.")
]


@consent_app.command()
@with_consent
def state(
    portrait: Annotated[str, typer.Argument(help="The picture.")],
    after_revocation: Annotated[
        bool,
        typer.Option(
            "--after-revocation",
            help="Consent was revoked, and is given anew; the ledger keeps both.",
        ),
    ] = False,
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    *,
    consent: Stating,
) -> None:
    """Put on record on what basis a portrait may be animated, without making anything."""
    from gioconda.cli import consenting

    consenting.state(
        portrait, consent, Voice(as_json=as_json, quiet=quiet),
        after_revocation=after_revocation,
    )  # fmt: skip


@consent_app.command("list")
def list_all(
    portrait: Annotated[
        str | None,
        typer.Argument(
            metavar="REF|PORTRAIT", help="Only of this picture's file.", show_default=False
        ),
    ] = None,
    as_json: arg.Json = False,
) -> None:
    """List every statement, oldest first, or those about one portrait."""
    from gioconda.cli import consenting

    consenting.list_all(portrait, Voice(as_json=as_json))


@consent_app.command()
def show(what: _What, as_json: arg.Json = False) -> None:
    """Show everything that is on record under a reference, or about a portrait."""
    from gioconda.cli import consenting

    consenting.show(what, Voice(as_json=as_json))


@consent_app.command()
def export(
    output: Annotated[str, typer.Argument(metavar="FILE.json", help="Where it goes.")],
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
    force: arg.Force = False,
) -> None:
    """Write every statement into a file, with the salts by which references can be checked."""
    from gioconda.cli import consenting

    consenting.export(output, Voice(as_json=as_json, quiet=quiet), force=force)


@consent_app.command()
def revoke(
    what: _What,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    as_json: arg.Json = False,
    quiet: arg.Quiet = False,
) -> None:
    """Take consent back: the portrait is refused from now on, and running sessions of it end.

    A picture nobody has stated anything about is refused beforehand.
    """
    from gioconda.cli import consenting

    consenting.revoke(what, reason, Voice(as_json=as_json, quiet=quiet))


@consent_app.command()
def challenge(
    language: Annotated[
        str, typer.Option("--language", help="Of the words: en, it, de, es or fr.")
    ] = "en",
    words: Annotated[int, typer.Option("--words", help="How many, 5 to 7.")] = 6,
    as_json: arg.Json = False,
) -> None:
    """Print a random phrase for the person shown to say, as evidence (--statement, --phrase)."""
    from gioconda.trust.consent.challenge import new_phrase

    phrase = new_phrase(language, words)
    Voice(as_json=as_json).result(phrase, {"phrase": phrase, "language": language})
