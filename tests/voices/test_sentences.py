from __future__ import annotations

import pytest

from gioconda.voices.sentences import LONGEST, language_of, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello. How are you?  Fine!", ["Hello.", "How are you?", "Fine!"]),
        ("Dr. Ray met J. Bo at 3.5 km. He left.", ["Dr. Ray met J. Bo at 3.5 km.", "He left."]),
        ("One\ntwo\n\nthree", ["One two", "three"]),
        ("おはよう。元気？はい", ["おはよう。", "元気？", "はい"]),
        ("مرحبا؟ نعم.", ["مرحبا؟", "نعم."]),
        ('He said "go." Then left', ['He said "go."', "Then left"]),
        ("... ! ?", []),
    ],
)  # fmt: skip
def test_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@pytest.mark.parametrize("joint", [", and so ", " and so on ", "xyz"])
def test_long_sentences_are_cut_and_nothing_is_lost(joint: str) -> None:
    text = joint.join(["word"] * 200)
    parts = list(sentences(text))
    assert max(map(len, parts)) <= LONGEST
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    if " " in joint:
        assert all(" " + part.split()[0] + " " in " " + text + " " for part in parts)


def test_the_language_is_that_of_the_script() -> None:
    assert language_of("Good morning, mamma") == "en-us"
    assert language_of("今日はいい天気ですね") == "ja"
    assert language_of("今天天氣很好") == "cmn"
    assert language_of("Добрый день, Bob") == "ru"
    assert language_of("안녕하세요") == "ko"
    assert language_of("مرحبا") == "ar"
    assert language_of("42") == "en-us"
