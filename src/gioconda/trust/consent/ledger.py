"""The ledger: who was stated to be animated on what basis, kept on this machine for its owner.

One file, ``consent.json`` in :func:`gioconda.trust.home.trust_home`, written whole or not at all
under a lock, so that several processes may write. It holds no picture and no file name. Records
are never removed: one that was revoked has to be refused for as long as the portrait exists.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from gioconda.errors import ConsentError, OptionError, TrustError
from gioconda.trust.consent.record import Record, Revocation, Via
from gioconda.trust.consent.shipped import shipped_of
from gioconda.trust.consent.statement import Statement
from gioconda.trust.home import home_locked, read_private, trust_home, unusable, write_private

#: The file's name.
NAME: Final = "consent.json"
_VERSION: Final = 1
#: Letters of a reference by which commands take it.
LEAST_PREFIX: Final = 6
_REASON_CHARACTERS: Final = 500


@dataclass(frozen=True)
class _Contents:
    """The file, read."""

    secret: bytes
    records: tuple[Record, ...]
    by_reference: dict[str, Record]


#: The file as it was read last, by its path, with what tells whether it has changed.
_read: dict[str, tuple[tuple[int, int, int], _Contents]] = {}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """Reads and writes the ledger; an object holds nothing and may be made for every question.

    Args:
        clock: gives the present instant, aware.
    """

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self._clock()

    def records(self) -> tuple[Record, ...]:
        """Return every record, oldest first.

        Raises:
            TrustError: the file cannot be read.
        """
        contents = _contents()
        return () if contents is None else contents.records

    def key_of(self, pixels_sha256: bytes) -> str | None:
        """Return the ledger's key of a portrait; None while there is no ledger.

        Args:
            pixels_sha256: :attr:`gioconda.Portrait.pixels_sha256`.

        Raises:
            TrustError: the file cannot be read.
        """
        contents = _contents()
        return None if contents is None else _key(contents.secret, pixels_sha256)

    def of_portrait(self, pixels_sha256: bytes) -> tuple[Record, ...]:
        """Return what is on record about a portrait, oldest first.

        Raises:
            TrustError: the file cannot be read.
        """
        contents = _contents()
        if contents is None:
            return ()
        key = _key(contents.secret, pixels_sha256)
        return tuple(r for r in contents.records if hmac.compare_digest(r.portrait, key))

    def by_reference(self, reference: str) -> Record | None:
        """Return the record of a whole reference, in constant time; None if there is none.

        Raises:
            TrustError: the file cannot be read.
        """
        contents = _contents()
        return None if contents is None else contents.by_reference.get(reference)

    def find(self, prefix: str) -> Record:
        """Return the record whose reference begins so.

        Raises:
            OptionError: it is too short, or fits none or several.
            TrustError: the file cannot be read.
        """
        wanted = prefix.strip().lower()
        if len(wanted) < LEAST_PREFIX:
            raise OptionError(f"give at least {LEAST_PREFIX} letters of a reference")
        found = [r for r in self.records() if r.reference.startswith(wanted)]
        if len(found) != 1:
            some = "several records have" if found else "no record has"
            raise OptionError(f"{some} a reference that begins with {prefix!r}")
        return found[0]

    def state(
        self, pixels_sha256: bytes, statement: Statement, via: Via, *, by: str | None = None,
        after_revocation: bool = False,
    ) -> Record:  # fmt: skip
        """Put a statement on record; one that stands already, in the same words, is not repeated.

        Args:
            pixels_sha256: of the portrait.
            statement: complete.
            via: how it came.
            by: who made it; the user of this process if None.
            after_revocation: whether it is made in the knowledge that another was revoked.

        Raises:
            ConsentError: it does not suffice, or another was revoked and ``after_revocation`` is
                not given.
            TrustError: the file cannot be read or written.
        """
        statement.check(self.now)
        with home_locked():
            contents = _contents() or _Contents(secrets.token_bytes(32), (), {})
            key = _key(contents.secret, pixels_sha256)
            known = [r for r in contents.records if r.portrait == key]
            standing = latest(known)
            if standing is not None and standing.statement == statement:
                return standing
            after = ""
            if known and standing is None:
                if not after_revocation:
                    raise revoked_error(known[-1])
                after = known[-1].reference
            record = Record.of(key, statement, self.now, by or this_user(), via, after)
            _write(contents.secret, (*contents.records, record))
        return record

    def revoke(
        self, pixels_sha256: bytes, reason: str = "", *, via: Via = "python"
    ) -> tuple[Record, ...]:
        """Revoke everything that was stated about a portrait; return the records.

        A portrait about which nothing was ever stated is refused beforehand.

        Args:
            pixels_sha256: of the portrait.
            reason: for the record.
            via: how a refusal came.

        Raises:
            OptionError: nothing stands that could be revoked.
            TrustError: the file cannot be read or written.
        """
        with home_locked():
            contents = _contents()
            secret = secrets.token_bytes(32) if contents is None else contents.secret
            records = () if contents is None else contents.records
            key = _key(secret, pixels_sha256)
            shipped = shipped_of(pixels_sha256)
            if not any(r.portrait == key for r in records):
                if shipped is None:
                    _check_reason(reason)
                    record = Record.refused(key, self.now, this_user(), via, reason.strip())
                    _write(secret, (*records, record))
                    return (record,)
                records = (*records, replace(shipped, portrait=key))
            return self._revoke(secret, records, key, reason)

    def revoke_record(self, record: Record, reason: str = "") -> tuple[Record, ...]:
        """Revoke everything that was stated about the portrait of a record; return the records.

        Raises:
            OptionError: nothing stands that could be revoked.
            TrustError: the file cannot be read or written.
        """
        with home_locked():
            contents = _contents()
            if contents is None:
                raise OptionError("nothing is on record")
            return self._revoke(contents.secret, contents.records, record.portrait, reason)

    def _revoke(
        self, secret: bytes, records: tuple[Record, ...], key: str, reason: str
    ) -> tuple[Record, ...]:
        _check_reason(reason)
        revocation = Revocation(self.now.astimezone(UTC), reason.strip())
        revoked = []
        after = []
        for record in records:
            if record.portrait == key and record.revoked is None:
                record = replace(record, revoked=revocation)
                revoked.append(record)
            after.append(record)
        if not revoked:
            raise OptionError("nothing stands on record about this portrait that could be revoked")
        _write(secret, tuple(after))
        return tuple(revoked)


def latest(records: list[Record] | tuple[Record, ...]) -> Record | None:
    """Return the last record of a portrait that was not revoked."""
    return next((r for r in reversed(records) if r.revoked is None), None)


def revoked_error(record: Record) -> ConsentError:
    """Return the refusal of a portrait whose consent was taken back."""
    assert record.revoked is not None
    day = record.revoked.at.astimezone().date()
    what = (
        f"this portrait was refused beforehand, on {day}"
        if record.beforehand
        else f"consent to animate this portrait was revoked on {day}"
    )
    return ConsentError(
        f"{what}; only a new statement, made on "
        "purpose after that, allows it again (gioconda consent state --after-revocation)",
        "revoked",
    )


def _check_reason(reason: str) -> None:
    if len(reason) > _REASON_CHARACTERS:
        raise OptionError(f"a reason has up to {_REASON_CHARACTERS} characters")


def this_user() -> str:
    """Return the name of the user of this process, as the system has it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "an unknown user"


def _key(secret: bytes, pixels_sha256: bytes) -> str:
    return hmac.new(secret, b"portrait\0" + pixels_sha256, hashlib.sha256).hexdigest()


def _contents() -> _Contents | None:
    """Return the file's contents, read anew only if it has changed; None if there is none."""
    path = trust_home() / NAME
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise unusable(path, e) from e
    signature = (found.st_ino, found.st_mtime_ns, found.st_size)
    known = _read.get(str(path))
    if known is not None and known[0] == signature:
        return known[1]
    data = read_private(NAME)
    if data is None:
        return None
    contents = _parsed(data)
    _read[str(path)] = (signature, contents)
    return contents


def _parsed(data: bytes) -> _Contents:
    try:
        document: Any = json.loads(data)
        if document["version"] != _VERSION:
            raise TrustError(
                f"the ledger of consent is of version {document['version']}, which this Gioconda "
                "does not know; use the newer one that wrote it"
            )
        records = tuple(Record.from_dict(entry) for entry in document["records"])
        secret = bytes.fromhex(document["secret"])
    except (ValueError, KeyError, TypeError) as e:
        # Nothing is animated then: what was revoked must not be forgotten.
        raise TrustError(
            f"the ledger of consent, {str(trust_home() / NAME)!r}, is damaged; put a copy in its "
            "place"
        ) from e
    return _Contents(secret, records, {r.reference: r for r in records})


def _write(secret: bytes, records: tuple[Record, ...]) -> None:
    document = {
        "what": "Gioconda's ledger of consent; private", "version": _VERSION,
        "secret": secret.hex(), "records": [r.to_dict() for r in records],
    }  # fmt: skip
    write_private(NAME, json.dumps(document, ensure_ascii=False, indent=1).encode())
