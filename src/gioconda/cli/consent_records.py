"""Records of the ledger, as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gioconda.trust.consent.record import Record


def told(record: Record) -> dict[str, Any]:
    """Return what JSON can hold of a record, and whether it holds."""
    from datetime import UTC, datetime

    return {"state": record.state(datetime.now(UTC)), **record.to_dict()}


def line(record: Record) -> str:
    """Return a record in one line: when, on what, whose, and whether it holds."""
    statement = record.statement
    parts = [told(record)["state"]]
    if not record.beforehand:
        parts.append(statement.basis)
    if statement.of:
        parts.append(f"of {statement.of}")
    if statement.minor:
        parts.append("a minor")
    if statement.until is not None:
        parts.append(f"until {statement.until}")
    if record.after:
        parts.append(f"after the revocation of {record.after[:12]}")
    return f"{record.stated.astimezone():%Y-%m-%d %H:%M}  {', '.join(parts)}"


def whole(record: Record) -> str:
    """Return everything that a record says, a row each."""
    statement = record.statement
    rows = [
        ("reference", record.reference),
        ("state", told(record)["state"]),
        ("basis", statement.basis),
        ("of", statement.of),
        ("given", statement.given),
        ("until", statement.until),
        ("minor", {True: "yes", False: "no", None: ""}[statement.minor]),
        ("stated", f"{record.stated.astimezone():%Y-%m-%d %H:%M} by {record.by} ({record.via})"),
        ("text", "" if record.beforehand else f"{record.text} (version {record.text_version})"),
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
