"""What the sandbox says of credentials is checked field by field before it is believed."""

from __future__ import annotations

from typing import Any

import pytest

from gioconda.trust.verify.credentials import changed, credentials_finding
from gioconda.trust.verify.finding import CredentialsFinding


def read(**fields: Any) -> CredentialsFinding:
    return credentials_finding({"status": "trusted", "generator": "gioconda 0.1.0"} | fields)


def test_what_is_read_is_told() -> None:
    found = read(
        own=True, signer="Somebody", source_type="trainedAlgorithmicMedia", watermark=0xAB,
        signed_at="2026-05-01T10:00:00+00:00", actions=["c2pa.created"],
    )  # fmt: skip
    assert found.own
    assert found.by_gioconda
    assert found.identifier == "00000000000000ab"
    assert found.signed_at is not None
    assert "this installation's key" in found.sentence
    assert "generative AI made it" in found.sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "splendid"}, {"status": ["trusted"]}, {"signer": {"a": 1}},
        {"watermark": -1}, {"watermark": 2**64}, {"watermark": "x"}, {"signed_at": "yesterday"},
        {"signed_at": 7}, {"actions": "x" * 10}, {"actions": [1, None, "c2pa.edited"]},
        {"problems": {"a": "b"}}, {"generator": None}, {"own": "yes"},
    ],
)  # fmt: skip
def test_nonsense_is_left_out(fields: dict[str, Any]) -> None:
    found = read(**fields)
    assert not found.own
    assert found.identifier is None
    assert found.signed_at is None
    assert set(found.actions) <= {"c2pa.edited"}


def test_texts_are_bounded_and_printable() -> None:
    found = read(signer="a\x1b[31m" + "b" * 10_000, actions=["x"] * 1000)
    assert len(found.signer) <= 300
    assert "\x1b" not in found.signer
    assert len(found.actions) <= 40


def test_only_a_trusted_file_is_ones_own() -> None:
    assert not read(status="valid_unknown_signer", own=True).own
    assert read(status="none", signer="Somebody") == CredentialsFinding()


@pytest.mark.parametrize(
    ("codes", "tampered"),
    [
        (("assertion.bmffHash.mismatch",), True), (("assertion.dataHash.mismatch",), True),
        (("claimSignature.mismatch",), True), (("claim.hardBindings.missing",), True),
        (("assertion.hashedURI.mismatch", "signingCredential.expired"), True),
        (("signingCredential.expired",), False), (("claimSignature.outsideValidity",), False),
        (("signingCredential.ocsp.revoked",), False), (("algorithm.unsupported",), False),
        (("manifest.unreadable",), False), ((), False),
    ],
)  # fmt: skip
def test_which_problems_tell_of_tampering(codes: tuple[str, ...], tampered: bool) -> None:
    assert changed(codes) is tampered
    found = read(status="invalid", problems=codes)
    assert found.changed is tampered
    assert ("do not fit the file" in found.sentence) is tampered
