"""The page's own table of packets is the server's."""

from __future__ import annotations

import re
from typing import Any

from tests.live.page.fake_server import PAGE

from gioconda.live.messages import CLIENT_MESSAGES
from gioconda.live.packets import HEADER_BYTES, Flag, Kind, Packet
from gioconda.live.types import OUTPUT_RATE_HZ


def test_kinds_and_flags_are_the_servers() -> None:
    text = (PAGE / "js" / "protocol.js").read_text("utf-8")
    block = text.split("Kind = Object.freeze({")[1].split("}")[0]
    assert dict(re.findall(r"(\w+): (\d+)", block)) == {k.name: str(k.value) for k in Kind}
    assert f"KEY: {Flag.KEY.value}, ENDS: {Flag.ENDS.value}" in text
    assert f"HEADER_BYTES = {HEADER_BYTES};" in text
    assert f"OUTPUT_RATE_HZ = {OUTPUT_RATE_HZ};" in text


def test_packets_are_read_as_they_were_written(watched: Any) -> None:
    page = watched.open()
    packet = Packet(Kind.PCM, 12.3456, b"\x01\x00\xff\x7f\x00\x80", 2**31 + 5, Flag.KEY)
    read = page.evaluate(
        """async (bytes) => {
          const { parsePacket, makePacket, samplesOf } = await import('/static/js/protocol.js');
          const one = parsePacket(new Uint8Array(bytes).buffer);
          const again = makePacket(one.kind, one.number, one.timeS, one.payload, one.flags);
          const payload = [...samplesOf(one.payload)];
          return { ...one, payload, again: [...new Uint8Array(again)] };
        }""",
        list(packet.to_bytes()),
    )
    assert bytes(read.pop("again")) == packet.to_bytes()
    assert read == {
        "kind": 3, "flags": 1, "number": 2**31 + 5, "timeS": 12.3456, "payload": [1, 32767, -32768],
    }  # fmt: skip


def test_the_first_message_begins_a_session(watched: Any, server: Any) -> None:
    watched.open()
    first = server.messages[0]
    assert (first.portrait, first.video, first.audio) == ("example", "h264", "pcm")
    assert (first.fps, first.size, first.motion) == (40, 512, True)
    assert CLIENT_MESSAGES.validate_python(first.model_dump()) == first
