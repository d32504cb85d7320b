"""What XMP packets in a file say of how it was made, found in time that grows with their length.

XMP is looked for in bytes of any format, which anybody may have written, so that nothing here goes
over the same bytes again and again: packets and names are found by plain search, and what stands
behind a name by expressions that cannot back up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: Longest packet that is read, in bytes, and most packets.
PACKET_BYTES: Final = 2**20
PACKETS: Final = 8
#: Most mentions of a name that are looked at, and most properties that are told.
MENTIONS: Final = 1000
PROPERTIES: Final = 200
#: Longest value, in characters, and how far behind a name one may begin.
VALUE: Final = 2000
_BEFORE: Final = 300
_BEGIN: Final = b"<x:xmpmeta"
_END: Final = b"</x:xmpmeta>"
#: What a name of a property begins with is a prefix: these before a colon.
_PREFIX: Final = re.compile(r"[\w.-]")
#: Each is bounded, and each part of it ends where the next can begin.
_ATTRIBUTE: Final = re.compile(rf"""\s{{0,40}}=\s{{0,40}}["']([^"'<>]{{1,{VALUE}}})["']""")
_ELEMENT: Final = re.compile(rf">([^<>]{{1,{VALUE}}})<")
_TAG: Final = re.compile(rf"\s[^<>]{{0,{_BEFORE + VALUE}}}")
_RESOURCE: Final = "rdf:resource"


def packets(data: bytes) -> Iterator[str]:
    """Give the XMP packets in some bytes, cut to :data:`PACKET_BYTES`."""
    at = 0
    for _ in range(PACKETS):
        begin = data.find(_BEGIN, at)
        end = -1 if begin < 0 else data.find(_END, begin)
        if end < 0:
            return
        at = end + len(_END)
        yield data[begin : min(at, begin + PACKET_BYTES)].decode("utf-8", "replace")


def properties(packet: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return properties of a packet: as attributes, as text of elements, or as resources.

    Args:
        packet: its text.
        names: of the properties, without their prefix.

    Returns:
        Name and value of each, by name, then as they come.
    """
    found: list[tuple[str, str]] = []
    for name in names:
        at = 0
        for _ in range(MENTIONS):
            at = packet.find(f":{name}", at)
            if at < 0 or len(found) >= PROPERTIES:
                break
            begin, at = at, at + 1 + len(name)
            if begin and _PREFIX.match(packet, begin - 1) and (said := _value(packet, at)):
                found.append((name, said))
    return found


def _value(packet: str, at: int) -> str:
    """Return the value that stands behind a name; empty if none does."""
    if match := _ATTRIBUTE.match(packet, at) or _ELEMENT.match(packet, at):
        return match[1].strip()
    if tag := _TAG.match(packet, at):
        resource = packet.find(_RESOURCE, at, min(at + _BEFORE, tag.end()))
        if resource >= 0 and (match := _ATTRIBUTE.match(packet, resource + len(_RESOURCE))):
            return match[1].strip()
    return ""
