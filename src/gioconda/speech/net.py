"""Runs the causal phonetic net, one row of 20 ms at a time, on one thread.

Every call does the same arithmetic on the same shapes, with the past of each convolution handed in,
so a stream gives bit for bit what a file gives, however it is cut.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.speech.melspec import MEL_BANDS
from gioconda.speech.types import ARTICULATION, PHONES, FloatArray

WEIGHTS: Final = Path(__file__).parent / "weights" / "phonetic.onnx"
ROW_MS: Final = 20
#: Look-ahead in ms -> delays, in rows, of the heads whose mean is taken.
HEADS: Final[dict[int, tuple[int, ...]]] = {
    0: (0,), 40: (2,), 80: (2, 4), 120: (2, 4, 6), 200: (4, 6, 10),
}  # fmt: skip
#: What the net heard before the sound, as an input. Sounds that are cut in the middle of a word
#: are told from silence more often after a room tone than after digital silence (-2.4): voice is
#: found in 96 % instead of 90 % of the speech in 64 such cuts.
ROOM_TONE: Final = -0.8
#: Rows of it that the net hears before a sound starts; more than it can remember.
_SETTLING_ROWS: Final = 100


@dataclass
class NetState:
    """Where a stream stands.

    Attributes:
        past: what each convolution still remembers.
        heads: the last rows of (posteriors, curves) of all heads, oldest first.
    """

    past: list[FloatArray]
    heads: deque[tuple[FloatArray, FloatArray]]


class PhoneticModel:
    """The net's weights, ready to run.

    Args:
        path: an ONNX file that ``gioconda train speech`` wrote.

    Raises:
        OptionError: the file's phones or curves are not those of this version.
    """

    def __init__(self, path: Path = WEIGHTS) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        said = self._session.get_modelmeta().custom_metadata_map
        expected = {"phones": " ".join(PHONES), "articulation": " ".join(ARTICULATION)}
        if any(said.get(name) != value for name, value in expected.items()):
            raise OptionError(f"{path} was trained for other phones or curves than this version's")
        self.delays = tuple(int(d) for d in said["delays_rows"].split(","))
        pasts = [port for port in self._session.get_inputs() if port.name.startswith("past_")]
        self._past_names = [port.name for port in pasts]
        self._past_shapes = [tuple(port.shape) for port in pasts]
        self._outputs = ["posteriors", "curves"] + [
            name.replace("past_", "next_") for name in self._past_names
        ]

    def _run(self, past: list[FloatArray], frames: FloatArray) -> list[FloatArray]:
        """Return (delays, 37), (delays, 6) and the next past for (2, 64) frames."""
        feed = dict(zip(self._past_names, past, strict=True))
        feed["frames"] = frames
        outputs: list[FloatArray] = self._session.run(self._outputs, feed)
        return outputs

    @cached_property
    def _settled(self) -> list[FloatArray]:
        """What the convolutions remember after a long room tone."""
        frames = np.full((2, MEL_BANDS), ROOM_TONE, np.float32)
        past: list[FloatArray] = [np.zeros(shape, np.float32) for shape in self._past_shapes]
        for _ in range(_SETTLING_ROWS):
            past = self._run(past, frames)[2:]
        return past

    def start(self) -> NetState:
        """Return the state of a stream that follows silence."""
        return NetState(self._settled, deque(maxlen=max(self.delays) + 1))

    def step(
        self, state: NetState, frames: FloatArray, delays: tuple[int, ...]
    ) -> tuple[FloatArray, FloatArray] | None:
        """Hear two frames more and return the row that lies ``max(delays)`` rows back.

        Args:
            state: advanced in place.
            frames: (2, 64) controlled log-mel; the second is the newest row's instant.
            delays: of the heads whose mean is wanted.

        Returns:
            Posteriors (37,) and curves (6,), or None while there is no such row yet.
        """
        posteriors, curves, *state.past = self._run(state.past, frames)
        state.heads.append((posteriors, curves))
        back = max(delays)
        if len(state.heads) <= back:
            return None
        newest = len(state.heads) - 1
        said = [state.heads[newest - back + delay] for delay in delays]
        heads = [self.delays.index(delay) for delay in delays]
        share = np.float32(1 / len(delays))
        return (
            share * sum(row[0][k] for row, k in zip(said, heads, strict=True)),
            share * sum(row[1][k] for row, k in zip(said, heads, strict=True)),
        )

    def ahead(self, state: NetState, back: int) -> list[tuple[FloatArray, FloatArray]]:
        """Return posteriors (37,) and curves (6,) of the ``back`` rows up to the newest.

        Each is what the head of the longest delay that has heard enough says; it may change once
        more is heard.
        """
        newest = len(state.heads) - 1
        said = []
        for waited in range(back - 1, -1, -1):
            delay = max(d for d in self.delays if d <= waited)
            head = self.delays.index(delay)
            posteriors, curves = state.heads[newest - waited + delay]
            said.append((posteriors[head], curves[head]))
        return said


@lru_cache(maxsize=2)
def load(path: Path = WEIGHTS) -> PhoneticModel:
    """Return the model of a file, loaded once per process."""
    return PhoneticModel(path)
