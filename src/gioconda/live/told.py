"""What clients are told of errors: not where this machine keeps its keys, nor its commands."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Final

from gioconda.errors import ConsentError, GiocondaError, TrustError
from gioconda.trust.home import trust_home

logger = logging.getLogger(__name__)

#: Code of an error that only the operator can mend.
UNREADY: Final = "unready"
#: What clients are told of it.
UNREADY_SENTENCE: Final = (
    "the server cannot use its keys or records now, so it makes and verifies nothing; "
    "its operator finds the reason in its log"
)

_DAY: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")
#: Hints for the command line, as sentences about consent have them in brackets.
_HINT: Final = re.compile(r" \([^()]*(?:--|gioconda )[^()]*\)")
#: Where a sentence about consent is all about the command line.
_CONSENT: Final = {
    "revoked": "consent to animate this portrait was revoked",
    "expired": "the consent to animate this portrait has ended; ask again, and state it anew",
    "refused": "what was stated about this portrait does not suffice",
    "not_stated": "nobody has stated on what basis this portrait may be animated; say so in the "
    "field 'basis'",
}


def told(error: GiocondaError) -> str:
    """Return what a client may be told of an error.

    Words about keys, certificates and records name files of this machine: they go to the log, with
    the private folder and the home of its user by other names. Clients have no command line, so
    what sentences about consent say of it is left out.
    """
    if isinstance(error, ConsentError):
        words = _HINT.sub("", str(error))
        return words if "--" not in words else _CONSENT[error.code]
    if not isinstance(error, TrustError):
        return str(error)
    logger.error("keys or records cannot be used: %s", _nameless(str(error)))
    return UNREADY_SENTENCE


def day_in(error: ConsentError) -> str:
    """Return the day on which consent was revoked or has ended, as 2026-05-01; empty if unknown."""
    found = _DAY.search(str(error)) if error.code in ("revoked", "expired") else None
    return found[0] if found else ""


def _nameless(text: str) -> str:
    """Return a text without the folders that name the user."""
    for folder, name in ((trust_home(), "GIOCONDA_HOME"), (Path.home(), "~")):
        if len(str(folder)) > 1:
            text = text.replace(str(folder), name)
    return text
