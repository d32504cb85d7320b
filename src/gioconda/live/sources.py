"""Where a session's voice comes from without a browser: a microphone, a sound, raw PCM.

A source is asked again and again for what there is by an instant of the session; it never waits.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

import numpy as np

from gioconda.errors import OptionError, SoundError
from gioconda.motion import FloatArray

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound

#: A sound is decoded so far ahead of what is heard.
_AHEAD_S: Final = 0.5
#: What a microphone gives at once, and what is read of a pipe at once.
_BLOCK_S: Final = 0.02
#: So many blocks may wait; a microphone's oldest goes beyond, a pipe is not read.
_BLOCKS: Final = 50
#: Rate at which sound is asked of a microphone, and a file is played.
RATE_HZ: Final = 48_000


class Source(Protocol):
    """Speech as it comes.

    Attributes:
        rate_hz: of its samples.
        live: whether it keeps its own time, as a microphone does.
    """

    rate_hz: int
    live: bool

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""
        ...

    def take(self, now_s: float) -> list[FloatArray]:
        """Return what came by an instant, float32 mono.

        Raises:
            SoundError: it turned out to be bad, or was lost.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class FileSource:
    """A sound, played in real time.

    Args:
        sound: an open sound; closed with the source.
    """

    live = False
    rate_hz = RATE_HZ

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._chunks = _at_rate(sound)
        self._given = 0
        self._start_s: float | None = None
        self.ended = False

    def take(self, now_s: float) -> list[FloatArray]:
        """Return what will be heard within the next half second and was not given before."""
        if self._start_s is None:
            self._start_s = now_s
        taken: list[FloatArray] = []
        while not self.ended and self._given < (now_s - self._start_s + _AHEAD_S) * RATE_HZ:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                break
            self._given += len(chunk)
            taken.append(chunk)
        return taken

    def close(self) -> None:
        """Close the sound."""
        self._sound.close()


class PipeSource:
    """Raw PCM on a pipe, signed 16 bits, little-endian, mono, in real time or faster.

    Args:
        stream: to read from, in a thread of its own.
        rate_hz: of it, 8,000 to 192,000.
    """

    live = False

    def __init__(self, stream: BinaryIO, rate_hz: int) -> None:
        if not 8_000 <= rate_hz <= 192_000:
            raise OptionError(f"a rate of {rate_hz} Hz is outside 8000 to 192000")
        self.rate_hz = rate_hz
        self._stream = stream
        self._blocks: queue.Queue[bytes] = queue.Queue(_BLOCKS)
        self._over = False
        self._rest = b""
        threading.Thread(target=self._read, name="pcm", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether the pipe was closed and all of it given."""
        return self._over and self._blocks.empty()

    def take(self, now_s: float) -> list[FloatArray]:
        """Return what has come."""
        data = self._rest
        while not self._blocks.empty():
            data += self._blocks.get()
        whole = len(data) // 2 * 2
        self._rest = data[whole:]
        if not whole:
            return []
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32)
        return [samples / np.float32(32768)]

    def close(self) -> None:
        """Do nothing: the pipe belongs to whoever opened it."""

    def _read(self) -> None:
        size = max(int(self.rate_hz * _BLOCK_S), 1) * 2
        read = getattr(self._stream, "read1", self._stream.read)
        while data := read(size):
            self._blocks.put(data)
        self._over = True


class MicrophoneSource:
    """The system's microphone, through sounddevice.

    Raises:
        SoundError: sounddevice or its PortAudio is missing, or there is no microphone.
    """

    live = True
    rate_hz = RATE_HZ
    ended = False

    def __init__(self) -> None:
        self._blocks: queue.SimpleQueue[FloatArray] = queue.SimpleQueue()
        self._lost = False
        try:
            import sounddevice
        except (ImportError, OSError):  # OSError: PortAudio is not there
            raise SoundError(
                "a microphone needs sounddevice and PortAudio (pip install sounddevice; Debian: "
                "apt-get install libportaudio2)"
            ) from None
        try:
            self._stream: Any = sounddevice.InputStream(
                samplerate=RATE_HZ, channels=1, dtype="float32", latency="low",
                blocksize=int(RATE_HZ * _BLOCK_S), callback=self._hear,
                finished_callback=self._finish,
            )  # fmt: skip
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError, OSError):
            raise SoundError(
                "no microphone was found; connect one, or name a sound: --from speech.wav"
            ) from None

    def take(self, now_s: float) -> list[FloatArray]:
        """Return what was heard since the last call; the oldest is left out beyond a second."""
        if self._lost:
            raise SoundError("the microphone was lost")
        while self._blocks.qsize() > _BLOCKS:
            self._blocks.get()
        return [self._blocks.get() for _ in range(self._blocks.qsize())]

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()

    def _hear(self, data: Any, frames: int, time: Any, status: Any) -> None:
        self._blocks.put(np.array(data[:, 0], np.float32))

    def _finish(self) -> None:
        self._lost = True


def open_source(name: str, rate_hz: int = 16_000) -> Source:
    """Open a source.

    Args:
        name: ``microphone``, a sound's file, or ``-`` for raw PCM on standard input.
        rate_hz: of raw PCM.

    Raises:
        OptionError: standard input is a terminal, or a rate out of range.
        SoundError: there is no microphone, or the file is no sound.
    """
    if name == "microphone":
        return MicrophoneSource()
    if name == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise OptionError("standard input is a terminal; pipe raw PCM into it: 16 bits, mono")
        return PipeSource(sys.stdin.buffer, rate_hz)
    from gioconda.speech.sound import Sound

    return FileSource(Sound.open(name))


def _at_rate(sound: Sound) -> Iterator[FloatArray]:
    """Yield a sound as mono at :data:`RATE_HZ`."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    for frame in sound.original_frames():
        frame.pts = None
        for part in resampler.resample(frame):
            yield cast(FloatArray, part.to_ndarray().reshape(-1))
    for part in resampler.resample(None):
        yield cast(FloatArray, part.to_ndarray().reshape(-1))
