"""The marks and keys of an installation: made once, private, and rotated without loss."""

from __future__ import annotations

import pickle
import stat
from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import OptionError, TrustError
from gioconda.trust.watermark.keys import operator_keys, own_identifier, rotate_operator_key
from gioconda.trust.watermark.marker import Marker
from gioconda.trust.watermark.marks import Marks, own_marks


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path))
    return tmp_path


def test_they_are_made_once_and_kept_for_the_owner_alone(home: Path) -> None:
    marks = own_marks()

    assert own_marks().identifier == marks.identifier == own_identifier()
    assert marks.epoch == 1
    files = [f for f in home.iterdir() if f.name.endswith(".json")]
    assert files
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o600 for f in files)


def test_a_rotated_key_marks_from_then_on_and_the_old_one_is_kept() -> None:
    before, identifier = own_marks(), own_identifier()
    rotate_operator_key()
    after = own_marks()

    assert [key.epoch for key in operator_keys()] == [1, 2]
    assert (before.epoch, after.epoch) == (1, 2)
    assert own_identifier() == identifier
    assert not np.array_equal(before.chips, after.chips)


def test_no_key_travels_with_marks() -> None:
    marks = own_marks()
    data = pickle.dumps(marks)

    for key in operator_keys():
        assert key.secret not in data
        assert key.secret.hex() not in repr(key)
    again = pickle.loads(data)
    assert again == marks
    assert np.array_equal(again.chips, marks.chips)


@pytest.mark.parametrize("identifier", [-1, 2**64])
def test_an_identifier_has_64_bits(identifier: int) -> None:
    with pytest.raises(OptionError, match="identifier"):
        own_marks(identifier)


def test_an_identifier_can_be_given() -> None:
    assert own_marks(2**64 - 1).identifier == 2**64 - 1


@pytest.mark.parametrize("damage", [b"{", b"{}", b'{"identifier": "1", "keys": []}'])
def test_damaged_keys_are_said_and_not_replaced(home: Path, damage: bytes) -> None:
    own_marks()
    file = home / "watermark.json"
    file.write_bytes(damage)

    with pytest.raises(TrustError, match="damaged"):
        own_marks()
    assert file.read_bytes() == damage


@pytest.mark.parametrize("what", ["nothing", "turned", "no group", "small"])
def test_marks_without_the_public_mark_are_refused(what: str) -> None:
    own = own_marks()
    chips, groups = own.chips, own.groups
    if what == "nothing":
        chips, groups = np.ones_like(chips), np.zeros_like(groups)
    elif what == "turned":
        chips = -chips
    elif what == "no group":
        groups = np.zeros_like(groups)
    else:
        chips, groups = chips[:64], groups[:64]
    with pytest.raises(OptionError, match="lack the public mark"):
        Marker(64, 64, Marks(1, 1, chips, groups))
    Marker(64, 64, own)
