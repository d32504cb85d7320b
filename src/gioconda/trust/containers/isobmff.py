"""MP4 and QuickTime files (ISO 14496-12): a comment in ``moov``, and XMP in a box at the end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from gioconda.trust.containers.notes import Notes
from gioconda.trust.containers.pieces import Piece, length_of, part

#: Of a box with XMP (XMP specification part 3, section 1.1.2).
XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_COMMENT: Final = b"\xa9cmt"
#: Larger ones are not rewritten; hours of video stay far below.
_LARGEST_MOOV: Final = 1 << 28
#: Language "undetermined" in the packed form of ISO 639-2.
_UNDETERMINED: Final = 0x55C4
_CONTAINERS: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def described(file: BinaryIO, notes: Notes) -> list[Piece]:
    """Return the file with its comment and XMP.

    Fragmented files, whose offsets are counted from elsewhere, get the XMP alone.
    """
    size = length_of(file)
    boxes = list(_top(file, size))
    xmp = notes.xmp()
    last = struct.pack(">I4s", 8 + len(XMP_UUID) + len(xmp), b"uuid") + XMP_UUID + xmp
    kinds = [kind for kind, _, _ in boxes]
    plain: list[Piece] = [(0, size), last]
    if kinds.count(b"moov") != 1 or b"moof" in kinds:
        return plain
    _, start, end = boxes[kinds.index(b"moov")]
    if end - start > _LARGEST_MOOV:
        return plain
    quicktime = part(file, 8, 12) == b"qt  "
    old = part(file, start, end)
    moov = bytearray(_with_comment(old, notes.comment, quicktime=quicktime))
    if not _shift(moov, after=start, by=len(moov) - len(old)):
        return plain
    return [(0, start), bytes(moov), (end, size), last]


def _top(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Go through the boxes of a file: kind, start, end."""
    at = 0
    while at + 8 <= size:
        head = part(file, at, at + 16)
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            return
        yield kind, at, at + length
        at += length


def _children(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Go through the boxes in a part of what was read."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        if length < 8 or start + length > end:
            return
        yield bytes(kind), start, start + length
        start += length


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _with_comment(moov: bytes, comment: str, *, quicktime: bool) -> bytes:
    """Return ``moov`` with the comment in its ``udta``; a comment that is there is kept before."""
    children = list(_children(moov, 8, len(moov)))
    udta = next((moov[a + 8 : b] for kind, a, b in children if kind == b"udta"), b"")
    rest = b"".join(moov[a:b] for kind, a, b in children if kind != b"udta")
    if quicktime:
        kept = [(k, udta[a:b]) for k, a, b in _children(udta, 0, len(udta))]
        before = [item[12:].decode("utf-8", "replace") for k, item in kept if k == _COMMENT]
        text = "; ".join((*before, comment)).encode()[:65535]
        entry = struct.pack(">HH", len(text), _UNDETERMINED) + text
        body = b"".join(item for k, item in kept if k != _COMMENT) + _box(_COMMENT, entry)
    else:
        items = list(_children(udta, 0, len(udta)))
        meta = next((udta[a:b] for k, a, b in items if k == b"meta"), None)
        body = b"".join(udta[a:b] for k, a, b in items if k != b"meta")
        body += _meta_with(meta, comment)
    return _box(b"moov", rest + _box(b"udta", body))


def _meta_with(meta: bytes | None, comment: str) -> bytes:
    """Return iTunes' ``meta`` box with the comment in its list."""
    handler = _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    if meta is not None:
        inside = [(k, meta[a:b]) for k, a, b in _children(meta, 12, len(meta))]
        handler = next((item for k, item in inside if k == b"hdlr"), handler)
        old = next((item for k, item in inside if k == b"ilst"), b"")
    else:
        inside, old = [], b""
    entries = [(k, old[a:b]) for k, a, b in _children(old, 8, len(old))]
    # An entry holds a box "data" of kind, locale and text.
    before = [item[24:].decode("utf-8", "replace") for k, item in entries if k == _COMMENT]
    text = "; ".join((*before, comment)).encode()
    entry = _box(_COMMENT, _box(b"data", struct.pack(">II", 1, 0) + text))
    listed = _box(b"ilst", b"".join(item for k, item in entries if k != _COMMENT) + entry)
    others = b"".join(item for k, item in inside if k not in (b"hdlr", b"ilst"))
    return _box(b"meta", bytes(4) + handler + listed + others)


def _shift(moov: bytearray, *, after: int, by: int) -> bool:
    """Correct the samples' offsets that lie after ``moov``; whether they can all be told."""
    stack = [(8, len(moov))]
    while stack:
        for kind, start, end in _children(moov, *stack.pop()):
            if kind in _CONTAINERS:
                stack.append((start + 8, end))
            elif kind in (b"stco", b"co64"):
                form, width = (">I", 4) if kind == b"stco" else (">Q", 8)
                (count,) = struct.unpack_from(">I", moov, start + 12)
                if start + 16 + count * width > end:
                    return False
                for at in range(start + 16, start + 16 + count * width, width):
                    (offset,) = struct.unpack_from(form, moov, at)
                    if offset > after:
                        if offset + by >= 1 << (8 * width):
                            return False
                        struct.pack_into(form, moov, at, offset + by)
    return True
