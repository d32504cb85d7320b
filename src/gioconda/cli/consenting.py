"""On what basis a portrait may be animated, and what the commands ``consent`` do."""

from __future__ import annotations

import json
import os
import string
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from gioconda.cli.consent_options import Stating
from gioconda.cli.consent_questions import asked, can_ask
from gioconda.cli.consent_records import line, told, whole
from gioconda.cli.voice import Voice
from gioconda.errors import ConsentError, GiocondaError, OptionError

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.trust.consent.record import Record
    from gioconda.trust.consent.statement import Evidence, Statement
    from gioconda.trust.provenance import BasisName, Grant

#: Codes of statements that leave something out.
_INCOMPLETE: Final = ("not_stated", "refused")


def granted(portrait: Portrait, given: Stating, voice: Voice) -> Grant:
    """Return on what a portrait may be animated: as the options, the ledger or the user say.

    Raises:
        ConsentError: nothing is stated and nobody can be asked, or it was revoked or has expired.
        OptionError: an option cannot be read.
    """
    return _granted(portrait.pixels_sha256, portrait.name, statement_of(given), given, voice)


def granted_of(
    paths: Iterable[str], given: Stating, voice: Voice
) -> dict[str, Grant | GiocondaError]:
    """Return on what each of several pictures may be animated, or why not, before any is.

    A recorded statement is heard once.

    Args:
        paths: of the pictures.
        given: the options.
        voice: of the command.

    Raises:
        OptionError: an option cannot be read.
        ConsentError: the recorded statement does not match its phrase.
    """
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256

    statement = statement_of(given)
    found: dict[str, Grant | GiocondaError] = {}
    for path in paths:
        if path not in found:
            try:
                digest = pixels_sha256(decode(path).image)
                found[path] = _granted(digest, Path(path).name, statement, given, voice)
            except GiocondaError as e:
                found[path] = e
    return found


def statement_of(given: Stating) -> Statement | None:
    """Return what the options state; None where they state nothing.

    Raises:
        OptionError: one cannot be read.
        ConsentError: the recorded statement does not match its phrase.
    """
    if given.basis is None:
        return None
    from gioconda.trust.consent.statement import Statement, day_of, guardian_of

    day = None if given.given is None else day_of("--given", given.given)
    until = None if given.until is None else day_of("--until", given.until)
    guardian = None if given.guardian is None else guardian_of(given.guardian, day)
    basis = cast("BasisName", given.basis)
    return Statement(
        basis, (given.of or "").strip(), day, until, given.minor, guardian, _evidence(given)
    )


def _evidence(given: Stating) -> Evidence | None:
    if given.statement is None or given.phrase is None:
        return None
    from gioconda.trust.consent.recorded import evidence_of

    language = given.phrase_language or "en"
    return evidence_of(given.statement, given.phrase, language, keep=bool(given.keep_statement))


def _granted(
    digest: bytes, name: str, statement: Statement | None, given: Stating, voice: Voice
) -> Grant:
    from gioconda.trust.consent.requirement import stated

    if statement is not None:
        # A bare name stands on what is on record with it already.
        bare = given == Stating(given.basis)
        with wrong_usage():
            grant = stated(digest, statement.basis if bare else statement, "option")
    else:
        grant = _standing(digest, name, voice)
    make_keys(voice.say)
    return grant


def _standing(digest: bytes, name: str, voice: Voice) -> Grant:
    from gioconda.trust.consent.requirement import require_pixels, stated

    try:
        return require_pixels(digest)
    except ConsentError as e:
        if e.code != "not_stated" or not can_ask():
            raise
    grant = stated(digest, asked(name), "terminal")
    voice.say(f"kept on record as {grant.reference[:12]} (gioconda consent list)")
    return grant


@contextmanager
def wrong_usage() -> Iterator[None]:
    """Tell options that leave something out as what they are: wrong usage of the command.

    Raises:
        OptionError: they do.
    """
    try:
        yield
    except ConsentError as e:
        if e.code not in _INCOMPLETE:
            raise
        raise OptionError(str(e)) from e


def make_keys(say: Callable[[str], None]) -> None:
    """Make the keys that mark frames, where there are none yet, and say so.

    Args:
        say: tells people.

    Raises:
        TrustError: they cannot be read or made.
    """
    from gioconda.trust.home import trust_home
    from gioconda.trust.watermark.keys import has_operator_keys, operator_keys

    if not has_operator_keys():
        operator_keys()
        say(f"made this installation's own keys in {str(trust_home())!r}")


def state(portrait: str, given: Stating, voice: Voice, *, after_revocation: bool) -> None:
    """Put a statement on record without making anything."""
    from gioconda.portrait import Portrait
    from gioconda.trust.consent.ledger import Ledger

    person = Portrait.open(portrait)
    statement = statement_of(given)
    via = "option" if statement is not None else "terminal"
    if statement is None:
        if not can_ask():
            raise OptionError("say the basis: --basis self, permission, artwork or synthetic")
        statement = asked(person.name)
    with wrong_usage():
        record = Ledger().state(
            person.pixels_sha256, statement, via,  # type: ignore[arg-type]
            after_revocation=after_revocation,
        )  # fmt: skip
    voice.result(f"{record.reference[:12]}  {line(record)}", told(record))


def list_all(what: str | None, voice: Voice) -> None:
    """Print every record, or those of one portrait, oldest first."""
    from gioconda.trust.consent.ledger import Ledger

    records = Ledger().records() if what is None else _found(what)
    lines = [f"{r.reference[:12]}  {line(r)}" for r in records]
    voice.result(
        "\n".join(lines) or "nothing is on record", {"records": [told(r) for r in records]}
    )


def show(what: str, voice: Voice) -> None:
    """Print what is on record under a reference, or about a portrait."""
    records = _found(what)
    voice.result("\n\n".join(whole(r) for r in records), {"records": [told(r) for r in records]})


def export(path: str, voice: Voice, *, force: bool) -> None:
    """Write every record into a file, for whoever has to give account."""
    from gioconda.targets import check_file_target, replacing
    from gioconda.trust.consent.ledger import Ledger

    target = Path(path)
    if target.suffix.lower() != ".json":
        raise OptionError(f"the ledger is exported as .json, not as {target.name!r}")
    check_file_target(target, force)
    records = [told(r) for r in Ledger().records()]
    document = {"what": "consent, exported from Gioconda's ledger", "records": records}
    with replacing(target) as temporary:
        temporary.chmod(0o600)  # it names people
        temporary.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    count = "1 record" if len(records) == 1 else f"{len(records)} records"
    voice.result(f"{path}: {count}", {"output": path, "records": len(records)})


def revoke(what: str, reason: str, voice: Voice) -> None:
    """Revoke what was stated about a portrait, named by its file or by a reference."""
    from gioconda.trust.consent.ledger import Ledger

    digest = _portrait_in(what)
    ledger = Ledger()
    revoked = (
        ledger.revoke_record(ledger.find(what), reason)
        if digest is None
        else ledger.revoke(digest, reason, via="option")
    )
    names = ", ".join(r.reference[:12] for r in revoked)
    voice.result(
        f"refused beforehand: {names}. This portrait, about which nothing was stated, is animated "
        "on no basis"
        if revoked[0].beforehand
        else f"revoked: {names}. This portrait is not animated any more; what was made before "
        "stays where it is",
        {"revoked": [told(r) for r in revoked]},
    )


def _found(what: str) -> tuple[Record, ...]:
    from gioconda.trust.consent.ledger import Ledger
    from gioconda.trust.consent.shipped import shipped_of

    digest = _portrait_in(what)
    if digest is None:
        return (Ledger().find(what),)
    records = Ledger().of_portrait(digest)
    shipped = shipped_of(digest)
    if not records and shipped is not None:
        return (shipped,)
    if not records:
        raise OptionError("nothing is on record about this portrait")
    return records


def _portrait_in(what: str) -> bytes | None:
    """Return the hash of a picture's pixels; None for the beginning of a reference.

    Raises:
        ImageDecodeError: there is no such file, and a reference is not written so.
    """
    if not os.path.exists(what) and set(what.strip()) <= set(string.hexdigits):
        return None
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256

    return pixels_sha256(decode(what).image)
