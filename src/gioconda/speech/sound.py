"""Open any sound and stream it: 16 kHz mono for analysis, its own frames for muxing.

A :class:`Sound` is read twice, once by the speech analysis (:meth:`Sound.chunks`) and once by
the video writer (:meth:`Sound.original_frames`). Each reading opens the source anew and decodes
as it goes, so memory does not grow with the length of the sound and both readings may run side
by side in two threads.

The clock is that of a player. Instant 0 of an audio file is its first audible sample: encoder
priming (MP3, AAC, Opus) is cut off by the demuxer as the file asks. Instant 0 of a video file is
the start of its container, so that a sound which begins later than the picture is led in by
silence and stays in step with it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import (
    BadSamplesError,
    EmptySoundError,
    OptionError,
    OutputError,
    SoundDecodeError,
)
from gioconda.speech.sound_file import (
    Promise,
    Source,
    Uniform,
    file_frames,
    float_frame,
    opened,
    samples_of,
    stated_duration,
    wav_promise,
)
from gioconda.speech.types import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import av

    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.trust.provenance import SyntheticVoice

FloatArray = npt.NDArray[np.float32]

#: How much is decoded at once when a sound is opened, to refuse bad ones before long work.
SCAN_S: Final = 5.0
#: Channel counts above this have no agreed loudspeakers; they are folded to mono.
MAX_CHANNELS: Final = 8
#: Frames of a sound given as an array.
ARRAY_FRAME_S: Final = 0.25
RATE_RANGE_HZ: Final = (1_000, 768_000)
_URL: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://?[^/]")


class Sound:
    """A sound that can be read again and again, in constant memory.

    Make one with :meth:`open` or :meth:`from_array`; use it as a context manager, or call
    :meth:`close`, so that a sound spooled from standard input is deleted.

    Attributes:
        name: what to call the sound in messages: the file's name, ``"standard input"`` or
            ``"array"``.
        rate_hz: sample rate of the sound itself.
        channels: channels of the sound itself.
        phones: what is known to be said in it, and when; None where nothing is.
        source: the file, its bytes or the samples that it was opened from; None for one that was
            wrapped around a factory of frames.
        text_sha256: of the text that is said in it, where that is known.
        synthetic: what spoke where no person did: ``algorithmic`` or ``trained``; None for a
            sound that was given.
        duration_s: length in seconds as its header states it, or None where it states none. An
            estimate for progress bars: only the samples themselves are the clock.
    """

    def __init__(
        self,
        frames: Callable[[], Iterator[av.AudioFrame]],
        name: str,
        duration_s: float | None = None,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """Wrap a factory of decoded frames; prefer :meth:`open` and :meth:`from_array`.

        Args:
            frames: called once for each reading; returns frames in order.
            name: for messages.
            duration_s: estimated length, if known.
            on_close: called once when the sound is closed.

        Raises:
            SoundError: the first seconds cannot be decoded, are empty, or are not finite.
        """
        self.name = name
        self.duration_s = duration_s
        self.phones: PhoneTrack | None = None
        self.source: Source | npt.NDArray[np.generic] | None = None
        self.text_sha256: bytes | None = None
        self.synthetic: SyntheticVoice | None = None
        self._frames = frames
        self._on_close = on_close
        try:
            self.rate_hz, self.channels = self._scan()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, source: str | os.PathLike[str]) -> Sound:
        """Open a sound file, the sound of a video file, or standard input.

        Args:
            source: a path (any characters), or ``"-"`` for standard input, which is spooled to a
                temporary file that is deleted on :meth:`close`.

        Raises:
            SoundDecodeError: missing, a folder, a URL, a picture, not a sound, or without
                audio stream.
            EmptySoundError: no samples.
            BadSamplesError: NaN or infinite samples in the first seconds.
            OutputError: standard input does not fit into the temporary folder.
        """
        if os.fspath(source) == "-":
            if sys.stdin is None or sys.stdin.isatty():
                raise SoundDecodeError("there is no sound on standard input; pipe one into it")
            return cls._spooled(sys.stdin.buffer, "standard input")
        path = Path(source)
        name = path.name or str(path)
        try:
            status = path.stat()
        except (OSError, ValueError) as e:
            if _URL.match(os.fspath(source)):
                raise SoundDecodeError(
                    f"{os.fspath(source)!r} is a URL; URLs are not read, download the sound first"
                ) from None
            missing = isinstance(e, FileNotFoundError)
            reason = "there is no sound file" if missing else "cannot read the sound file"
            raise SoundDecodeError(f"{reason} {str(path)!r}") from e
        mode = status.st_mode
        if stat.S_ISDIR(mode):
            raise SoundDecodeError(f"{str(path)!r} is a folder, not a sound file")
        if stat.S_ISREG(mode) and status.st_size == 0:
            raise EmptySoundError(f"{name!r} is empty")
        try:
            with path.open("rb") as file:
                if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
                    return cls._spooled(file, name)
        except OSError as e:
            raise SoundDecodeError(f"cannot read the sound file {str(path)!r}: {e.strerror}") from e
        return cls._from_file(path, name)

    @classmethod
    def from_array(cls, samples: npt.ArrayLike, rate_hz: int) -> Sound:
        """Take samples from memory.

        Args:
            samples: shape (n,) or (n, channels); floats in [-1, 1] or int16.
            rate_hz: samples a second.

        Raises:
            EmptySoundError: no samples.
            BadSamplesError: NaN or infinite samples.
            OptionError: another dtype or shape, or a rate outside :data:`RATE_RANGE_HZ`.
        """
        array = np.asarray(samples)
        if not RATE_RANGE_HZ[0] <= rate_hz <= RATE_RANGE_HZ[1]:
            raise OptionError(f"a sample rate of {rate_hz} Hz is outside {RATE_RANGE_HZ} Hz")
        if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= 64):
            raise OptionError(f"samples have shape {array.shape}; (n,) or (n, channels) is needed")
        if array.size == 0:
            raise EmptySoundError("the sound has no samples")
        if array.dtype != np.int16 and not np.issubdtype(array.dtype, np.floating):
            raise OptionError(f"samples are {array.dtype}; float or int16 is needed")
        planes = array.reshape(len(array), -1)
        if not np.isfinite(planes).all():
            raise BadSamplesError("the sound has NaN or infinite samples")
        step = max(int(ARRAY_FRAME_S * rate_hz), 1)

        def frames() -> Iterator[av.AudioFrame]:
            for start in range(0, len(planes), step):
                part = planes[start : start + step].T
                floats = part.astype(np.float32)
                scale = np.float32(32768 if part.dtype == np.int16 else 1)
                yield float_frame(floats / scale, rate_hz)

        sound = cls(frames, "array", len(planes) / rate_hz)
        sound.source = planes
        return sound

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "sound") -> Sound:
        """Take a file from memory; of the common containers only, and nothing else is opened.

        Args:
            data: the whole file.
            name: for messages.

        Raises:
            SoundDecodeError: a picture, not a sound of a common format, or without audio stream.
            EmptySoundError: no samples.
            BadSamplesError: NaN or infinite samples in the first seconds.
        """
        if not data:
            raise EmptySoundError(f"{name!r} is empty")
        return cls._from_file(data, name)

    @classmethod
    def _from_file(
        cls, source: Source, name: str, on_close: Callable[[], object] | None = None
    ) -> Sound:
        try:
            with opened(source, name) as (container, stream):
                duration_s = stated_duration(container, stream)
            promise = Promise(wav_promise(source) or duration_s)
        except BaseException:
            if on_close is not None:
                on_close()
            raise
        sound = cls(lambda: file_frames(source, name, promise), name, duration_s, on_close)
        sound.source = source
        return sound

    @classmethod
    def _spooled(cls, stream: BinaryIO, name: str) -> Sound:
        """Copy a stream that can be read only once into a temporary file and open that."""
        handle, spool = tempfile.mkstemp(prefix="gioconda-sound-")
        try:
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
        except BaseException as e:
            os.unlink(spool)
            if isinstance(e, OSError):
                raise OutputError(f"cannot spool {name} to a temporary file: {e.strerror}") from e
            raise
        if os.path.getsize(spool) == 0:
            _delete(spool)
            raise EmptySoundError(f"{name} is empty")
        return cls.of_temporary(spool, name)

    @classmethod
    def of_temporary(cls, path: str, name: str) -> Sound:
        """Open a file that is deleted when the sound is closed.

        Raises:
            SoundError: it cannot be used; it is deleted then, too.
        """
        sound = cls._from_file(Path(path), name, lambda: _delete(path))
        weakref.finalize(sound, _delete, path)  # also at exit, should nobody close it
        return sound

    def _scan(self) -> tuple[int, int]:
        """Decode the first seconds; return the rate and the number of channels."""
        rate_hz = channels = samples = 0
        frames = self.original_frames()
        for frame in frames:
            rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
            samples += frame.samples
            if samples >= SCAN_S * rate_hz:
                break
        frames.close()
        if not samples:
            raise EmptySoundError(f"{self.name!r} has no samples")
        return rate_hz, channels

    def original_frames(self) -> Generator[av.AudioFrame, None, None]:
        """Decode at the sound's own rate, channel layout and sample format.

        Yields:
            ``av.AudioFrame`` in order without gaps, all alike in rate, layout and sample format,
            with ``pts`` counted in samples from 0; floats are planar and limited to [-1, 1]. More
            than :data:`MAX_CHANNELS` channels come as mono.

        Raises:
            BadSamplesError: NaN or infinite samples.
            SoundDecodeError: the source vanished or can no longer be decoded.
        """
        uniform = Uniform()
        position = 0
        for decoded in self._frames():
            for frame in uniform.step(decoded):
                checked = self._checked(frame, position)
                checked.pts = position
                checked.time_base = Fraction(1, checked.sample_rate)
                position += checked.samples
                yield checked

    def chunks(self, seconds: float = 0.5) -> Iterator[FloatArray]:
        """Decode for analysis: float32 mono in [-1, 1] at 16,000 Hz.

        Sample n of all chunks together is the instant n / 16000 s. Channels are averaged;
        the sample rate is changed by soxr ("HQ", linear phase, no delay).

        Args:
            seconds: length of each chunk but the last, above 0.

        Yields:
            Arrays of shape (round(seconds * 16000),); the last one may be shorter.

        Raises:
            OptionError: ``seconds`` is not above 0.
            BadSamplesError: NaN or infinite samples.
            SoundDecodeError: the source vanished or can no longer be decoded.
        """
        if not seconds > 0:
            raise OptionError(f"a chunk of {seconds} s is not longer than 0")
        size = max(round(seconds * SAMPLE_RATE_HZ), 1)
        held: list[FloatArray] = []
        count = 0
        for part in self._analysis_parts():
            held.append(part)
            count += len(part)
            if count >= size:
                joined = np.concatenate(held)
                whole = count - count % size
                for start in range(0, whole, size):
                    yield joined[start : start + size]
                held, count = [joined[whole:]], count - whole
        if count:
            yield np.concatenate(held)

    def _analysis_parts(self) -> Iterator[FloatArray]:
        mono = (
            np.clip(samples_of(f).mean(axis=0, dtype=np.float32), -1, 1)
            for f in self.original_frames()
        )
        if self.rate_hz == SAMPLE_RATE_HZ:
            yield from mono
            return
        import soxr

        resampler = soxr.ResampleStream(
            self.rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ"
        )
        for part in mono:
            yield np.clip(resampler.resample_chunk(part), -1, 1)
        yield np.clip(resampler.resample_chunk(np.zeros(0, np.float32), last=True), -1, 1)

    def _checked(self, frame: av.AudioFrame, position: int) -> av.AudioFrame:
        """Refuse samples that are not finite; limit floats to [-1, 1]; fold odd channel counts."""
        is_float = frame.format.name.startswith(("flt", "dbl"))
        if not is_float and frame.layout.nb_channels <= MAX_CHANNELS:
            return frame
        samples = samples_of(frame)
        peak = float(np.abs(samples).max(initial=0.0))
        if not np.isfinite(peak):  # max hands NaN on
            first = int(np.argmin(np.isfinite(samples).all(axis=0)))
            seconds = f"{(position + first) / frame.sample_rate:.4f}".rstrip("0").rstrip(".")
            raise BadSamplesError(
                f"{self.name!r} has NaN or infinite samples, first at {seconds} s"
            )
        if frame.layout.nb_channels > MAX_CHANNELS:
            mono = samples.mean(axis=0, keepdims=True, dtype=np.float32)
            return float_frame(np.clip(mono, -1, 1), frame.sample_rate)
        limited = samples if peak <= 1 else np.clip(samples, -1, 1)
        return float_frame(limited, frame.sample_rate, frame.layout)

    def close(self) -> None:
        """Delete what was spooled. Closing twice is harmless; a file is never touched."""
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def __enter__(self) -> Sound:
        """Return the sound."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the sound."""
        self.close()

    def __repr__(self) -> str:
        """Name, rate and channels."""
        return f"Sound({self.name!r}, {self.rate_hz} Hz, {self.channels} channels)"


def _delete(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
