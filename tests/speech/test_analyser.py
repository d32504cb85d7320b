"""The analyser as a stream: chunking, causality, alignment, and what it says about plain sounds."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from gioconda.errors import BadSamplesError, OptionError
from gioconda.speech import SpeechAnalyser, SpeechFeatures, analyse
from gioconda.speech.types import PHONES

RATE = 16_000
COLUMNS = ("posteriors", "articulation", "bands", "loudness_db", "effort", "voice", "f0_hz")


def vowel(seconds: float, f0: float = 120.0, seed: int = 0) -> np.ndarray:
    """A crude voice: four syllables a second of an open vowel, with a little vibrato."""
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    cycles = np.cumsum(f0 * (1 + 0.015 * np.sin(2 * np.pi * 5.5 * time))) / RATE
    pulses = np.diff(np.floor(cycles), prepend=-1.0)
    sound = pulses + 0.003 * np.random.default_rng(seed).normal(size=count)
    for formant, width in ((730, 90), (1090, 110), (2440, 170)):
        decay = np.exp(-np.pi * width / RATE)
        cosine = np.cos(2 * np.pi * formant / RATE)
        sound = lfilter([1.0], [1.0, -2 * decay * cosine, decay**2], sound)
    syllables = 0.2 + 0.8 * np.abs(np.sin(2 * np.pi * 2 * time + 0.5))
    return (0.3 * syllables * sound / np.abs(sound).max()).astype(np.float32)


@pytest.fixture(scope="module")
def mixture() -> np.ndarray:
    """Silence, voice, noise, silence and a louder, higher voice: 2.3 s."""
    rng = np.random.default_rng(3)
    parts = [
        np.zeros(3210),
        vowel(0.6),
        0.05 * rng.normal(size=7000),
        np.zeros(5000),
        1.8 * vowel(0.8, 210.0),
    ]
    return np.concatenate(parts).astype(np.float32)


def streamed(sound: np.ndarray, cuts: list[int], lookahead_ms: int = 120) -> SpeechFeatures:
    analyser = SpeechAnalyser(lookahead_ms)
    state = analyser.start()
    rows = [analyser.step(state, part) for part in np.split(sound, cuts)]
    rows.append(analyser.finish(state))
    return SpeechFeatures.joined(rows)


def assert_same(a: SpeechFeatures, b: SpeechFeatures, rows: int | None = None) -> None:
    assert a.start_s == b.start_s
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(a, name)[:rows], getattr(b, name)[:rows], name)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 16_000), max_size=12))
def test_any_chunking_gives_the_same_rows_bit_for_bit(cuts: list[int]) -> None:
    sound = np.concatenate([vowel(0.4), np.zeros(2000, np.float32), vowel(0.5, 200.0)])
    assert_same(streamed(sound, sorted(c for c in cuts if c <= len(sound))), analyse(sound))


def test_single_samples_and_empty_chunks_give_the_same_rows() -> None:
    sound = vowel(0.2)
    cuts = sorted([*range(len(sound)), 100, 100, 1000])
    assert_same(streamed(sound, cuts), analyse(sound))


@pytest.mark.parametrize("lookahead_ms", [0, 40, 80, 120, 200])
def test_what_was_given_out_does_not_depend_on_what_comes_later(
    mixture: np.ndarray, lookahead_ms: int
) -> None:
    analyser = SpeechAnalyser(lookahead_ms)
    early = analyser.step(analyser.start(), mixture[:20_000])
    other = mixture.copy()
    other[20_000:] = np.random.default_rng(0).normal(size=len(mixture) - 20_000)
    assert_same(early, analyse(other, lookahead_ms), len(early))
    due = (20_000 / RATE - analyser.latency_ms / 1000) * 50
    assert len(early) == int(due) + 1


@pytest.mark.parametrize(
    ("samples", "rows"), [(0, 0), (1, 1), (319, 1), (320, 1), (321, 2), (2560, 8), (16_000, 50)]
)
def test_there_are_as_many_rows_as_instants_in_the_sound(samples: int, rows: int) -> None:
    for lookahead_ms in (0, 120):
        features = analyse(np.full(samples, 0.01, np.float32), lookahead_ms)
        assert len(features) == rows
        assert all(len(getattr(features, name)) == rows for name in COLUMNS)


def test_chunks_say_where_they_start(mixture: np.ndarray) -> None:
    analyser = SpeechAnalyser()
    state = analyser.start()
    first, second = (analyser.step(state, part) for part in np.split(mixture, [16_000]))
    last = analyser.finish(state)
    assert first.start_s == 0
    assert second.start_s == pytest.approx(len(first) / 50)
    assert last.start_s == pytest.approx((len(first) + len(second)) / 50)
    assert len(analyser.finish(state)) == 0
    with pytest.raises(OptionError, match="finished"):
        analyser.step(state, mixture)


def test_rows_are_distributions_of_finite_numbers(mixture: np.ndarray) -> None:
    features = analyse(mixture)
    np.testing.assert_allclose(features.posteriors.sum(1), 1, atol=1e-4)
    assert features.posteriors.shape[1] == len(PHONES)
    assert all(np.isfinite(getattr(features, name)).all() for name in COLUMNS)
    assert ((features.voice >= 0) & (features.voice <= 1)).all()
    assert ((features.effort >= 0) & (features.effort <= 1.5)).all()
    assert (np.abs(features.bands) <= 1).all()


@pytest.mark.parametrize("onset_s", [0.5, 0.613, 0.7777])
def test_loudness_and_bands_rise_at_the_instant_of_a_click(onset_s: float) -> None:
    sound = np.zeros(RATE, np.float32)
    first = int(onset_s * RATE)
    sound[first : first + 16] = 0.9
    features = analyse(sound)
    for measure in (features.loudness_db + 100, features.bands.sum(1) + 8):
        weight = measure - measure[10:20].mean()
        weight = np.where(weight > 0.3 * weight.max(), 1.0, 0.0)
        centre = (weight * np.arange(len(weight))).sum() / weight.sum() / 50
        assert centre == pytest.approx(onset_s + 8 / RATE, abs=0.0101)


def test_speech_is_seen_at_its_instant() -> None:
    sound = np.zeros(3 * RATE, np.float32)
    sound[RATE : 2 * RATE] = vowel(1.0)
    talking = 1 - analyse(sound).posteriors[:, 0]
    rows = np.flatnonzero(talking > 0.5)
    assert rows[0] / 50 == pytest.approx(1.0, abs=0.03)
    # An abrupt end sounds like the closure of a stop, which may last.
    assert 1.98 <= rows[-1] / 50 <= 2.2


def test_an_open_vowel_opens_the_lips() -> None:
    features = analyse(vowel(1.2))
    middle = slice(20, 50)
    open_vowels = [PHONES.index(p) for p in ("a", "ɑ", "æ", "ɐ", "ʌ", "ɛ", "ɔ", "ɒ")]
    assert features.posteriors[middle, open_vowels].sum(1).mean() > 0.5
    assert features.articulation[middle, 0].mean() > 0.5
    assert features.voice[middle].min() > 0.8


def noises() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    white = rng.normal(size=3 * RATE)
    time = np.arange(3 * RATE) / RATE
    low = np.convolve(white, np.ones(40) / 40, "same")
    return {
        "digital silence": np.zeros(3 * RATE),
        "room noise": 0.004 * low,
        "steady hiss": 0.01 * white,
        "loud hiss": 0.2 * white,
        "mains hum": 0.05 * np.sin(2 * np.pi * 50 * time) + 0.002 * white,
    }


@pytest.mark.parametrize("name", list(noises()))
def test_nobody_speaks_in_noise(name: str) -> None:
    features = analyse(noises()[name].astype(np.float32))
    assert features.voice.mean() < 0.08
    assert features.effort.mean() < 0.08
    assert np.median(features.posteriors[:, 0]) > 0.8


@pytest.mark.parametrize("level_db", [-25.0, -55.0])
def test_nobody_speaks_in_pink_noise_or_rich_hum(level_db: float) -> None:
    count = 6 * RATE
    spectrum = np.fft.rfft(np.random.default_rng(5).normal(size=count))
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 3)), count)
    time = np.arange(count) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12))
    for sound in (pink, hum):
        sound = sound / sound.std() * 10 ** (level_db / 20)
        voice = analyse(sound.astype(np.float32)).voice
        assert (voice > 0.5).mean() < 0.06
        assert voice.mean() < 0.15


def test_digital_silence_is_exactly_nothing() -> None:
    features = analyse(np.zeros(RATE, np.float32))
    assert (features.loudness_db == -100).all()
    assert features.voice.max() == 0
    assert features.effort.max() == 0
    assert features.f0_hz.max() == 0


def test_silence_after_speech_ends_the_voice() -> None:
    features = analyse(np.concatenate([vowel(1.0), np.zeros(RATE, np.float32)]))
    assert features.voice[20:45].mean() > 0.9
    assert features.voice[65:].max() < 0.05


@pytest.mark.parametrize("gain", [1.0, 0.03])
def test_voice_and_phones_hardly_depend_on_the_recording_level(gain: float) -> None:
    plain, scaled = (analyse(vowel(1.0) * g) for g in (1.0, gain))
    assert scaled.voice[15:45].min() > 0.8
    assert np.abs(plain.articulation - scaled.articulation)[20:45].mean() < 0.25


def test_a_clipping_sound_and_one_beyond_full_scale_are_taken() -> None:
    loud = np.clip(10 * vowel(0.8), -1, 1)
    features = analyse(loud)
    assert features.voice[15:35].mean() > 0.5
    assert features.loudness_db.max() <= 0.1
    assert np.isfinite(analyse(1000 * loud).articulation).all()


def test_a_digit_of_160_ms_gives_eight_rows_with_voice() -> None:
    features = analyse(vowel(0.16))
    assert len(features) == 8
    assert features.voice.max() > 0.5


def test_effort_follows_the_speakers_own_level() -> None:
    steady = vowel(4.0)
    accent = steady.copy()
    accent[2 * RATE : 2 * RATE + 4000] *= 3
    for gain in (1.0, 0.1):
        plain, stressed = analyse(gain * steady).effort, analyse(gain * accent).effort
        assert plain[50:190].mean() == pytest.approx(0.9, abs=0.2)
        assert stressed[102:110].mean() > plain[102:110].mean() + 0.1


@pytest.mark.parametrize("hz", [85.0, 123.0, 210.0, 330.0])
def test_f0_of_a_voice(hz: float) -> None:
    f0 = analyse(vowel(1.0, hz)).f0_hz[10:45]
    assert np.mean(np.abs(f0 / hz - 1) < 0.04) > 0.9


def test_the_state_does_not_grow(mixture: np.ndarray) -> None:
    analyser = SpeechAnalyser()
    state = analyser.start()
    sizes = []
    for _ in range(4):
        for part in np.array_split(mixture, 37):
            analyser.step(state, part)
        sizes.append(len(pickle.dumps(state)))
    assert max(sizes[1:]) - min(sizes[1:]) < 2000
    assert sizes[-1] < 400_000


def test_two_streams_do_not_disturb_each_other(mixture: np.ndarray) -> None:
    analyser = SpeechAnalyser()
    one, two = analyser.start(), analyser.start()
    rows = []
    for part in np.array_split(mixture, 5):
        rows.append(analyser.step(one, part))
        analyser.step(two, part[::-1])
    rows.append(analyser.finish(one))
    assert_same(SpeechFeatures.joined(rows), analyse(mixture))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_samples_are_refused(bad: float) -> None:
    with pytest.raises(BadSamplesError, match="NaN"):
        analyse(np.array([0.0, bad], np.float32))


@pytest.mark.parametrize(
    "pcm", [np.zeros((2, 10), np.float32), np.zeros(10, np.int16), np.array(["a"])]
)
def test_what_is_not_one_channel_of_floats_is_refused(pcm: np.ndarray) -> None:
    with pytest.raises(OptionError, match="one channel"):
        analyse(pcm)


@pytest.mark.parametrize("lookahead_ms", [-1, 20, 121])
def test_other_lookaheads_are_refused(lookahead_ms: int) -> None:
    with pytest.raises(OptionError, match="look-ahead"):
        SpeechAnalyser(lookahead_ms)
