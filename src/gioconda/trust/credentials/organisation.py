"""An organisation's own certificate: checked when it is set, and again when it signs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import (
    CLAIM_SIGNING,
    DOCUMENT_SIGNING,
    pem,
    subject_of,
)
from gioconda.trust.credentials.keys import ORGANISATION, Identity, Settings, set_settings, settings
from gioconda.trust.home import home_locked, read_private, trust_home, write_private

_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_SMALLEST_RSA_BITS: Final = 2048
#: What a signer's certificate may be for; one of these is needed (C2PA, "Certificate profile").
_PURPOSES: Final = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    DOCUMENT_SIGNING: "documentSigning",
    CLAIM_SIGNING: "C2PA claim signing",
}
_AGAIN: Final = "set another by 'gioconda trust init --organisation-cert chain.pem ...'"


def set_organisation(chain: Path, key: Path, now: datetime | None = None) -> Identity:
    """Let an organisation's certificate sign from now on; a copy of both files is kept.

    Args:
        chain: certificates in PEM, the signer's first, each issued by the next.
        key: the signer's, in PEM, not encrypted.
        now: aware; the clock if None.

    Raises:
        TrustError: a file cannot be read, the key does not fit, the chain is out of order, or the
            certificate is not valid now or not meant for signing.
    """
    chain_pem, key_pem = _content(chain), _content(key)
    found = checked(chain_pem, key_pem, now or datetime.now(UTC), chain.name, key.name)
    _try(found)
    with home_locked():
        write_private(f"{ORGANISATION}.key", found.key)
        write_private(f"{ORGANISATION}.pem", found.chain)
        set_settings(Settings(True, settings().timestamp_url))
    return found


def organisation_identity(timestamp_url: str | None, now: datetime) -> Identity:
    """Return the organisation's identity that was set.

    Raises:
        TrustError: it is missing, damaged, or not valid now.
    """
    chain, key = read_private(f"{ORGANISATION}.pem"), read_private(f"{ORGANISATION}.key")
    path = str(trust_home() / ORGANISATION)
    if chain is None or key is None:
        raise TrustError(f"the organisation's certificate {path + '.pem'!r} is missing; {_AGAIN}")
    found = checked(chain, key, now, path + ".pem", path + ".key")
    return Identity(found.chain, found.key, found.algorithm, True, 0, timestamp_url)


def checked(
    chain_pem: bytes, key_pem: bytes, now: datetime, chain_name: str, key_name: str
) -> Identity:
    """Return what a chain and a key make together.

    Args:
        chain_pem: the certificates.
        key_pem: the key.
        now: aware.
        chain_name: the certificates' file, for messages.
        key_name: the key's.

    Raises:
        TrustError: they cannot sign; says why.
    """
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as e:
        raise TrustError(f"{chain_name!r} holds no certificates in PEM") from e
    try:
        key = serialization.load_pem_private_key(key_pem, None)
    except TypeError as e:
        raise TrustError(
            f"the key {key_name!r} is encrypted; decrypt it (openssl pkey -in ... -out ...), it is "
            "kept here readable by you alone"
        ) from e
    except ValueError as e:
        raise TrustError(f"{key_name!r} holds no private key in PEM") from e
    signer = chain[0]
    if key.public_key() != signer.public_key():
        if any(key.public_key() == other.public_key() for other in chain[1:]):
            raise TrustError(
                f"{chain_name!r} is out of order: the signer's certificate comes first"
            )
        raise TrustError(
            f"the key {key_name!r} does not fit the certificate of {subject_of(signer)!r}"
        )
    _check_order(chain, chain_name)
    _check_dates(chain, now)
    _check_purpose(signer)
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Identity(b"".join(map(pem, chain)), encoded, _algorithm(key), organisation=True)


def _check_order(chain: Sequence[x509.Certificate], name: str) -> None:
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as e:
            raise TrustError(
                f"{name!r} is out of order: {subject_of(lower)!r} was not issued by "
                f"{subject_of(upper)!r}, which follows it"
            ) from e


def _check_dates(chain: Sequence[x509.Certificate], now: datetime) -> None:
    for certificate in chain:
        of = subject_of(certificate)
        if now > certificate.not_valid_after_utc:
            raise TrustError(
                f"the certificate of {of!r} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; "
                f"{_AGAIN}, or sign with this installation's own key: gioconda trust init --own"
            )
        if now < certificate.not_valid_before_utc:
            raise TrustError(
                f"the certificate of {of!r} is valid only from "
                f"{certificate.not_valid_before_utc:%Y-%m-%d} on"
            )


def _check_purpose(signer: x509.Certificate) -> None:
    of = subject_of(signer)
    extensions = signer.extensions
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise TrustError(
                f"the certificate of {of!r} is an authority's; a signer's certificate is needed"
            )
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    if not any(purpose in _PURPOSES for purpose in purposes):
        raise TrustError(
            f"the certificate of {of!r} is not meant for signing documents: its extended key usage "
            f"has none of {', '.join(_PURPOSES.values())}"
        )


def _algorithm(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA_BITS:
        return "ps256"
    raise TrustError(
        "the organisation's key is of a kind that C2PA does not take; it takes P-256, P-384, "
        f"P-521, Ed25519, and RSA of {_SMALLEST_RSA_BITS} bits or more"
    )


def _try(found: Identity) -> None:
    """Sign a picture of one pixel and read it again.

    Raises:
        TrustError: readers would not take the signature.
    """
    import c2pa
    from PIL import Image

    from gioconda.trust.credentials.manifest import definition, new_label
    from gioconda.trust.credentials.reading import open_reader
    from gioconda.trust.credentials.signing import FileSigner
    from gioconda.trust.provenance import Provenance

    plain, out = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (1, 1)).save(plain, "png")
    said = definition(Provenance(), (), "image/png", new_label())
    try:
        FileSigner(found).sign(plain, out, "image/png", said)
    except TrustError as e:
        raise TrustError(
            f"a trial signature with the certificate of {found.name!r} fails: {e}"
        ) from e
    try:
        reader = open_reader(out, "image/png", None, (found.chain,))
        results = reader.get_validation_results() or {}
        state = reader.get_validation_state()
    except c2pa.C2paError as e:
        raise TrustError(f"a trial signature does not read back: {e}") from e
    if state not in ("Valid", "Trusted"):
        failures = results.get("activeManifest", {}).get("failure", [])
        codes = ", ".join(dict.fromkeys(str(row.get("code")) for row in failures))
        raise TrustError(
            f"a trial signature with the certificate of {found.name!r} does not read back as valid "
            f"({codes or state})"
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise TrustError(f"{str(path)!r} cannot be read: {e.strerror or e}") from e
