"""What a decoder can do: bytes in, records out. Runs confined; may raise or die of anything."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BufferedReader, FileIO
from typing import Any, Final

from gioconda.errors import (
    BadSamplesError,
    EmptySoundError,
    GiocondaError,
    ImageDecodeError,
    SoundDecodeError,
    VideoDecodeError,
)
from gioconda.sandbox.wire import MESSAGE_CHARACTERS, Kind, write_record

#: Height, width, channels.
IMAGE_HEAD: Final = struct.Struct("!III")
#: Samples a second.
SOUND_HEAD: Final = struct.Struct("!I")
#: Sounds of more samples a second come at this rate, which is the highest that is of use here.
HIGHEST_RATE_HZ: Final = 48_000
LOWEST_RATE_HZ: Final = 1_000
#: Errors that an answer may name.
ERRORS: Final[dict[str, type[GiocondaError]]] = {
    e.__name__: e
    for e in (
        ImageDecodeError,
        SoundDecodeError,
        EmptySoundError,
        BadSamplesError,
        VideoDecodeError,
    )
}
#: In place of an error's name: memory ran out.
NO_MEMORY: Final = "memory"
_IMAGE_FORMATS: Final = ("PNG", "JPEG", "MPO", "WEBP")

Say = Callable[[Kind, "bytes | memoryview"], None]


def image(data: bytes, options: dict[str, Any], say: Say) -> None:
    """Decode a picture; one array of (height, width, 3) uint8 is the data."""
    from gioconda.portrait.decode import decode

    try:
        limit = int(options["pixels"]) + 1
        pixels = decode(data, pixel_limit=limit, formats=_IMAGE_FORMATS).image
    except ImageDecodeError as e:
        if isinstance(e.__cause__, MemoryError):
            raise MemoryError from e
        raise ImageDecodeError(str(e).replace("'the data'", "the picture")) from e
    say(Kind.HEAD, IMAGE_HEAD.pack(*pixels.shape))
    say(Kind.DATA, pixels.data)


def sound(data: bytes, options: dict[str, Any], say: Say) -> None:
    """Decode a sound to float32, mono, at its own rate or at 48,000 Hz."""
    import numpy as np
    import soxr

    from gioconda.speech.sound import Sound
    from gioconda.speech.sound_file import samples_of

    longest_s = float(options["seconds"])
    too_long = f"the sound is longer than {longest_s / 60:g} minutes; send a shorter one"
    try:
        source = Sound.from_bytes(data, "sound")
        if source.duration_s is not None and source.duration_s > longest_s + 1:
            raise SoundDecodeError(too_long)
        if source.rate_hz < LOWEST_RATE_HZ or source.rate_hz > 768_000:
            raise SoundDecodeError(f"the sound has {source.rate_hz} samples a second")
        rate = min(source.rate_hz, HIGHEST_RATE_HZ)
        say(Kind.HEAD, SOUND_HEAD.pack(rate))
        resampler = (
            None
            if rate == source.rate_hz
            else soxr.ResampleStream(source.rate_hz, rate, 1, dtype="float32", quality="HQ")
        )
        position = 0
        for frame in source.original_frames():
            position += frame.samples
            if position > longest_s * source.rate_hz:
                raise SoundDecodeError(too_long)
            part = samples_of(frame).mean(axis=0, dtype=np.float32)
            if resampler is not None:
                part = resampler.resample_chunk(part)
            say(Kind.DATA, np.clip(part, -1, 1).data)
        if resampler is not None:
            part = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            say(Kind.DATA, np.clip(part, -1, 1).data)
    except GiocondaError as e:
        if isinstance(e.__cause__, MemoryError):
            raise MemoryError from e
        raise type(e)(str(e).replace("'sound'", "the sound")) from e


#: By the name that a request gives.
TASKS: Final[dict[str, Callable[[bytes, dict[str, Any], Say], None]]] = {
    "image": image,
    "sound": sound,
}


def perform(fd: int, options: dict[str, Any], data: bytes, file: int | None = None) -> None:
    """Answer one request on a file descriptor.

    Args:
        fd: to answer on.
        options: the name of the task, and what it needs.
        data: what to decode, or what tasks of open files need beside their file.
        file: descriptor of the file to read, of tasks that take one.
    """
    buffer = bytearray()

    def say(kind: Kind, payload: bytes | memoryview) -> None:
        # A sound's frames are small; they go together.
        if kind is Kind.DATA and len(payload) < _SMALL:
            buffer.extend(memoryview(payload).cast("B"))
            if len(buffer) < _SMALL:
                return
            payload = b""
        if buffer:
            write_record(fd, Kind.DATA, bytes(buffer))
            buffer.clear()
        if payload or kind is not Kind.DATA:
            write_record(fd, kind, payload)

    try:
        if file is None:
            TASKS[options["task"]](data, options, say)
        else:
            from gioconda.sandbox.file_tasks import FILE_TASKS

            with FileIO(file, "rb", closefd=False) as raw:
                raw.seek(0)
                FILE_TASKS[options["task"]](BufferedReader(raw, _READ), options, data, say)
    except MemoryError:
        name, message = NO_MEMORY, ""
    except GiocondaError as e:
        name, message = type(e).__name__, str(e)[:MESSAGE_CHARACTERS]
    else:
        say(Kind.END, b"")
        return
    write_record(fd, Kind.ERROR, f"{name}\0{message}".encode())


_SMALL: Final = 2**18
#: A file is read in pieces of so many bytes.
_READ: Final = 2**20
