"""The other side of a conversation: whose voice is heard and listened to, but not spoken with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.speech import SpeechAnalyser, SpeechFeatures
    from gioconda.speech.analyser import AnalyserState
    from gioconda.speech.sound import Sound

FloatArray = npt.NDArray[np.float32]

#: Samples in a row of features.
_ROW: Final = 320
#: Silence that a partner who is heard late is taken to have kept until then, in samples.
_BEFORE: Final = 16_000


class PartnerEar:
    """Hears a partner in step with one's own voice, row for row.

    Args:
        analyser: the one that hears one's own voice; its state is another.
    """

    def __init__(self, analyser: SpeechAnalyser) -> None:
        self._analyser = analyser
        self._state: AnalyserState | None = None
        self._samples = 0

    def check(self, pcm: npt.ArrayLike, partner: npt.ArrayLike | None) -> None:
        """Refuse a partner's sound that does not go with one's own.

        Raises:
            OptionError: they have not the same length, or it is not one channel of floats.
            BadSamplesError: a sample is NaN or infinite.
        """
        from gioconda.speech.analyser import check_pcm

        if partner is not None and np.shape(partner) != np.shape(pcm):
            raise OptionError(
                f"the partner's PCM has shape {np.shape(partner)} and one's own {np.shape(pcm)}; "
                "both must have the same length"
            )
        if partner is not None:
            check_pcm(partner, "the partner's")

    def step(self, partner: npt.ArrayLike | None, samples: int) -> SpeechFeatures | None:
        """Take as many samples as came of one's own voice; None stands for silence.

        Returns:
            As many rows as one's own analyser gives at that; None while nobody was ever heard.
        """
        if self._state is None and partner is not None:
            self._state = self._analyser.start()
            # Whole rows are skipped, so that later ones fall on the same instants as one's own.
            silent = min(self._samples, _BEFORE + (self._samples - _BEFORE) % _ROW)
            self._analyser.step(self._state, np.zeros(silent, np.float32))
        self._samples += samples
        if self._state is None:
            return None
        heard = np.zeros(samples, np.float32) if partner is None else partner
        return self._analyser.step(self._state, heard)

    def finish(self) -> SpeechFeatures | None:
        """Return the rows that were waiting; None if nobody was ever heard."""
        return None if self._state is None else self._analyser.finish(self._state)


def paired_chunks(
    sound: Sound | None, partner: Sound | None
) -> Iterator[tuple[FloatArray, FloatArray | None]]:
    """Yield chunks of one's own sound and of the partner's, (n,) float32 at 16 kHz each.

    The first sets the length: a shorter partner falls silent, a longer one is cut. Without an own
    sound one is silent for as long as the partner is heard.

    Raises:
        OptionError: there is neither.
        SoundError: what reading them raises.
    """
    if sound is None:
        if partner is None:
            raise OptionError("a sound is needed: one's own, or a partner's to listen to")
        for pcm in partner.chunks():
            yield np.zeros_like(pcm), pcm
        return
    if partner is None:
        for pcm in sound.chunks():
            yield pcm, None
        return
    others = partner.chunks()
    held = np.zeros(0, np.float32)
    for pcm in sound.chunks():
        while len(held) < len(pcm):
            more = next(others, None)
            if more is None:
                held = np.concatenate([held, np.zeros(len(pcm) - len(held), np.float32)])
            else:
                held = np.concatenate([held, more])
        yield pcm, held[: len(pcm)]
        held = held[len(pcm) :]
