"""A partner's sound goes with one's own, sample for sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gioconda import Controls, examples
from gioconda.errors import BadSamplesError, OptionError
from gioconda.motion import concatenate
from gioconda.partner import paired_chunks
from gioconda.pipeline import animate, perform
from gioconda.session import Performance
from gioconda.speech.sound import Sound
from gioconda.voices import TimedPhone


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))[: 16_000 * 5]


def run(own, other, bounds, joins: int):
    performance = Performance(Controls(seed=3))
    parts = []
    for a, b in pairwise(bounds):
        parts.append(performance.push(own[a:b], partner=other[a:b] if a >= joins else None))
    return concatenate([*parts, *performance.finish()])


def test_any_chunking_gives_the_same_listening(voice) -> None:
    own = np.zeros(len(voice), np.float32)
    joins = 17_171  # in the middle of a row, after more than the silence taken in
    whole = run(own, voice, [0, joins, len(voice)], joins)
    rng = np.random.default_rng(0)
    cuts = {int(c) for c in rng.integers(0, len(voice), 40)}
    parts = run(own, voice, sorted({0, joins, len(voice), *cuts}), joins)
    np.testing.assert_array_equal(whole.values, parts.values)
    alone = run(own, voice, [0, len(voice)], len(voice) + 1)
    assert len(whole) == len(alone) == len(voice) // 320
    before = joins // 320 - 1
    np.testing.assert_array_equal(whole.values[:before], alone.values[:before])
    assert np.abs(whole.values - alone.values).max() > 0.01


def test_a_late_partner_is_heard_as_one_who_was_silent(voice) -> None:
    own = np.zeros(len(voice), np.float32)
    late = np.concatenate([np.zeros(20_003, np.float32), voice])[: len(voice)]
    joined = run(own, late, [0, 20_003, len(voice)], 20_003)
    always = run(own, late, [0, len(voice)], 0)
    np.testing.assert_array_equal(joined.values, always.values)


def test_lengths_must_agree(voice) -> None:
    with pytest.raises(OptionError, match="same length"):
        Performance().push(voice[:320], partner=voice[:321])


@pytest.mark.parametrize("lookahead_ms", [None, 80.0])
def test_a_refused_push_leaves_no_trace(voice, lookahead_ms) -> None:
    bad = voice.copy()
    bad[5] = np.nan
    phones = [TimedPhone(0.0, 2.0, "m")]
    clean, tried = (Performance(Controls(seed=3), lookahead_ms=lookahead_ms) for _ in range(2))
    halves = (voice[:40_000], voice[40_000:])
    expected = [clean.push(half, partner=half) for half in halves] + clean.finish()
    found = [tried.push(halves[0], partner=halves[0])]
    with pytest.raises(BadSamplesError, match="partner"):
        tried.push(halves[1], phones, partner=bad[40_000:] + bad[5])
    with pytest.raises(BadSamplesError):
        tried.push(halves[1] + bad[5], phones, partner=halves[1])
    with pytest.raises(OptionError, match="one channel"):
        tried.push(np.zeros((9, 2), np.float32), phones)
    found += [tried.push(halves[1], partner=halves[1]), *tried.finish()]
    np.testing.assert_array_equal(concatenate(expected).values, concatenate(found).values)


def test_a_performer_that_cannot_listen_says_so_before_it_hears(voice, monkeypatch) -> None:
    monkeypatch.setattr("gioconda.sound_to_motion.Listener", int)
    tried, clean = Performance(), Performance()
    with pytest.raises(OptionError, match="cannot listen"):
        tried.push(voice[:16_000], partner=voice[:16_000])
    found = concatenate([tried.push(voice[:16_000]), *tried.finish()])
    expected = concatenate([clean.push(voice[:16_000]), *clean.finish()])
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_partner_alone_is_listened_to_for_its_length(voice) -> None:
    motion = perform(None, partner=Sound.from_array(voice, 16_000))
    assert motion.duration_s == pytest.approx(5.0)
    assert motion["articulation"].max() == 0


def test_nobodys_sound_is_refused() -> None:
    with pytest.raises(OptionError, match="a sound is needed"):
        perform(None)
    with pytest.raises(OptionError, match="a sound is needed"):
        animate(examples.portrait_path(), None)


def test_ones_own_sound_sets_the_length_and_is_heard(voice) -> None:
    voice = 0.5 * voice
    own, other = (Sound.from_array(voice[: 16_000 * n], 16_000) for n in (3, 2))
    pairs = list(paired_chunks(own, other))
    assert all(len(a) == len(b) for a, b in pairs if b is not None)
    assert sum(len(a) for a, _ in pairs) == 48_000
    heard = np.concatenate([b for _, b in pairs if b is not None])
    np.testing.assert_array_equal(heard[:32_000], voice[:32_000])
    assert np.abs(heard[32_000:]).max() == 0
    animation = animate(examples.portrait_path(), own, partner=other)
    assert animation.expected_frames == 120
    assert animation.heard is not None
    both = np.concatenate(list(animation.heard.chunks()))
    expected = voice[:48_000] + np.concatenate([voice[:32_000], np.zeros(16_000, np.float32)])
    np.testing.assert_allclose(both, expected, atol=1e-6)
    assert animate(examples.portrait_path(), None, partner=other).heard is other
