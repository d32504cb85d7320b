"""A file of a stranger, opened once for reading: what it seems to be by its first bytes."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gioconda.errors import VideoDecodeError
from gioconda.sandbox.file_reader import BESIDE_BYTES
from gioconda.trust.containers.formats import HEAD_BYTES, Format, format_of

#: Larger files are not looked at.
MOST_BYTES: Final = 64 * 2**30
_READ_BYTES: Final = 2**20


@dataclass(frozen=True)
class OpenedFile:
    """A file that is open for reading alone.

    Attributes:
        fd: its descriptor, to be handed to decoders one after another.
        size: bytes.
        format: what it seems to be.
        beside: a manifest store that lies beside it.
    """

    fd: int
    size: int
    format: Format
    beside: bytes | None = None

    def sha256(self, progress: Callable[[float], None] | None = None) -> str:
        """Return the hash of its bytes, hex.

        Args:
            progress: told the share that is read.

        Raises:
            VideoDecodeError: it cannot be read.
        """
        digest = hashlib.sha256()
        at = 0
        try:
            while part := os.pread(self.fd, _READ_BYTES, at):
                digest.update(part)
                at += len(part)
                if progress is not None and self.size:
                    progress(min(at / self.size, 1.0))
        except OSError as e:
            raise VideoDecodeError(f"the file cannot be read: {e.strerror or e}") from e
        return digest.hexdigest()


@contextmanager
def opened(source: str | os.PathLike[str] | bytes) -> Iterator[OpenedFile]:
    """Open a file, or bytes as one that has no name and is gone afterwards.

    Raises:
        VideoDecodeError: there is none, it is no regular file, empty, too large or not readable.
    """
    if isinstance(source, bytes):
        fd, beside = _unnamed(source), None
    else:
        fd, beside = _named(Path(source)), _store_beside(Path(source))
    try:
        size = os.fstat(fd).st_size
        if size == 0:
            raise VideoDecodeError("the file is empty")
        if size > MOST_BYTES:
            raise VideoDecodeError(
                f"the file has {size / 2**30:.0f} GB; up to {MOST_BYTES / 2**30:.0f} are looked at"
            )
        yield OpenedFile(fd, size, format_of(os.pread(fd, HEAD_BYTES, 0)), beside)
    finally:
        os.close(fd)


def _named(path: Path) -> int:
    try:
        # Not waiting: opening a pipe would hang until somebody writes to it.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise VideoDecodeError(f"there is no file {str(path)!r}; check the path") from None
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or "its name is not valid"
        raise VideoDecodeError(f"{str(path)!r} cannot be read: {reason}") from e
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise VideoDecodeError(f"{str(path)!r} is no regular file")
    return fd


def _store_beside(path: Path) -> bytes | None:
    """Return what lies in ``NAME.c2pa`` beside a file, if that is plausible."""
    beside = path.with_name(path.name + ".c2pa")
    with suppress(OSError, ValueError):
        if beside.is_file() and beside.stat().st_size <= BESIDE_BYTES:
            return beside.read_bytes()
    return None


def _unnamed(data: bytes) -> int:
    """Return a descriptor of bytes: of memory where the system has that, else of a lost file."""
    try:
        fd = os.memfd_create("file", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (AttributeError, OSError):
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            return os.dup(file.fileno())
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        # Decoders share the descriptor, and none may change what the next one reads.
        import fcntl

        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(fd)
        raise
    return fd
