"""Binary packets and JSON messages of strangers end in a message or a refusal."""

from __future__ import annotations

import random

import pytest
from pydantic import BaseModel, ValidationError

from gioconda.errors import OptionError
from gioconda.live.messages import CLIENT_MESSAGES
from gioconda.live.packets import HEADER_BYTES, Flag, Kind, Packet
from gioconda.measure.mutations import mutate

MESSAGES = (
    b'{"type": "session.update", "portrait": "example", "fps": 40, "size": 512, "seed": 7,'
    b' "controls": {"gaze": [0.1, -0.2], "emotion": "happy", "head": 1.5}, "video": "h264"}',
    b'{"type": "input_audio_buffer.append", "audio": "AAAAAAAAAAA=", "rate": 24000}',
    b'{"type": "input_text.append", "text": "hello", "voice": "en"}',
    b'{"type": "agent.interrupt"}',
)


@pytest.mark.parametrize("kind", [Kind.VOICE, Kind.WEBCAM])
def test_a_thousand_mutated_packets(kind: Kind) -> None:
    rng = random.Random(1)
    whole = Packet(kind, 1.25, bytes(range(64)), 3, Flag.ENDS).to_bytes()
    refused = 0
    for _ in range(1000):
        data = mutate(whole, rng)
        try:
            packet = Packet.from_bytes(data)
        except OptionError as error:
            refused += 1
            assert "binary message" in str(error)  # noqa: PT017
        else:
            assert packet.payload == data[HEADER_BYTES:]
    assert 0 < refused < 1000


@pytest.mark.parametrize("whole", MESSAGES)
def test_a_thousand_mutated_messages(whole: bytes) -> None:
    rng = random.Random(2)
    refused = 0
    for _ in range(1000):
        try:
            message = CLIENT_MESSAGES.validate_json(mutate(whole, rng))
        except ValidationError:
            refused += 1
        else:
            assert isinstance(message, BaseModel)
    assert refused > 500


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"type":' * 200_000,
        b'{"type": "session.update", "seed": ' + b"9" * 1_000_000 + b"}",
        b'{"type": "session.update", "fps": 1e999999}',
        b'{"type": "session.update", "fps": NaN}',
        b'{"type": "session.update", "controls": {"gaze": [1e400, 0]}}',
        b'{"type": "input_text.append", "text": "' + b"x" * 5001 + b'"}',
        b'{"type": "\\ud800"}',
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_messages_made_to_hurt_are_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        CLIENT_MESSAGES.validate_json(data)
