"""Closures of lips against phones that are known."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from gioconda.errors import OptionError, VoiceError
from gioconda.measure import known_speech
from gioconda.measure.closures import ClosureReport, count_closures, measure_closures
from gioconda.measure.known_speech import RATE_HZ
from gioconda.voices.types import TimedPhone

TIME = np.arange(0, 3, 0.02)
#: ... a p a m a u a s a ...
PHONES = [
    TimedPhone(0.0, 0.5, ""), TimedPhone(0.5, 0.9, "a"), TimedPhone(0.9, 1.0, "p"),
    TimedPhone(1.0, 1.4, "a"), TimedPhone(1.4, 1.5, "m"), TimedPhone(1.5, 1.8, "a"),
    TimedPhone(1.8, 1.95, "uː"), TimedPhone(1.95, 2.2, "a"), TimedPhone(2.2, 2.3, "s"),
    TimedPhone(2.3, 2.6, "a"), TimedPhone(2.6, 3.0, ""),
]  # fmt: skip


def lips(*shut: tuple[float, float]) -> np.ndarray:
    aperture = np.full(len(TIME), 0.12)
    for start, end in shut:
        aperture[(start - 1e-9 <= TIME) & (end + 1e-9 >= TIME)] = 0.002
    return aperture


def test_closures_are_told_apart() -> None:
    count = count_closures(
        PHONES, TIME, lips((0, 0.4), (0.92, 0.98), (1.42, 1.46), (1.84, 1.9), (2.24, 2.26))
    )
    assert {p: n for p, n in count.phones.items() if n} == {"m": 1, "p": 1}
    assert sum(count.closed.values()) == 2
    assert (count.right, count.narrow, count.rest, count.false) == (2, 1, 1, 1)
    assert count.seconds == pytest.approx(2.1)
    assert 0 < count.by_chance < 2


@pytest.mark.parametrize(
    ("vowel", "kind"), [("ɔ̃", "narrow"), ("ũ", "narrow"), ("ɑ̃", "false"), ("ɛ̃", "false")]
)
def test_a_nasal_vowel_is_narrow_only_if_its_mouth_is(vowel, kind) -> None:
    phones = [TimedPhone(0.0, 1.5, "a"), TimedPhone(1.5, 1.8, vowel), TimedPhone(1.8, 3.0, "a")]
    count = count_closures(phones, TIME, lips((1.6, 1.66)))
    assert (count.narrow, count.false) == ((1, 0) if kind == "narrow" else (0, 1))


def test_narrow_closures_neither_make_nor_dilute_false_ones() -> None:
    at = [(0.92, 0.98), (2.24, 2.26)]
    counts = [count_closures(PHONES, TIME, lips(*at, *more)) for more in ([], [(1.84, 1.9)])]
    assert [c.narrow for c in counts] == [0, 1]
    assert [ClosureReport((c,), "").false_share().value for c in counts] == [0.5, 0.5]


@pytest.mark.parametrize(("late_s", "closed"), [(0.02, 2), (0.13, 2), (0.17, 0), (-0.17, 0)])
def test_a_closure_counts_within_40_ms(late_s, closed) -> None:
    shut = lips((0.9 + late_s, 0.92 + late_s), (1.4 + late_s, 1.42 + late_s))
    assert sum(count_closures(PHONES, TIME, shut).closed.values()) == closed


def test_lips_that_never_close_and_lips_that_never_open() -> None:
    assert sum(count_closures(PHONES, TIME, lips()).closed.values()) == 0
    always = count_closures(PHONES, TIME, lips((0, 3)))
    assert sum(always.closed.values()) == 2
    assert always.by_chance == 2


def test_the_report_pools_and_judges() -> None:
    good = count_closures(PHONES, TIME, lips((0.92, 0.98), (1.42, 1.46)), "de+f3")
    bad = count_closures(PHONES, TIME, lips((2.24, 2.26)), "fr")
    report = ClosureReport((good, bad), "made up")
    assert report.closed_share().value == pytest.approx(0.5)
    assert report.false_share().value == pytest.approx(1 / 3)
    assert report.a_minute("false").value == pytest.approx(60 / 4.2)
    text = report.table()
    assert text.count("MISSED") == 2
    assert "de            100 %      0 %" in text
    json.dumps(report.as_dict())


def test_unknown_languages_and_a_missing_program_are_refused(monkeypatch) -> None:
    with pytest.raises(OptionError, match="no sentences in 'xx'"):
        known_speech.known_speech(["xx"])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(VoiceError, match="apt-get install espeak-ng"):
        known_speech.known_speech(["de"])


def test_spoken_sentences_have_phones_and_our_lips_close_at_them() -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    speech = known_speech.known_speech(["it"])
    assert len(speech) == 2
    for one in speech:
        assert 3 < len(one.samples) / RATE_HZ < 9
        assert sum("m" in p.ipa for p in one.phones) >= 3
        assert all(a.end_s <= b.start_s + 1e-6 for a, b in zip(one.phones, one.phones[1:]))  # noqa: B905
    report = measure_closures(speech, motion_only=True)
    assert report.closed_share().value > 0.8
    assert report.closed_share().value > report.chance_share().value + 0.2
