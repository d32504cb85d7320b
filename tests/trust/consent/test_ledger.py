"""The ledger of consent: private, whole, for several processes, and never forgetful."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from gioconda.errors import ConsentError, OptionError, TrustError
from gioconda.trust.consent.ledger import NAME, Ledger
from gioconda.trust.consent.requirement import require_pixels
from gioconda.trust.consent.statement import Guardian, Statement

A, B = b"a" * 32, b"b" * 32
ARTWORK = Statement("artwork")
PERMISSION = Statement(
    "permission", "Ann Example", date(2026, 5, 1), date(2026, 6, 30), minor=False
)  # fmt: skip


def test_a_record_keeps_what_was_stated_and_when(home, clock):
    record = Ledger(clock).state(A, PERMISSION, "option", by="somebody")
    (kept,) = Ledger(clock).of_portrait(A)
    assert kept == record
    assert kept.statement == PERMISSION
    assert (kept.stated, kept.by, kept.via) == (clock.now, "somebody", "option")
    assert "has permitted it" in kept.text
    assert "18 or older" in kept.text
    assert "can lie" in kept.text
    assert kept.text_version >= 1
    assert Ledger(clock).of_portrait(B) == ()


def test_every_part_of_a_statement_comes_back(home, clock):
    statement = Statement(
        "permission", "Ben", date(2026, 1, 2), date(2027, 3, 4), True,
        Guardian("Ann Smith", "mother", date(2026, 1, 1)), None, "de",
    )  # fmt: skip
    Ledger(clock).state(A, statement, "server", by="a client")
    from gioconda.trust.consent import ledger

    ledger._read.clear()
    (kept,) = Ledger(clock).of_portrait(A)
    assert kept.statement == statement
    assert kept.text.startswith("Der Person auf diesem Bild")
    assert "sorgeberechtigt" in kept.text


def test_the_file_is_for_its_owner_alone_and_names_no_pixels(home, clock):
    Ledger(clock).state(A, ARTWORK, "python")
    path = home / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    text = path.read_text()
    assert A.hex() not in text
    assert [p.name for p in home.iterdir() if p.name.startswith(".consent")] == []


def test_the_reference_follows_from_the_record_and_its_own_salt(home, clock):
    ledger = Ledger(clock)
    first, second = ledger.state(A, ARTWORK, "python"), ledger.state(B, ARTWORK, "python")
    assert first.salt != second.salt
    assert first.reference != second.reference
    assert first.hashed() == first.reference
    # What was revoked later keeps its reference, so that old outputs can be told.
    (revoked,) = ledger.revoke(A, "changed her mind")
    assert revoked.reference == first.reference == revoked.hashed()
    # Two ledgers know the same portrait by different keys.
    assert first.portrait != second.portrait


def test_the_same_statement_again_is_not_a_second_record(home, clock):
    ledger = Ledger(clock)
    first = ledger.state(A, ARTWORK, "python")
    clock.pass_days(1)
    assert ledger.state(A, ARTWORK, "option") == first
    ledger.state(A, Statement("self", minor=False), "option")
    assert len(ledger.records()) == 2


def test_keys_of_two_installations_differ(home, clock, tmp_path, monkeypatch):
    one = Ledger(clock).state(A, ARTWORK, "python").portrait
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "other"))
    assert Ledger(clock).state(A, ARTWORK, "python").portrait != one


def test_revoking_takes_back_all_that_was_stated(home, clock):
    ledger = Ledger(clock)
    ledger.state(A, ARTWORK, "python")
    ledger.state(A, PERMISSION, "python")
    ledger.state(B, ARTWORK, "python")
    assert len(ledger.revoke(A, "asked to")) == 2
    assert [r.state(clock.now) for r in ledger.of_portrait(A)] == ["revoked", "revoked"]
    assert [r.state(clock.now) for r in ledger.of_portrait(B)] == ["valid"]
    with pytest.raises(OptionError, match="nothing stands"):
        ledger.revoke(A)


def test_after_a_revocation_only_a_statement_on_purpose_counts(home, clock):
    ledger = Ledger(clock)
    first = ledger.state(A, ARTWORK, "python")
    ledger.revoke(A)
    for other in (ARTWORK, PERMISSION, Statement("synthetic")):
        with pytest.raises(ConsentError, match="revoked on 2026-06-01") as refused:
            ledger.state(A, other, "option")
        assert refused.value.code == "revoked"
    again = ledger.state(A, PERMISSION, "option", after_revocation=True)
    assert again.after == first.reference
    assert again.state(clock.now) == "valid"


def test_records_are_found_by_the_beginning_of_their_reference(home, clock):
    ledger = Ledger(clock)
    record = ledger.state(A, ARTWORK, "python")
    assert ledger.find(record.reference[:8].upper()) == record
    for wrong in ("", record.reference[:5], "0" * 12):
        with pytest.raises(OptionError):
            ledger.find(wrong)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"version": 1}', b'{"version": 99}'])
def test_a_damaged_ledger_refuses_everything(home, clock, damage):
    Ledger(clock).state(A, ARTWORK, "python")
    (home / NAME).write_bytes(damage)
    for ask in (Ledger(clock).records, lambda: Ledger(clock).state(A, ARTWORK, "python")):
        with pytest.raises(TrustError):
            ask()
    assert (home / NAME).read_bytes() == damage


_WRITER = """
import sys
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.consent.statement import Statement
for k in range(8):
    Ledger().state(f"{sys.argv[1]} {k}".encode(), Statement("artwork"), "python")
    Ledger().state(b"the same", Statement("artwork"), "python")
"""


def test_two_processes_write_at_once_and_nothing_is_lost(home):
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, name]) for name in ("one", "two")]
    assert [w.wait(60) for w in writers] == [0, 0]
    ledger = Ledger()
    assert len(ledger.records()) == 17  # the same portrait is stated once, by whoever came first
    for name in ("one", "two"):
        for k in range(8):
            assert len(ledger.of_portrait(f"{name} {k}".encode())) == 1
    assert json.loads((home / NAME).read_text())["version"] == 1


def test_a_write_that_fails_leaves_the_ledger_as_it_was(home, clock, monkeypatch):
    ledger = Ledger(clock)
    ledger.state(A, ARTWORK, "python")
    before = (home / NAME).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gioconda.trust.home.os.fsync", full)
    with pytest.raises(TrustError, match="No space left"):
        ledger.state(B, ARTWORK, "python")
    assert (home / NAME).read_bytes() == before
    assert sorted(p.name for p in Path(home).iterdir()) == [".lock", NAME]


def test_a_portrait_is_refused_beforehand(home, clock):
    ledger = Ledger(clock)
    (refusal,) = ledger.revoke(A, "never me", via="option")
    assert refusal.state(clock.now) == "refused beforehand"
    from gioconda.trust.consent import ledger as module

    module._read.clear()
    assert Ledger(clock).of_portrait(A) == (refusal,)
    assert refusal.hashed() == refusal.reference
    (kept,) = json.loads((home / NAME).read_text())["records"]
    assert (kept["statement"], kept["text"]) == (None, "refused beforehand")
    assert kept["revoked"]["reason"] == "never me"
    for basis in ("self", "artwork", "synthetic", PERMISSION, None):
        with pytest.raises(ConsentError, match="refused beforehand, on 2026-06-01") as refused:
            require_pixels(A, basis, ledger=ledger)
        assert refused.value.code == "revoked"
    with pytest.raises(OptionError, match="nothing stands"):
        ledger.revoke(A)
    again = ledger.state(A, PERMISSION, "option", after_revocation=True)
    assert again.after == refusal.reference
    assert require_pixels(A, ledger=ledger).reference == again.reference
    assert require_pixels(B, "artwork", ledger=ledger).basis == "artwork"


def test_a_folder_that_cannot_be_used_is_named_with_the_remedy(tmp_path, clock, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "file"))
    with pytest.raises(TrustError, match=r"file/consent.json' cannot be used.*by GIOCONDA_HOME"):
        Ledger(clock).records()
