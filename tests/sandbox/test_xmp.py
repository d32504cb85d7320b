"""XMP of strangers: what it says is found, and no text makes the search long."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image

from gioconda.sandbox.file_facts import facts_of
from gioconda.sandbox.xmp import MENTIONS, PACKET_BYTES, PROPERTIES, packets, properties

NAMES = ("DigitalSourceType", "AIGC", "CreatorTool")
#: Processor seconds; linear work takes some hundredths.
MOST_CPU_S = 3.0


def packet(inside: str) -> bytes:
    return f"<x:xmpmeta>{inside}</x:xmpmeta>".encode()


def said(inside: str) -> list[tuple[str, str]]:
    return [p for text in packets(packet(inside)) for p in properties(text, NAMES)]


@pytest.mark.parametrize(
    "inside",
    [
        'Iptc4xmpExt:DigitalSourceType="made"',
        "Iptc4xmpExt:DigitalSourceType = 'made'",
        "<Iptc4xmpExt:DigitalSourceType>\n  made\n</Iptc4xmpExt:DigitalSourceType>",
        '<Iptc4xmpExt:DigitalSourceType rdf:resource="made"/>',
        '<Iptc4xmpExt:DigitalSourceType xml:lang="de" rdf:resource = "made"/>',
    ],
)
def test_a_property_is_read_in_each_of_its_forms(inside: str) -> None:
    assert said(inside) == [("DigitalSourceType", "made")]


@pytest.mark.parametrize("inside", [":AIGC='x'", "<a:AIGC></a:AIGC>", "a:AIGC", "a:AIGC='x"])
def test_what_is_no_property_is_none(inside: str) -> None:
    assert said(inside) == []


def test_several_packets_are_read_and_what_is_left_open_is_not() -> None:
    both = packet("a:AIGC='1'") + b"junk" + packet("a:AIGC='2'")
    data = b"junk" + both + b"<x:xmpmeta a:AIGC='3'"
    assert [properties(text, NAMES) for text in packets(data)] == [[("AIGC", "1")], [("AIGC", "2")]]


def test_no_more_is_told_than_is_of_use() -> None:
    assert len(said("a:AIGC='x' " * 5000)) == PROPERTIES
    # A text that only names them is given up.
    assert said("a:AIGC " * MENTIONS + "a:AIGC='x'") == []
    (text,) = packets(packet("x" * 2 * PACKET_BYTES))
    assert len(text) == PACKET_BYTES


HOSTILE = {
    "spaces in an element": packet("a:AIGC>" + " " * 4000),
    "spaces in many elements": packet(("a:AIGC>" + " " * 4000) * 250),
    "spaces before a sign": packet(("a:AIGC" + " " * 300) * 3000),
    "spaces behind a sign": packet(("a:AIGC=" + " " * 300) * 3000),
    "a long prefix": packet("a" * 1_000_000),
    "prefixes": packet("a:" * 500_000),
    "names": packet("a:AIGC" * 170_000),
    "open quotes": packet("a:AIGC='" + "x" * 1_000_000),
    "resources": packet("a:AIGC rdf:resource" * 50_000),
    "begun packets": b"<x:xmpmeta" * 400_000,
    "ended packets": b"</x:xmpmeta>" * 300_000,
    "empty packets": b"<x:xmpmeta</x:xmpmeta>" * 180_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_makes_the_search_long(text: bytes) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG")
    file.write(text)
    begun = time.process_time()
    told = facts_of(file, picture=True)
    assert time.process_time() - begun < MOST_CPU_S
    assert (told["width"], told["height"]) == (16, 16)
