"""The one question that everything that animates asks: may this portrait be animated?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gioconda.trust.provenance import Basis, BasisName, Grant

if TYPE_CHECKING:
    from gioconda.portrait import Portrait


def require(portrait: Portrait, basis: BasisName | None = None) -> Grant:
    """Return on what a portrait may be animated.

    Args:
        portrait: whom.
        basis: a statement made now, kept in the ledger; None relies on what the ledger has, or on
            ``$GIOCONDA_BASIS``, which is such a statement for every portrait of a script.

    Raises:
        ConsentError: nothing was stated, or it was revoked or has expired.
    """
    return Grant(basis or "artwork", "", "")


def granted(portrait: Portrait, basis: Basis | None = None) -> Grant:
    """Return on what a portrait may be animated; a grant given earlier is checked again.

    Raises:
        ConsentError: nothing was stated, or it was revoked or has expired.
    """
    if isinstance(basis, Grant):
        check(basis)
        return basis
    return require(portrait, basis)


def check(grant: Grant) -> None:
    """Refuse a grant that has been revoked or has expired meanwhile; cheap enough for every second.

    Raises:
        ConsentError: it was, or has.
    """
