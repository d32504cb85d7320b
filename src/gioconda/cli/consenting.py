"""Asking on what basis a portrait may be animated, and what the commands ``consent`` do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from gioconda.cli.consent_options import Stating
from gioconda.cli.voice import Voice, tell_people
from gioconda.errors import ConsentError, GiocondaError, OptionError
from gioconda.plain_text import plain

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.trust.consent.record import Record
    from gioconda.trust.consent.statement import Evidence, Guardian, Statement
    from gioconda.trust.provenance import BasisName, Grant

_CHOICES: Final = {
    "self": "it shows me",
    "permission": "the person shown has permitted it",
    "artwork": "an artwork, in the public domain or mine; no living person",
    "synthetic": "it was generated, and shows nobody",
}
_T = TypeVar("_T")


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
    from gioconda.trust.consent.requirement import require_pixels, stated

    if statement is not None:
        # A bare name stands on what is on record with it already.
        bare = given == Stating(given.basis)
        return stated(digest, statement.basis if bare else statement, "option")
    try:
        return require_pixels(digest)
    except ConsentError as e:
        if e.code != "not_stated" or not _can_ask():
            raise
    grant = stated(digest, asked(name), "terminal")
    voice.say(f"kept on record as {grant.reference[:12]} (gioconda consent list)")
    return grant


def _can_ask() -> bool:
    return all(s is not None and s.isatty() for s in (sys.stdin, sys.stderr))


def asked(name: str) -> Statement:
    """Ask the user at the terminal on what basis a portrait may be animated.

    Args:
        name: what the portrait is called.

    Raises:
        ConsentError: they do not say, or do not agree to the text.
    """
    from gioconda.trust.consent.statement import Statement, day_of
    from gioconda.trust.consent.wording import HONESTLY

    tell_people(f"On what basis may {plain(name)} be animated?")
    for number, (key, words) in enumerate(_CHOICES.items(), 1):
        tell_people(f"  {number}  {key:<11} {words}")
    tell_people(HONESTLY["en"])
    basis = _until_read("Number or name (Enter for none): ", _choice)
    if basis is None:
        raise ConsentError("nothing was stated, so nothing is made")
    of, given, until, minor, guardian = "", None, None, None, None
    if basis in ("self", "permission"):
        minor = _until_read("Is the person shown a child or under 18? (yes/no) ", _yes_or_no)
    if basis == "permission":
        of = _until_read("Who has permitted it? ", _needed)
        given = _until_read(
            f"When? (YYYY-MM-DD; Enter for today, {date.today()}) ",
            lambda text: day_of("the day", text) if text else date.today(),
        )
        until = _until_read(
            "Until when? (YYYY-MM-DD; Enter for no end) ",
            lambda text: day_of("the day", text) if text else None,
        )
    if minor:
        guardian = _asked_guardian()
    statement = Statement(cast("BasisName", basis), of, given, until, minor, guardian)
    tell_people(statement.text)
    if not _until_read("Do you state this? (yes/no) ", _yes_or_no):
        raise ConsentError("it was not stated, so nothing is made")
    return statement


def _asked_guardian() -> Guardian:
    from gioconda.trust.consent.statement import Guardian, day_of

    tell_people("Then a parent or legal guardian must have permitted it.")
    return Guardian(
        _until_read("Name of the guardian: ", _needed),
        _until_read("Relation to the child (mother, father, ...): ", _needed),
        _until_read(
            "When did they permit it? (YYYY-MM-DD; Enter for today) ",
            lambda text: day_of("the day", text) if text else date.today(),
        ),
    )


def _choice(text: str) -> str | None:
    names = list(_CHOICES)
    if not text:
        return None
    if text in names:
        return text
    if text.isdigit() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    raise OptionError(f"there is no {text!r}; 1 to {len(names)}, or one of {', '.join(names)}")


def _yes_or_no(text: str) -> bool:
    if text.lower() in ("yes", "y", "no", "n"):
        return text.lower().startswith("y")
    raise OptionError("say yes or no")


def _needed(text: str) -> str:
    if not text:
        raise OptionError("this must be said")
    return text


def _until_read(question: str, read: Callable[[str], _T]) -> _T:
    """Ask until the answer can be read.

    Raises:
        ConsentError: the input ends.
    """
    while True:
        tell_people(question, end="")
        line = sys.stdin.readline()
        if not line:
            tell_people("")
            raise ConsentError("nothing was stated, so nothing is made")
        try:
            return read(line.strip())
        except OptionError as e:
            tell_people(f"  {e}")


def state(portrait: str, given: Stating, voice: Voice, *, after_revocation: bool) -> None:
    """Put a statement on record without making anything."""
    from gioconda.portrait import Portrait
    from gioconda.trust.consent.ledger import Ledger

    person = Portrait.open(portrait)
    statement = statement_of(given)
    via = "option" if statement is not None else "terminal"
    if statement is None:
        if not _can_ask():
            raise ConsentError("say the basis: --basis self, permission, artwork or synthetic")
        statement = asked(person.name)
    record = Ledger().state(
        person.pixels_sha256, statement, via,  # type: ignore[arg-type]
        after_revocation=after_revocation,
    )  # fmt: skip
    voice.result(f"{record.reference[:12]}  {_line(record)}", _told(record))


def list_all(voice: Voice) -> None:
    """Print every record, oldest first."""
    from gioconda.trust.consent.ledger import Ledger

    records = Ledger().records()
    lines = [f"{r.reference[:12]}  {_line(r)}" for r in records]
    voice.result(
        "\n".join(lines) or "nothing is on record", {"records": [_told(r) for r in records]}
    )


def show(what: str, voice: Voice) -> None:
    """Print what is on record under a reference, or about a portrait."""
    records = _found(what)
    voice.result("\n\n".join(_whole(r) for r in records), {"records": [_told(r) for r in records]})


def export(path: str, voice: Voice, *, force: bool) -> None:
    """Write every record into a file, for whoever has to give account."""
    from gioconda.targets import check_file_target, replacing
    from gioconda.trust.consent.ledger import Ledger

    target = Path(path)
    if target.suffix.lower() != ".json":
        raise OptionError(f"the ledger is exported as .json, not as {target.name!r}")
    check_file_target(target, force)
    records = [_told(r) for r in Ledger().records()]
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
        else ledger.revoke(digest, reason)
    )
    names = ", ".join(r.reference[:12] for r in revoked)
    voice.result(
        f"revoked: {names}. This portrait is not animated any more; what was made before stays "
        "where it is",
        {"revoked": [_told(r) for r in revoked]},
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
    """Return the hash of a picture's pixels where a file of that name is there."""
    if not os.path.exists(what):
        return None
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256

    return pixels_sha256(decode(what).image)


def _told(record: Record) -> dict[str, Any]:
    from datetime import UTC, datetime

    return {"state": record.state(datetime.now(UTC)), **record.to_dict()}


def _line(record: Record) -> str:
    told = _told(record)
    parts = [told["state"], record.statement.basis]
    if record.statement.of:
        parts.append(f"of {record.statement.of}")
    if record.statement.minor:
        parts.append("a minor")
    parts.append(f"stated {record.stated.astimezone():%Y-%m-%d}")
    if record.statement.until is not None:
        parts.append(f"until {record.statement.until}")
    if record.after:
        parts.append(f"after the revocation of {record.after[:12]}")
    return ", ".join(parts)


def _whole(record: Record) -> str:
    statement = record.statement
    rows = [
        ("reference", record.reference),
        ("state", _told(record)["state"]),
        ("basis", statement.basis),
        ("of", statement.of),
        ("given", statement.given),
        ("until", statement.until),
        ("minor", {True: "yes", False: "no", None: ""}[statement.minor]),
        ("stated", f"{record.stated.astimezone():%Y-%m-%d %H:%M} by {record.by} ({record.via})"),
        ("text", f"{record.text} (version {record.text_version})"),
    ]
    if (guardian := statement.guardian) is not None:
        when = f", {guardian.given}" if guardian.given else ""
        rows.append(("guardian", f"{guardian.who}, {guardian.relation}{when}"))
    if (evidence := statement.evidence) is not None:
        kept = f", kept as {evidence.kept}" if evidence.kept else ", sound not kept"
        rows.append(("recorded", f"{evidence.phrase!r}, {evidence.margin:.2f} above decoys{kept}"))
    if record.after:
        rows.append(("after", f"the revocation of {record.after}"))
    if record.revoked is not None:
        why = f": {record.revoked.reason}" if record.revoked.reason else ""
        rows.append(("revoked", f"{record.revoked.at.astimezone():%Y-%m-%d %H:%M}{why}"))
    if record.hashed() != record.reference:
        rows.append(("changed", "this record is not as it was made"))
    return "\n".join(f"{name:<10} {value}" for name, value in rows if value)
