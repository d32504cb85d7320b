"""Sounds that begin in the middle of a word are heard as speech."""

from __future__ import annotations

import numpy as np

from gioconda import Sound, examples
from gioconda.speech import analyse


def test_a_cut_in_the_middle_of_a_word_is_still_speech() -> None:
    with Sound.open(examples.speech_path()) as sound:
        pcm = np.concatenate(list(sound.chunks()))
    whole = analyse(pcm)
    found = []
    for row in range(30, 540, 17):
        spoken = whole.voice[row : row + 37] > 0.5
        cut = analyse(pcm[row * 320 : (row + 37) * 320])
        found.append((cut.voice > 0.5)[spoken])
    assert np.mean(np.concatenate(found)) > 0.85
