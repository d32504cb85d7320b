"""The disk cache: what comes back, what is survived, and who may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from gioconda.portrait.cache import DiskCache, cache_dir

ARRAYS = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.zeros((2, 2), np.uint8)}


def entry(folder: Path) -> Path:
    (path,) = folder.glob("*.npz")
    return path


def test_gives_back_what_was_stored(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "c")
    assert cache.load("k") is None
    cache.store("k", ARRAYS)
    got = cache.load("k")
    assert got is not None
    assert set(got) == {"a", "b"}
    assert np.array_equal(got["a"], ARRAYS["a"])
    assert got["b"].dtype == np.uint8
    assert cache.load("other") is None


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    DiskCache(folder).store("k", ARRAYS)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry(folder).stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "pickle", "flip"])
def test_a_damaged_entry_counts_as_absent_and_is_rewritten(tmp_path: Path, damage: str) -> None:
    cache = DiskCache(tmp_path)
    cache.store("k", ARRAYS)
    path = entry(tmp_path)
    data = bytearray(path.read_bytes())
    if damage == "empty":
        data = bytearray()
    elif damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "noise":
        data = bytearray(os.urandom(500))
    elif damage == "flip":
        at = data.index(np.float32(7).tobytes())
        data[at : at + 4] = b"\xff\xff\xff\xff"
    if damage == "pickle":
        with path.open("wb") as f:
            np.savez(f, a=np.array([{"x": 1}], dtype=object), allow_pickle=True)
    else:
        path.write_bytes(bytes(data))
    assert cache.load("k") is None
    cache.store("k", ARRAYS)
    again = cache.load("k")
    assert again is not None
    assert np.array_equal(again["a"], ARRAYS["a"])


def test_the_oldest_entries_go(tmp_path: Path) -> None:
    block = {"x": np.zeros(10_000, np.uint8)}
    cache = DiskCache(tmp_path, limit_bytes=35_000)
    for i in range(3):
        cache.store(f"k{i}", block)
        for path in tmp_path.glob(f"k{i}-*"):
            os.utime(path, (1000 + i, 1000 + i))
    assert cache.load("k0") is not None  # used last, so k1 is now the oldest
    cache.store("k3", block)
    assert cache.load("k1") is None
    for key in ("k0", "k2", "k3"):
        assert cache.load(key) is not None


def test_no_failure_to_write_escapes(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    cache = DiskCache(blocked / "below")
    cache.store("k", ARRAYS)
    assert cache.load("k") is None


def test_no_partial_file_stays(tmp_path: Path) -> None:
    DiskCache(tmp_path).store("k", {"bad": np.array([object()], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIOCONDA_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "own"
    monkeypatch.delenv("GIOCONDA_CACHE")
    assert cache_dir() == tmp_path / "xdg" / "gioconda"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path("~/.cache/gioconda").expanduser()
