"""gioconda trust: what signs and marks, from the command line."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from pathlib import Path

import pytest
from cryptography import x509
from tests.trust.credentials.authorities import Authority
from tests.trust.outputs import PORTRAIT, Shelf, provenance

from gioconda import cli
from gioconda.trust import log
from gioconda.trust.credentials.keys import identity, own_authorities, settings
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal
from gioconda.trust.watermark.keys import operator_keys, own_identifier


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"))


def run(*arguments: str) -> int:
    """Run a command in this process, and return its exit code."""
    given, sys.argv = sys.argv, ["gioconda", "trust", *arguments]
    logger = logging.getLogger("gioconda")
    kept = (logger.propagate, logger.handlers)
    try:
        return cli._run()
    finally:
        sys.argv = given
        logger.propagate, logger.handlers = kept


def told(capsys: pytest.CaptureFixture[str]) -> dict:  # type: ignore[type-arg]
    return json.loads(capsys.readouterr().out)


def test_show_makes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show") == 0
    assert "no keys yet" in capsys.readouterr().out
    assert run("show", "--json") == 0
    data = told(capsys)
    assert (data["made"], data["signing"], data["watermark"]["identifier"]) == (False, None, None)
    assert not home.exists()


def test_init_makes_keys_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init", "--json") == 0
    first = told(capsys)
    assert run("init", "--json") == 0
    assert told(capsys) == first
    assert first["signing"]["sha256"] == first["signing_keys"][0]["sha256"]
    assert first["watermark"]["identifier"] == f"{own_identifier():016x}"
    assert first["timestamp_url"] is None
    assert first["home"] == str(home)


def test_rotate_makes_new_keys_of_both_kinds(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--quiet")
    number = own_identifier()
    assert run("rotate") == 0
    assert "signing key 2 and watermark key 2" in capsys.readouterr().out
    assert identity().epoch == 2
    assert [key.epoch for key in operator_keys()] == [1, 2]
    assert own_identifier() == number
    assert run("show", "--json") == 0
    data = told(capsys)
    assert [row["key"] for row in data["signing_keys"]] == [2, 1]
    assert data["watermark"]["epochs"] == [1, 2]


def test_what_is_exported_lets_others_trust(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    target = tmp_path / "mine.pem"
    assert run("export", "-o", str(target)) == 0
    assert run("export") == 0
    text = capsys.readouterr().out
    assert text == target.read_text()
    assert x509.load_pem_x509_certificates(text.encode()) == [own_authorities()[0]]
    assert run("export", "-o", str(target)) != 0
    other = tmp_path / "other"
    monkeypatch.setenv("GIOCONDA_HOME", str(other))
    assert read_credentials(path, ".png").status == "valid_unknown_signer"
    (other / "anchors").mkdir(parents=True)
    target.rename(other / "anchors" / "friend.pem")
    assert read_credentials(path, ".png").status == "trusted"


def test_secrets_are_exported_only_encrypted(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GIOCONDA_PASSPHRASE", raising=False)
    assert run("export", "--secret") != 0
    assert "GIOCONDA_PASSPHRASE" in capsys.readouterr().err
    monkeypatch.setenv("GIOCONDA_PASSPHRASE", "short")
    assert run("export", "--secret") != 0
    monkeypatch.setenv("GIOCONDA_PASSPHRASE", "long enough")
    target = tmp_path / "copy.pem"
    assert run("export", "--secret", "-o", str(target)) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    text = target.read_text()
    assert text.count("BEGIN ENCRYPTED PRIVATE KEY") == 2
    assert "BEGIN PRIVATE KEY" not in text


def test_an_organisation_is_set_shown_and_left(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Authority()
    chain, key = root.signer()
    (tmp_path / "c.pem").write_bytes(chain + root.pem)
    (tmp_path / "k.pem").write_bytes(key)
    files = ("--organisation-cert", str(tmp_path / "c.pem"), "--organisation-key")
    assert run("init", *files, str(tmp_path / "k.pem"), "--json") == 0
    data = told(capsys)
    assert (data["signing"]["organisation"], data["signing"]["name"]) == (True, "Uffizi Press")
    assert run("rotate") == 0
    assert "still signed with the organisation's" in capsys.readouterr().out
    assert run("export") == 0
    shown = x509.load_pem_x509_certificates(capsys.readouterr().out.encode())
    assert shown == [own_authorities()[0], root.certificate]
    assert run("init", "--own", "--quiet") == 0
    assert not settings().organisation
    old, old_key = root.signer(days=(-400, -30))
    (tmp_path / "c.pem").write_bytes(old + root.pem)
    (tmp_path / "k.pem").write_bytes(old_key)
    assert run("init", *files, str(tmp_path / "k.pem")) != 0
    assert "expired on" in capsys.readouterr().err


def test_show_tells_what_is_wrong_rather_than_failing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--quiet")
    (home / "credentials" / "signing-1.key").write_bytes(b"?")
    assert run("show") == 0
    assert "cannot sign" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("init", "--organisation-cert", "a.pem"), "go together"),
        (("init", "--timestamp-url", "tsa.example"), "no address of a time server"),
        (("log", "--forget", "everything"), "a number of the log, or 'all'"),
        (("log", "--forget", "7"), "the log has no output 7"),
    ],
)
def test_wrong_options_get_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*arguments) != 0
    assert said in capsys.readouterr().err


def test_a_time_server_is_set_and_unset(home: Path) -> None:
    run("init", "--timestamp-url", "http://127.0.0.1:9/", "--quiet")
    assert settings().timestamp_url == "http://127.0.0.1:9/"
    run("init", "--quiet")
    assert settings().timestamp_url is not None
    run("init", "--timestamp-url", "", "--quiet")
    assert settings().timestamp_url is None


def test_the_log_lists_and_forgets(
    home: Path, tmp_path: Path, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("log") == 0
    assert "nothing was made here yet" in capsys.readouterr().out
    for suffix in (".png", ".mp4"):
        seal(shelf.copy(suffix, tmp_path), suffix, provenance())
    assert run("log") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "video/mp4" in lines[0]
    assert "image/png" in lines[1]
    assert all("by speech, on permission" in line for line in lines)
    assert run("log", "--json", "-n", "1") == 0
    [entry] = told(capsys)["outputs"]
    portrait = entry["ingredients"][0]
    assert portrait["sha256"] == hashlib.sha256(PORTRAIT).hexdigest()
    salted = bytes.fromhex(portrait["salt"]) + bytes.fromhex(portrait["sha256"])
    assert portrait["hash"] == hashlib.sha256(salted).hexdigest()
    assert run("log", "--forget", str(entry["id"])) == 0
    assert log.count() == 1
    assert run("log", "--forget", "all") == 0
    assert log.count() == 0
