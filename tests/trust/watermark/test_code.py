"""The code of the identifier: what goes in comes out, also of noise, and only under its key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.trust.watermark.code import (
    CODED_BITS,
    LIST,
    decode,
    encode,
    identifier_of,
    message,
)

SECRET, OTHER = b"s" * 32, b"t" * 32
identifiers = st.integers(0, 2**64 - 1)


@settings(max_examples=25, deadline=None)
@given(identifiers)
def test_every_identifier_comes_back(identifier: int) -> None:
    coded = encode(message(identifier, SECRET))

    assert coded.shape == (CODED_BITS,)
    assert identifier_of(decode(coded), SECRET) == identifier


@settings(max_examples=25, deadline=None)
@given(identifiers, st.integers(0, 2**32 - 1))
def test_an_eighth_of_wrong_bits_is_put_right(identifier: int, seed: int) -> None:
    coded = encode(message(identifier, SECRET))
    wrong = np.random.default_rng(seed).choice(CODED_BITS, CODED_BITS // 8, replace=False)
    coded[wrong] *= -1

    assert identifier_of(decode(coded), SECRET) == identifier


def test_nearly_all_come_back_from_noise_as_strong_as_the_bits() -> None:
    draw = np.random.default_rng(1)
    read = 0
    for _ in range(60):
        identifier = int(draw.integers(0, 2**63))
        noise = draw.standard_normal(CODED_BITS, np.float32)
        soft = 0.87 * encode(message(identifier, SECRET)) + noise
        read += identifier_of(decode(soft), SECRET) == identifier
    assert read >= 56


@settings(max_examples=10, deadline=None)
@given(identifiers)
def test_under_another_key_nothing_is_read(identifier: int) -> None:
    assert identifier_of(decode(encode(message(identifier, SECRET))), OTHER) is None


def test_noise_alone_is_no_identifier_and_its_candidates_are_few() -> None:
    draw = np.random.default_rng(2)
    for _ in range(20):
        candidates = decode(draw.standard_normal(CODED_BITS, np.float32))
        assert 1 <= len(candidates) <= LIST
        assert len(np.unique(candidates, axis=0)) == len(candidates)
        assert identifier_of(candidates, SECRET) is None


@pytest.mark.parametrize("bit", [0, 31, 63])
def test_an_altered_identifier_does_not_pass_its_tag(bit: int) -> None:
    bits = message(0x0123456789ABCDEF, SECRET)
    bits[bit] ^= 1

    assert identifier_of(bits[None], SECRET) is None
