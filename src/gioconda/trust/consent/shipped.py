"""The consent that Gioconda brings along for its example portrait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gioconda.trust.consent.record import Record
from gioconda.trust.consent.statement import Statement

_STATED: Final = datetime(2026, 11, 26, tzinfo=UTC)
_NASA: Final = (
    "This is NASA's portrait of the astronaut Eileen Collins, a work of the United States "
    "government in the public domain. She is a real person, and was not asked; it is animated "
    "only as an example of this program, with speech that is not hers, and suggests no endorsement "
    "by her or by NASA."
)


def _shipped(of: str, text: str) -> Record:
    # Nobody is asked, but the record says what the picture is.
    statement = Statement.from_dict({"basis": "artwork", "of": of, "language": "en"})
    record = Record("", "", "", statement, text, 1, _STATED, "Gioconda", "shipped")
    return replace(record, reference=record.hashed())


#: Records by the hash of their portrait's pixels; their references are the same everywhere.
_SHIPPED: Final = {
    "7605af19ba2b975845037d479d9429d3fbc334ff78c7b51f67f112d50f85ed65": _shipped(
        "NASA's portrait of Eileen Collins, the example", _NASA
    ),
}
_HASHES: Final = {record.reference: bytes.fromhex(key) for key, record in _SHIPPED.items()}


def shipped_of(pixels_sha256: bytes) -> Record | None:
    """Return the shipped record of a portrait, or None."""
    return _SHIPPED.get(pixels_sha256.hex())


def pixels_of(reference: str) -> bytes | None:
    """Return the hash of the pixels that a shipped record is about; None for other references."""
    return _HASHES.get(reference)
