"""A short sound, and one Ray of our own for all tests that need one."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gioconda import Sound, examples
from gioconda.cluster.connection import Cluster, connected
from gioconda.cluster.tasks import FileBytes, Heard


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of the example speech, as a file."""
    path = tmp_path_factory.mktemp("sound") / "half.wav"
    with Sound.open(examples.speech_path()) as opened:
        pcm = np.concatenate(list(opened.chunks()))[16_000:24_000]
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(16_000)
        f.writeframes((pcm * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def heard(sound: Path) -> Heard:
    return Heard(FileBytes.read(sound))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Ray on this machine that counts four cores; it ends with the tests."""
    if find_spec("ray") is None:  # not imported yet: its environment is set before that
        pytest.skip("clusters need Ray: pip install --no-deps -r requirements-cluster.lock")
    with connected("local", "the tests", cores=4) as made:
        yield made
