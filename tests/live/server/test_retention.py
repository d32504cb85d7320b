"""Uploads go when nobody needs them, and when the server is killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gioconda.errors import OutputError
from gioconda.live.server import retention
from gioconda.live.server.retention import PREFIX, Store, remove_stale


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(parent=tmp_path) as whole:
        yield whole


def test_files_are_private_and_their_names_cannot_be_guessed(store: Store) -> None:
    one, two = store.add(0.0, picture_jpg=b"face"), store.add(0.0, picture_jpg=b"face")
    path = store.path(one, "picture.jpg")
    assert path.read_bytes() == b"face"
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert one != two
    assert len(one) * 6 >= 128


def test_without_a_session_an_upload_goes_after_a_minute(store: Store) -> None:
    name = store.add(100.0, picture_jpg=b"face")
    path = store.path(name, "picture.jpg")
    assert store.sweep(159.9) == []
    assert path.exists()
    assert store.sweep(160.0) == [name]
    assert not path.exists()
    assert name not in store


def test_it_stays_while_any_session_holds_it_and_a_minute_longer(store: Store) -> None:
    name = store.add(0.0, picture_jpg=b"face")
    store.hold(name, "one")
    store.hold(name, "two")
    assert store.sweep(1e6) == []
    store.release("one", 1e6)
    assert store.sweep(2e6) == []
    store.release("two", 2e6)
    store.release("three", 2e6)
    assert store.sweep(2e6 + 59) == []
    assert store.sweep(2e6 + 60) == [name]


def test_deleting_is_at_once_and_twice_is_harmless(store: Store) -> None:
    name = store.add(0.0, picture_jpg=b"face")
    store.hold(name, "one")
    store.delete(name)
    store.delete(name)
    assert name not in store
    assert [p.name for p in store.folder.iterdir()] == ["lock"]


def test_parts_can_be_added_and_replaced(store: Store) -> None:
    name = store.add(0.0, picture_jpg=b"face")
    store.put(name, "sheet.png", b"sheet")
    store.put(name, "sheet.png", b"other")
    assert store.path(name, "sheet.png").read_bytes() == b"other"
    assert sorted(p.name for p in store.path(name, "sheet.png").parent.iterdir()) == [
        "picture.jpg",
        "sheet.png",
    ]


@pytest.mark.parametrize(
    ("name", "part"),
    [("..", "lock"), ("", "lock"), ("../x", "a"), ("x" * 32, "picture.jpg"), (None, "../../a")],
)
def test_no_name_leads_out_of_the_folder(store: Store, name: str | None, part: str) -> None:
    there = store.add(0.0, picture_jpg=b"face")
    with pytest.raises(KeyError):
        store.path(there if name is None else name, part)


def test_a_full_store_says_so_and_keeps_nothing_half(tmp_path: Path) -> None:
    with Store(parent=tmp_path, most_bytes=10, most_items=2) as store:
        kept = store.add(0.0, picture_jpg=bytes(6))
        with pytest.raises(OutputError, match="fill their place"):
            store.add(0.0, picture_jpg=bytes(6))
        assert kept in store
        assert len(list(store.folder.iterdir())) == 2
        store.add(0.0)
        with pytest.raises(OutputError, match="too many"):
            store.add(0.0)


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    store = Store(parent=tmp_path)
    store.add(0.0, picture_jpg=b"face")
    store.close()
    store.close()
    assert list(tmp_path.iterdir()) == []


_SERVER = """
import sys, time
from pathlib import Path
from gioconda.live.server.retention import Store
store = Store(parent=Path(sys.argv[1]))
store.add(0.0, picture_jpg=b"face")
print(store._reaper.pid, flush=True)
time.sleep(60)
"""


def _killed_server(home: Path, signal_: int, *, kill_reaper: bool = False) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(home)], stdout=subprocess.PIPE, env=environment
    ) as server:
        assert server.stdout is not None
        reaper = int(server.stdout.readline())
        written = len(list(home.glob(f"{PREFIX}*/*/picture.jpg")))
        if kill_reaper:
            os.kill(reaper, signal.SIGKILL)
        server.send_signal(signal_)
        server.wait()
    assert written >= 1


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_server_leaves_nothing(tmp_path: Path, signal_: int) -> None:
    _killed_server(tmp_path, signal_)
    until = time.monotonic() + 20
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_when_the_reaper_was_killed_too_goes_at_the_next_start(
    tmp_path: Path,
) -> None:
    with Store(parent=tmp_path) as running:
        kept = running.add(0.0, picture_jpg=b"face")
        _killed_server(tmp_path, signal.SIGKILL, kill_reaper=True)
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        assert remove_stale(tmp_path) == 1
        assert running.path(kept, "picture.jpg").exists()


def test_links_and_strange_folders_are_left_alone(tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(treasure)
    (tmp_path / f"{PREFIX}starting").mkdir()
    assert remove_stale(tmp_path) == 0
    assert treasure.exists()


def test_what_other_processes_write_counts(tmp_path: Path) -> None:
    with Store(parent=tmp_path, most_bytes=100) as store:
        name = store.add(0.0)
        store.hold(name, "session")
        store.path(name, "recording.mp4").write_bytes(bytes(100))
        assert not store.is_full
        store.sweep(1.0)
        assert (store.size(name), store.is_full) == (100, True)
        with pytest.raises(OutputError, match="fill their place"):
            store.add(1.0)


def test_a_place_in_memory_is_told_from_a_disk(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"disk / ext4 rw 0 0\nother {tmp_path} tmpfs rw 0 0\nd {tmp_path}/d xfs rw 0 0\n"
    )
    assert not retention.in_memory(Path("/"), mounts)
    assert retention.in_memory(tmp_path / "a", mounts)
    assert not retention.in_memory(tmp_path / "d" / "a", mounts)
    assert not retention.in_memory(tmp_path, tmp_path / "none")


def test_a_disk_is_taken_rather_than_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, disk = tmp_path / "usual", tmp_path / "disk"
    usual.mkdir(), disk.mkdir()
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(usual))
    monkeypatch.setattr(retention.tempfile, "gettempdir", lambda: str(usual))
    monkeypatch.setattr(retention, "_ON_DISK", disk)
    for memory, parent in ((usual, disk), (disk, usual)):
        monkeypatch.setattr(retention, "in_memory", lambda place, memory=memory: place == memory)
        with Store() as store:
            assert store.folder.parent == parent


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder for uploads"):
        Store(parent=tmp_path / "missing")
