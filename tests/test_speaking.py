"""From text to a sound with known phones, and from there to a face."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gioconda
from gioconda import Sound, Spoken, TimedPhone
from gioconda.errors import OptionError, TranscriptError, VoiceError
from gioconda.performance.mouth import implied_aperture
from gioconda.session import Performance
from gioconda.speaking import save_speech
from gioconda.speech.known_phones import PhoneTrack
from gioconda.speech.phones import CLASS_INDEX
from gioconda.voices import Manner, VoiceEntry


class Hummer:
    """An engine that hums: a tenth of a second an m, two an a, for each word."""

    def __init__(self, *, tells: bool = True, rates: tuple[int, ...] = (16_000,)) -> None:
        self.tells, self.rates = tells, rates

    def check(self, manner: Manner) -> None:
        if manner.voice == "none":
            raise VoiceError("there is no such hum")

    def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
        for i, word in enumerate(text.split()):
            rate_hz = self.rates[i % len(self.rates)]
            samples = (3000 * np.sin(np.arange(round(0.3 * rate_hz)) / 20)).astype(np.int16)
            phones = (TimedPhone(0, 0.1, "m"), TimedPhone(0.1, 0.3, "a"))
            yield Spoken(word, samples, rate_hz, phones if self.tells else None)

    def voices(self, language: str | None = None) -> list[VoiceEntry]:
        return []


def test_what_is_said_is_known() -> None:
    with gioconda.say("one two three", engine=Hummer()) as sound:
        assert sound.duration_s == pytest.approx(0.9)
        assert sound.phones is not None
        assert [*sound.phones.phone] == [CLASS_INDEX["m"], CLASS_INDEX["a"]] * 3
        # An m is shut before it is heard, at the cost of the vowel before it.
        np.testing.assert_allclose(sound.phones.end_s[1::2], [0.25, 0.55, 0.9], atol=1e-9)
        np.testing.assert_allclose(sound.phones.start_s[2::2], [0.25, 0.55], atol=1e-9)
        pcm = np.concatenate(list(sound.chunks()))
    pieces = [gioconda.at_16k(p) for p in gioconda.speak("one two three", engine=Hummer())]
    np.testing.assert_array_equal(pcm, np.concatenate(pieces))


def test_the_temporary_file_goes_with_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sound = gioconda.say("one", engine=Hummer())
    assert len(list(tmp_path.iterdir())) == 1
    sound.close()
    assert not list(tmp_path.iterdir())
    with pytest.raises(VoiceError, match="from 16000 to 8000 Hz"):
        gioconda.say("one two", engine=Hummer(rates=(16_000, 8_000)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"text": " .. "}, TranscriptError, "nothing to say"),
        ({"rate": 9.0}, OptionError, "rate"),
        ({"voice": "none", "engine": Hummer()}, VoiceError, "no such hum"),
        ({"engine": "harp"}, OptionError, "'harp'"),
    ],
)
def test_bad_requests_are_refused_at_once(how: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        gioconda.speak(**({"text": "Hello"} | how))  # before anything is asked of the iterator


def test_without_phones_or_a_phonemiser_the_net_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIOCONDA_ESPEAK", "/no/such/program")
    with gioconda.say("one two", engine=Hummer(tells=False)) as sound:
        assert sound.phones is None


def test_speech_is_kept_as_a_wav(tmp_path: Path) -> None:
    path = tmp_path / "kept.wav"
    with gioconda.say("one two", engine=Hummer()) as sound:
        save_speech(sound, path)
        pcm = np.concatenate(list(sound.chunks()))
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnframes()) == (16_000, 9_600)
    with Sound.open(path) as again:
        kept = np.concatenate(list(again.chunks()))
    np.testing.assert_allclose(kept, pcm, atol=1e-4)


@pytest.mark.usefixtures("espeak_program")
class TestEspeak:
    TEXT = "Papa bought a map. Mama might be busy, but maybe Bob will help."

    def test_lips_close_for_each_bilabial_and_open_for_open_vowels(self) -> None:
        with gioconda.say(self.TEXT, "en-us") as sound:
            gap = implied_aperture(gioconda.perform(sound).values)
        times = np.arange(len(gap)) / 50
        at, closed, opened = 0.0, [], []
        for piece in gioconda.speak(self.TEXT, "en-us"):
            for p in piece.phones or ():
                near = (times >= at + p.start_s - 0.02) & (times <= at + p.end_s + 0.02)
                if p.ipa in ("p", "b", "m"):
                    closed.append(gap[near].min())
                elif p.ipa[:1] in ("a", "ɑ", "æ") and p.end_s - p.start_s > 0.08:
                    opened.append(gap[near].max())
            at += piece.duration_s
        assert len(closed) >= 12
        assert np.mean(np.array(closed) < 0.01) == 1
        assert np.mean(np.array(opened) > 0.04) > 0.8

    def test_live_and_at_once_are_the_same_performance(self) -> None:
        """Sentences pushed as they are spoken give what the whole sound gives."""
        pieces = list(gioconda.speak(self.TEXT, "en-us"))
        sounds = [gioconda.at_16k(p) for p in pieces]
        ends_s = np.cumsum([len(s) for s in sounds]) / 16_000
        tracks = [
            PhoneTrack.spoken(p.phones or ()).shifted(start_s)
            for p, start_s in zip(pieces, [0.0, *ends_s[:-1]], strict=True)
        ]
        whole, live = Performance(phones=PhoneTrack.joined(tracks)), Performance()
        pcm = np.concatenate(sounds)
        at_once = [whole.push(pcm), *whole.finish()]
        parts = []
        for piece, said in zip(pieces, sounds, strict=True):
            parts.append(live.push(said[:320], piece.phones))
            parts.append(live.push(said[320:]))
        parts += live.finish()
        np.testing.assert_array_equal(
            np.concatenate([m.values for m in at_once]),
            np.concatenate([m.values for m in parts]),
        )

    def test_an_engine_without_phones_is_aligned(self) -> None:
        class Silent:
            """espeak-ng, which does not tell its phones."""

            def check(self, manner: Manner) -> None: ...

            def speak(self, text: str, manner: Manner) -> Iterator[Spoken]:
                for p in gioconda.speak(text, "it"):
                    yield Spoken(p.text, p.samples, p.rate_hz, None, "it")

            def voices(self, language: str | None = None) -> list[VoiceEntry]:
                return []

        text = "Buongiorno mamma, come stai oggi? La luna piena brilla sopra il mare."
        with gioconda.say(text, engine=Silent()) as sound, gioconda.say(text, "it") as told:
            assert sound.phones is not None
            assert told.phones is not None
            for phone in "mp":
                known = told.phones.start_s[told.phones.phone == CLASS_INDEX[phone]]
                found = sound.phones.start_s[sound.phones.phone == CLASS_INDEX[phone]]
                near = [np.abs(found - k).min() < 0.05 for k in known]
                assert np.mean(near) > 0.7
