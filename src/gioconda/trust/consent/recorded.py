"""Whether a recorded statement says its phrase: evidence, no proof.

The project's own phone recogniser hears the sound, and the phrase competes with others of the same
words' list: whole phrases, and the phrase itself with one word exchanged. It must win clearly. That
tells that these words were said by somebody, not who said them, nor that the voice is no synthesis.
"""

from __future__ import annotations

import hashlib
import random
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import ConsentError, OptionError, SoundError
from gioconda.speech.alignment import fit, phone_classes
from gioconda.speech.phones import CLASS_INDEX
from gioconda.trust.consent.challenge import checked_phrase, words_of
from gioconda.trust.consent.statement import Evidence
from gioconda.trust.home import write_private

#: Other phrases that compete, and other words in each place.
DECOYS: Final = 40
ALTERNATIVES: Final = 10
#: The phrase must fit better than every other phrase by so much, nats a row of speech, and in all
#: places but two better than with another word there. Of 78 phrases in five languages, spoken by
#: 22 synthetic voices, 78 pass (the least margin: 0.86), and of 1,560 that were not said none (the
#: most: 0.10); of eight sentences of real talkers, whose words are shorter, seven pass, and of 488
#: phrases that 61 real sounds do not say none (0.26). With one wrong word in six 74 of 78 pass,
#: with two 61, with three 8: this tells a phrase from other sounds, not every slip of the tongue.
LEAST_MARGIN: Final = 0.35
LOST_WORDS: Final = 2
#: A statement is short.
_MOST_S: Final = 60.0
_MOST_BYTES: Final = 50 * 2**20
#: A voice takes so long at least for a word of these lists.
_LEAST_S_A_WORD: Final = 0.15
#: espeak-ng's voices that tell the phones.
_VOICES: Final = {"en": "en-us", "it": "it", "de": "de", "es": "es", "fr": "fr-fr"}


@dataclass(frozen=True)
class Match:
    """How a sound fits a phrase.

    Attributes:
        margin: by how much the phrase fits better than the best of the others, nats a row of
            speech (20 ms).
        words_won: places in which its own word fits better than ten others.
        words: of the phrase.
    """

    margin: float
    words_won: int
    words: int

    @property
    def clear(self) -> bool:
        """Whether the phrase was said, as far as this can tell."""
        return self.margin >= LEAST_MARGIN and self.words_won >= self.words - LOST_WORDS


def evidence_of(path: str, phrase: str, language: str, *, keep: bool = False) -> Evidence:
    """Return the evidence that a recorded statement is.

    The sound itself is not kept, unless asked for: only its salted hash.

    Args:
        path: of a sound of up to a minute.
        phrase: that :func:`gioconda.trust.consent.challenge.new_phrase` gave.
        language: of the phrase.
        keep: whether the sound is kept in the ledger's folder.

    Raises:
        ConsentError: ``refused``; its words are not those of the phrase.
        OptionError: the phrase is none of ours.
        SoundError: the sound cannot be used.
        VoiceError: espeak-ng, which tells the phones of the words, is not installed.
    """
    words = checked_phrase(phrase, language)
    data = _read(path)
    posteriors = _heard(path)
    if len(posteriors) < _LEAST_S_A_WORD * len(words) * 50:
        raise ConsentError("the recorded statement is too short for its phrase", "refused")
    match = compare(posteriors, words, language)
    if not match.clear:
        raise ConsentError(
            f"the recorded statement does not clearly say its phrase ({match.words_won} of "
            f"{match.words} words are heard); say it again, slowly, in a quiet room",
            "refused",
        )
    salt = secrets.token_bytes(16)
    digest = hashlib.sha256(salt + data).hexdigest()
    kept = ""
    if keep:
        kept = f"statements/{digest[:16]}{Path(path).suffix.lower()}"
        write_private(kept, data)
    return Evidence(" ".join(words), language, digest, salt.hex(), round(match.margin, 3), kept)


def compare(
    posteriors: npt.NDArray[np.float32], words: list[str], language: str, seed: int = 0
) -> Match:
    """Return how a sound fits a phrase, against others of the same list.

    Args:
        posteriors: (T, 37) of the whole sound at 50 Hz.
        words: of the phrase.
        language: of them.
        seed: chooses the others.

    Raises:
        VoiceError: espeak-ng is not installed.
    """
    from gioconda.voices.espeak import phonemes

    known: dict[str, list[tuple[int, ...]]] = {}

    def score(said: list[str]) -> float:
        for word in said:
            if word not in known:
                known[word] = phone_classes(phonemes(word, _VOICES[language]))
        return fit(posteriors, [part for word in said for part in known[word]])

    chance = random.Random(seed)
    others = [w for w in words_of(language) if w not in words]
    speech = max(int((posteriors[:, CLASS_INDEX["sil"]] < 0.5).sum()), 1)
    own = score(words)
    decoys = max(score(chance.sample(others, len(words))) for _ in range(DECOYS))
    won = 0
    for place in range(len(words)):
        rivals = chance.sample(others, ALTERNATIVES)
        won += own > max(score([*words[:place], w, *words[place + 1 :]]) for w in rivals)
    # Where not even the decoys fit into the sound, nothing is told.
    margin = (own - decoys) / speech if np.isfinite(own) and np.isfinite(decoys) else -np.inf
    return Match(margin, won, len(words))


def _read(path: str) -> bytes:
    try:
        if not Path(path).is_file():
            raise SoundError(f"there is no sound {path!r}; check the path")
        if Path(path).stat().st_size > _MOST_BYTES:
            raise OptionError("a recorded statement has up to 50 MB")
        return Path(path).read_bytes()
    except OSError as e:
        raise SoundError(f"{path!r} cannot be read: {e.strerror or e}") from e


def _heard(path: str) -> npt.NDArray[np.float32]:
    from gioconda.speech.analyser import SpeechAnalyser
    from gioconda.speech.sound import Sound

    analyser = SpeechAnalyser()
    state = analyser.start()
    heard = []
    with Sound.open(path) as sound:
        if sound.duration_s is not None and sound.duration_s > _MOST_S:
            raise OptionError(f"a recorded statement lasts up to {_MOST_S:.0f} s")
        samples = 0
        for pcm in sound.chunks():
            samples += len(pcm)
            if samples > _MOST_S * 16_000:
                raise OptionError(f"a recorded statement lasts up to {_MOST_S:.0f} s")
            heard.append(analyser.step(state, pcm).posteriors)
    heard.append(analyser.finish(state).posteriors)
    return np.concatenate(heard)
