"""Phones with times: IPA to the 37 phone classes, and classes over stretches of time.

Classes group phones that look alike: voiced with voiceless, and by place of articulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gioconda.speech.types import PHONES

CLASS_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(PHONES)}
VOWELS: Final = frozenset("aɑæɐʌɛeəɜɪiɔoʊuyøœɯɨɒ")

_LOOKALIKES: Final[dict[str, str]] = {
    "p": "bβɸɓ", "f": "ɱvʋ", "θ": "ð", "s": "z", "ʃ": "ʒɕʑʂʐ", "t": "dɖʈɗ", "n": "ɳɲŋɴ",
    "l": "ɭʎɫɬʟ", "r": "ɾɽ", "k": "ʀʁxχɣɡgqcɟ", "h": "ʔʕħ", "j": "çʝ", "w": "ʍ", "y": "ɥʏ",
    "u": "ʉ", "ø": "ɵ", "ɪ": "ᵻ", "ɜ": "ɚɝ", "ʌ": "ɤ", "ə": "ɘ", "ɛ": "ε", "a": "äA", "ɹ": "ɻ",
}  # fmt: skip
_ALIAS: Final[dict[str, str]] = {c: name for name, chars in _LOOKALIKES.items() for c in chars}
_MOST_PARTS: Final = 3


@dataclass(frozen=True)
class Segment:
    """One phone class over a stretch of time, seconds."""

    start_s: float
    end_s: float
    phone: str


def ipa_classes(symbol: str) -> list[str]:
    """Return the classes of an IPA symbol, several for diphthongs and affricates.

    An empty symbol is a pause; a symbol in brackets is a language switch and gives nothing.
    """
    if not symbol:
        return ["sil"]
    if symbol.startswith("("):
        return []
    classes: list[str] = []
    for char in symbol:
        name = _ALIAS.get(char, char)
        if name in CLASS_INDEX and name != "sil" and classes[-1:] != [name]:
            classes.append(name)
    return classes[:_MOST_PARTS]


def segments(
    phones: list[tuple[float, list[str]]], end_s: float, *, bridge_unknown: bool
) -> list[Segment]:
    """Turn phone onsets into class segments, splitting phones of several classes.

    Args:
        phones: (onset in seconds, classes) in order of time.
        end_s: where the last phone ends.
        bridge_unknown: let the phone before last on through one without classes.
    """
    found: list[Segment] = []
    for i, (start, classes) in enumerate(phones):
        end = phones[i + 1][0] if i + 1 < len(phones) else end_s
        if end <= start:
            continue
        if not classes:
            if found and bridge_unknown:
                found[-1] = Segment(found[-1].start_s, end, found[-1].phone)
            continue
        edges = _edges(classes)
        for part, name in enumerate(classes):
            a, b = (start + (end - start) * edges[part + k] for k in (0, 1))
            if b > a:
                found.append(Segment(a, b, name))
    return found


def _edges(classes: list[str]) -> list[float]:
    """Return where the parts of a phone begin and end, 0 to 1; a stop's release starts early."""
    count = len(classes)
    if count > 1 and classes[0] in ("t", "r"):
        return [0.0, 0.4] + [1.0] * (count - 1)
    return [k / count for k in range(count + 1)]
