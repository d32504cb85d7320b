"""What the two sides of the sandbox say to each other; neither trusts the other's lengths.

A request is ``!IQ`` (bytes of JSON, bytes of data), the JSON, the data. An answer is records:
``!BI`` (kind, bytes of payload) and the payload, ended by :attr:`Kind.END` or :attr:`Kind.ERROR`.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Final

REQUEST_HEAD: Final = struct.Struct("!IQ")
RECORD_HEAD: Final = struct.Struct("!BI")
#: What a guard tells of a decoding: wait status, why it ended it, processor seconds, seconds,
#: most memory held in bytes.
STATUS: Final = struct.Struct("!iiddQ")
#: What a guard tells first: it is there.
GUARDED: Final = b"g"
#: Largest payload of a record.
RECORD_BYTES: Final = 4 * 2**20
#: Longest message of an error, in characters.
MESSAGE_CHARACTERS: Final = 300
_JSON_BYTES: Final = 64_000


class Kind(IntEnum):
    """What a record is."""

    HEAD = 1  #: shape, rate; what the data are
    DATA = 2  #: a part of the data
    ERROR = 3  #: name of an error, a zero byte, its message
    END = 4  #: everything was said


class Ended(IntEnum):
    """Why a guard ended a decoding."""

    ITSELF = 0
    TIME = 1  #: too long by the clock on the wall
    FORSAKEN = 2  #: nobody waits for it any more


class BrokenTalkError(Exception):
    """The other side said something that it should not, or went away."""


def request(task: str, data: bytes, options: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return what comes before the data, and the data."""
    words = json.dumps({"task": task, **options}).encode()
    return REQUEST_HEAD.pack(len(words), len(data)) + words, data


def read_request(fd: int) -> tuple[dict[str, Any], bytes]:
    """Read what :func:`request` made."""
    words, length = REQUEST_HEAD.unpack(_exactly(fd, REQUEST_HEAD.size))
    if words > _JSON_BYTES:
        raise BrokenTalkError
    options: dict[str, Any] = json.loads(_exactly(fd, words))
    return options, _exactly(fd, length)


def _exactly(fd: int, count: int) -> bytes:
    whole = bytearray(count)
    view, at = memoryview(whole), 0
    while at < count:
        part = os.readv(fd, [view[at:]])
        if not part:
            raise BrokenTalkError
        at += part
    return bytes(whole)


def write_record(fd: int, kind: Kind, payload: bytes | memoryview = b"") -> None:
    """Write a record; data larger than a record become several."""
    view = memoryview(payload).cast("B")
    for start in range(0, max(len(view), 1), RECORD_BYTES):
        part = view[start : start + RECORD_BYTES]
        _write(fd, RECORD_HEAD.pack(kind, len(part)))
        _write(fd, part)


def _write(fd: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def records(receive: Callable[[memoryview], int]) -> Iterator[tuple[Kind, bytes]]:
    """Read records up to the last one.

    Args:
        receive: fills the beginning of a buffer and returns how many bytes came, 0 at the end.

    Raises:
        BrokenTalkError: an unknown kind, a payload that is too large, or an early end.
    """
    while True:
        kind, length = RECORD_HEAD.unpack(_received(receive, RECORD_HEAD.size))
        if kind not in Kind.__members__.values() or length > RECORD_BYTES:
            raise BrokenTalkError
        yield Kind(kind), bytes(_received(receive, length))
        if kind in (Kind.ERROR, Kind.END):
            return


def _received(receive: Callable[[memoryview], int], count: int) -> bytearray:
    whole = bytearray(count)
    view, at = memoryview(whole), 0
    while at < count:
        part = receive(view[at:])
        if not part:
            raise BrokenTalkError
        at += part
    return whole
