"""Where an installation keeps its keys, its ledger of consent and its log: private, and here."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gioconda.errors import TrustError

#: For the owner alone.
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_LOCK: Final = ".lock"


def trust_home() -> Path:
    """Return the folder; it may not exist yet.

    It is ``$GIOCONDA_HOME``, else ``gioconda`` in the system's place for a user's data:
    ``$XDG_DATA_HOME`` or ``~/.local/share``, on macOS ``~/Library/Application Support``, on Windows
    ``%LOCALAPPDATA%``.
    """
    if own := os.environ.get("GIOCONDA_HOME"):
        return Path(own)
    if base := os.environ.get("XDG_DATA_HOME"):
        return Path(base) / "gioconda"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/gioconda").expanduser()
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "gioconda"
    return Path("~/.local/share/gioconda").expanduser()


def made_home() -> Path:
    """Return the folder, made for its owner alone if it was not there.

    Raises:
        TrustError: it cannot be made.
    """
    home = trust_home()
    try:
        home.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as e:
        raise unusable(home, e) from e
    return home


def read_private(name: str) -> bytes | None:
    """Return a file of the folder, or None if there is none.

    Raises:
        TrustError: it cannot be read.
    """
    path = trust_home() / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as e:
        raise unusable(path, e) from e


def write_private(name: str, data: bytes) -> Path:
    """Write a file of the folder whole or not at all, readable by its owner alone.

    Raises:
        TrustError: it cannot be written.
    """
    path = made_home() / name
    stage = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        handle = os.open(stage, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(stage, path)
    except OSError as e:
        with suppress(OSError):
            stage.unlink()
        raise unusable(path, e) from e
    return path


@contextmanager
def home_locked() -> Iterator[None]:
    """Let no other process change the folder meanwhile; where the system has no locks, nothing.

    Raises:
        TrustError: the folder cannot be used.
    """
    path = made_home() / _LOCK
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, _FILE_MODE)
    except OSError as e:
        raise unusable(path, e) from e
    try:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def unusable(path: Path, error: OSError) -> TrustError:
    """Return the refusal of a path of the folder, or the folder itself: what it is, and a remedy.

    Args:
        path: that could not be used.
        error: that the system gave.
    """
    return TrustError(
        f"{str(path)!r} cannot be used ({error.strerror or error}); keys and consent are kept "
        "there: make it readable and writable, or name another folder by GIOCONDA_HOME"
    )
