"""An installation's own keys: made once, private, renewed in time, told apart when broken."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import CLAIM_SIGNING, SIGNER_LIFE, SIGNER_USE
from gioconda.trust.credentials.keys import (
    configure,
    current,
    exported,
    identity,
    own_authorities,
    own_signers,
    rotate,
    settings,
)


def test_keys_are_made_on_first_use_and_stay(home: Path) -> None:
    first = identity()
    assert identity() == first
    assert first.algorithm == "es256"
    assert not first.organisation
    assert first.timestamp_url is None
    names = sorted(path.name for path in (home / "credentials").iterdir())
    assert names == ["authority-1.key", "authority-1.pem", "signing-1.key", "signing-1.pem"]


def test_private_files_are_their_owners_alone(home: Path) -> None:
    identity()
    configure(timestamp_url="http://localhost/")
    for path in [home, *home.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_the_signer_is_issued_by_the_authority_and_may_only_sign(home: Path) -> None:
    signer, authority = x509.load_pem_x509_certificates(identity().chain)
    signer.verify_directly_issued_by(authority)
    assert authority == own_authorities()[0]
    assert not signer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    purposes = set(signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == {ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING}


def test_certificates_name_no_person_and_no_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "leonardo")
    monkeypatch.setenv("LOGNAME", "leonardo")
    for certificate in x509.load_pem_x509_certificates(identity().chain):
        given = {attribute.oid: str(attribute.value) for attribute in certificate.subject}
        assert set(given) == {NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}
        words = " ".join(given.values())
        assert "leonardo" not in words
        assert os.uname().nodename not in words
        assert words.replace(" authority", "").startswith("Gioconda installation")


def test_a_signer_is_followed_long_before_it_expires(home: Path) -> None:
    now = datetime.now(UTC)
    first = identity(now)
    assert identity(now + SIGNER_USE - timedelta(days=30)) == first
    later = identity(now + SIGNER_USE + timedelta(days=1))
    assert later.epoch == first.epoch + 1
    # What is signed on the last day of a signer's use holds for years.
    rest = first.certificate.not_valid_after_utc - (now + SIGNER_USE)
    assert rest > SIGNER_LIFE - SIGNER_USE - timedelta(days=2)
    assert len(own_authorities()) == 1


def test_an_authority_is_followed_before_a_signer_would_outlive_it(home: Path) -> None:
    now = datetime.now(UTC)
    first = identity(now)
    late = identity(now + timedelta(days=35 * 365))
    assert len(own_authorities()) == 2
    signer, authority = x509.load_pem_x509_certificates(late.chain)
    assert authority == own_authorities()[0]
    assert signer.not_valid_after_utc <= authority.not_valid_after_utc
    assert first.certificate in [certificate for _, certificate in own_signers()]


def test_a_clock_before_the_keys_were_made_is_told(home: Path) -> None:
    identity()
    with pytest.raises(TrustError, match=r"the clock says 2001-01-01.*set the clock"):
        identity(datetime(2001, 1, 1, tzinfo=UTC))


def test_rotation_keeps_what_was(home: Path) -> None:
    first = identity()
    assert rotate() == 2
    second = identity()
    assert second.epoch == 2
    assert second.key != first.key
    assert [number for number, _ in own_signers()] == [2, 1]
    assert len(own_authorities()) == 1


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA", b"\xff" * 200])
def test_a_damaged_key_is_named_and_can_be_followed(home: Path, damage: bytes) -> None:
    identity()
    (home / "credentials" / "signing-1.key").write_bytes(damage)
    with pytest.raises(TrustError, match=r"signing-1\.key.*is damaged; put it back.*rotate"):
        identity()
    rotate()
    assert identity().epoch == 2


def test_the_key_of_another_certificate_counts_as_damaged(home: Path) -> None:
    identity()
    rotate()
    folder = home / "credentials"
    (folder / "signing-2.key").write_bytes((folder / "signing-1.key").read_bytes())
    with pytest.raises(TrustError, match="damaged"):
        identity()


def test_a_missing_key_is_named(home: Path) -> None:
    identity()
    (home / "credentials" / "signing-1.key").unlink()
    with pytest.raises(TrustError, match=r"signing-1\.key.*is missing"):
        identity()


def test_a_damaged_authority_is_followed_by_another(home: Path) -> None:
    identity()
    (home / "credentials" / "authority-1.key").write_bytes(b"?")
    rotate()
    assert len(own_authorities()) == 2
    assert identity().epoch == 2


def test_damaged_settings_are_named(home: Path) -> None:
    configure(timestamp_url="http://localhost/")
    (home / "credentials" / "settings.json").write_text("{")
    with pytest.raises(TrustError, match=r"settings\.json.*is damaged; delete it"):
        identity()


def test_settings_change_one_at_a_time(home: Path) -> None:
    configure(timestamp_url="http://localhost/")
    configure(organisation=False)
    assert settings().timestamp_url == "http://localhost/"
    configure(timestamp_url=None)
    assert settings().timestamp_url is None


def test_looking_makes_nothing(home: Path) -> None:
    with pytest.raises(TrustError, match="there are no keys yet"):
        current()
    assert own_signers() == ()
    assert not home.exists()


def test_a_home_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(TrustError, match=r"cannot be used.*GIOCONDA_HOME"):
        identity()


def test_keys_made_while_the_clock_ran_ahead_are_passed_over(home: Path) -> None:
    now = datetime.now(UTC)
    first = identity(now)
    ahead = identity(now + timedelta(days=40 * 365))
    assert ahead.epoch == 2
    assert identity(now) == first
    # The next one in its turn is issued by an authority whose time has come.
    later = identity(now + SIGNER_USE + timedelta(days=1))
    assert later.epoch == 3
    authority = x509.load_pem_x509_certificates(later.chain)[1]
    assert authority.not_valid_before_utc < now


def test_a_safe_copy_is_encrypted(home: Path) -> None:
    secret = exported(b"a passphrase")
    assert secret.count(b"BEGIN ENCRYPTED PRIVATE KEY") == 2
    assert b"BEGIN PRIVATE" not in secret
    key = secret[secret.index(b"-----BEGIN ENCRYPTED") :]
    loaded = serialization.load_pem_private_key(key, b"a passphrase")
    assert loaded.public_key() == own_authorities()[0].public_key()
    with pytest.raises(ValueError, match="password"):
        serialization.load_pem_private_key(key, b"another")


def test_processes_that_begin_at_once_share_one_authority(home: Path) -> None:
    code = "from gioconda.trust.credentials.keys import identity; print(identity().epoch)"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)
    ]
    epochs = {process.communicate(timeout=60)[0] for process in started}
    assert epochs == {b"1\n"}
    assert len(own_authorities()) == len(own_signers()) == 1
