"""The local log: private, shared by processes, and found again by file and by frame."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.trust.outputs import IDENTIFIER, PORTRAIT, grant, provenance

from gioconda.errors import TrustError
from gioconda.trust import log
from gioconda.trust.credentials.manifest import salted
from gioconda.trust.log import Sealed
from gioconda.trust.provenance import Provenance


def sealed(name: bytes, *hashes: int) -> Sealed:
    given = provenance()
    frames = tuple((float(i), value) for i, value in enumerate(hashes))
    digest = hashlib.sha256(name).digest()
    return Sealed("video/mp4", 1234, "urn:x", (digest,), salted(given.ingredients), frames)


def test_an_empty_log_is_no_file(home: Path) -> None:
    assert log.entries() == []
    assert log.count() == 0
    assert log.find_file(bytes(32)) is None
    assert log.find_frames([1, 2]) == []
    assert log.forget() == 0
    assert not home.exists()


def test_what_is_entered_is_found_by_its_bytes(home: Path) -> None:
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    number = log.record(sealed(b"a"), provenance(live=True), now)
    log.record(sealed(b"b"), Provenance())
    entry = log.find_file(hashlib.sha256(b"a").digest())
    assert entry is not None
    assert (entry.id, entry.at, entry.size, entry.files) == (number, now, 1234, 1)
    assert (entry.media_type, entry.manifest, entry.driver) == ("video/mp4", "urn:x", "speech")
    assert entry.identifier == IDENTIFIER
    assert (entry.basis, entry.consent) == (grant().basis, grant().reference)
    assert (entry.live, entry.partial) == (True, False)
    assert entry.ingredients[0].ingredient.sha256 == hashlib.sha256(PORTRAIT).digest()
    other = log.find_file(hashlib.sha256(b"b").digest())
    assert other is not None
    assert (other.identifier, other.basis, other.consent) == (None, None, None)
    assert log.find_file(hashlib.sha256(b"c").digest()) is None
    assert [e.id for e in log.entries()] == [other.id, number]
    assert [e.id for e in log.entries(1)] == [other.id]
    assert log.count() == 2


def test_the_log_is_its_owners_alone_and_holds_nothing_readable(home: Path) -> None:
    log.record(sealed(b"a", 1), provenance())
    [path] = home.glob("log*")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PORTRAIT[:32] not in path.read_bytes()


def test_frames_are_found_within_some_bits_and_the_likest_first(home: Path) -> None:
    draw = np.random.default_rng(1)
    first = [int(v) for v in draw.integers(0, 1 << 63, 60, dtype=np.uint64)]
    second = [int(v) for v in draw.integers(0, 1 << 63, 60, dtype=np.uint64)]
    a = log.record(sealed(b"a", *first), provenance())
    b = log.record(sealed(b"b", *second), provenance())
    log.record(sealed(b"no frames"), provenance())
    queries = [second[7] ^ 0b111, second[8], first[30] ^ 0b11111]
    found = log.find_frames(queries)
    assert [match.entry.id for match in found] == [b, a]
    assert (found[0].matched, found[0].distance, found[0].query) == (2, 0, 1)
    assert found[0].time_s == 8.0
    assert (found[1].matched, found[1].distance, found[1].time_s) == (1, 5, 30.0)
    assert log.find_frames(queries, most=1)[0].entry.id == b
    assert log.find_frames([first[0] ^ ((1 << 20) - 1)]) == []


def test_hashes_of_all_64_bits_are_kept(home: Path) -> None:
    number = log.record(sealed(b"a", (1 << 64) - 1, 0, 1 << 63), provenance())
    for value in ((1 << 64) - 1, 1 << 63):
        [match] = log.find_frames([value])
        assert (match.entry.id, match.distance) == (number, 0)


def test_what_is_forgotten_is_not_in_the_file(home: Path) -> None:
    kept = log.record(sealed(b"kept"), provenance())
    gone = log.record(sealed(b"gone", 5), provenance())
    digest = hashlib.sha256(b"gone").digest()
    [path] = home.glob("log*")
    assert digest in path.read_bytes()
    assert log.forget(gone) == 1
    assert log.forget(gone) == 0
    assert log.find_file(digest) is None
    assert digest not in path.read_bytes()
    assert [e.id for e in log.entries()] == [kept]
    assert log.forget() == 1
    assert log.entries() == []


def test_a_number_is_never_given_twice(home: Path) -> None:
    first = log.record(sealed(b"a"), provenance())
    log.forget(first)
    assert log.record(sealed(b"b"), provenance()) > first


def test_the_oldest_go_when_it_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_OUTPUTS", 5)
    numbers = [log.record(sealed(bytes((i,))), provenance()) for i in range(8)]
    assert [e.id for e in log.entries()] == numbers[:2:-1]
    assert log.find_file(hashlib.sha256(bytes((0,))).digest()) is None


def test_processes_write_at_once(home: Path) -> None:
    code = (
        "import sys; from gioconda.trust import log; from gioconda.trust.log import Sealed;"
        "from gioconda.trust.provenance import Provenance\n"
        "for i in range(15): log.record(Sealed('image/png', 1, 'urn:x',"
        " (bytes((int(sys.argv[1]), i)) * 16,)), Provenance())"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(i)]) for i in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert log.count() == 45
    assert all(log.find_file(bytes((p, i)) * 16) for p in range(3) for i in range(15))


@pytest.mark.parametrize("damage", ["text", "cut"])
def test_a_damaged_log_is_told(home: Path, damage: str) -> None:
    for i in range(40):
        log.record(sealed(bytes((i,)), *range(50)), provenance())
    [path] = home.glob("log*")
    data = path.read_bytes()
    path.write_bytes(b"not a database. " * 99 if damage == "text" else data[: len(data) // 3])
    with pytest.raises(TrustError, match=r"log\.sqlite3.*cannot be used.*move it away"):
        log.find_frames([1])


def test_a_newer_log_is_left_alone(home: Path) -> None:
    import sqlite3

    log.record(sealed(b"a"), provenance())
    [path] = home.glob("log*")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(TrustError, match="of a newer Gioconda"):
        log.record(sealed(b"b"), provenance())
