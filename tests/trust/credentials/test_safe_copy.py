"""A copy of all keys: nothing is missing, nothing is readable, and common tools open it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PublicKeyTypes,
)

from gioconda.trust.credentials.keys import identity, own_authorities, own_signers, rotate
from gioconda.trust.credentials.safe_copy import ITERATIONS, safe_copy
from gioconda.trust.watermark.keys import rotate_operator_key

WORD = b"a passphrase"


@pytest.fixture
def copy(home: Path) -> str:
    identity()
    rotate()
    rotate_operator_key()
    return safe_copy(WORD).decode()


def test_every_key_is_in_it_and_none_in_the_open(home: Path, copy: str) -> None:
    known = [*own_authorities(), *(c for _, c in own_signers())]
    assert len(known) == 3
    assert {c.serial_number for c in x509.load_pem_x509_certificates(copy.encode())} == {
        c.serial_number for c in known
    }
    begin = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    keys = [
        serialization.load_pem_private_key((begin + part).encode(), WORD)
        for part in copy.split(begin)[1:]
    ]
    assert {public(key.public_key()) for key in keys} == {public(c.public_key()) for c in known}
    assert "BEGIN PRIVATE KEY" not in copy
    assert "secret" not in copy


def public(key: CertificatePublicKeyTypes | PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_openssl_opens_the_watermarks_keys(home: Path, copy: str) -> None:
    title = "GIOCONDA WATERMARK KEYS-----"
    body = copy.partition(f"-----BEGIN {title}\n")[2].partition(f"-----END {title}")[0]

    def opened(word: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["openssl", "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-iter", str(ITERATIONS), "-a",
             "-pass", "env:WORD"],
            input=body.encode(), capture_output=True, check=False,
            env={**os.environ, "WORD": word.decode()},
        )  # fmt: skip

    assert opened(WORD).stdout == (home / "watermark.json").read_bytes()
    assert opened(b"another").stdout != (home / "watermark.json").read_bytes()


def test_keys_that_are_lost_cost_the_copy_only_themselves(home: Path) -> None:
    identity()
    rotate()
    (home / "credentials" / "signing-1.key").unlink()
    copy = safe_copy(WORD).decode()
    assert copy.count("BEGIN CERTIFICATE") == 3
    assert copy.count("BEGIN ENCRYPTED PRIVATE KEY") == 2
