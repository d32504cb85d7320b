"""Authorities and signers of others, right and wrong in every way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Authority:
    """Somebody who issues certificates."""

    def __init__(self, name: str = "Uffizi Root", issuer: Authority | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = _issued(
            name, self.key, issuer or self, authority=True, purposes=None,
            days=(-1, 3650), root=issuer is None,
        )  # fmt: skip

    @property
    def pem(self) -> bytes:
        return pem(self.certificate)

    def signer(
        self,
        key: Key | None = None,
        purposes: Sequence[ObjectIdentifier] | None = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
        days: tuple[float, float] = (-1, 365),
        *,
        names_its_issuer: bool = True,
        critical: bool = False,
        serial: int | None = None,
    ) -> tuple[bytes, bytes]:
        """Return certificate and key of a signer, PEM, valid between some days from now."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = _issued(
            "Uffizi Press", key, self, authority=False, purposes=purposes, days=days,
            names_its_issuer=names_its_issuer, critical=critical,
            serial=serial,
        )  # fmt: skip
        return pem(certificate), key_pem(key)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: Key, passphrase: bytes | None = None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def _issued(
    name: str,
    key: Key,
    issuer: Authority,
    *,
    authority: bool,
    purposes: Sequence[ObjectIdentifier] | None,
    days: tuple[float, float],
    root: bool = False,
    names_its_issuer: bool = True,
    critical: bool = False,
    serial: int | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Uffizi"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if root else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names_its_issuer:
        named = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(named, critical=False)
    if purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    return builder.sign(issuer.key, hashes.SHA256())
