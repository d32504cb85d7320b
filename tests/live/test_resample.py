"""Resampling in chunks is that in one piece, keeps tones and hardly waits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import OptionError
from gioconda.live.resample import Resampler


def whole(pcm: np.ndarray, a: int, b: int) -> np.ndarray:
    r = Resampler(a, b)
    return np.concatenate([r.step(pcm), r.finish()])


@settings(max_examples=30, deadline=None)
@given(
    rates=st.sampled_from([(16000, 48000), (24000, 48000), (44100, 48000), (48000, 16000)]),
    cuts=st.lists(st.integers(0, 900), max_size=8),
)
def test_any_chunking_gives_the_same(rates: tuple[int, int], cuts: list[int]) -> None:
    pcm = np.random.default_rng(1).standard_normal(2000).astype(np.float32)
    r = Resampler(*rates)
    parts, at = [], 0
    for n in cuts:
        parts.append(r.step(pcm[at : at + n]))
        at = min(at + n, len(pcm))
    parts += [r.step(pcm[at:]), r.finish()]
    assert np.array_equal(np.concatenate(parts), whole(pcm, *rates))


@pytest.mark.parametrize(("a", "b"), [(16000, 48000), (24000, 48000), (44100, 48000)])
def test_a_tone_stays_what_and_where_it_is(a: int, b: int) -> None:
    t = np.arange(a) / a
    out = whole(np.sin(2 * np.pi * 1000 * t).astype(np.float32), a, b)
    assert len(out) == b
    wanted = np.sin(2 * np.pi * 1000 * np.arange(b) / b)
    inner = slice(b // 10, -b // 10)
    assert np.abs(out[inner] - wanted[inner]).max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    t = np.arange(48000) / 48000
    out = whole(np.sin(2 * np.pi * 10_000 * t).astype(np.float32), 48000, 16000)
    assert np.abs(out[1000:-1000]).max() < 3e-3


def test_it_waits_for_less_than_a_millisecond() -> None:
    r = Resampler(16000, 48000)
    given_ = sum(len(r.step(np.zeros(160, np.float32))) for _ in range(10))
    assert 4800 - given_ <= 48


def test_rates_out_of_range_are_refused() -> None:
    with pytest.raises(OptionError, match="must lie between"):
        Resampler(4000, 48000)
