"""What clients are told of errors: never where this machine keeps its keys."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from gioconda.errors import GiocondaError, TrustError
from gioconda.trust.home import trust_home

logger = logging.getLogger(__name__)

#: Code of an error that only the operator can mend.
UNREADY: Final = "unready"
#: What clients are told of it.
UNREADY_SENTENCE: Final = (
    "the server cannot use its keys or records now, so it makes and verifies nothing; "
    "its operator finds the reason in its log"
)


def told(error: GiocondaError) -> str:
    """Return what a client may be told of an error.

    Words about keys, certificates and records name files of this machine: they go to the log, with
    the private folder and the home of its user by other names.
    """
    if not isinstance(error, TrustError):
        return str(error)
    logger.error("keys or records cannot be used: %s", _nameless(str(error)))
    return UNREADY_SENTENCE


def _nameless(text: str) -> str:
    """Return a text without the folders that name the user."""
    for folder, name in ((trust_home(), "GIOCONDA_HOME"), (Path.home(), "~")):
        if len(str(folder)) > 1:
            text = text.replace(str(folder), name)
    return text
