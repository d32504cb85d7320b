"""The default engine, with the program and with recorded answers of it."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gioconda.errors import VoiceError
from gioconda.voices import Manner, create
from gioconda.voices import espeak as engine
from gioconda.voices.espeak import EspeakVoice, phonemes, timed_phones

RATE_HZ = 22_050


def tone(*parts: tuple[float, float]) -> np.ndarray:
    """Return int16 samples of (seconds, level) parts."""
    return np.concatenate(
        [
            level * 20_000 * np.sin(0.05 * np.arange(round(seconds * RATE_HZ)))
            for seconds, level in parts
        ]
    ).astype(np.int16)


def test_events_become_phones_without_gaps() -> None:
    sound = tone((0.5, 1))
    onsets = [(0.05, "m"), (0.15, "ˈa"), (0.2, "(en)"), (0.3, "m"), (0.4, "a")]
    phones = timed_phones(sound, RATE_HZ, onsets)
    assert [p.ipa for p in phones] == ["", "m", "a", "m", "a"]
    assert all(a.end_s == b.start_s for a, b in pairwise(phones))
    assert phones[0].start_s == 0
    assert phones[-1].end_s == pytest.approx(0.5, abs=1e-3)


def test_a_voiceless_stop_begins_with_its_silent_closure() -> None:
    sound = tone((0.2, 1), (0.08, 0), (0.2, 1))
    phones = timed_phones(sound, RATE_HZ, [(0.0, "a"), (0.28, "p"), (0.3, "a")])
    assert phones[1].ipa == "p"
    assert phones[1].start_s == pytest.approx(0.2, abs=0.01)


def test_a_nameless_event_is_a_pause_only_where_it_is_quiet() -> None:
    loud = timed_phones(tone((0.4, 1)), RATE_HZ, [(0.0, "ɔ"), (0.1, ""), (0.2, "n")])
    assert [p.ipa for p in loud] == ["ɔ", "n"]
    quiet = timed_phones(
        tone((0.1, 1), (0.2, 0), (0.1, 1)), RATE_HZ, [(0, "ɔ"), (0.1, ""), (0.3, "n")]
    )
    assert [p.ipa for p in quiet] == ["ɔ", "", "n"]
    assert quiet[1].start_s == pytest.approx(0.1, abs=0.006)


def test_words_and_phones_of_the_programs_output(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "h_ə_l_ˈəʊ ɒ_v_ð_ə _(en)_tʃ_ˈaɪ_n__iː_z_(ja)_l_ˈe̞_t_ə\n b_ˈɛ_n_e\n"
    monkeypatch.setattr(engine, "find_program", lambda: "espeak-ng")
    monkeypatch.setattr(engine, "_run", lambda *a: said.encode())
    monkeypatch.setattr(engine, "_file_of", lambda program, voice: voice)
    assert phonemes("...", "en") == [
        ["h", "ə", "l", "əʊ"], ["ɒ", "v", "ð", "ə"],
        ["tʃ", "aɪ", "n", "iː", "z", "l", "e̞", "t", "ə"], ["b", "ɛ", "n", "e"],
    ]  # fmt: skip


def test_without_the_program_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(engine.PROGRAM_VARIABLE, raising=False)
    with pytest.raises(VoiceError, match=r"apt-get install espeak-ng.*brew.*winget"):
        create("espeak-ng").check(Manner())
    monkeypatch.setenv(engine.PROGRAM_VARIABLE, "/no/such/program")
    with pytest.raises(VoiceError, match="no program"):
        create("espeak-ng").check(Manner())


@pytest.mark.usefixtures("espeak_program")
class TestWithTheProgram:
    def test_each_sentence_comes_with_its_phones(self) -> None:
        pieces = list(EspeakVoice().speak("Buongiorno, mamma. Come stai?", Manner("it")))
        assert [p.text for p in pieces] == ["Buongiorno, mamma.", "Come stai?"]
        for piece in pieces:
            assert piece.phones is not None
            assert piece.language == "it"
            assert piece.phones[0].start_s == 0
            assert piece.phones[-1].end_s == pytest.approx(piece.duration_s)
            assert all(p.end_s > p.start_s for p in piece.phones)
        phones = pieces[0].phones or ()
        assert "".join(p.ipa for p in phones if p.ipa in "mab") == "bmamma"

    def test_phones_sound_where_they_are_told_to(self) -> None:
        """Vowels are louder than pauses, and hissing has more treble than vowels."""
        piece = next(EspeakVoice().speak("Sarah, Asa saw a sea.", Manner("en-us")))
        loud: dict[str, list[float]] = {"s": [], "": [], "vowel": []}
        treble: dict[str, list[float]] = {"s": [], "": [], "vowel": []}
        for p in piece.phones or ():
            kind = "vowel" if p.ipa[:1] in "ɛeɑɔiæ" and p.ipa else p.ipa
            middle = (p.start_s + p.end_s) / 2
            part = piece.samples[
                int((middle - 0.01) * piece.rate_hz) : int((middle + 0.01) * piece.rate_hz)
            ].astype(float)
            if kind in loud and len(part):
                loud[kind].append(float(np.abs(part).mean()))
                treble[kind].append(float(np.abs(np.diff(part)).mean() / (np.abs(part).mean() + 1)))
        assert min(loud["vowel"]) > 5 * max(loud[""])
        assert min(treble["s"]) > 2 * max(treble["vowel"])

    def test_timbres_and_rate(self) -> None:
        def said(voice: str, **how: float) -> np.ndarray:
            manner = Manner(voice, **how)
            return next(EspeakVoice().speak("A long, long time ago.", manner)).samples

        usual = said("en-gb")
        assert len(said("en-gb", rate=2.0)) < 0.65 * len(usual)
        assert len(said("en-gb", rate=0.6)) > 1.4 * len(usual)
        assert not np.array_equal(said("en-gb+f3")[:2000], usual[:2000])

    def test_pitch_is_in_semitones(self) -> None:
        def said(pitch: float) -> np.ndarray:
            return next(EspeakVoice().speak("Mama, mama, mama", Manner("it", pitch=pitch))).samples

        assert _pitch_hz(said(6)) / _pitch_hz(said(0)) == pytest.approx(2**0.5, rel=0.08)
        assert _pitch_hz(said(-6)) / _pitch_hz(said(0)) == pytest.approx(2**-0.5, rel=0.08)

    def test_unknown_voices_and_timbres_are_refused(self) -> None:
        with pytest.raises(VoiceError, match=r"'xx'.*--list-voices"):
            EspeakVoice().check(Manner("xx"))
        with pytest.raises(VoiceError, match="timbre 'zz'"):
            EspeakVoice().check(Manner("en+zz"))

    def test_voices_of_a_language_and_of_all(self) -> None:
        assert "it" in [v.name for v in EspeakVoice().voices("it")]
        assert len(EspeakVoice().voices()) > 90

    def test_without_the_library_the_program_speaks_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "_library", lambda program: (None, []))
        piece = next(EspeakVoice().speak("Ciao mamma", Manner("it")))
        assert piece.phones is None
        assert piece.duration_s > 0.5

    def test_the_library_is_never_loaded_into_this_process(self) -> None:
        next(EspeakVoice().speak("Ciao", Manner("it")))
        maps = Path("/proc/self/maps")
        if not maps.exists():
            pytest.skip("this system does not tell what a process has loaded")
        assert "espeak" not in maps.read_text()

    def test_text_is_never_taken_for_phoneme_names_or_options(self) -> None:
        plain = phonemes("[[h@l'oU]]", "en")
        assert [p for word in plain for p in word] != ["h", "ə", "l", "oʊ"]
        assert phonemes("--version", "en")

    def test_the_worker_ends_with_its_engine(self) -> None:
        speaker = EspeakVoice()
        next(speaker.speak("Ciao", Manner("it")))
        assert speaker._worker is not None
        process = speaker._worker._process
        assert isinstance(process, subprocess.Popen)
        del speaker
        assert process.poll() is not None

    def test_a_worker_that_died_is_started_once_more(self) -> None:
        speaker = EspeakVoice()
        first = next(speaker.speak("Ciao mamma", Manner("it")))
        assert speaker._worker is not None
        dead = speaker._worker._process
        dead.kill()
        dead.wait()
        again = next(speaker.speak("Ciao mamma", Manner("it")))
        np.testing.assert_array_equal(again.samples, first.samples)
        assert again.phones == first.phones

    def test_a_worker_that_keeps_dying_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        speaker = EspeakVoice()
        said = engine._Worker.say

        def die(worker, *asked):
            worker._process.kill()
            worker._process.wait()
            return said(worker, *asked)

        monkeypatch.setattr(engine._Worker, "say", die)
        with pytest.raises(VoiceError, match="failed while it spoke 'Ciao mamma'"):
            next(speaker.speak("Ciao mamma", Manner("it")))
        monkeypatch.setattr(engine._Worker, "say", said)
        assert next(speaker.speak("Ciao", Manner("it"))).phones

    def test_an_interrupted_sentence_is_not_heard_later(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        speaker = EspeakVoice()
        alone = next(speaker.speak("Papa", Manner("it")))

        def interrupted(raw):
            raise KeyboardInterrupt

        with monkeypatch.context() as while_it_speaks:
            while_it_speaks.setattr(engine.json, "loads", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(speaker.speak("This is quite another sentence", Manner("en")))
        after = next(speaker.speak("Papa", Manner("it")))
        np.testing.assert_array_equal(after.samples, alone.samples)


def _pitch_hz(samples: np.ndarray) -> float:
    """Return the pitch of the loudest tenth of a second, by autocorrelation."""
    window = RATE_HZ // 10
    sums = np.convolve(np.abs(samples.astype(float)), np.ones(window), "valid")
    first = int(np.argmax(sums))
    part = samples[first : first + window].astype(float)
    line = np.correlate(part, part, "full")[window - 1 :]
    low, high = RATE_HZ // 400, RATE_HZ // 60
    return RATE_HZ / (low + int(np.argmax(line[low:high])))
