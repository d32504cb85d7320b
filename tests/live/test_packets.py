"""Binary messages keep what they carry, and refuse what they cannot be."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gioconda.errors import OptionError
from gioconda.live.packets import HEADER_BYTES, Flag, Kind, Packet


@given(
    kind=st.sampled_from(list(Kind)),
    time_s=st.floats(-1e6, 1e9),
    payload=st.binary(max_size=50),
    number=st.integers(0, 2**32 - 1),
    flags=st.sampled_from([Flag(0), Flag.KEY, Flag.ENDS, Flag.KEY | Flag.ENDS]),
)
def test_round_trip(kind: Kind, time_s: float, payload: bytes, number: int, flags: Flag) -> None:
    packet = Packet(kind, time_s, payload, number, flags)
    data = packet.to_bytes()
    assert len(data) == HEADER_BYTES + len(payload)
    assert Packet.from_bytes(data) == packet


@given(data=st.binary(max_size=64))
def test_anything_is_a_packet_or_refused(data: bytes) -> None:
    with contextlib.suppress(OptionError):
        assert Packet.from_bytes(data).payload == data[16:]


def test_a_time_that_is_no_number_is_refused() -> None:
    data = bytearray(Packet(Kind.VOICE, 0.0, b"").to_bytes())
    data[8:16] = b"\xff" * 8
    with pytest.raises(OptionError, match="no number"):
        Packet.from_bytes(bytes(data))
