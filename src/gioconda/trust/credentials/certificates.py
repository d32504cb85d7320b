"""Makes an installation's own certificates: an authority, and signers that it issues.

The profile is that of C2PA 2.x (section "Certificate profile"): X.509 v3, ES256, the signer's
extended key usage ``emailProtection``, which readers accept with their default settings, and
C2PA's own for claim signing, for those whose settings list that alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

#: C2PA claim signing, and document signing (RFC 9336).
CLAIM_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
#: What a certificate may be for, as the library takes it: one line each. The list is that of the
#: C2PA trust list's configuration: e-mail, documents, time stamps, OCSP, C2PA by Microsoft, C2PA.
TRUST_CONFIGURATION: Final = "\n".join(
    (
        "1.3.6.1.5.5.7.3.4", DOCUMENT_SIGNING.dotted_string, "1.3.6.1.5.5.7.3.8",
        "1.3.6.1.5.5.7.3.9", "1.3.6.1.4.1.311.76.59.1.9", CLAIM_SIGNING.dotted_string,
    )
)  # fmt: skip
#: Without a time server a file's credentials end with the signer's certificate. So a certificate
#: lives long and signs only in the first part of its life.
SIGNER_LIFE: Final = timedelta(days=20 * 365)
SIGNER_USE: Final = timedelta(days=2 * 365)
AUTHORITY_LIFE: Final = timedelta(days=50 * 365)
#: Clocks that are a little behind.
_SLACK: Final = timedelta(days=1)
_ORGANISATION: Final = "Gioconda installation"

PrivateKey = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return pem(self.certificate)

    @property
    def key_pem(self) -> bytes:
        """The key in PEM (PKCS #8), not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def new_authority(now: datetime | None = None) -> Pair:
    """Make an authority for one installation; its name is drawn, and says nothing of a person."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Gioconda installation {secrets.token_hex(4)} authority")
    builder = _builder(name, name, key.public_key(), now, AUTHORITY_LIFE, authority=True)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def new_signer(authority: Pair, now: datetime | None = None) -> Pair:
    """Make a signer that an authority vouches for; it ends with the authority at the latest."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    common = str(issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    name = _name(common.removesuffix(" authority"))
    life = min(SIGNER_LIFE, authority.certificate.not_valid_after_utc - now)
    builder = _builder(name, issuer, key.public_key(), now, life, authority=False)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING]),
        critical=False,
    ).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
        critical=False,
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject_of(certificate: x509.Certificate) -> str:
    """Return organisation and name of whom a certificate is for."""
    organisation, common = (
        " ".join(str(a.value) for a in certificate.subject.get_attributes_for_oid(oid))
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    )
    return named(organisation, common) or certificate.subject.rfc4514_string()


def named(organisation: str, common: str) -> str:
    """Return an organisation and a name as one; the name alone if it begins with the other."""
    if not organisation or common.startswith(organisation):
        return common
    return f"{organisation}, {common}" if common else organisation


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(authority, 0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
