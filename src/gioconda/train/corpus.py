"""The training corpus on disk: mel power, classes and lip curves of every utterance."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gioconda.speech.melspec import FRAME_RATE_HZ, mel_power_of
from gioconda.speech.types import FloatArray
from gioconda.train import prompts, voices
from gioconda.train.lip_curves import class_labels, lip_curves

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CorpusSize:
    """How much to synthesise.

    Attributes:
        espeak_minutes: speech of espeak-ng, all languages together.
        festival_utterances: prompts for each festival voice.
        flite_utterances: prompts for each flite voice.
    """

    espeak_minutes: float = 150.0
    festival_utterances: int = 90
    flite_utterances: int = 150

    @classmethod
    def of_minutes(cls, minutes: float) -> CorpusSize:
        """Return a size that gives about so many minutes in all, half of them espeak-ng's."""
        share = minutes / 300.0
        return cls(150.0 * share, max(1, round(90 * share)), max(1, round(150 * share)))


@dataclass(frozen=True)
class Corpus:
    """Utterances in a row at 100 frames a second; frame m of each is its instant m / 100 s.

    Attributes:
        power: (frames, 64) mel power, not smeared.
        classes: (frames,) phone class.
        curves: (frames, 6) lip curves.
        lengths: (utterances,) frames of each.
        voices: ``program:voice`` of each utterance.
    """

    power: FloatArray
    classes: npt.NDArray[np.uint8]
    curves: npt.NDArray[np.float16]
    lengths: npt.NDArray[np.int64]
    voices: tuple[str, ...]

    @property
    def minutes(self) -> float:
        """Length in minutes."""
        return float(self.lengths.sum()) / FRAME_RATE_HZ / 60

    def save(self, folder: Path) -> None:
        """Write the corpus to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("power", "classes", "curves", "lengths"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / "voices.json").write_text(json.dumps(self.voices), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Corpus:
        """Read a corpus that :meth:`save` wrote."""
        power, classes, curves, lengths = (
            np.load(folder / f"{name}.npy") for name in ("power", "classes", "curves", "lengths")
        )
        names = tuple(json.loads((folder / "voices.json").read_text("utf-8")))
        return cls(power, classes, curves, lengths, names)


def build(utterances: Iterator[voices.Utterance]) -> Corpus:
    """Analyse utterances into a corpus."""
    power, classes, curves, lengths, names = [], [], [], [], []
    for utterance in utterances:
        mel = mel_power_of(utterance.samples.astype(np.float32) / np.float32(32768))
        labels = class_labels(utterance.phones, len(mel))
        power.append(mel)
        classes.append(labels)
        curves.append(lip_curves(labels).astype(np.float16))
        lengths.append(len(mel))
        names.append(utterance.voice)
    if not lengths:
        raise voices.VoicesMissingError("the installed voices gave no speech to train on")
    return Corpus(
        np.concatenate(power),
        np.concatenate(classes),
        np.concatenate(curves),
        np.array(lengths, np.int64),
        tuple(names),
    )


def synthesise(
    size: CorpusSize,
    seed: int,
    folder: Path,
    progress: Callable[[str, float, float | None], None] | None = None,
) -> Corpus:
    """Speak a corpus of the given size, or read it from the folder if it lies there.

    Raises:
        VoicesMissingError: a synthesiser is not installed.
    """
    if (folder / "voices.json").exists():
        return Corpus.load(folder)
    voices.require_programs()
    tell = progress or (lambda stage, done, total: None)
    tell("prompts", 0.0, None)
    texts = prompts.collect()
    stages = {
        "espeak-ng": voices.espeak_speech(texts, size.espeak_minutes, seed),
        "flite": voices.flite_speech(texts, size.flite_utterances, seed),
        "festival": voices.festival_speech(texts, size.festival_utterances, seed),
    }

    def announced(name: str, speech: Iterator[voices.Utterance]) -> Iterator[voices.Utterance]:
        tell(f"speaking with {name}", 0.0, None)
        yield from speech

    corpus = build(itertools.chain.from_iterable(announced(*s) for s in stages.items()))
    logger.info("%d utterances, %.0f minutes", len(corpus.lengths), corpus.minutes)
    corpus.save(folder)
    return corpus
