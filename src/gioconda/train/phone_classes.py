"""From the phone names of synthetic voices to the 37 phone classes.

Those of the IPA are in :mod:`gioconda.speech.phones`.
"""

from __future__ import annotations

from typing import Final

from gioconda.speech.phones import CLASS_INDEX, VOWELS, Segment, ipa_classes, segments

__all__ = ["CLASS_INDEX", "VOWELS", "Segment", "festival_classes", "ipa_classes", "segments"]

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
