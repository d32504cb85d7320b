"""One entry of the ledger: a statement, when and how it was made, and what became of it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from gioconda.trust.consent.statement import NOTHING_STATED, Statement
from gioconda.trust.consent.wording import VERSION
from gioconda.trust.provenance import Grant

#: How a statement came: asked at a terminal, an option of a command, a script's environment, a call
#: from Python, an upload to the server, by its page too; or shipped with Gioconda.
Via = Literal["terminal", "option", "environment", "python", "server", "shipped"]


_BEFOREHAND: Final = "refused beforehand"


@dataclass(frozen=True)
class Revocation:
    """When and why a statement was taken back."""

    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Record:
    """A statement on record.

    Attributes:
        reference: salted hash of everything that was stated, hex; what credentials carry.
        salt: 32 random bytes, hex; fresh for each record.
        portrait: keyed hash of the pixels, hex.
        statement: what was stated; nothing in a refusal that was entered before anything was.
        text: that was agreed to, word for word.
        text_version: of it.
        stated: when; aware, UTC.
        by: user of the machine who stated it, or that it was a client of the server.
        via: how it came.
        after: reference of the statement that was revoked before and that this one, made on
            purpose, follows; empty where none was.
        revoked: when it was taken back; None if it was not.
    """

    reference: str
    salt: str
    portrait: str
    statement: Statement
    text: str
    text_version: int
    stated: datetime
    by: str
    via: Via
    after: str = ""
    revoked: Revocation | None = None

    @classmethod
    def of(
        cls, portrait: str, statement: Statement, stated: datetime, by: str, via: Via, after: str
    ) -> Record:
        """Return a new record of a statement."""
        salt = secrets.token_hex(32)
        record = cls(
            "", salt, portrait, statement, statement.text, VERSION, stated.astimezone(UTC), by, via,
            after,
        )  # fmt: skip
        return replace(record, reference=record.hashed())

    @classmethod
    def refused(cls, portrait: str, at: datetime, by: str, via: Via, reason: str) -> Record:
        """Return a new record that refuses a portrait about which nothing was ever stated."""
        at = at.astimezone(UTC)
        record = cls(
            "", secrets.token_hex(32), portrait, NOTHING_STATED, _BEFOREHAND, VERSION, at, by, via,
            revoked=Revocation(at, reason),
        )  # fmt: skip
        return replace(record, reference=record.hashed())

    @property
    def beforehand(self) -> bool:
        """Whether it refuses a portrait about which nothing had been stated."""
        return self.statement is NOTHING_STATED

    def hashed(self) -> str:
        """Return the reference that this record must have."""
        data = self.to_dict()
        for name in (
            "reference",
            "revoked",
        ):  # the one follows from the rest, the other comes later
            data.pop(name, None)
        canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(b"gioconda consent\0" + canonical.encode()).hexdigest()

    @property
    def grant(self) -> Grant:
        """What a portrait may be animated on, by this record."""
        expires = self.statement.expires
        return Grant(self.statement.basis, self.reference, self.portrait, expires)

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked", "refused beforehand"]:
        """Tell whether it holds."""
        if self.beforehand:
            return "refused beforehand"
        if self.revoked is not None:
            return "revoked"
        expires = self.statement.expires
        return "expired" if expires is not None and expires <= now else "valid"

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        data = {
            "reference": self.reference, "salt": self.salt, "portrait": self.portrait,
            "statement": None if self.beforehand else self.statement.to_dict(), "text": self.text,
            "text_version": self.text_version, "stated": self.stated.isoformat(), "by": self.by,
            "via": self.via,
        }  # fmt: skip
        if self.after:
            data["after"] = self.after
        if self.revoked is not None:
            data["revoked"] = {"at": self.revoked.at.isoformat(), "reason": self.revoked.reason}
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Record:
        """Return what :meth:`to_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: it did not.
        """
        revoked, stated = data.get("revoked"), data["statement"]
        if stated is None and revoked is None:
            raise ValueError("a record that states nothing must refuse")
        return cls(
            data["reference"], data["salt"], data["portrait"],
            NOTHING_STATED if stated is None else Statement.from_dict(stated), data["text"],
            data["text_version"],
            datetime.fromisoformat(data["stated"]), data["by"], data["via"], data.get("after", ""),
            None if revoked is None else Revocation(
                datetime.fromisoformat(revoked["at"]), revoked["reason"]
            ),
        )  # fmt: skip
