"""Cuts text into sentences, so that speech can begin with the first, and guesses its language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

#: Sentences longer than this are cut at a comma, or between words, if need be.
LONGEST: Final = 300
_SHORTEST_CUT: Final = 60
#: An end of a sentence: full stops of many scripts; a Latin one only before a space.
_END: Final = re.compile(r"(?:[.!?…؟।۔։]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[」』”）]*|\n\s*\n)")
#: Words whose full stop ends no sentence.
_ABBREVIATIONS: Final = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "e.g", "i.e", "no", "vol",
        "fig", "dott", "sig", "ing", "hr", "fr", "bzw", "z.b", "usw", "mme", "mlle", "sra", "núm",
    }
)  # fmt: skip
_COMMA: Final = re.compile(r"[,;:،、，；：–—]\s*")
#: Script, as Unicode names its letters -> espeak-ng's voice for the language most written in it.
_LANGUAGE_OF_SCRIPT: Final[dict[str, str]] = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "cmn", "CYRILLIC": "ru",
    "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu",
    "GURMUKHI": "pa", "SINHALA": "si", "MYANMAR": "my", "GEORGIAN": "ka", "ARMENIAN": "hy",
    "ETHIOPIC": "am",
}  # fmt: skip


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, white space joined; none is empty or without a letter."""
    text = cleaned(text)
    start = 0
    for end in _END.finditer(text):
        if _is_abbreviation(text, end):
            continue
        yield from _bearable(text[start : end.end()])
        start = end.end()
    yield from _bearable(text[start:])


def cleaned(text: str) -> str:
    """Put spaces for control characters and halves of characters, which no program takes."""
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Cs") and not c.isspace() else c for c in text
    )


def speakable(text: str) -> bool:
    """Tell whether there is anything to say in a text: a letter, a digit or a symbol."""
    return any(unicodedata.category(c)[0] in "LNS" for c in text)


def language_of(text: str, default: str = "en-us") -> str:
    """Guess the language by the script: what most letters belong to; Latin gives the default."""
    scripts = Counter(unicodedata.name(c, "").split()[0].split("-")[0] for c in text if c.isalpha())
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > 0.1 * scripts.total():
        return "ja"  # among kanji, which are CJK
    most = scripts.most_common(1)[0][0] if scripts else ""
    return _LANGUAGE_OF_SCRIPT.get(most, default)


def _is_abbreviation(text: str, end: re.Match[str]) -> bool:
    if end.group() != ".":
        return False
    word = re.search(r"[\w.]*$", text[max(0, end.start() - 20) : end.start()])
    before = word.group().lower() if word else ""
    return before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha())


def _bearable(sentence: str) -> Iterator[str]:
    """Yield a sentence, cut where it is too long."""
    rest = " ".join(sentence.split())
    while len(rest) > LONGEST:
        cut = max((m.end() for m in _COMMA.finditer(rest, _SHORTEST_CUT, LONGEST)), default=0)
        cut = cut or rest.rfind(" ", _SHORTEST_CUT, LONGEST) + 1 or LONGEST
        if speakable(rest[:cut]):
            yield rest[:cut].strip()
        rest = rest[cut:].strip()
    if speakable(rest):
        yield rest
