"""The one question that everything that animates asks: may this portrait be animated?"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gioconda.errors import ConsentError, OptionError
from gioconda.trust.consent.ledger import Ledger, latest, revoked_error
from gioconda.trust.consent.record import Record, Via
from gioconda.trust.consent.shipped import pixels_of, shipped_of
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import BASES, Basis, BasisName, Grant

if TYPE_CHECKING:
    from gioconda.portrait import Portrait

#: A script's statement for every portrait of which nothing is on record.
VARIABLE: Final = "GIOCONDA_BASIS"
#: How often a running animation asks whether it still may.
CHECKED_S: Final = 0.5
#: Set in a process that works for the machine whose ledger its grants come from.
_WORKER: Final = threading.Event()
_NOT_STATED: Final = (
    "nobody has stated on what basis this portrait may be animated; say so by --basis self, "
    "permission, artwork or synthetic (basis= in Python, or once by: gioconda consent state)"
)


def require(
    portrait: Portrait,
    basis: BasisName | Statement | None = None,
    *,
    via: Via = "python",
    ledger: Ledger | None = None,
) -> Grant:
    """Return on what a portrait may be animated.

    Args:
        portrait: whom.
        basis: a statement made now, kept in the ledger; None relies on what the ledger has, or on
            ``$GIOCONDA_BASIS``, which is such a statement for every portrait of a script.
        via: how the statement came.
        ledger: that is asked; this installation's if None.

    Raises:
        ConsentError: nothing was stated, or it was revoked or has expired, or it does not suffice.
        TrustError: the ledger cannot be read or written.
    """
    return require_pixels(portrait.pixels_sha256, basis, via=via, ledger=ledger)


def require_pixels(
    pixels_sha256: bytes,
    basis: BasisName | Statement | None = None,
    *,
    via: Via = "python",
    ledger: Ledger | None = None,
) -> Grant:
    """Do what :func:`require` does, of a picture whose face was not looked for yet.

    Args:
        pixels_sha256: of the portrait's pixels.
        basis: as there.
        via: as there.
        ledger: as there.

    Raises:
        ConsentError, TrustError: as there.
    """
    asked = ledger or Ledger()
    if basis is not None:
        return stated(pixels_sha256, basis, via, ledger=asked)
    grant = on_record(pixels_sha256, ledger=asked)
    if grant is not None:
        return grant
    name = os.environ.get(VARIABLE)
    if not name:
        raise ConsentError(_NOT_STATED)
    if name not in BASES:
        raise OptionError(f"{VARIABLE} is {name!r}; it must be one of {', '.join(BASES)}")
    return stated(pixels_sha256, name, "environment", ledger=asked)


def on_record(pixels_sha256: bytes, *, ledger: Ledger | None = None) -> Grant | None:
    """Return what the ledger, or what is shipped, has of a portrait; None where it has nothing.

    Args:
        pixels_sha256: of the portrait's pixels.
        ledger: that is asked; this installation's if None.

    Raises:
        ConsentError: it was revoked or has expired.
        TrustError: the ledger cannot be read.
    """
    asked = ledger or Ledger()
    records = asked.of_portrait(pixels_sha256)
    if not records:
        shipped = shipped_of(pixels_sha256)
        return None if shipped is None else shipped.grant
    record = latest(records)
    if record is None:
        raise revoked_error(records[-1])
    if record.state(asked.now) == "expired":
        raise _expired(record)
    return record.grant


def stated(
    pixels_sha256: bytes,
    basis: BasisName | Statement,
    via: Via,
    *,
    by: str | None = None,
    ledger: Ledger | None = None,
) -> Grant:
    """Put a statement about a portrait on record, and return the grant for it.

    A bare name of a basis stands on what is on record with that basis already; else it is a
    statement by itself, where nothing more has to be said.

    Args:
        pixels_sha256: of the portrait's pixels.
        basis: the statement.
        via: how it came.
        by: who made it; the user of this process if None.
        ledger: that keeps it; this installation's if None.

    Raises:
        ConsentError: it does not suffice, or another was revoked.
        OptionError: there is no such basis.
        TrustError: the ledger cannot be read or written.
    """
    asked = ledger or Ledger()
    statement = basis if isinstance(basis, Statement) else Statement(basis)
    records = asked.of_portrait(pixels_sha256)
    standing = latest(records)
    if records and standing is None:
        # Before anything is said of what is incomplete: it would be refused anyway.
        raise revoked_error(records[-1])
    if standing is None and (shipped := shipped_of(pixels_sha256)) is not None:
        standing = shipped
    if standing is not None and not isinstance(basis, Statement):
        same = standing.statement.basis == basis
        if same and standing.state(asked.now) == "valid":
            return standing.grant
    return asked.state(pixels_sha256, statement, via, by=by).grant


def granted(portrait: Portrait, basis: Basis | None = None) -> Grant:
    """Return on what a portrait may be animated; a grant given earlier is checked again.

    What counts is the record that it refers to, not what the grant says of itself.

    Raises:
        ConsentError: nothing was stated, or it was revoked or has expired, or the grant is for
            another portrait, or was carried to a machine that is no worker.
        TrustError: the ledger cannot be read or written.
    """
    if not isinstance(basis, Grant):
        return require(portrait, basis)
    check(basis)
    asked, digest = Ledger(), portrait.pixels_sha256
    if basis.carried:
        # The grant does not say whose it is, but what was revoked here is refused here.
        records = asked.of_portrait(digest)
        if records and latest(records) is None:
            raise revoked_error(records[-1])
        return basis
    own = pixels_of(basis.reference)
    if own is not None:
        record, same = shipped_of(own), own == digest
    else:
        record = asked.by_reference(basis.reference)
        same = record is not None and record.portrait == asked.key_of(digest)
    if record is None or not same:
        raise _for_another()
    return record.grant


def check(grant: Grant, *, ledger: Ledger | None = None) -> None:
    """Refuse a grant that has been revoked or has expired meanwhile; cheap enough for every second.

    The ledger is read only if its file has changed. A grant that was carried to another machine
    counts only in a worker there (:func:`accept_carried`), whose ledger hardly knows of it: its
    end is checked, and a revocation only if it was made there. Where it came from, the grant that
    was carried, not the carried one, is what has to be checked: before anything is sent, and
    before what comes home is signed.

    Raises:
        ConsentError: it was, or has, or counts nowhere here.
        TrustError: the ledger cannot be read.
    """
    asked = ledger or Ledger()
    if grant.carried and not _WORKER.is_set():
        raise ConsentError(
            "this consent was carried from another machine, and counts only in the workers that it "
            "was sent to; state it here (--basis)"
        )
    if grant.expires is not None and grant.expires <= asked.now:
        raise ConsentError("the consent to animate this portrait has expired", "expired")
    own = pixels_of(grant.reference)
    if own is not None:
        records = asked.of_portrait(own)
        # What was stated here later counts before what is shipped.
        record = latest(records) if records else shipped_of(own)
        if record is None:
            raise revoked_error(records[-1])
    else:
        record = asked.by_reference(grant.reference)
        if record is None:
            if grant.carried:
                return
            raise ConsentError(
                "the consent to animate this portrait is not on record here any more"
            )
        if record.revoked is not None:
            raise revoked_error(record)
        if not grant.carried and record.portrait != grant.portrait:
            raise _for_another()
    if record.state(asked.now) == "expired":
        raise _expired(record)


def accept_carried() -> None:
    """Let grants count in this process that were checked on another machine.

    Only what starts a worker of a cluster calls this: such a process obeys the machine whose
    ledger the grants come from, and makes nothing of its own. It is no lock, since a local user
    can always change the program; it keeps a grant made by hand from passing as one.
    """
    _WORKER.set()


class Watch:
    """Checks a grant twice a second, however often it is asked.

    Args:
        grant: that was checked just now.
        clock: seconds, rising.
    """

    def __init__(self, grant: Grant, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant, self._clock = grant, clock
        self._due_s = clock() + CHECKED_S

    def check(self) -> None:
        """Refuse once the grant was revoked or has expired; at most half a second later.

        Raises:
            ConsentError, TrustError: as :func:`check` raises.
        """
        now_s = self._clock()
        if now_s >= self._due_s:
            check(self._grant)
            self._due_s = now_s + CHECKED_S


def carried(grant: Grant, *, ledger: Ledger | None = None) -> Grant:
    """Return a grant for a machine without this ledger, checked here and now.

    The ledger's key of the portrait stays here.

    Raises:
        ConsentError: it was revoked or has expired.
        TrustError: the ledger cannot be read.
    """
    check(grant, ledger=ledger)
    return replace(grant, carried=True, portrait="")


def _for_another() -> ConsentError:
    return ConsentError("this consent was given for another portrait; state it for this one")


def _expired(record: Record) -> ConsentError:
    return ConsentError(
        f"the consent to animate this portrait ended on {record.statement.until}; ask again, and "
        "state it anew (--basis)",
        "expired",
    )
