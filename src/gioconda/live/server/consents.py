"""Consent as clients of the server state it, and what becomes of portraits whose consent ends.

Names of people come as fields of a form only: addresses are kept in the logs of proxies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from gioconda.errors import ConsentError
from gioconda.live.server import answers as a
from gioconda.live.server.problems import Problem
from gioconda.portrait.portrait import pixels_sha256
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.consent.requirement import check, on_record, stated
from gioconda.trust.consent.shipped import shipped_of
from gioconda.trust.consent.statement import Statement, guardian_of
from gioconda.trust.consent.wording import Language
from gioconda.trust.provenance import BasisName, Grant

#: Who states what a client of the server does; no address of a person is kept.
_BY: Final = "a client of the server"
_MISSING: Final = (
    "say on what basis this portrait may be animated, in the field 'basis': self, permission, "
    "artwork or synthetic"
)
_NAMES: Final = ("of", "guardian")


class ConsentFields(a.Taken):
    """On what basis a portrait may be animated; kept in the ledger of this server."""

    basis: BasisName = Field(
        description="`self`: it shows who sends it; `permission`: the person shown permitted it; "
        "`artwork`: public domain or owned; `synthetic`: it shows nobody"
    )
    of: str = Field("", max_length=200, description="whose permission; a form's field only")
    given: date | None = Field(None, description="when it was permitted")
    until: date | None = Field(None, description="last day on which it holds")
    minor: bool | None = Field(
        None, description="whether the person shown is under 18; needed with self and permission"
    )
    guardian: str | None = Field(
        None, max_length=400, description="`NAME, RELATION` of who permitted it in a minor's "
        "place; a form's field only",
    )  # fmt: skip
    language: Language = Field("en", description="in which the text was agreed to")


FIELDS: Final = tuple(ConsentFields.model_fields)


def statement_in(fields: Mapping[str, Any], *, address: bool = False) -> Statement | None:
    """Return what a form's fields, or an address's parameters, state; None without a basis.

    Raises:
        Problem: a field cannot be read, or a name stands in an address.
        OptionError: fields contradict each other.
    """
    given = {name: fields[name] for name in FIELDS if fields.get(name) not in (None, "")}
    if address and (names := [n for n in _NAMES if n in given]):
        raise Problem(
            422, "bad_request", f"{names[0]} goes into a form's field, since addresses are logged"
        )
    if "basis" not in given:
        if given:
            raise missing("basis", _MISSING)
        return None
    try:
        read = ConsentFields.model_validate(given)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Problem(
            422, "bad_option", f"{place}: {first['msg']}", param=str(first["loc"][0])
        ) from None
    guardian = None if read.guardian is None else guardian_of(read.guardian, read.given)
    return Statement(
        read.basis, read.of.strip(), read.given, read.until, read.minor, guardian,
        language=read.language,
    )  # fmt: skip


def missing(param: str, message: str) -> Problem:
    """Return the refusal of what leaves out a field."""
    return Problem(422, "consent", message, reason="not_stated", param=param)


def _refuse_unfit(statement: Statement, now: datetime) -> None:
    """Refuse what cannot suffice, by the names of the fields that clients know.

    Raises:
        Problem: something is left out, or its days do not fit.
    """
    people = statement.basis in ("self", "permission")
    if people and statement.minor is None:
        raise missing(
            "minor",
            f"with the basis {statement.basis!r} say whether the person shown is a child or under "
            "18, in the field 'minor': true or false",
        )
    if statement.basis == "permission" and not statement.of.strip():
        raise missing("of", "say whose permission it is, in the field 'of'")
    if statement.minor and statement.guardian is None:
        raise Problem(
            403, "consent",
            "a minor is animated only with a guardian's record: 'NAME, RELATION' in the field "
            "'guardian'",
            reason="refused", param="guardian",
        )  # fmt: skip
    if statement.given is not None and statement.given > now.astimezone().date():
        raise Problem(
            403, "consent", f"it cannot have been given on {statement.given}, which is to come",
            reason="refused", param="given",
        )  # fmt: skip
    if statement.expires is not None and statement.expires <= now:
        raise Problem(
            403, "consent", f"this permission ended on {statement.until}; ask again",
            reason="refused", param="until",
        )  # fmt: skip


class Consents:
    """What is stated about the portraits of this server.

    Args:
        default: of clients that state nothing themselves; None where each must.
    """

    def __init__(self, default: Statement | None = None) -> None:
        self._default = default

    def given(self, statement: Statement | None) -> Statement:
        """Return what is stated, refused at once where it cannot suffice.

        Raises:
            Problem: nothing is.
            ConsentError: it does not suffice.
        """
        chosen = statement or self._default
        if chosen is None:
            raise missing("basis", _MISSING)
        if statement is not None:
            _refuse_unfit(statement, Ledger().now)
        chosen.check(Ledger().now)
        return chosen

    async def refuse_revoked(self, pixels: npt.NDArray[np.uint8]) -> bytes:
        """Refuse a portrait whose consent was revoked, before it is looked at; return its hash.

        Raises:
            ConsentError: it was.
        """

        def asked() -> bytes:
            digest = pixels_sha256(pixels)
            try:
                on_record(digest)
            except ConsentError as e:
                if e.code == "revoked":
                    raise
            return digest

        return await asyncio.to_thread(asked)

    async def state(self, digest: bytes, statement: Statement) -> Grant:
        """Put a statement on record.

        Of a portrait that Gioconda brings along nothing is: what is shipped, or was stated on this
        machine, goes on, since a client's own end would be the example's for everyone.

        Raises:
            ConsentError: it does not suffice, or another was revoked.
            TrustError: the ledger cannot be written.
        """
        if shipped_of(digest) is not None:
            return await self.of_example(digest)
        return await asyncio.to_thread(stated, digest, statement, "server", by=_BY)

    async def of_example(self, digest: bytes) -> Grant:
        """Return on what the example is animated.

        Raises:
            ConsentError: it was revoked on this machine.
        """
        grant = await asyncio.to_thread(on_record, digest)
        if grant is None:
            raise Problem(403, "consent", "nobody has stated on what basis the example is animated")
        return grant

    def of_the_machine(self) -> Problem:
        """Return the refusal to revoke what Gioconda brings along."""
        return Problem(
            409, "in_use",
            "this is the example's picture, which everyone here uses; its consent is revoked on "
            "the server's machine: gioconda consent",
        )  # fmt: skip

    async def refuse_shipped(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Refuse to revoke a portrait that Gioconda brings along, whoever has sent it.

        Raises:
            Problem: it is one.
        """
        if shipped_of(await asyncio.to_thread(pixels_sha256, pixels)) is not None:
            raise self.of_the_machine()

    async def revoke(self, grant: Grant, reason: str) -> None:
        """Take back what was stated about a portrait.

        Raises:
            ConsentError: it was taken back already.
        """
        check(grant)

        def revoked() -> None:
            ledger = Ledger()
            record = ledger.by_reference(grant.reference)
            assert record is not None  # it was checked
            ledger.revoke_record(record, reason)

        await asyncio.to_thread(revoked)
