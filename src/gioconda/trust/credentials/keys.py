"""The keys by which an installation signs: its own, made on first use, or an organisation's.

They lie in ``credentials/`` of the private folder: ``authority-N`` and ``signing-N`` (certificate
``.pem``, key ``.key``), numbered as they were made, none ever overwritten, so that what an earlier
one signed stays known as this installation's. ``settings.json`` says which kind signs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import (
    SIGNER_LIFE,
    SIGNER_USE,
    Pair,
    fingerprint,
    new_authority,
    new_signer,
    pem,
    subject_of,
)
from gioconda.trust.home import home_locked, read_private, trust_home, write_private

_FOLDER: Final = "credentials"
_SETTINGS: Final = f"{_FOLDER}/settings.json"
ORGANISATION: Final = f"{_FOLDER}/organisation"
_SAME: Final = "the same as before"
Kind = Literal["authority", "signing"]


@dataclass(frozen=True)
class Settings:
    """What was set by ``gioconda trust init``.

    Attributes:
        organisation: whether an organisation's certificate signs instead of the installation's.
        timestamp_url: of an RFC 3161 time server; None without one, and then signing never uses
            the network.
    """

    organisation: bool = False
    timestamp_url: str | None = None


@dataclass(frozen=True)
class Identity:
    """What signs files: a certificate with its chain, and its key.

    Attributes:
        chain: certificates in PEM, the signer's first.
        key: in PEM, not encrypted.
        algorithm: as C2PA names it, such as ``es256``.
        organisation: whether it is an organisation's own.
        epoch: number of the signing key; 0 of an organisation's.
        timestamp_url: see :class:`Settings`.
    """

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    algorithm: str = "es256"
    organisation: bool = False
    epoch: int = 0
    timestamp_url: str | None = None

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""
        return x509.load_pem_x509_certificate(self.chain)

    @property
    def name(self) -> str:
        """Whose it is, as the certificate says."""
        return subject_of(self.certificate)


def settings() -> Settings:
    """Return what was set.

    Raises:
        TrustError: the file is damaged or cannot be read.
    """
    data = read_private(_SETTINGS)
    if data is None:
        return Settings()
    try:
        found = json.loads(data)
        url = found["timestamp_url"]
        return Settings(bool(found["organisation"]), None if url is None else str(url))
    except (ValueError, KeyError, TypeError) as e:
        raise TrustError(
            f"{str(trust_home() / _SETTINGS)!r} is damaged; delete it to sign with this "
            "installation's own key, and set what you need by 'gioconda trust init'"
        ) from e


def configure(*, organisation: bool | None = None, timestamp_url: str | None = _SAME) -> None:
    """Change what is set; the rest stays.

    Raises:
        TrustError: it cannot be read or written.
    """
    with home_locked():
        set_settings(
            Settings(
                settings().organisation if organisation is None else organisation,
                settings().timestamp_url if timestamp_url == _SAME else timestamp_url,
            )
        )


def set_settings(new: Settings) -> None:
    """Keep what is set; within the lock.

    Raises:
        TrustError: it cannot be written.
    """
    text = json.dumps({"organisation": new.organisation, "timestamp_url": new.timestamp_url})
    write_private(_SETTINGS, text.encode())


def identity(now: datetime | None = None) -> Identity:
    """Return what signs files here; on first use it is made.

    The installation's own certificate is followed by a new one before it has signed for
    :data:`~gioconda.trust.credentials.certificates.SIGNER_USE`, so that a file's credentials hold
    for the rest of its :data:`~gioconda.trust.credentials.certificates.SIGNER_LIFE` at least.

    Args:
        now: aware; the clock if None.

    Raises:
        TrustError: a key is missing, damaged or cannot be written, or an organisation's
            certificate is not valid now.
    """
    now = now or datetime.now(UTC)
    chosen = settings()
    if chosen.organisation:
        from gioconda.trust.credentials.organisation import organisation_identity

        return organisation_identity(chosen.timestamp_url, now)
    return own_identity(now)


def own_identity(now: datetime | None = None) -> Identity:
    """Return the installation's own identity, whatever is set; made or renewed if it is due.

    Args:
        now: aware; the clock if None.

    Raises:
        TrustError: a key is missing, damaged or cannot be written.
    """
    now = now or datetime.now(UTC)
    number = _fresh_signer(now)
    if number is None:
        with home_locked():
            number = _fresh_signer(now)  # another process may have made it meanwhile
            if number is None:
                number = _make_signer(now)
    return _own(number, settings().timestamp_url)


def current() -> Identity:
    """Return what signed last or is going to sign; nothing is made or renewed.

    Raises:
        TrustError: there is none yet, or it cannot be read.
    """
    chosen = settings()
    if chosen.organisation:
        return identity()
    signers = own_signers()
    if not signers:
        raise TrustError("there are no keys yet; make them by 'gioconda trust init'")
    now = datetime.now(UTC)
    begun = [number for number, c in signers if c.not_valid_before_utc <= now]
    return _own(begun[0] if begun else signers[0][0], chosen.timestamp_url)


def rotate(now: datetime | None = None) -> int:
    """Make a new signing key of the installation's own, and sign with it from now on.

    What earlier ones signed stays valid, and known as this installation's.

    Returns:
        The number of the new key.

    Raises:
        TrustError: it cannot be written.
    """
    with home_locked():
        return _make_signer(now or datetime.now(UTC))


def own_authorities() -> tuple[x509.Certificate, ...]:
    """Return the certificates of every authority that was made here, newest first.

    Raises:
        TrustError: one cannot be read.
    """
    numbers = range(_newest("authority"), 0, -1)
    return tuple(
        _certificates("authority", n)[0] for n in numbers if _path("authority", n, "pem").exists()
    )


def own_signers() -> tuple[tuple[int, x509.Certificate], ...]:
    """Return number and certificate of every signing key that was made here, newest first.

    Raises:
        TrustError: one cannot be read.
    """
    numbers = range(_newest("signing"), 0, -1)
    return tuple(
        (n, _certificates("signing", n)[0]) for n in numbers if _path("signing", n, "pem").exists()
    )


def exported(passphrase: bytes) -> bytes:
    """Return every authority's and signer's certificate and key, for a safe copy; newest first.

    Args:
        passphrase: with which the keys are encrypted (PKCS #8).

    Raises:
        TrustError: a key that is in use is missing, damaged, or cannot be read or made. Of older
            ones that are, there is the certificate alone.
    """
    encryption = serialization.BestAvailableEncryption(passphrase)
    used = {"authority": _newest("authority"), "signing": own_identity().epoch}
    found = []
    for kind in get_args(Kind):
        for number in range(_newest(kind), 0, -1):
            if not _path(kind, number, "pem").exists():
                continue
            found.append(pem(_certificates(kind, number)[0]))
            try:
                key = _pair(kind, number).key
            except TrustError:
                if number == used[kind]:
                    raise
                continue
            found.append(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
                )
            )
    return b"".join(found)


def _own(number: int, timestamp_url: str | None) -> Identity:
    pair = _pair("signing", number)
    chain = b"".join(pem(c) for c in _certificates("signing", number))
    return Identity(chain, pair.key_pem, epoch=number, timestamp_url=timestamp_url)


def _make_authority(now: datetime) -> int:
    return _keep("authority", new_authority(now))


def _make_signer(now: datetime) -> int:
    """Make a signer, and an authority if there is none that outlives it; within the lock."""
    authority = _usable_authority(now)
    if authority is None:
        authority = _pair("authority", _make_authority(now))
    return _keep("signing", new_signer(authority, now), authority.certificate)


def _keep(kind: Kind, pair: Pair, issuer: x509.Certificate | None = None) -> int:
    """Write a key, then its certificate, which makes it count."""
    number = max(_newest(kind, "key"), _newest(kind)) + 1
    write_private(f"{_FOLDER}/{kind}-{number}.key", pair.key_pem)
    chain = pair.certificate_pem + (pem(issuer) if issuer is not None else b"")
    write_private(f"{_FOLDER}/{kind}-{number}.pem", chain)
    return number


def _newest(kind: Kind, suffix: str = "pem") -> int:
    """Return the highest number in use, 0 if there is none."""
    name = re.compile(rf"{kind}-([1-9]\d{{0,8}})\.{suffix}")
    folder = trust_home() / _FOLDER
    try:
        entries = [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        return 0
    except OSError as e:
        raise TrustError(f"{str(folder)!r} cannot be read: {e.strerror or e}") from e
    return max((int(match[1]) for entry in entries if (match := name.fullmatch(entry))), default=0)


def _fresh_signer(now: datetime) -> int | None:
    """Return the newest signer that may still sign: young enough, and not of the future.

    Keys that were made while the clock ran ahead are passed over until their time has come.

    Raises:
        TrustError: all are of the future, so that the clock must be wrong now.
    """
    signers = own_signers()
    begun = [(n, c) for n, c in signers if c.not_valid_before_utc <= now]
    if signers and not begun:
        raise TrustError(
            f"the clock says {now:%Y-%m-%d}, before the signing key was made "
            f"({signers[-1][1].not_valid_before_utc:%Y-%m-%d}); set the clock"
        )
    return next((n for n, c in begun if now - c.not_valid_before_utc < SIGNER_USE), None)


def _usable_authority(now: datetime) -> Pair | None:
    """Return the newest authority that outlives a new signer, or None."""
    for number in range(_newest("authority"), 0, -1):
        try:
            pair = _pair("authority", number)
        except TrustError:
            # A damaged one is not used any more; what it vouched for stays known.
            continue
        certificate = pair.certificate
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - SIGNER_LIFE:
            return pair
    return None


def _path(kind: Kind, number: int, suffix: str) -> Path:
    return trust_home() / _FOLDER / f"{kind}-{number}.{suffix}"


def _certificates(kind: Kind, number: int) -> list[x509.Certificate]:
    data = read_private(f"{_FOLDER}/{kind}-{number}.pem")
    try:
        return x509.load_pem_x509_certificates(data or b"")
    except ValueError as e:
        raise _damaged(_path(kind, number, "pem")) from e


def _pair(kind: Kind, number: int) -> Pair:
    certificate = _certificates(kind, number)[0]
    path = _path(kind, number, "key")
    data = read_private(f"{_FOLDER}/{kind}-{number}.key")
    if data is None:
        raise TrustError(
            f"the key {str(path)!r} is missing; put it back from a copy, or make a new one by "
            "'gioconda trust rotate'"
        )
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError) as e:
        raise _damaged(path) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey) or (
        key.public_key() != certificate.public_key()
    ):
        raise _damaged(path)
    return Pair(certificate, key)


def _damaged(path: Path) -> TrustError:
    return TrustError(
        f"the key file {str(path)!r} is damaged; put it back from a copy, or make a new key by "
        "'gioconda trust rotate' (files that were signed stay valid)"
    )


def described(certificate: x509.Certificate) -> dict[str, str]:
    """Return what people may want to know of a certificate."""
    return {
        "name": subject_of(certificate),
        "sha256": fingerprint(certificate),
        "serial": f"{certificate.serial_number:x}",
        "from": certificate.not_valid_before_utc.isoformat(),
        "until": certificate.not_valid_after_utc.isoformat(),
    }
