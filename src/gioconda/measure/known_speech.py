"""Speech whose phones are known: sentences rich in p, b and m, spoken by espeak-ng.

The sentences are none of those that the phonetic net was trained on; languages and timbres are,
since training uses all that espeak-ng has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError, VoiceError
from gioconda.speaking import at_16k
from gioconda.voices.espeak import EspeakVoice
from gioconda.voices.types import Manner, TimedPhone

#: espeak-ng's voice -> sentences.
SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "en-us": (
        "Peter's grandmother combed the baby's hair before supper, humming a simple tune.",
        "The plumber promised to bring more copper pipes by the beginning of November.",
    ),
    "en-gb": (
        "Both boats were empty, but nobody on the pier had complained about it.",
        "My brother-in-law paid the bill and left a map beside the lamp.",
    ),
    "de": (
        "Am Abend brachte der Bäcker noch ein paar Brote mit Butter und Pflaumenmus.",
        "Bitte bleiben Sie im Bus, bis der Beamte Ihren Pass geprüft hat.",
    ),
    "fr": (
        "Le petit bateau blanc passait lentement sous le pont au bout du port.",
        "Ma mère préparait une bonne soupe pendant que mon père dormait.",
    ),
    "es": (
        "Mi primo compró un pan en el mercado y pagó con un billete pequeño.",
        "También podemos empezar por la mañana, antes de que empiece el partido.",
    ),
    "it": (
        "La mamma prepara la pasta mentre il bambino gioca con la palla.",
        "Prima di partire abbiamo comprato pane, burro e un po' di prosciutto.",
    ),
    "pt-br": (
        "O menino pequeno pediu mais um copo de água para beber com o bolo.",
        "Amanhã bem cedo vamos passear de barco pela costa com a minha família.",
    ),
    "nl": (
        "De man bij de bushalte praat met zijn buurvrouw over het mooie weer.",
        "Mijn broer brengt morgen een paar appels mee voor de boerin.",
    ),
    "pl": (
        "Mama poprosiła babcię o pomoc przy pieczeniu placka z jabłkami.",
        "Po obiedzie poszliśmy nad morze popatrzeć na białe mewy.",
    ),
    "ru": (
        "Бабушка попросила мальчика помыть яблоки и поставить их на большой стол.",
        "Мы приплыли домой поздно, потому что мост был перекрыт.",
    ),
    "tr": (
        "Babam bahçede büyük bir ağacın altında kitap okumayı pek sever.",
        "Bu sabah pazardan peynir, biber ve bir kilo elma aldım.",
    ),
    "sv": (
        "Pappa bakade bröd på morgonen medan mamma plockade bär bakom ladan.",
        "Båten kom fram sent men alla ombord var på gott humör.",
    ),
    "fi": (
        "Pieni poika kompastui portaissa ja pudotti kupin lammen rantaan.",
        "Mummo poimi metsästä puolukoita ja mustikoita piirakkaa varten.",
    ),
    "el": (
        "Ο παππούς μπήκε στο μπακάλικο και πήρε ψωμί, μπανάνες και μέλι.",
        "Μπορούμε να πάμε μαζί στο πάρκο μόλις σταματήσει η βροχή.",
    ),
    "cs": (
        "Babička upekla pro maminku bábovku s mákem a položila ji na prkno.",
        "Po obědě jsme se pomalu procházeli po mostě a pozorovali lodě.",
    ),
    "ja": ("まいばん おばあさんは ピアノの そばで ほんを よんで くれました。",
           "ぼくの ともだちは パンと みかんを いつも たくさん かいます。"),
    "hi": ("मेरे पिताजी बाज़ार से आम, पपीता और बहुत सारे फूल लाए।",
           "बच्चा माँ के पास बैठकर पुरानी किताब पढ़ रहा था।"),
    "id": ("Bapak membeli beberapa pisang dan mempersiapkan bumbu untuk makan malam.",
           "Pembantu itu membuka pintu sambil membawa payung milik paman."),
}  # fmt: skip
#: Timbres, rates and pitches in semitones, taken in turn.
MANNERS: Final = (
    ("+f3", 0.9, 1.0), ("", 1.0, -1.0), ("+m4", 1.1, -2.0), ("+f5", 0.85, 3.0),
    ("+m7", 0.95, -3.0), ("+f2", 1.15, 2.0), ("+m2", 0.9, 0.0),
)  # fmt: skip
RATE_HZ: Final = 16_000
_LEAD_S: Final = 0.4


@dataclass(frozen=True)
class KnownSpeech:
    """A spoken sentence: 16 kHz samples from -1 to 1, with silence at both ends, and its phones.

    A phone without a symbol is a pause.
    """

    voice: str
    samples: npt.NDArray[np.float32]
    phones: tuple[TimedPhone, ...]

    @property
    def language(self) -> str:
        """The voice without its timbre."""
        return self.voice.split("+")[0]


def known_speech(languages: Sequence[str] = ()) -> list[KnownSpeech]:
    """Return every sentence spoken, two voices a language.

    Args:
        languages: espeak-ng's names, among :data:`SENTENCES`; all if empty.

    Raises:
        OptionError: a language is not known.
        VoiceError: espeak-ng is not installed (the message says how to install it), does not work,
            or does not tell when phones sound.
    """
    for language in languages:
        if language not in SENTENCES:
            raise OptionError(
                f"there are no sentences in {language!r}; there are: {', '.join(SENTENCES)}"
            )
    engine = EspeakVoice()
    sentences = [(language, text) for language, texts in SENTENCES.items() for text in texts]
    return [
        _spoken(engine, text, Manner(language + timbre, rate, pitch))
        for (language, text), (timbre, rate, pitch) in zip(
            sentences, MANNERS * len(sentences), strict=False
        )
        if not languages or language in languages
    ]


def _spoken(engine: EspeakVoice, text: str, manner: Manner) -> KnownSpeech:
    quiet = np.zeros(round(_LEAD_S * RATE_HZ), np.float32)
    parts, phones, start_s = [quiet], [TimedPhone(0.0, _LEAD_S, "")], _LEAD_S
    for piece in engine.speak(text, manner):
        if piece.phones is None:
            raise VoiceError("espeak-ng's library is not found, so its phones have no times")
        parts.append(at_16k(piece))
        phones += [TimedPhone(start_s + p.start_s, start_s + p.end_s, p.ipa) for p in piece.phones]
        start_s += piece.duration_s
    phones.append(TimedPhone(start_s, start_s + _LEAD_S, ""))
    return KnownSpeech(str(manner.voice), np.concatenate([*parts, quiet]), tuple(phones))
