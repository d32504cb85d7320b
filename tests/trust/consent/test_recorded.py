"""A recorded statement: heard against decoys, and nothing of the sound is kept."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import ConsentError, OptionError, SoundError, VoiceError
from gioconda.trust.consent.challenge import WORDS, checked_phrase, new_phrase
from gioconda.trust.consent.recorded import evidence_of

PHRASE = {
    "en": "umbrella kitchen banana tiger morning forest",
    "it": "farfalla zucchero castello limone giardino ponte",
    "de": "Schule Banane Himmel Zitrone Koffer Elefant",
    "es": "guitarra sombrero cebolla familia ventana queso",
    "fr": "parapluie fromage girafe maison orange citron",
}


def spoken(program: str, text: str, voice: str, path: Path) -> Path:
    subprocess.run([program, "-v", voice, "-s", "140", "-w", str(path), text], check=True)
    return path


@pytest.mark.parametrize("language", list(PHRASE))
def test_what_is_said_is_told_from_what_is_not(
    language: str, espeak_program: str, tmp_path: Path
) -> None:
    voice = {"en": "en-gb+f3", "fr": "fr-fr+m3"}.get(language, f"{language}+f2")
    path = spoken(espeak_program, PHRASE[language], voice, tmp_path / "said.wav")
    evidence = evidence_of(str(path), PHRASE[language], language)
    assert evidence.margin > 0.35
    said = {w.casefold() for w in PHRASE[language].split()}
    other = [w for w in WORDS[language] if w.casefold() not in said]
    for k in range(3):
        with pytest.raises(ConsentError, match="does not clearly say") as refused:
            evidence_of(str(path), " ".join(other[6 * k : 6 * k + 6]), language)
        assert refused.value.code == "refused"


def test_silence_noise_and_half_of_the_phrase_are_refused(
    espeak_program: str, tmp_path: Path
) -> None:
    from tests.cli.test_animate import write_wav

    chance = np.random.default_rng(1)
    silence = write_wav(tmp_path / "silence.wav", np.zeros(64_000))
    noise = write_wav(tmp_path / "noise.wav", 0.1 * chance.standard_normal(64_000).clip(-3, 3))
    half = " ".join(PHRASE["en"].split()[:2]) + ". Good morning to everybody who is here."
    part = spoken(espeak_program, half, "en-us", tmp_path / "half.wav")
    for path in (silence, noise, part):
        with pytest.raises(ConsentError):
            evidence_of(str(path), PHRASE["en"], "en")


def test_the_sound_is_not_kept_but_on_demand(
    home: Path, espeak_program: str, tmp_path: Path
) -> None:
    path = spoken(espeak_program, PHRASE["en"], "en-us", tmp_path / "said.wav")
    one = evidence_of(str(path), PHRASE["en"], "en")
    two = evidence_of(str(path), PHRASE["en"], "en")
    assert one.sha256 != two.sha256, "each is salted anew"
    assert not home.exists()
    kept = evidence_of(str(path), PHRASE["en"], "en", keep=True).kept
    assert (home / kept).read_bytes() == path.read_bytes()
    assert stat.S_IMODE((home / kept).stat().st_mode) == 0o600


def test_phrases_are_random_and_of_their_own_words() -> None:
    for language, words in WORDS.items():
        assert len(set(words)) == len(words) == 50
        phrases = {new_phrase(language) for _ in range(50)}
        assert len(phrases) == 50
        for phrase in phrases:
            assert checked_phrase(phrase.upper(), language) == phrase.split()
    assert len(new_phrase("en", 7).split()) == 7
    for wrong in (("xx", 6), ("en", 4), ("en", 8)):
        with pytest.raises(OptionError):
            new_phrase(*wrong)


@pytest.mark.parametrize(
    "phrase",
    ["", "apple", "apple banana blanket bottle", "apple apple banana bottle butter",
     "the quick brown fox jumps"],
)  # fmt: skip
def test_only_phrases_of_ours_are_compared(phrase: str) -> None:
    with pytest.raises(OptionError, match="consent challenge"):
        checked_phrase(phrase, "en")


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SoundError, match="check the path"):
        evidence_of(str(tmp_path / "none.wav"), PHRASE["en"], "en")
    from tests.cli.test_animate import write_wav

    sound = write_wav(tmp_path / "a.wav", 0.1 * np.sin(np.arange(64_000) / 9))
    monkeypatch.setenv("GIOCONDA_ESPEAK", "no-such-program")
    with pytest.raises(VoiceError, match="no-such-program"):
        evidence_of(str(sound), PHRASE["en"], "en")
