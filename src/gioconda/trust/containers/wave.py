"""WAV files: comment and software in ``LIST INFO``, XMP in ``_PMX``."""

from __future__ import annotations

import struct
from typing import BinaryIO

from gioconda.trust.containers.notes import Notes
from gioconda.trust.containers.pieces import Piece, length_of


def described_wave(file: BinaryIO, notes: Notes) -> list[Piece]:
    """Return a WAV file with its comment and XMP after what it has; its length is corrected."""
    end = length_of(file)
    info = b"INFO" + b"".join(
        _chunk(kind, text.encode() + b"\0")
        for kind, text in ((b"ICMT", notes.comment), (b"ISFT", notes.software))
    )
    said = bytes(end % 2) + _chunk(b"LIST", info) + _chunk(b"_PMX", notes.xmp())
    head = b"RIFF" + struct.pack("<I", end + len(said) - 8)
    return [head, (8, end), said]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
