"""Pseudo speech: features made from a script of phones, without sound or net."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gioconda.speech.types import ARTICULATION, PHONES, SpeechFeatures
from gioconda.speech.viseme_table import MEASURED_VISEMES

Script = Sequence[tuple[str, int]]
VOICELESS = {"p", "t", "k", "f", "s", "ʃ", "θ", "h"}
#: Band energies of sounds by their kind, about as real speech has them.
BANDS = {
    "open": (0.0, 0.3, 0.8, 0.75, 0.4, 0.2, 0.0, 0.0),
    "close": (0.2, 0.0, -0.3, -0.3, 0.0, 0.0, -0.1, 0.0),
    "voiced": (0.2, -0.1, -0.2, -0.3, -0.3, -0.4, -0.3, -0.2),
    "voiceless": (-0.6, -0.7, -0.6, -0.5, -0.5, -0.4, 0.0, 0.1),
    "silent": (-0.7, -0.7, -0.6, -0.6, -0.6, -0.6, -0.3, -0.2),
}


def band_energies(phone: str) -> tuple[float, ...]:
    """Return the eight band energies of a phone."""
    if phone == "sil":
        return BANDS["silent"]
    if phone in VOICELESS:
        return BANDS["voiceless"]
    if phone in "aɑæɛʌ":
        return BANDS["open"]
    return BANDS["close" if phone in "eɪiɔoʊuəɜ" else "voiced"]


def features_of(script: Script, start_s: float = 0.0) -> SpeechFeatures:
    """Return features of phones given as (phone, rows of 20 ms)."""
    phones = [phone for phone, rows in script for _ in range(rows)]
    n = len(phones)
    hard = np.zeros((n + 4, len(PHONES)))
    hard[np.arange(n + 4), [PHONES.index(p) for p in (*["sil"] * 2, *phones, *["sil"] * 2)]] = 1
    soft = 0.2 * hard[1:-3] + 0.6 * hard[2:-2] + 0.2 * hard[3:-1]
    table = np.array([MEASURED_VISEMES[p] for p in PHONES])
    speaking = np.array([p != "sil" for p in phones], np.float32)
    loud = np.array([0.0 if p == "sil" else 0.5 if p in VOICELESS else 1.0 for p in phones])
    # Stress every fifth loud stretch, as syllables would.
    loud = loud * (1.0 + 0.4 * (np.arange(n) // 12 % 5 == 0))
    effort = np.convolve(loud, [0.25, 0.5, 0.25], "same")
    return SpeechFeatures(
        start_s=start_s,
        posteriors=soft.astype(np.float32),
        articulation=(0.5 * soft @ table).astype(np.float32).reshape(n, len(ARTICULATION)),
        bands=np.array([band_energies(p) for p in phones], np.float32).reshape(n, 8),
        loudness_db=np.where(speaking > 0, -22.0, -100.0).astype(np.float32),
        effort=(effort * speaking).astype(np.float32),
        voice=speaking,
        f0_hz=np.where(speaking > 0, 130.0, 0.0).astype(np.float32),
    )


def babble(seconds: float, seed: int = 0, start_s: float = 0.0) -> SpeechFeatures:
    """Return running pseudo speech: syllables in phrases of 2 to 5 s, pauses of .3 to 1.2 s."""
    rng = np.random.default_rng(seed)
    consonants = ["p", "m", "f", "t", "n", "s", "l", "k", "w", "ʃ", "ɹ"]
    vowels = ["a", "e", "i", "o", "u", "ɛ", "ɪ", "ə"]
    script: list[tuple[str, int]] = [("sil", 15)]
    while sum(rows for _, rows in script) < seconds * 50:
        for _ in range(rng.integers(9, 23)):
            script.append((str(rng.choice(consonants)), int(rng.integers(3, 6))))
            script.append((str(rng.choice(vowels)), int(rng.integers(4, 9))))
        script.append(("sil", int(rng.integers(15, 60))))
    whole = features_of(script, start_s)
    return sliced(whole, 0, round(seconds * 50))


def sliced(features: SpeechFeatures, first: int, last: int) -> SpeechFeatures:
    """Return rows first to last - 1."""
    from dataclasses import fields

    columns = {
        f.name: getattr(features, f.name)[first:last]
        for f in fields(features)
        if f.name != "start_s"
    }
    return SpeechFeatures(start_s=features.start_s + first / 50, **columns)


@pytest.fixture(scope="session")
def script() -> Callable[..., SpeechFeatures]:
    return features_of


@pytest.fixture(scope="session")
def talk() -> Callable[..., SpeechFeatures]:
    return babble


@pytest.fixture(scope="session")
def cut() -> Callable[..., SpeechFeatures]:
    return sliced
