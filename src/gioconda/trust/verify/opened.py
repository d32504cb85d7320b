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
from typing import Final, Literal

from gioconda.errors import VideoDecodeError
from gioconda.sandbox.file_reader import BESIDE_BYTES

Kind = Literal["picture", "video", "sound", "unknown"]

#: Larger files are not looked at.
MOST_BYTES: Final = 64 * 2**30
#: So many first bytes tell a format.
HEAD_BYTES: Final = 400
#: Between two sync bytes of a transport stream (ISO/IEC 13818-1, 2.4.3).
_TS_PACKET: Final = 188
_READ_BYTES: Final = 2**20


@dataclass(frozen=True)
class Format:
    """What a file seems to be.

    Attributes:
        kind: of the file; a video may turn out to be a sound.
        suffix: by which readers of credentials know the format.
        media_type: of the format.
    """

    kind: Kind
    suffix: str
    media_type: str


_UNKNOWN: Final = Format("unknown", "", "")
_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", Format("picture", ".png", "image/png")),
    (b"\xff\xd8\xff", Format("picture", ".jpg", "image/jpeg")),
    (b"GIF8", Format("picture", ".gif", "image/gif")),
    (b"II*\0", Format("picture", ".tiff", "image/tiff")),
    (b"MM\0*", Format("picture", ".tiff", "image/tiff")),
    (b"\0\0\0\x0cjP  ", Format("picture", ".jp2", "image/jp2")),
    (b"FLV\x01", Format("video", ".flv", "video/x-flv")),
    (b"\0\0\x01\xba", Format("video", ".mpg", "video/mpeg")),
    (b"\0\0\x01\xb3", Format("video", ".mpg", "video/mpeg")),
    (b"\x30\x26\xb2\x75", Format("video", ".wmv", "video/x-ms-wmv")),
    (b"OggS", Format("video", ".ogg", "video/ogg")),
    (b"fLaC", Format("sound", ".flac", "audio/flac")),
    (b"ID3", Format("sound", ".mp3", "audio/mpeg")),
    (b"\xff\xfb", Format("sound", ".mp3", "audio/mpeg")),
    (b"\xff\xf3", Format("sound", ".mp3", "audio/mpeg")),
)
_RIFF: Final = {
    b"WEBP": Format("picture", ".webp", "image/webp"),
    b"AVI ": Format("video", ".avi", "video/x-msvideo"),
    b"WAVE": Format("sound", ".wav", "audio/wav"),
}
_BRANDS: Final = {
    b"avif": Format("picture", ".avif", "image/avif"),
    b"avis": Format("picture", ".avif", "image/avif"),
    b"heic": Format("picture", ".heic", "image/heic"),
    b"heix": Format("picture", ".heic", "image/heic"),
    b"mif1": Format("picture", ".heic", "image/heif"),
    b"qt  ": Format("video", ".mov", "video/quicktime"),
    b"M4A ": Format("sound", ".m4a", "audio/mp4"),
}


def format_of(head: bytes) -> Format:
    """Return what a file seems to be by its first :data:`HEAD_BYTES`."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], _UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Format("video", ".mp4", "video/mp4"))
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return Format("video", ".mov", "video/quicktime")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        if b"webm" in head:
            return Format("video", ".webm", "video/webm")
        return Format("video", ".mkv", "video/x-matroska")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Format("picture", ".bmp", "image/bmp")
    if head[:1] == b"\x47" == head[_TS_PACKET : _TS_PACKET + 1]:
        return Format("video", ".ts", "video/mp2t")
    for start, format_ in _STARTS:
        if head.startswith(start):
            return format_
    return _UNKNOWN


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
