"""Speech whose phones are known: sentences rich in p, b and m, spoken by espeak-ng.

espeak-ng runs as a program of its own (see :mod:`gioconda.measure.known_speech_worker`). The
sentences are none of those that the phonetic net was trained on; languages and timbres are, since
training uses all that espeak-ng has.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import GiocondaError, OptionError

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
#: Timbres, words a minute and pitches, taken in turn.
MANNERS: Final = (
    ("+f3", 160, 55), ("", 175, 45), ("+m4", 190, 40), ("+f5", 150, 65), ("+m7", 170, 35),
    ("+f2", 205, 60), ("+m2", 155, 50),
)  # fmt: skip
RATE_HZ: Final = 16_000
_LEAD_S: Final = 0.4
#: Level of a pause; the loudest sample is a half.
_QUIET: Final = 0.006
_INSTALL: Final = (
    "apt-get install espeak-ng (Debian), brew install espeak-ng (macOS) or winget install "
    "espeak-ng (Windows)"
)


@dataclass(frozen=True)
class KnownPhone:
    """A phone of known time: seconds, and its IPA symbol; an empty one is a pause."""

    start_s: float
    end_s: float
    ipa: str


@dataclass(frozen=True)
class KnownSpeech:
    """A spoken sentence: 16 kHz samples from -1 to 1, with silence at both ends, and its phones."""

    voice: str
    samples: npt.NDArray[np.float32]
    phones: tuple[KnownPhone, ...]

    @property
    def language(self) -> str:
        """The voice without its timbre."""
        return self.voice.split("+")[0]


def known_speech(languages: Sequence[str] = ()) -> list[KnownSpeech]:
    """Return every sentence spoken, two or more voices a language.

    Args:
        languages: espeak-ng's names, among :data:`SENTENCES`; all if empty.

    Raises:
        OptionError: a language is not known.
        GiocondaError: espeak-ng is not installed, or does not work.
    """
    for language in languages:
        if language not in SENTENCES:
            raise OptionError(
                f"there are no sentences in {language!r}; there are: {', '.join(SENTENCES)}"
            )
    asked = []
    for number, (language, text) in enumerate(
        (language, text) for language, texts in SENTENCES.items() for text in texts
    ):
        timbre, wpm, pitch = MANNERS[number % len(MANNERS)]
        if not languages or language in languages:
            asked.append({"voice": language + timbre, "text": text, "wpm": wpm, "pitch": pitch})
    return [_speech(answer) for answer in _ask(asked)]


def _ask(asked: list[dict[str, object]]) -> list[dict[str, object]]:
    if shutil.which("espeak-ng") is None:
        raise GiocondaError(f"speech with known phones needs espeak-ng; install it: {_INSTALL}")
    done = subprocess.run(
        [sys.executable, "-m", "gioconda.measure.known_speech_worker"],
        input=json.dumps(asked), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise GiocondaError(f"espeak-ng does not speak: {said[-1] if said else 'no reason given'}")
    answers: list[dict[str, object]] = json.loads(done.stdout)
    return answers


def _speech(answer: dict[str, object]) -> KnownSpeech:
    pcm = np.frombuffer(bytes.fromhex(str(answer["pcm"])), np.int16)
    quiet = np.zeros(round(_LEAD_S * RATE_HZ), np.float32)
    samples = np.concatenate([quiet, pcm.astype(np.float32) / np.float32(32768), quiet])
    onsets: list[tuple[float, str]] = answer["phones"]  # type: ignore[assignment]
    starts = [t + _LEAD_S for t, _ in onsets]
    ends = [*starts[1:], len(samples) / RATE_HZ]
    phones: list[KnownPhone] = []
    for start, end, (_, symbol) in zip(starts, ends, onsets, strict=True):
        part = samples[round(start * RATE_HZ) : round(end * RATE_HZ)]
        if not symbol and phones and len(part) and np.sqrt((part**2).mean()) > _QUIET:
            phones[-1] = replace(phones[-1], end_s=end)  # not a pause: the phone goes on
        elif end > start:
            phones.append(KnownPhone(start, end, symbol))
    return KnownSpeech(str(answer["voice"]), samples, tuple(phones))
