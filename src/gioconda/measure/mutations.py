"""Random damage to files and messages, to see that no parser falls over it."""

from __future__ import annotations

import random
import struct
import zlib
from typing import Final

#: Numbers at the edges of integer types, which break lengths and counts.
_EDGES: Final = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff" * 8, b"\0" * 8,
)  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return damaged data: one to eight times bits turned, bytes set, cut, doubled or moved.

    Half of the damage is done to the first kilobyte, where headers are.

    Args:
        data: what is valid, of one byte or more.
        rng: makes the damage repeatable.
    """
    whole = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not whole:
            break
        end = len(whole) if rng.random() < 0.5 else min(len(whole), 1024)
        at = rng.randrange(end)
        length = min(1 + int(rng.expovariate(1 / 16)), len(whole) - at)
        match rng.randrange(7):
            case 0:
                whole[at] ^= 1 << rng.randrange(8)
            case 1:
                whole[at] = rng.randrange(256)
            case 2:
                edge = rng.choice(_EDGES)
                whole[at : at + len(edge)] = edge
            case 3:
                del whole[at : at + length]
            case 4:
                part = whole[at : at + length]
                whole[at:at] = part * rng.randint(1, 4)
            case 5:
                to = rng.randrange(len(whole))
                whole[to : to + length] = whole[at : at + length]
            case _:
                if rng.random() < 0.2:
                    del whole[at:]
                else:
                    whole[at : at + length] = rng.randbytes(length)
    return bytes(whole)


def with_right_checksums(png: bytes) -> bytes:
    """Return a damaged PNG with its chunks' checksums made right, so that decoders read on."""
    whole, at = bytearray(png), 8
    while at + 12 <= len(whole):
        (length,) = struct.unpack_from(">I", whole, at)
        end = at + 8 + length
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[at + 4 : end]))
        at = end + 4
    return bytes(whole)
