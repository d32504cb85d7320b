"""What is put into a file after it was signed is not passed off as signed."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.trust.outputs import SUFFIXES, Shelf, provenance

from gioconda.trust.containers import matroska
from gioconda.trust.credentials.found import Credentials
from gioconda.trust.credentials.reading import read_credentials, sidecar_of
from gioconda.trust.seal import seal

MATROSKA = [".mkv", ".webm"]
FILES = bytes.fromhex("1941a469")
FILE = bytes.fromhex("61a7")
NAME, MEDIA, DATA = (bytes.fromhex(x) for x in ("466e", "4660", "465c"))


@pytest.fixture
def sealed(home: Path, tmp_path: Path, shelf: Shelf) -> Callable[[str], bytes]:
    def make(suffix: str) -> bytes:
        path = shelf.copy(suffix, tmp_path)
        seal(path, suffix, provenance())
        return path.read_bytes()

    return make


def read(data: bytes, suffix: str, beside: bytes | None = None) -> Credentials:
    return read_credentials(io.BytesIO(data), suffix, beside=beside)


def element(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">Q", len(data) | 1 << 56) + data


def cover(data: bytes) -> bytes:
    return element(
        FILE, element(NAME, b"cover.txt") + element(MEDIA, b"text/plain") + element(DATA, data)
    )


def void(length: int) -> bytes:
    return element(b"\xec", bytes(length - 9))


@pytest.mark.parametrize("suffix", MATROSKA)
def test_nothing_fits_into_the_room_of_attached_credentials(
    sealed: Callable[[str], bytes], suffix: str
) -> None:
    data = sealed(suffix)
    assert read(data, suffix).status == "trusted"
    zeros = len(data) - len(data.rstrip(b"\0"))
    free = zeros + 9
    assert data[-free] == 0xEC  # the free room at the end
    other = cover(b"unsigned")
    body = data[:-free]
    for room in (
        other + void(free - len(other)),
        void(free - len(other)) + other,
        void(100) + void(free - 100),
        data[-free:-8] + b"unsigned",
    ):
        changed = body + room
        assert len(changed) == len(data)
        found = read(changed, suffix)
        assert (found.status, found.own) == ("invalid", False)
        assert "assertion.dataHash.mismatch" in found.problems


@pytest.mark.parametrize("suffix", MATROSKA)
def test_the_attachment_says_nothing_else(sealed: Callable[[str], bytes], suffix: str) -> None:
    data = sealed(suffix)
    for old, new in ((b"of the first", b"OF THE FIRST"), (b"manifest.c2pa", b"holidays.jpeg")):
        assert data.count(old) == 1
        assert read(data.replace(old, new), suffix).status == "invalid"


@pytest.mark.parametrize("suffix", MATROSKA)
def test_nothing_may_follow_attached_credentials(
    sealed: Callable[[str], bytes], shelf: Shelf, tmp_path: Path, suffix: str
) -> None:
    data = sealed(suffix)
    other = shelf.copy(suffix, tmp_path).read_bytes()
    segment = other[other.index(bytes.fromhex("18538067")) :]
    tags = element(bytes.fromhex("1254c367"), b"")
    for more in (segment, other, tags, element(FILES, cover(b"unsigned")), b"\0", data):
        assert read(data + more, suffix).status == "invalid"


@pytest.mark.parametrize("suffix", MATROSKA)
def test_damage_to_attached_credentials_is_not_taken_for_none(
    sealed: Callable[[str], bytes], suffix: str
) -> None:
    data = sealed(suffix)
    start = data.rindex(FILES)
    media = data.rindex(matroska.MEDIA_TYPE.encode())
    places = [*range(start, start + 40), *range(media - 30, media + 40)]
    for at in places:
        bad = data[:at] + bytes((data[at] ^ 0x21,)) + data[at + 1 :]
        assert read(bad, suffix).status in ("unreadable", "invalid"), at - start
    assert read(data[: start + 90], suffix).status == "unreadable"
    # Whoever takes all of it off has a file without.
    assert read(data[:start], suffix).status == "none"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bytes_that_follow_a_signed_file_break_its_credentials(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    beside = sidecar_of(path).read_bytes() if sidecar_of(path).exists() else None
    data = path.read_bytes()
    assert read(data, suffix, beside).status == "trusted"
    media = struct.pack(">I4s", 16, b"mdat") + b"unsigned"
    for more in (b"hello there", media, data):
        assert not read(data + more, suffix, beside).valid


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_boxes_that_nobody_plays_are_free(sealed: Callable[[str], bytes], suffix: str) -> None:
    """As docs/credentials.md says: C2PA leaves them out of the hash."""
    data = sealed(suffix)
    assert read(data + struct.pack(">I4s", 16, b"free") + b"unsigned", suffix).valid
