"""Random training batches from a corpus: utterances joined by pauses, music and noise between."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from gioconda.speech.melspec import (
    LEVEL_FLOOR,
    MEL_BANDS,
    ControlState,
    controlled_frame,
    mel_power_of,
    smearing,
)
from gioconda.speech.types import FloatArray
from gioconda.train.augment import Augmenter, AugmentOptions
from gioconda.train.corpus import Corpus
from gioconda.train.lip_curves import silence_curves
from gioconda.train.music import synthetic_music

#: Frames of a training example, and before the tempo is changed.
LENGTH = 400
LONGER = 600
#: Labels of this share of utterances are never trained on.
HELD_OUT = 0.03
_MUSIC_SECONDS, _LEAST_MUSIC_SECONDS = 400.0, 16.0
_MUSIC_ALONE, _NOISE_ALONE = 0.03, 0.02

Batch = tuple[Tensor, Tensor, Tensor]


def held_out(corpus: Corpus) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which utterances are kept for judging, the same ones every time."""
    return np.random.default_rng(1).random(len(corpus.lengths)) < HELD_OUT


def net_input(power: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Bring (batch, frames, 64) mel power into the net's input by the control used in streaming.

    The level starts anywhere between far too low and right, as in the midst of a stream.
    """
    smeared = power @ smearing().T
    state = ControlState.fresh((len(power),))
    loud = np.quantile(smeared.sum(2), 0.85, axis=1).astype(np.float32)
    heard = np.minimum(1, 10 ** rng.uniform(-3, 0.5, len(power))).astype(np.float32)
    state.level = np.maximum(loud * heard, np.float32(LEVEL_FLOOR))
    frames = [controlled_frame(state, smeared[:, m]) for m in range(power.shape[1])]
    return np.stack(frames, axis=2)


class BatchMaker:
    """Draws augmented batches from a corpus.

    Args:
        corpus: what to draw from.
        natural_weight: how much more often festival's and flite's voices, recorded from people,
            are drawn than their share of time.
        seed: of the draws.
        options: of the augmentation.
    """

    def __init__(
        self,
        corpus: Corpus,
        natural_weight: float = 3.0,
        seed: int = 0,
        options: AugmentOptions | None = None,
    ) -> None:
        self._corpus = corpus
        self._rng = np.random.default_rng(seed)
        self._augment = Augmenter(LENGTH, options)
        self._ends = np.cumsum(corpus.lengths)
        self._trained = np.flatnonzero(~held_out(corpus))
        natural = np.array([not corpus.voices[i].startswith("espeak") for i in self._trained])
        weights = np.where(natural, natural_weight, 1.0) * corpus.lengths[self._trained]
        self._cumulative = np.cumsum(weights / weights.sum())
        seconds = min(_MUSIC_SECONDS, max(_LEAST_MUSIC_SECONDS, 60 * corpus.minutes))
        self._music = mel_power_of(synthetic_music(seconds, seed))

    def _utterance(self) -> int:
        place = np.searchsorted(self._cumulative, self._rng.random())
        return int(self._trained[min(int(place), len(self._trained) - 1)])

    def _example(self) -> tuple[FloatArray, FloatArray, np.ndarray]:
        """Return LONGER frames of utterances in a row, with pauses between some."""
        rng, corpus = self._rng, self._corpus
        power = np.zeros((LONGER, MEL_BANDS), np.float32)
        curves = np.tile(silence_curves(), (LONGER, 1))
        classes = np.zeros(LONGER, np.int64)
        alone = rng.random()
        if alone < _MUSIC_ALONE:
            return self._music_cut(LONGER), curves, classes
        if alone < _MUSIC_ALONE + _NOISE_ALONE:
            power[:] = rng.uniform(0, 1, MEL_BANDS) ** 3 * rng.gamma(1.0, 1.0, power.shape)
            return power, curves, classes
        t = 0
        while t < LONGER:
            i = self._utterance()
            count = int(corpus.lengths[i])
            skip = int(rng.integers(0, max(1, count - LONGER))) if t == 0 else 0
            first = int(self._ends[i]) - count + skip
            taken = min(count - skip, LONGER - t)
            power[t : t + taken] = corpus.power[first : first + taken]
            curves[t : t + taken] = corpus.curves[first : first + taken]
            classes[t : t + taken] = corpus.classes[first : first + taken]
            t += taken + (int(rng.integers(5, 60)) if rng.random() < 0.5 else 0)
        return power, curves, classes

    def _music_cut(self, frames: int) -> FloatArray:
        first = int(self._rng.integers(0, len(self._music) - frames))
        return self._music[first : first + frames]

    def draw(self, size: int) -> Batch:
        """Return (size, 64, LENGTH) net input, (size, LENGTH, 6) curves, (size, LENGTH) classes."""
        examples = [self._example() for _ in range(size)]
        power, curves, classes = (
            torch.from_numpy(np.stack(column)) for column in zip(*examples, strict=True)
        )
        music = torch.from_numpy(np.stack([self._music_cut(LENGTH) for _ in range(size)]))
        power, curves, classes = self._augment(power, curves, classes, music)
        frames = net_input(power.numpy(), self._rng)
        return torch.from_numpy(frames), curves, classes

    def batches(self, size: int) -> Iterator[Batch]:
        """Yield batches for ever."""
        while True:
            yield self.draw(size)
