"""What a process that was lost has left of a recording: an mp4 of fragments, the last one torn."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

#: Size and type of a box; ISO/IEC 14496-12, section 4.2.
_HEAD: Final = struct.Struct(">I4s")
_LONG: Final = struct.Struct(">Q")


def cut_to_whole(path: Path) -> float | None:
    """Cut a file off after its last whole fragment, so that all of it can be played.

    Args:
        path: an mp4 of fragments (``moof`` and ``mdat``, ISO/IEC 14496-12, section 8.8).

    Returns:
        Its length then, in seconds; None where nothing of it can be played.

    Raises:
        OSError: it cannot be read or cut.
    """
    import av

    with open(path, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        start, end, is_open = 0, 0, False
        while (box := _box(file, start, size)) is not None:
            kind, start = box
            if kind == b"moof":
                is_open = True
            elif kind == b"mdat" and is_open:
                end, is_open = start, False
        if not end:
            return None
        file.truncate(end)
    with suppress(av.error.FFmpegError), av.open(f"file:{os.fspath(path)}") as film:
        if film.duration:
            return film.duration / av.time_base
    return None


def _box(file: BinaryIO, start: int, size: int) -> tuple[bytes, int] | None:
    """Return type and end of the whole box at a place; None where there is none."""
    file.seek(start)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, kind = _HEAD.unpack(head)
    least = _HEAD.size
    if length == 1:
        long = file.read(_LONG.size)
        if len(long) < _LONG.size:
            return None
        length, least = _LONG.unpack(long)[0], least + _LONG.size
    if length < least or start + length > size:
        return None
    return kind, start + length
