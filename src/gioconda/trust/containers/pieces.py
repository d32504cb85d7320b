"""A file with bytes put in here and there, read as one stream without being copied."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

#: Bytes, or a range (start, end) of the file.
Piece = bytes | tuple[int, int]


class Pieces(io.RawIOBase):
    """Reads pieces one after another; seekable, and leaves the file open.

    Args:
        file: of which the ranges are; nothing else may read it meanwhile.
        pieces: see :data:`Piece`.
    """

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._parts: list[tuple[int, int, Piece]] = []  # where each begins and ends in the whole
        end = 0
        for piece in pieces:
            size = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
            if size > 0:
                self._parts.append((end, end + size, piece))
                end += size
        self._size = end
        self._at = 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move, as in a file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("nothing lies before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Read the next bytes into a buffer, and return how many; 0 at the end."""
        target = memoryview(buffer).cast("B")
        where = next((p for p in self._parts if p[0] <= self._at < p[1]), None)
        if where is None:
            return 0
        start, end, piece = where
        inside, step = self._at - start, min(len(target), end - self._at)
        if isinstance(piece, bytes):
            target[:step] = piece[inside : inside + step]
        else:
            self._file.seek(piece[0] + inside)
            data = self._file.read(step)
            if not data:
                raise OSError("the file became shorter while it was read")
            step = len(data)
            target[:step] = data
        self._at += step
        return step

    def write(self, data: object, /) -> int:
        """Refuse: it is for reading."""
        raise io.UnsupportedOperation("not writable")


def length_of(file: BinaryIO) -> int:
    """Return the size of a file in bytes."""
    return file.seek(0, os.SEEK_END)


def part(file: BinaryIO, start: int, end: int) -> bytes:
    """Return a range of a file, shorter if the file is."""
    file.seek(start)
    return file.read(max(0, end - start))
