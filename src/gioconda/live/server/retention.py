"""Uploads are kept for as long as somebody needs them and not a minute longer, come what may.

They lie in a private folder with names that cannot be guessed. Whatever no session holds is deleted
60 s later. Should the server be killed, a little process that sees its pipe close deletes the
folder; should that be killed as well, the next server that starts does.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gioconda.errors import OutputError

#: Folders of servers begin with this; the rest is chance.
PREFIX: Final = "gioconda-uploads-"
#: Bytes of chance in an id: 192 bits.
ID_BYTES: Final = 24
_ID: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_PART: Final = re.compile(r"[a-z][a-z0-9_]{0,31}(\.[a-z0-9]{1,5})?")
_LOCK: Final = "lock"
#: The place for temporary files that are to outlive a start of the machine: never in memory.
_ON_DISK: Final = Path("/var/tmp")
_MOUNTS: Final = Path("/proc/self/mounts")
_FULL: Final = "the uploads that are kept now fill their place; try again later"
#: Waits for the end of its input, which comes when the server ends, however it does.
_REAPER: Final = 'trap "" INT TERM HUP; read -r _; rm -rf -- "$1"'


@dataclass
class _Item:
    folder: Path
    due_s: float | None
    holders: set[str] = field(default_factory=set)
    size: int = 0


class Store:
    """Files of strangers, each item of one or more parts, under ids that cannot be guessed.

    Time is passed in, in seconds that never go back. Methods are quick and for one thread.

    Attributes:
        folder: where all lie, readable by their owner alone.
    """

    def __init__(
        self,
        retention_s: float = 60.0,
        most_bytes: int = 2**32,
        most_items: int = 1000,
        parent: Path | None = None,
    ) -> None:
        """Make the folder, start its reaper, and remove folders that dead servers left.

        Args:
            retention_s: how long items outlive the last session that holds them, or their upload.
            most_bytes: of all items together, with what other processes write into them.
            most_items: at once.
            parent: where the folder goes: by default the system's place for temporary files, or
                ``/var/tmp`` where that place lies in memory, which recordings would fill.

        Raises:
            OutputError: it cannot be made.
        """
        self._retention_s, self._most_bytes, self._most_items = retention_s, most_bytes, most_items
        self._items: dict[str, _Item] = {}
        self._reaper: subprocess.Popen[bytes] | None = None
        home = _home() if parent is None else parent
        try:
            remove_stale(home)
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
            flags = os.O_CREAT | os.O_RDWR | os.O_EXCL
            self._lock = os.open(self.folder / _LOCK, flags, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise OutputError(f"cannot make a folder for uploads: {e.strerror}") from e
        with suppress(OSError):  # no shell: the next start removes the folder
            self._reaper = subprocess.Popen(
                ["/bin/sh", "-c", _REAPER, "sh", str(self.folder)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={"PATH": "/usr/bin:/bin"}, cwd="/", start_new_session=True,
            )  # fmt: skip

    def add(self, now_s: float, **parts: bytes) -> str:
        """Keep an item; it is due after the retention unless a session takes it.

        Args:
            now_s: the time.
            parts: contents by name: ``picture_jpg`` becomes the file ``picture.jpg``.

        Returns:
            Its id.

        Raises:
            OutputError: the store or the disk is full.
        """
        if self.is_full:
            raise OutputError(_FULL)
        if len(self._items) >= self._most_items:
            raise OutputError("too many uploads are kept now; try again in a minute")
        name = secrets.token_urlsafe(ID_BYTES)
        folder = self.folder / name
        try:
            folder.mkdir(mode=0o700)
        except OSError as e:
            raise OutputError(f"an upload cannot be kept: {e.strerror}") from e
        self._items[name] = _Item(folder, now_s + self._retention_s)
        try:
            for part, content in parts.items():
                self.put(name, _file_name(part), content)
        except BaseException:
            self.delete(name)
            raise
        return name

    def put(self, name: str, part: str, content: bytes) -> Path:
        """Add a part to an item, or replace it.

        Raises:
            KeyError: no such item.
            OutputError: the store or the disk is full.
        """
        item = self._items[name]
        if not _PART.fullmatch(part):
            raise KeyError(part)
        if sum(i.size for i in self._items.values()) + len(content) > self._most_bytes:
            raise OutputError(_FULL)
        target, fresh = item.folder / part, item.folder / f".{part}"
        try:
            with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
            with suppress(FileNotFoundError):
                item.size -= target.stat().st_size
            fresh.replace(target)
        except OSError as e:
            with suppress(OSError):
                fresh.unlink()
            raise OutputError(f"an upload cannot be kept: {e.strerror}") from e
        item.size += len(content)
        return target

    def path(self, name: str, part: str) -> Path:
        """Return where a part lies, or would lie when something else writes it.

        Raises:
            KeyError: no such item, or no name of a part.
        """
        if not _ID.fullmatch(name) or not _PART.fullmatch(part):
            raise KeyError(name)
        return self._items[name].folder / part

    @property
    def is_full(self) -> bool:
        """Whether nothing more can be kept."""
        return sum(i.size for i in self._items.values()) >= self._most_bytes

    def size(self, name: str) -> int:
        """Return the bytes of an item, as they were at the last sweep.

        Raises:
            KeyError: no such item.
        """
        return self._items[name].size

    def __contains__(self, name: object) -> bool:
        """Tell whether an item is kept."""
        return name in self._items

    def hold(self, name: str, session: str) -> None:
        """Keep an item for as long as a session or a job lasts.

        Raises:
            KeyError: no such item.
        """
        item = self._items[name]
        item.holders.add(session)
        item.due_s = None

    def release(self, session: str, now_s: float) -> None:
        """Tell that a session has ended; what only it held is due after the retention."""
        for item in self._items.values():
            if session in item.holders:
                item.size = _size(item.folder)
                item.holders.discard(session)
                if not item.holders:
                    item.due_s = now_s + self._retention_s

    def delete(self, name: str) -> None:
        """Delete an item now, held or not; one that is not there is no error."""
        item = self._items.pop(name, None)
        if item is not None:
            shutil.rmtree(item.folder, ignore_errors=True)

    def sweep(self, now_s: float) -> list[str]:
        """Delete what is due and return its ids; measure what others may be writing."""
        for item in self._items.values():
            if item.holders:
                item.size = _size(item.folder)
        due = [n for n, i in self._items.items() if i.due_s is not None and i.due_s <= now_s]
        for name in due:
            self.delete(name)
        return due

    def close(self) -> None:
        """Delete everything and end the reaper. Closing twice is harmless."""
        self._items.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.stdin.close()
            self._reaper.wait()
            self._reaper = None
            os.close(self._lock)

    def __enter__(self) -> Store:
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete everything."""
        self.close()


def remove_stale(home: Path) -> int:
    """Remove folders of servers that run no more and return how many.

    A running server holds a lock in its folder, which ends with it however it ends. Folders of
    other users, and links, are left alone.
    """
    count = 0
    for folder in home.glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            if _is_held(folder / _LOCK, status.st_mtime):
                continue
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def _is_held(lock: Path, made_s: float) -> bool:
    try:
        fd = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - made_s < 10  # a server that is just starting has not made it yet
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _home() -> Path:
    """Return the place for temporary files that lies on a disk, if there is one."""
    usual = Path(tempfile.gettempdir())
    if "TMPDIR" in os.environ or not in_memory(usual):
        return usual
    if os.access(_ON_DISK, os.W_OK) and not in_memory(_ON_DISK):
        return _ON_DISK
    return usual


def in_memory(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Tell whether what is written to a folder takes memory; False where it cannot be found out."""
    place, found = folder.resolve(), (0, "")
    with suppress(OSError):
        for line in mounts.read_text(errors="replace").splitlines():
            _, at, kind, *_ = [*line.split(" "), "", "", ""]
            if place.is_relative_to(at.replace("\\040", " ")):
                # Of two on one place the later hides the earlier.
                found = (len(at), kind) if len(at) >= found[0] else found
    return found[1] in ("tmpfs", "ramfs")


def _size(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    count = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):  # gone meanwhile
                count += entry.stat(follow_symlinks=False).st_size
    return count


def _file_name(part: str) -> str:
    """Turn a keyword into a file's name: the last underscore becomes a dot."""
    stem, _, suffix = part.rpartition("_")
    return f"{stem}.{suffix}" if stem else part
