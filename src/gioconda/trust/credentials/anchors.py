"""Whose certificates are trusted here: this installation's, and those that its owner put by."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import pem
from gioconda.trust.credentials.keys import ORGANISATION, own_authorities, own_signers
from gioconda.trust.home import read_private, trust_home

logger = logging.getLogger(__name__)

#: Folder of the private one in which certificates (PEM) of others may be put, such as those that
#: they got by ``gioconda trust export``, or a trust list in one file.
ANCHORS: Final = "anchors"
_SUFFIXES: Final = (".pem", ".crt", ".cer")
_LARGEST_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class Vouching:
    """Whose signatures are trusted, in the open: no key is inside, and a sandbox can be given it.

    Attributes:
        own: certificates by which this installation's own signatures are known, PEM.
        serials: of its signers, hex.
        foreign: certificates that its owner trusts beside them, PEM.
    """

    own: tuple[bytes, ...] = field(default=(), repr=False)
    serials: frozenset[str] = frozenset()
    foreign: tuple[bytes, ...] = field(default=(), repr=False)


def vouching() -> Vouching:
    """Return whose signatures are trusted here.

    Raises:
        TrustError: a certificate cannot be read.
    """
    return Vouching(own_anchors(), own_serials(), foreign_anchors())


def own_anchors() -> tuple[bytes, ...]:
    """Return the certificates by which this installation's own signatures are known, PEM.

    Raises:
        TrustError: one cannot be read.
    """
    found = [pem(certificate) for certificate in own_authorities()]
    if chain := _organisation():
        found.append(pem(chain[-1]))
    return tuple(found)


def own_serials() -> frozenset[str]:
    """Return the serial numbers, hex, of all certificates that sign or signed here.

    Raises:
        TrustError: one cannot be read.
    """
    found = [certificate for _, certificate in own_signers()] + _organisation()[:1]
    return frozenset(f"{certificate.serial_number:040x}" for certificate in found) | frozenset(
        f"{certificate.serial_number:x}" for certificate in found
    )


def _organisation() -> list[x509.Certificate]:
    chain = read_private(f"{ORGANISATION}.pem")
    if chain is None:
        return []
    try:
        return x509.load_pem_x509_certificates(chain)
    except ValueError as e:
        raise TrustError(
            f"{str(trust_home() / (ORGANISATION + '.pem'))!r} is damaged; set the "
            "organisation's certificate again by 'gioconda trust init --organisation-cert'"
        ) from e


def foreign_anchors() -> tuple[bytes, ...]:
    """Return the certificates that the owner of this installation trusts beside its own, PEM.

    Files that hold none are left out, with a warning.

    Raises:
        TrustError: the folder cannot be read.
    """
    folder = trust_home() / ANCHORS
    found: list[bytes] = []
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    except OSError as e:
        raise TrustError(f"{str(folder)!r} cannot be read: {e.strerror or e}") from e
    for path in entries:
        if path.suffix.lower() not in _SUFFIXES:
            continue
        try:
            with path.open("rb") as file:
                read = x509.load_pem_x509_certificates(file.read(_LARGEST_BYTES))
        except (OSError, ValueError):
            logger.warning("%r holds no certificates in PEM; it is left out", path.name)
            continue
        found.extend(pem(certificate) for certificate in read)
    return tuple(found)
