"""PNG, JPEG and GIF files: a comment, and XMP where each format has its place."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, Final

from gioconda.trust.containers.notes import Notes
from gioconda.trust.containers.pieces import Piece, length_of, part

_PNG_HEAD: Final = 8 + 25  # signature and IHDR
_XMP_JPEG: Final = b"http://ns.adobe.com/xap/1.0/\0"
#: Lets a decoder that takes the packet for sub-blocks find the end (XMP specification part 3, GIF).
_GIF_TRAILER: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\0"


def described_png(file: BinaryIO, notes: Notes) -> list[Piece]:
    """Return a PNG file with its comment and XMP, before the picture's data."""
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + notes.xmp()
    said = (
        _chunk(b"tEXt", b"Comment\0" + notes.comment.encode("latin-1", "replace"))
        + _chunk(b"tEXt", b"Software\0" + notes.software.encode("latin-1", "replace"))
        + _chunk(b"iTXt", xmp)
    )
    return [(0, _PNG_HEAD), said, (_PNG_HEAD, length_of(file))]


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def described_jpeg(file: BinaryIO, notes: Notes) -> list[Piece]:
    """Return a JPEG file with its comment and XMP, after the segments JFIF and Exif."""
    at, size = 2, length_of(file)
    while at + 4 <= size:
        marker, length = struct.unpack(">HH", part(file, at, at + 4))
        if marker not in (0xFFE0, 0xFFE1):
            break
        at += 2 + length
    said = b"".join(
        struct.pack(">HH", marker, 2 + len(body)) + body
        for marker, body in ((0xFFE1, _XMP_JPEG + notes.xmp()), (0xFFFE, notes.comment.encode()))
    )
    return [(0, at), said, (at, size)]


def described_gif(file: BinaryIO, notes: Notes) -> list[Piece]:
    """Return a GIF file with its comment and XMP, before its first frame."""
    flags = part(file, 10, 11)[0]
    at, size = 13 + (3 << (1 + (flags & 7)) if flags & 0x80 else 0), length_of(file)
    while part(file, at, at + 2) == b"\x21\xff":  # applications' blocks, the looping among them
        at += 2
        while (length := part(file, at, at + 1)) not in (b"", b"\0"):
            at += 1 + length[0]
        at += 1
    comment = notes.comment.encode("ascii", "replace")
    blocks = b"".join(
        bytes((len(comment[i : i + 255]),)) + comment[i : i + 255]
        for i in range(0, len(comment), 255)
    )
    said = b"\x21\xfe" + blocks + b"\0"
    said += b"\x21\xff\x0bXMP DataXMP" + notes.xmp() + _GIF_TRAILER
    return [(0, at), said, (at, size)]
