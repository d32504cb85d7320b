"""Sentences for the synthetic voices to read, from texts that come with the system.

Debian's translated message catalogues give dozens of languages; Python's own help topics and the
common licences give English. The texts are only read aloud: nothing of them is kept in the
weights' package. A few sentences of our own stand in where a system has no catalogues.
"""

from __future__ import annotations

import gettext
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

Prompts = dict[str, list[str]]

CATALOGUES: Final = Path("/usr/share/locale")
LICENCES: Final = Path("/usr/share/common-licenses")
#: Catalogue folder -> espeak-ng voice.
LANGUAGES: Final[dict[str, str]] = {
    "fr": "fr", "de": "de", "es": "es", "it": "it", "pt": "pt", "pt_BR": "pt-br", "ru": "ru",
    "uk": "uk", "pl": "pl", "cs": "cs", "sk": "sk", "sv": "sv", "da": "da", "nb": "nb", "nl": "nl",
    "fi": "fi", "hu": "hu", "el": "el", "tr": "tr", "ro": "ro", "bg": "bg", "sr": "sr", "hr": "hr",
    "sl": "sl", "lt": "lt", "lv": "lv", "et": "et", "ca": "ca", "eu": "eu", "zh_CN": "cmn",
    "ko": "ko", "vi": "vi", "id": "id", "ms": "ms", "hi": "hi", "ta": "ta", "te": "te", "bn": "bn",
    "mr": "mr", "gu": "gu", "pa": "pa", "kn": "kn", "ml": "ml", "ar": "ar", "fa": "fa", "eo": "eo",
    "ga": "ga", "cy": "cy", "gl": "pt", "ka": "ka", "kk": "kk", "mk": "mk", "sq": "sq", "af": "af",
    "ja": "ja", "is": "is", "ne": "ne",
}  # fmt: skip
OWN_ENGLISH: Final[tuple[str, ...]] = (
    "Good morning, my name is Maria and I will be your guide today.",
    "Bob bought a big box of apples for his mother and baked five warm pies.",
    "We moved the meeting to Wednesday because the boss wants more time.",
    "Who would choose a blue shoe when the brown pair fits so well?",
    "The weather over the bay has been wonderful, but rain is on its way.",
    "Please put the paper map back before somebody bumps into the table.",
    "Far above the village a few white birds were flying over the river.",
    "She sells fresh fish every Thursday at the small market by the sea.",
    "I think that the thing they bought there is worth three thousand pounds.",
    "You know, maybe we should just open the window and have a cup of tea.",
    "Our first problem was water, the second was food, and the third was time.",
    "Would you mind waiting a moment while I move my bicycle?",
    "The young musician played a slow piece and everybody stopped to listen.",
    "Why are all of these old photographs hanging upside down?",
    "Seven busy people jumped over the muddy pool behind the museum.",
    "No, I have never been to Rome, but my uncle goes there in the summer.",
)
_LEAST_CATALOGUE_PROMPTS: Final = 30
_CODE_LIKE: Final = re.compile(
    r"<[^>]*>|%\(?\w*\)?[-+#0-9.]*l*[a-zA-Z%]|\$\S+|--?\w[\w-]*|\{[^}]*\}"
    r"|[_&~`|\\]|\S*[/@=]\S*|\b[A-Z_]{3,}\b"
)


def plain(text: str) -> str:
    """Return a message without markup, placeholders, options and paths."""
    return re.sub(r"\s+", " ", _CODE_LIKE.sub(" ", text)).strip(" -:;\"'()")


def _catalogue_messages(folder: Path, voice: str) -> set[str]:
    """Return the speakable translated messages of one catalogue folder."""
    short_script = voice in ("cmn", "ja", "ko")
    least, most = (10, 80) if short_script else (25, 220)
    found: set[str] = set()
    for file in sorted(folder.glob("LC_MESSAGES/*.mo")):
        try:
            with file.open("rb") as stream:
                catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, ValueError) as error:
            logger.debug("skipped %s: %s", file, error)
            continue
        for original, translated in catalogue.items():
            if original and isinstance(translated, str) and translated != original:
                message = plain(translated)
                if least < len(message) < most:
                    found.add(message)
    return found


def _english_sentences(texts: Iterable[str]) -> set[str]:
    """Return the sentences of English prose that are mostly letters."""
    found: set[str] = set()
    for text in texts:
        prose = re.sub(r'["*:=>(){}\[\]]+', " ", re.sub(r"\s+", " ", text))
        for raw in re.split(r"(?<=[.!?;])\s+", prose):
            sentence = plain(raw)
            letters = sum(c.isalpha() or c == " " for c in sentence)
            if 30 < len(sentence) < 220 and letters > 0.93 * len(sentence):
                found.add(sentence)
    return found


def collect(catalogues: Path = CATALOGUES, licences: Path = LICENCES) -> Prompts:
    """Collect prompts for every language this system has texts in.

    Args:
        catalogues: folder of translated message catalogues.
        licences: folder of licence texts in English.

    Returns:
        Sorted sentences by espeak-ng voice name; "en" is always there.
    """
    import pydoc_data.topics

    pools: dict[str, set[str]] = {}
    for folder, voice in LANGUAGES.items():
        messages = _catalogue_messages(catalogues / folder, voice)
        if len(messages) >= _LEAST_CATALOGUE_PROMPTS:
            pools.setdefault(voice, set()).update(messages)
    english = list(pydoc_data.topics.topics.values())
    for file in sorted(licences.glob("*")) if licences.is_dir() else []:
        english.append(file.read_text("utf-8", "ignore"))
    pools["en"] = _english_sentences(english) | set(OWN_ENGLISH)
    return {voice: sorted(pool) for voice, pool in sorted(pools.items())}
