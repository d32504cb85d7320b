"""From sound to speech features, as a stream: the public face of the room.

Row i is the instant i / 50 s of the sound, exactly. Block j of the stream is the 320 samples up to
12.5 ms after instant j; every block runs the same arithmetic on the same shapes, so any cutting of
the sound into chunks gives the same rows bit for bit, and memory does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import BadSamplesError, OptionError
from gioconda.speech import melspec, prosody
from gioconda.speech.net import HEADS, ROW_MS, WEIGHTS, NetState, load
from gioconda.speech.types import FEATURE_RATE_HZ, SAMPLE_RATE_HZ, FloatArray, SpeechFeatures

#: Samples of a row.
ROW: Final = int(SAMPLE_RATE_HZ / FEATURE_RATE_HZ)
#: Samples of a block that lie after its row's instant: half a window of the spectrum.
REACH: Final = melspec.WINDOW // 2
#: Samples a block sees, the newest last.
_VIEW: Final = prosody.PITCH_WINDOW
_BANDS: Final = 8
#: A row, in the order of SpeechFeatures.
_Row = tuple[object, ...]


@dataclass(frozen=True)
class _Heard:
    """What one block says about its own row, before the net's delay."""

    bands: FloatArray  # (2, 8): 10 ms before the row's instant, and at it
    loudness_db: float
    f0_hz: float
    periodicity: float


@dataclass
class AnalyserState:
    """Where a stream stands.

    Attributes:
        control: level and colour control of the spectrum.
        net: of the phonetic net.
        voice: running levels for voice activity and effort.
        pitch: of the melody so far.
        tail: samples not dealt with yet, after those that the next block still sees.
        heard: per-row measures that wait for the net's delay, oldest first.
        samples: samples received.
        rows: rows given out.
        finished: whether :meth:`SpeechAnalyser.finish` was called.
    """

    control: melspec.ControlState
    net: NetState
    voice: prosody.VoiceState
    pitch: prosody.PitchState
    tail: FloatArray
    heard: deque[_Heard]
    samples: int = 0
    rows: int = 0
    finished: bool = False


def check_pcm(pcm: npt.ArrayLike, whose: str = "the") -> None:
    """Refuse samples that cannot be heard.

    Raises:
        OptionError: they are not of one channel, or no floats.
        BadSamplesError: a sample is NaN or infinite.
    """
    samples = np.asarray(pcm)
    if samples.ndim != 1 or (samples.size and samples.dtype.kind != "f"):
        raise OptionError(
            f"{whose} sound must be one channel of floats in [-1, 1], "
            f"not {samples.dtype} of shape {samples.shape}"
        )
    if not np.isfinite(samples).all():
        raise BadSamplesError(f"{whose} sound has NaN or infinite samples; repair or cut them")


class SpeechAnalyser:
    """Turns 16 kHz sound into features at 50 rows a second.

    A stream of n samples gives ``ceil(n / 320)`` rows. A row is given out once the sound has gone
    on for ``latency_ms`` after its instant.

    Args:
        lookahead_ms: how much of the future the phonetic net hears: 0, 40, 80, 120 or 200. 80 is
            nearly as good as 120; 0 and 40 cost some accuracy at closures.
        weights: another ONNX file of the net.

    Raises:
        OptionError: another look-ahead.
    """

    def __init__(self, lookahead_ms: int = 120, *, weights: str | Path | None = None) -> None:
        if lookahead_ms not in HEADS:
            choices = ", ".join(map(str, HEADS))
            raise OptionError(f"look-ahead must be one of {choices} ms, not {lookahead_ms!r}")
        self.lookahead_ms = int(lookahead_ms)
        self._delays = HEADS[self.lookahead_ms]
        self._back = max(self._delays)
        self._model = load(Path(weights) if weights is not None else WEIGHTS)

    @property
    def rows_ahead(self) -> int:
        """How many provisional rows :meth:`step_ahead` gives with each row."""
        return self._back

    @property
    def latency_ms(self) -> float:
        """Sound needed after a row's instant: the heads' delay and half an analysis window."""
        return self._back * ROW_MS + 1000 * REACH / SAMPLE_RATE_HZ

    def start(self) -> AnalyserState:
        """Return the state of a fresh stream."""
        return AnalyserState(
            control=melspec.ControlState.fresh(),
            net=self._model.start(),
            voice=prosody.VoiceState(),
            pitch=prosody.PitchState(),
            tail=np.zeros(_VIEW - REACH, np.float32),
            heard=deque(maxlen=self._back + 1),
        )

    def step(self, state: AnalyserState, pcm: npt.ArrayLike) -> SpeechFeatures:
        """Take the next samples and return the rows that became final.

        Args:
            state: of this stream; advanced in place.
            pcm: (n,) float samples in [-1, 1] at 16 kHz, any n, zero included.

        Returns:
            Rows that follow those given out before; often none.

        Raises:
            OptionError: the samples are not one channel of floats, or the stream was finished.
            BadSamplesError: a sample is NaN or infinite.
        """
        first_row = state.rows
        return _features(first_row, list(self._rows(state, self._checked(state, pcm))))

    def finish(self, state: AnalyserState) -> SpeechFeatures:
        """Return the rows that were waiting, as if silence followed; none the second time."""
        first_row = state.rows
        return _features(first_row, list(self._rows(state, self._last(state))))

    def step_ahead(
        self, state: AnalyserState, pcm: npt.ArrayLike
    ) -> list[tuple[SpeechFeatures, SpeechFeatures]]:
        """Do what :meth:`step` does, and say of every row what the next rows may be.

        Rows that wait for the net's delay are known already to its heads of less delay: that is a
        future to go by which takes no more sound.

        Returns:
            Each row that became final, and the rows after it that have been heard so far, one for
            every 20 ms of the net's delay; those are provisional.

        Raises:
            OptionError, BadSamplesError: as for :meth:`step`.
        """
        return self._with_ahead(state, self._checked(state, pcm))

    def finish_ahead(self, state: AnalyserState) -> list[tuple[SpeechFeatures, SpeechFeatures]]:
        """Return the rows that were waiting, each with the provisional rows after it."""
        return self._with_ahead(state, self._last(state))

    def _with_ahead(
        self, state: AnalyserState, samples: FloatArray
    ) -> list[tuple[SpeechFeatures, SpeechFeatures]]:
        return [
            (_features(state.rows - 1, [row]), _features(state.rows, self._ahead(state)))
            for row in self._rows(state, samples)
        ]

    def _checked(self, state: AnalyserState, pcm: npt.ArrayLike) -> FloatArray:
        """Return the next samples of a stream, counted."""
        if state.finished:
            raise OptionError("this stream was finished; start another one")
        check_pcm(pcm)
        samples = np.asarray(pcm)
        state.samples += len(samples)
        return samples.astype(np.float32)

    def _last(self, state: AnalyserState) -> FloatArray:
        """Return the silence that brings out the rows that are waiting."""
        wanted = 0 if state.finished else -(-state.samples // ROW)
        state.finished = True
        missing = REACH + (wanted + self._back - 1) * ROW - state.samples
        return np.zeros(max(0, missing) if wanted else 0, np.float32)

    def _rows(self, state: AnalyserState, samples: FloatArray) -> Iterator[_Row]:
        """Deal with every whole block there is; yield the rows that become final."""
        sound = np.concatenate([state.tail, samples])
        blocks = max(0, (len(sound) - _VIEW) // ROW + 1)
        state.tail = sound[blocks * ROW :].copy()
        for block in range(blocks):
            row = self._block(state, sound[block * ROW : block * ROW + _VIEW])
            if row is not None:
                state.rows += 1
                yield row

    def _block(self, state: AnalyserState, view: FloatArray) -> _Row | None:
        """Hear one block; return the row that became final, in the order of SpeechFeatures."""
        spectrum_view = view[-(melspec.WINDOW + melspec.HOP) :]
        windows = np.stack([spectrum_view[: melspec.WINDOW], spectrum_view[melspec.HOP :]])
        power = melspec.mel_power(windows)
        frames = melspec.controlled_frames(state.control, power)
        f0_hz, periodicity = prosody.pitch(state.pitch, view)
        heard = _Heard(_bands(frames), prosody.loudness_db(windows[1]), f0_hz, periodicity)
        state.heard.append(heard)
        said = self._model.step(state.net, frames, self._delays)
        if said is None:
            return None
        # The pitch window of a block is centred on the row before its own.
        return _row(state.voice, said, state.heard[0], state.heard[min(1, self._back)])

    def _ahead(self, state: AnalyserState) -> list[_Row]:
        """Return the rows after the last one given out as they look so far."""
        voice = copy(state.voice)
        rows = []
        for k, said in enumerate(self._model.ahead(state.net, self._back), 1):
            rows.append(_row(voice, said, state.heard[k], state.heard[min(k + 1, self._back)]))
        return rows


def _row(
    voice: prosody.VoiceState, said: tuple[FloatArray, FloatArray], own: _Heard, after: _Heard
) -> _Row:
    """Return a row in the order of SpeechFeatures; the voice's levels advance."""
    posteriors, curves = said
    bands = 0.5 * own.bands[1] + 0.25 * (own.bands[0] + after.bands[0])
    activity = prosody.voice_activity(
        voice, 1 - float(posteriors[0]), own.loudness_db, after.periodicity
    )
    effort = prosody.effort(voice, own.loudness_db, activity)
    f0_hz = after.f0_hz if activity > 0.5 else 0.0
    return posteriors, curves, bands, own.loudness_db, effort, activity, f0_hz


def _features(first_row: int, rows: list[_Row]) -> SpeechFeatures:
    start_s = first_row / FEATURE_RATE_HZ
    if not rows:
        return SpeechFeatures.empty(start_s)
    columns = zip(*rows, strict=True)
    return SpeechFeatures(start_s, *(np.array(column, np.float32) for column in columns))


def _bands(frames: FloatArray) -> FloatArray:
    """Return eight band energies, (2, 8), of two frames relative to ordinary speech, -1 to 1."""
    log_power = 3 * frames - 2 - melspec.reference_log()
    means: FloatArray = log_power.reshape(2, _BANDS, -1).mean(2)
    return np.clip(means / 4, -1, 1)


def analyse(pcm: npt.ArrayLike, lookahead_ms: int = 120) -> SpeechFeatures:
    """Analyse a whole sound: float samples in [-1, 1] at 16 kHz.

    Raises:
        OptionError: not one channel of floats.
        BadSamplesError: a sample is NaN or infinite.
    """
    analyser = SpeechAnalyser(lookahead_ms)
    state = analyser.start()
    return SpeechFeatures.joined([analyser.step(state, pcm), analyser.finish(state)])
