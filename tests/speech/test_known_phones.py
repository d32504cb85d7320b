"""Known phones are laid over what the net hears, as far as they are trusted."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Controls, Sound, examples
from gioconda.motion import concatenate
from gioconda.performance.mouth import implied_aperture
from gioconda.performance.performer import RulePerformer
from gioconda.session import Performance
from gioconda.speech.known_phones import MOST_SHARE, KnownPhones, PhoneTrack
from gioconda.speech.phones import CLASS_INDEX, Segment
from gioconda.speech.types import ARTICULATION, PHONES, SpeechFeatures
from gioconda.voices import TimedPhone


def heard(rows: int, start_s: float = 0.0) -> SpeechFeatures:
    """Features of a loud voice in which no phone is told from another."""
    level = np.ones(rows, np.float32)
    return SpeechFeatures(
        start_s,
        np.full((rows, len(PHONES)), 1 / len(PHONES), np.float32),
        np.zeros((rows, len(ARTICULATION)), np.float32),
        np.zeros((rows, 8), np.float32),
        -20 * level, 0.9 * level, level, 120 * level,
    )  # fmt: skip


def phones(*parts: tuple[str, float]) -> list[TimedPhone]:
    """Return phones of (IPA, seconds), one after the other."""
    found, at = [], 0.0
    for ipa, seconds in parts:
        found.append(TimedPhone(at, at + seconds, ipa))
        at += seconds
    return found


def test_a_known_phone_takes_the_place_of_what_is_heard() -> None:
    track = PhoneTrack.of_segments([Segment(0.2, 0.4, "a"), Segment(0.4, 0.6, "s")])
    sharp = KnownPhones(track).sharpen(heard(50))
    a, s = (sharp.posteriors[:, CLASS_INDEX[p]] for p in "as")
    assert a[15] == pytest.approx(MOST_SHARE + (1 - MOST_SHARE) / 37)
    assert a[20] == pytest.approx(s[20], abs=1e-6)  # half way at the bound
    assert s[25] > 0.8
    np.testing.assert_allclose(sharp.posteriors.sum(axis=1), 1, atol=1e-5)
    outside = np.r_[0:7, 33:50]
    np.testing.assert_array_equal(sharp.posteriors[outside], heard(50).posteriors[outside])
    aperture = sharp.articulation[:, 0]
    assert aperture[15] > 0.8
    assert not aperture[outside].any()


def test_trust_says_how_far() -> None:
    part = [Segment(0.2, 0.6, "a")]
    shares = [
        KnownPhones(PhoneTrack.of_segments(part, trust)).sharpen(heard(50)).posteriors[20, 1]
        for trust in (0.0, 0.5, 1.0)
    ]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(1 / 37)
    assert shares[1] == pytest.approx((shares[0] + shares[2]) / 2)


def test_any_chunks_give_the_same_rows() -> None:
    rng = np.random.default_rng(3)
    said = phones(*((str(rng.choice([*"amsoɪt", ""])), rng.uniform(0.03, 0.2)) for _ in range(80)))
    track = PhoneTrack.spoken(said)
    whole = KnownPhones(track).sharpen(heard(400))
    for _ in range(5):
        known, parts, at = KnownPhones(track), [], 0
        while at < 400:
            n = int(rng.integers(0, 12))
            parts.append(known.sharpen(heard(min(n, 400 - at), at / 50)))
            at += n
        joined = SpeechFeatures.joined(parts)
        np.testing.assert_array_equal(joined.posteriors, whole.posteriors)
        np.testing.assert_array_equal(joined.articulation, whole.articulation)


def test_past_phones_are_forgotten() -> None:
    known = KnownPhones(PhoneTrack.spoken(phones(*[("a", 0.1)] * 100)))
    known.sharpen(heard(25, 9.0))
    assert len(known._track) < 20


def test_closures_are_long_enough_to_be_seen() -> None:
    track = PhoneTrack.spoken(phones(("", 0.5), ("b", 0.02), ("a", 0.2), ("p", 0.02), ("a", 0.1)))
    first, second = (
        (track.start_s[i], track.end_s[i]) for i in np.flatnonzero(track.phone == CLASS_INDEX["p"])
    )
    assert first[0] == pytest.approx(0.45)  # within the pause: it is silent
    assert second[1] - second[0] == pytest.approx(0.05)
    assert track.end_s[1] == second[0]
    assert CLASS_INDEX["sil"] not in track.phone


def test_tracks_that_are_joined_do_not_overlap() -> None:
    before = PhoneTrack.spoken([TimedPhone(0.0, 0.1, "s"), TimedPhone(0.1, 0.3, "a")])
    after = PhoneTrack.spoken([TimedPhone(0.0, 0.1, "m"), TimedPhone(0.1, 0.2, "a")]).shifted(0.3)
    assert after.start_s[0] < 0.3  # lips shut before the sound, and so before the piece
    whole = PhoneTrack.joined([before, after])
    assert np.all(whole.start_s[1:] >= whole.end_s[:-1] - 1e-9)
    assert np.all(np.diff(whole.start_s) >= 0)
    assert np.all(whole.end_s >= whole.start_s)
    np.testing.assert_array_equal(whole.start_s[2:], after.start_s)
    shares = KnownPhones(whole).sharpen(heard(40)).posteriors
    assert shares[14, CLASS_INDEX["m"]] > shares[14, CLASS_INDEX["a"]]


def test_closures_are_made_and_others_are_not() -> None:
    said = phones(("", 0.4), *[("m", 0.07), ("a", 0.15), ("d", 0.05), ("ɛ", 0.12)] * 6, ("", 0.5))
    features = KnownPhones(PhoneTrack.spoken(said)).sharpen(heard(150))
    performer = RulePerformer()
    state = performer.start(Controls())
    motion = concatenate([performer.step(state, features), performer.finish(state)])
    gap = implied_aperture(motion.values)
    for phone in said[5:-1]:
        rows = gap[round(phone.start_s * 50) : round(phone.end_s * 50) + 1]
        if phone.ipa == "m":
            assert rows.min() < 0.01
        elif phone.ipa == "a":
            assert rows.max() > 0.05
        elif phone.ipa == "d":
            assert rows.min() > 0.01


def test_a_session_takes_phones_with_the_sound() -> None:
    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks()))[:32_000]
    said = phones(("", 0.3), *[("m", 0.08), ("a", 0.12)] * 5, ("", 0.7))
    first = Performance(phones=PhoneTrack.spoken(said).shifted(1.0))
    whole = concatenate([first.push(pcm), *first.finish()])
    live = Performance()
    parts = [live.push(pcm[:16_000]), live.push(pcm[16_000:17_000], said)]
    parts += [live.push(pcm[i : i + 331]) for i in range(17_000, 32_000, 331)]
    np.testing.assert_array_equal(whole.values, concatenate([*parts, *live.finish()]).values)
    deaf = Performance()
    unknown = concatenate([deaf.push(pcm), *deaf.finish()])
    assert not np.array_equal(unknown.values, whole.values)
