"""Forced alignment: on made-up posteriors without any program, and on speech of known phones."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from gioconda import Sound, examples
from gioconda.errors import TranscriptError, VoiceError
from gioconda.pipeline import perform
from gioconda.speech import analyse
from gioconda.speech.alignment import Alignment, align
from gioconda.speech.phones import CLASS_INDEX
from gioconda.speech.transcribed import transcribed_phones
from gioconda.speech.transcript import Cue, Transcript
from gioconda.speech.types import PHONES
from gioconda.train.phone_classes import festival_classes
from gioconda.voices import espeak

#: What the example speech says, and when each phone of it sounds, by the program that made it.
SPOKEN = (
    "Good morning. I am only a picture, and yet I speak to you. Every word you hear was made by a "
    "machine, and so was every movement of my face. Whoever shows you a talking picture should "
    "tell you so."
)
#: Silence before the first of them.
LEAD_S = 0.25
PHONES_FILE = Path(__file__).parents[1] / "data" / "demo_speech_phones.txt"
#: Words of one vowel and one consonant each, all different.
WORDS = {a + b: [a, b] for a in "pmfstnlk" for b in "aiuɛo"}
RATE_HZ = 50


def spell(text: str) -> list[list[str]]:
    """Stand in for espeak-ng: a phone for each letter."""
    return [WORDS[word.strip(".")] for word in text.split()]


def spoken(words: str, rng: np.random.Generator, doubt: float = 0.2) -> tuple[np.ndarray, list]:
    """Return the posteriors of words as they might be heard, and (class, first row, row after)."""
    rows: list[int] = [0] * 10
    said = []
    for word in words.split():
        for phone in WORDS[word.strip(".")]:
            length = int(rng.integers(3, 9))
            said.append((CLASS_INDEX[phone], len(rows), len(rows) + length))
            rows += [CLASS_INDEX[phone]] * length
        if word.endswith("."):
            rows += [0] * int(rng.integers(8, 20))
    posteriors = rng.dirichlet(np.full(len(PHONES), 0.1), len(rows)) * doubt
    posteriors[np.arange(len(rows)), rows] += 1 - doubt
    return posteriors.astype(np.float32), said


def errors_s(found: Alignment, said: list) -> np.ndarray:
    """Return how far onsets are off; the phones must be those that were said."""
    assert list(found.track.phone) == [s[0] for s in said]
    # Row r is the instant r / 50; a phone's first row lies half a row after its bound.
    return np.abs(found.track.start_s - np.array([s[1] - 0.5 for s in said]) / RATE_HZ)


def sentence(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(list(WORDS), count)) + "."


def test_phones_are_found_to_the_row() -> None:
    rng = np.random.default_rng(1)
    words = " ".join(sentence(rng, 6) for _ in range(4))
    posteriors, said = spoken(words, rng)
    found = align(posteriors, Transcript.of(words), spell)
    assert errors_s(found, said).max() < 0.02
    assert found.matched > 0.98
    assert not found.mismatches
    assert (found.track.end_s > found.track.start_s).all()
    assert (found.track.start_s[1:] >= found.track.end_s[:-1] - 1e-9).all()


def test_long_sounds_are_aligned_piece_by_piece() -> None:
    rng = np.random.default_rng(2)
    words = " ".join(sentence(rng, 8) for _ in range(90))
    posteriors, said = spoken(words, rng)
    assert len(posteriors) > 2.5 * 3000  # several windows
    found = align(posteriors, Transcript.of(words), spell)
    assert errors_s(found, said).max() < 0.03


def test_speech_that_is_not_in_the_text_is_left_to_the_net() -> None:
    rng = np.random.default_rng(3)
    parts = [sentence(rng, 10) for _ in range(6)]
    posteriors, said = spoken(" ".join(parts), rng)
    found = align(posteriors, Transcript.of(" ".join(parts[:2] + parts[3:])), spell)
    missing = slice(40, 60)
    first, last = said[missing][0][1] / RATE_HZ, said[missing][-1][2] / RATE_HZ
    inside = (found.track.start_s > first + 0.3) & (found.track.end_s < last - 0.3)
    assert found.track.trust[inside].sum() < 1
    kept = found.track.part(~inside & (found.track.trust > 0.9))
    assert len(kept) > 85


def test_words_that_are_not_said_are_named() -> None:
    rng = np.random.default_rng(4)
    parts = [sentence(rng, 10) for _ in range(5)]
    posteriors, _ = spoken(" ".join(parts), rng)
    told = [*parts]
    told[2] = sentence(rng, 10)
    found = align(posteriors, Transcript.of(" ".join(told)), spell)
    assert [m.text for m in found.mismatches] == [told[2]]
    assert 0.7 < found.matched < 0.9


def test_cues_bound_their_words() -> None:
    """The same words said three times: their times tell which are meant."""
    rng = np.random.default_rng(5)
    words = "pa mi fu so."
    posteriors, said = spoken(f"{words} {words} {words}", rng)
    start, end = said[8][1] / RATE_HZ, said[15][2] / RATE_HZ
    found = align(posteriors, Transcript((Cue(words, start + 0.1, end - 0.1),)), spell)
    assert errors_s(found, said[8:16]).max() < 0.02


def test_cues_beyond_the_sound_are_no_harm() -> None:
    posteriors, _ = spoken("pa mi.", np.random.default_rng(6))
    cues = (Cue("pa mi.", 0.0, 0.8), Cue("fu so.", 100.0, 101.0))
    found = align(posteriors, Transcript(cues), spell)
    assert len(found.track) == 4
    assert [m.text for m in found.mismatches] == ["fu so."]


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))


@pytest.mark.usefixtures("espeak_program")
class TestRealSpeech:
    """The example speech, a statistical voice of another program, whose phones are known."""

    def test_bounds_are_near_the_known_ones(self, speech: np.ndarray) -> None:
        found = align(
            analyse(speech).posteriors, Transcript.of(SPOKEN), lambda t: espeak.phonemes(t, "en-us")
        )
        assert found.matched > 0.9
        known, at = [], LEAD_S
        for pair in PHONES_FILE.read_text().split():
            name, end = pair.split(":")
            classes = festival_classes("slt", name)
            known.append((at, CLASS_INDEX[classes[0]] if classes else 0))
            at = LEAD_S + float(end)
        bilabial = [CLASS_INDEX["p"], CLASS_INDEX["m"]]
        off = []
        for start, phone in known:
            if phone in bilabial:
                same = found.track.start_s[found.track.phone == phone]
                off.append(np.abs(same - start).min())
        assert len(off) > 10
        assert np.median(off) < 0.015
        assert np.mean(np.array(off) < 0.04) > 0.9

    def test_the_lips_change_with_the_words(self, speech: np.ndarray) -> None:
        sound = Sound.from_array(speech[: 4 * 16_000], 16_000)
        alone = perform(sound)
        told = perform(sound, transcript="Good morning. I am only a picture. And yet I speak.")
        assert len(alone) == len(told)
        apart = np.abs(alone["jawOpen"] - told["jawOpen"])
        assert 0.01 < apart.max() < 0.6
        np.testing.assert_array_equal(alone["headYaw"], told["headYaw"])

    def test_another_text_is_not_believed(
        self, speech: np.ndarray, caplog: pytest.LogCaptureFixture
    ) -> None:
        sound = Sound.from_array(speech, 16_000)
        with caplog.at_level(logging.WARNING, "gioconda"):
            track = transcribed_phones(sound, "La vispa Teresa avea tra l'erbetta", "it")
        assert not len(track)
        assert "does not match the sound" in caplog.text
        np.testing.assert_array_equal(
            perform(sound).values,
            perform(sound, transcript="La vispa Teresa avea tra l'erbetta", language="it").values,
        )

    def test_the_worst_stretch_is_told(
        self, speech: np.ndarray, caplog: pytest.LogCaptureFixture
    ) -> None:
        ours = "Every word you hear was made by a machine, and so was every movement of my face"
        words = SPOKEN.replace(ours, "Gli uccelli volano verso le montagne, dove nessuno li vede")
        with caplog.at_level(logging.WARNING, "gioconda"):
            track = transcribed_phones(Sound.from_array(speech, 16_000), words, "en-us")
        assert "Gli uccelli" in caplog.text
        assert len(track) > 80

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (SPOKEN.replace(".", ""), ""),
            (
                "Good morning I am only a picture and yet I speak to you every word the quick "
                "brown fox jumps over the lazy dog near the river bank then runs across fields",
                ", least from ",
            ),
            (f"{SPOKEN} Bring seven heavy boxes upstairs and do not forget the lamp", "; the lips"),
        ],
    )
    def test_a_text_that_is_heard_in_part_is_told(
        self, speech: np.ndarray, caplog: pytest.LogCaptureFixture, words: str, told: str
    ) -> None:
        with caplog.at_level(logging.WARNING, "gioconda"):
            transcribed_phones(Sound.from_array(speech, 16_000), words, "en-us")
        assert caplog.text.count("% of the transcript is heard") == bool(told)
        assert told in caplog.text

    @pytest.mark.parametrize(("kept", "count"), [(0, "all cues"), (1, "1 of the 2 cues")])
    def test_cues_beyond_the_sound_are_told(
        self, speech: np.ndarray, caplog: pytest.LogCaptureFixture, kept: int, count: str
    ) -> None:
        inside = Cue("Good morning. I am only a picture, and yet I speak to you.", 0.1, 4.0)
        cues = (*(inside,) * kept, Cue("Every word you hear.", 130.0, 131.0))
        sound = Sound.from_array(speech[: 4 * 16_000], 16_000)
        with caplog.at_level(logging.WARNING, "gioconda"):
            track = transcribed_phones(sound, Transcript(cues), "en-us")
        assert f"{count} of the transcript begin after the sound, which lasts 4.0 s" in caplog.text
        assert "differ from" not in caplog.text
        assert bool(len(track)) == bool(kept)

    def test_an_unknown_language_is_refused(self, speech: np.ndarray) -> None:
        with pytest.raises(VoiceError, match="no language 'xx'"):
            transcribed_phones(Sound.from_array(speech, 16_000), SPOKEN, "xx")


def test_without_espeak_a_transcript_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(espeak.PROGRAM_VARIABLE, "/no/such/program")
    with pytest.raises(VoiceError, match="no program"):
        transcribed_phones(Sound.from_array(np.ones(16_000, np.float32), 16_000), "Hello")
    with pytest.raises(TranscriptError):
        transcribed_phones(Sound.from_array(np.ones(16_000, np.float32), 16_000), "...")
