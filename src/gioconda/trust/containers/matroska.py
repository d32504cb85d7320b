"""Matroska and WebM (RFC 9559): tags, and credentials in an attachment at the end of the file.

C2PA has no place in Matroska. Here the store is made over everything before the attachment, as the
format's "external manifest" is, and then attached: the length of the ``Segment`` and the entry in
its ``SeekHead`` count the attachment in beforehand, so that nothing before it changes. Readers find
an ordinary attachment ``manifest.c2pa``; whoever cuts the attachment off has the bytes that were
signed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from gioconda.trust.containers.notes import Notes
from gioconda.trust.containers.pieces import Piece, length_of, part

MEDIA_TYPE: Final = "application/c2pa"
FILE_NAME: Final = "manifest.c2pa"
_TOLD: Final = b"Content Credentials (C2PA) of the first "
_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_SEEK_HEAD: Final = 0x114D9B74
_ATTACHMENTS: Final = 0x1941A469
_TAGS: Final = 0x1254C367
_CLUSTER: Final = 0x1F43B675
_VOID: Final = 0xEC
_CRC: Final = 0xBF
#: Bytes of a ``Void`` element whose length takes eight bytes, and of the smallest.
_LONG_VOID: Final = 9
_SHORT_VOID: Final = 2
#: A length that is not known, in eight bytes.
_UNKNOWN: Final = b"\x01" + b"\xff" * 7
#: Bounds for files from anywhere.
_MOST_ELEMENTS: Final = 2_000_000
_LARGEST_STORE: Final = 16 << 20
#: What is attached here is not larger; see ``gioconda.trust.seal``.
_LARGEST_ATTACHMENT: Final = 1 << 20


@dataclass(frozen=True)
class Attached:
    """Credentials that were found attached.

    Attributes:
        store: the manifest store.
        signed: the pieces of the file that it covers.
    """

    store: bytes
    signed: tuple[Piece, ...]


@dataclass(frozen=True)
class _Element:
    id: int
    start: int
    body: int
    end: int | None  # None: unknown, until its parent ends


def described(file: BinaryIO, notes: Notes, room: int) -> list[Piece]:
    """Return the file with its tags, ready for an attachment of so many bytes at its end.

    Args:
        file: a Matroska or WebM file.
        notes: what to say.
        room: length of what :func:`attachment` is going to return.

    Raises:
        ValueError: it is no such file.
    """
    size = length_of(file)
    segment = _segment(file, size)
    end = size if segment.end is None else min(segment.end, size)
    tags = _tags(notes)
    at = end - segment.body  # positions count from the beginning of the segment's body
    seeks = {_TAGS: at, _ATTACHMENTS: at + len(tags)}
    head: list[Piece] = [(segment.body, end)]
    if (index := _index(file, segment.body, end)) is not None:
        start, stop, kept = index
        if (patched := _seek_head(kept, seeks, stop - start)) is not None:
            head = [(segment.body, start), patched, (stop, end)]
    length = _UNKNOWN if segment.end is None else _long(at + len(tags) + room)
    return [(0, segment.start), _number(_SEGMENT), length, *head, tags]


def attachment(store: bytes, signed: int, room: int) -> bytes:
    """Return the element that attaches a store, exactly ``room`` bytes long.

    Args:
        store: the manifest store.
        signed: how many bytes at the beginning of the file it covers; told to people.
        room: see :func:`described`.

    Raises:
        ValueError: the store needs more.
    """
    told = f"{_TOLD.decode()}{signed} bytes of this file"
    uid = zlib.crc32(store) or 1
    attached = _master(
        0x61A7,
        _element(0x467E, told.encode())
        + _element(0x466E, FILE_NAME.encode())
        + _element(0x4660, MEDIA_TYPE.encode())
        + _element(0x465C, store)
        + _element(0x46AE, struct.pack(">Q", uid)),
    )
    rest = room - len(_number(_ATTACHMENTS)) - 8 - len(attached)
    if rest < _SHORT_VOID:
        raise ValueError("no room for the manifest store")
    body = attached + _void(rest)
    return _number(_ATTACHMENTS) + _long(len(body)) + body


def attached(file: BinaryIO) -> Attached | None:
    """Return the credentials that a file carries, or None; anything may be in the file.

    What is attached is not signed itself, and a player may show what else is in it. So it counts as
    not signed only where it is to the byte as :func:`attachment` makes it, and the last of the
    file; else all of the file counts as signed, and the credentials do not fit it.
    """
    size = length_of(file)
    try:
        segment = _segment(file, size)
    except ValueError:
        return None
    end = size if segment.end is None else min(segment.end, size)
    for element in _elements(file, segment.body, end):
        if element.id != _ATTACHMENTS or element.end is None:
            continue
        for entry in _elements(file, element.body, element.end):
            if entry.id != 0x61A7 or entry.end is None:
                continue
            fields = {e.id: e for e in _elements(file, entry.body, entry.end) if e.end is not None}
            kind, data = fields.get(0x4660), fields.get(0x465C)
            if kind is None or data is None or kind.end is None or data.end is None:
                continue
            if part(file, kind.body, min(kind.end, kind.body + 64)) != MEDIA_TYPE.encode():
                continue
            if data.end - data.body > _LARGEST_STORE:
                return None
            store = part(file, data.body, data.end)
            last = element.end == size and _is_ours(file, element.start, size, store)
            return Attached(store, ((0, element.start if last else size),))
    return None


def seems_attached(file: BinaryIO) -> bool:
    """Tell whether damaged credentials, which :func:`attached` does not find, end a file."""
    size = length_of(file)
    tail = part(file, max(0, size - _LARGEST_ATTACHMENT), size)
    return any(text in tail for text in (_TOLD, MEDIA_TYPE.encode(), FILE_NAME.encode()))


def _is_ours(file: BinaryIO, start: int, end: int, store: bytes) -> bool:
    """Tell whether a part of the file is just what :func:`attachment` makes of a store."""
    if end - start > _LARGEST_ATTACHMENT:
        return False
    try:
        return part(file, start, end) == attachment(store, start, end - start)
    except ValueError:
        return False


def _segment(file: BinaryIO, size: int) -> _Element:
    for element in _elements(file, 0, size):
        if element.id == _SEGMENT:
            return element
        if element.start == 0 and element.id != _EBML:
            break
    raise ValueError("no Matroska file")


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    """Go through the elements of a part of the file; into those of unknown length."""
    for _ in range(_MOST_ELEMENTS):
        found = _head(part(file, start, min(start + 12, end)), start)
        if found is None or (found.end is not None and found.end > end and found.id != _SEGMENT):
            return
        yield found
        if found.id == _SEGMENT and start > 0:
            return
        start = found.body if found.end is None else found.end


def _head(data: bytes, at: int) -> _Element | None:
    """Return the element that begins with some bytes, or None if none does."""
    if not data or not data[0]:
        return None
    width = 9 - data[0].bit_length()
    rest = data[width:]
    if width > 4 or not rest or not rest[0]:
        return None
    wide = 9 - rest[0].bit_length()
    if len(rest) < wide:
        return None
    length = int.from_bytes(rest[:wide], "big") - (1 << (7 * wide))
    body = at + width + wide
    unknown = length == (1 << (7 * wide)) - 1
    return _Element(
        int.from_bytes(data[:width], "big"), at, body, None if unknown else body + length
    )


def _index(file: BinaryIO, start: int, end: int) -> tuple[int, int, bytes] | None:
    """Return where the ``SeekHead`` and the free room behind it lie, and its body without CRC."""
    head: _Element | None = None
    body = b""
    for element in _elements(file, start, end):
        if element.end is None or element.id == _CLUSTER:
            break
        if head is not None:
            if element.id == _VOID:
                return head.start, element.end, body
            break
        if element.id == _SEEK_HEAD:
            head = element
            inside = [e for e in _elements(file, element.body, element.end) if e.id != _CRC]
            body = b"".join(part(file, e.start, e.end or e.start) for e in inside)
    return None


def _seek_head(kept: bytes, seeks: dict[int, int], room: int) -> bytes | None:
    """Return the ``SeekHead`` with further entries and free room, so long in all, if that fits."""
    body = kept + b"".join(
        _master(0x4DBB, _element(0x53AB, _number(kind)) + _element(0x53AC, struct.pack(">Q", at)))
        for kind, at in seeks.items()
    )
    body = _element(_CRC, struct.pack("<I", zlib.crc32(body))) + body
    head = _number(_SEEK_HEAD) + _long(len(body)) + body
    rest = room - len(head)
    if rest == 0:
        return head
    return head + _void(rest) if rest >= _SHORT_VOID else None


def _tags(notes: Notes) -> bytes:
    said = {
        "COMMENT": notes.comment,
        "DIGITAL_SOURCE_TYPE": notes.source_type_uri,
        "AI_SYSTEM_USED": notes.software,
    }
    simple = b"".join(
        _master(0x67C8, _element(0x45A3, name.encode()) + _element(0x4487, text.encode()))
        for name, text in said.items()
    )
    return _master(_TAGS, _master(0x7373, _master(0x63C0, b"") + simple))


def _number(id: int) -> bytes:
    return id.to_bytes((id.bit_length() + 7) // 8, "big")


def _long(length: int) -> bytes:
    """Return a length in eight bytes."""
    return (length | 1 << 56).to_bytes(8, "big")


def _element(id: int, data: bytes) -> bytes:
    short = len(data) < 0x7F
    return _number(id) + (bytes((0x80 | len(data),)) if short else _long(len(data))) + data


_master = _element


def _void(length: int) -> bytes:
    """Return free room of so many bytes, two at least."""
    if length < _LONG_VOID:
        return _element(_VOID, bytes(length - _SHORT_VOID))
    return _number(_VOID) + _long(length - _LONG_VOID) + bytes(length - _LONG_VOID)
