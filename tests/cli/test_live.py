"""``gioconda live``: what it refuses at once, and how it runs, by a clock of the test's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gioconda.cli.living import LiveLook, live, run
from gioconda.cli.voice import Voice
from gioconda.controls import Controls
from gioconda.errors import OptionError, OutputError
from gioconda.live.outputs import Figures
from gioconda.live.session import Session
from gioconda.live.sources import FileSource
from gioconda.portrait import Portrait
from gioconda.speech.sound import Sound

LOOK = LiveLook(25, 256, "keep", None, 80)
QUIET = Voice(as_json=False, quiet=True)


def begin(targets: list[str], portrait: str = "nobody.jpg") -> None:
    live(portrait, "nothing.wav", targets, Controls(), LOOK, QUIET, rate_hz=16_000, force=False)


def test_it_says_where_a_face_can_go() -> None:
    with pytest.raises(OptionError, match="--to talk"):
        begin([])
    with pytest.raises(OptionError, match="twice"):
        begin(["camera", "camera"])


def test_targets_are_judged_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").touch()
    with pytest.raises(OutputError, match="exists already"):
        begin([str(tmp_path / "talk.mp4")])


class Clock:
    now = 100.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Sink:
    name, state, figures, path = "sink", "live", Figures(), None

    def __init__(self) -> None:
        self.times: list[float] = []
        self.pcm: list[np.ndarray] = []

    def write_frame(self, image: np.ndarray, time_s: float) -> None:
        self.times.append(time_s)

    def write_audio(self, pcm: np.ndarray, sample: int) -> None:
        assert sample == sum(map(len, self.pcm))
        self.pcm.append(pcm)

    def close(self, wait_s: float | None = None) -> None:
        pass


def test_a_sound_is_spoken_to_its_end_and_no_longer(astronaut: np.ndarray) -> None:
    session = Session(Portrait.open(astronaut), fps=25, size=256)
    voice = np.sin(np.arange(16_000) * 0.06).astype(np.float32) * 0.4
    clock, sink = Clock(), Sink()
    run(
        session, FileSource(Sound.from_array(voice, 16_000)), [sink],
        lambda: clock.now > 110, clock=clock.read, sleep=clock.sleep,
    )  # fmt: skip
    heard = np.concatenate(sink.pcm)
    loud = np.flatnonzero(np.abs(heard) > 0.1) / 48_000
    assert loud[-1] - loud[0] == pytest.approx(1.0, abs=0.03)
    assert loud[-1] + 0.3 < sink.times[-1] < loud[-1] + 1.0
    assert np.allclose(np.diff(sink.times), 0.04)
