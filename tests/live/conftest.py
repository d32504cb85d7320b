"""A portrait and a voice for live sessions."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Portrait, Sound, examples


@pytest.fixture(scope="session")
def portrait() -> Portrait:
    return Portrait.open(str(examples.portrait_path()))


@pytest.fixture(scope="session")
def voice() -> np.ndarray:
    """Four seconds of the example speech, 16 kHz."""
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks(1.0)))[: 4 * 16_000]
