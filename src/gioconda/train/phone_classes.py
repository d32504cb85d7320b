"""From the phone names of synthetic voices to the 37 phone classes.

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

_RADIO: Final[dict[str, str]] = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "axr": "ɜ", "ay": "aɪ",
    "b": "p", "ch": "tʃ", "d": "t", "dh": "θ", "dx": "r", "eh": "ɛ", "er": "ɜ", "ey": "eɪ",
    "f": "f", "g": "k", "hh": "h", "hv": "h", "ih": "ɪ", "iy": "i", "jh": "tʃ", "k": "k", "l": "l",
    "m": "m", "n": "n", "ng": "n", "ow": "oʊ", "oy": "ɔɪ", "p": "p", "r": "ɹ", "s": "s", "sh": "ʃ",
    "t": "t", "th": "θ", "uh": "ʊ", "uw": "u", "v": "f", "w": "w", "y": "j", "z": "s", "zh": "ʃ",
    "en": "ən", "em": "əm", "el": "əl",
}  # fmt: skip
_CZECH: Final[dict[str, str]] = {
    "c": "ts", "ch": "k", "c~": "tʃ", "s~": "ʃ", "z~": "ʃ", "r~": "rʃ", "r~*": "rʃ", "n~": "n",
    "n*": "n", "t~": "t", "d~": "t", "h": "h", "dz~": "tʃ", "dz": "ts",
}  # fmt: skip
_ROMANCE: Final[dict[str, str]] = {
    "E": "ɛ", "O": "ɔ", "tS": "tʃ", "dZ": "tʃ", "S": "ʃ", "Z": "ʃ", "J": "n", "L": "l", "ng": "n",
    "nf": "f", "ax": "ə", "rr": "r", "y": "j",
}  # fmt: skip
_FINNISH: Final[dict[str, str]] = {"@": "æ", "7": "ø", "N": "n", "v": "f", "d": "t"}
_RUSSIAN: Final[dict[str, str]] = {
    "ae": "ɐ", "ay": "ɪ", "ch": "tʃ", "sch": "ʃ", "sh": "ʃ", "zh": "ʃ", "c": "ts", "h": "k",
    "y": "ɨ", "yy": "ɨ", "ii": "i", "ee": "e", "ff": "f", "ll": "l",
}  # fmt: skip
_FESTIVAL_SILENCE: Final = frozenset({"pau", "#", "_", "sil", "h#", "ssil"})
_AMERICAN: Final = frozenset(
    {"kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts", "slt", "rms", "awb", "kal16"}
)
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


def festival_classes(voice: str, symbol: str) -> list[str]:
    """Return the classes of a phone of a festival or flite voice; unknown phones give nothing."""
    if symbol in _FESTIVAL_SILENCE:
        return ["sil"]
    if voice in _AMERICAN:
        return ipa_classes(_RADIO[symbol]) if symbol in _RADIO else []
    if voice.startswith("czech"):
        return ipa_classes(_CZECH.get(symbol, symbol.replace(":", "")))
    if voice in ("pc_diphone", "lp_diphone", "upc_ca_ona_hts"):
        bare = symbol.rstrip("1")
        return ipa_classes(_ROMANCE.get(bare, bare))
    if voice.startswith(("suo", "hy")):
        bare = symbol.rstrip(":")
        return ipa_classes(_FINNISH.get(bare, bare))
    if voice.startswith("msu"):
        return ipa_classes(_RUSSIAN[symbol] if symbol in _RUSSIAN else symbol[:1])
    return []


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
