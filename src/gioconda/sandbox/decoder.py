"""The near side of the sandbox: send bytes, check what comes back, say in one sentence why not."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import GiocondaError, ImageDecodeError, SandboxError, SoundDecodeError
from gioconda.plain_text import plain_value
from gioconda.sandbox.limits import DecodeLimits
from gioconda.sandbox.picture_header import picture_header
from gioconda.sandbox.process import Confinement, DecoderProcess
from gioconda.sandbox.tasks import (
    ERRORS,
    HIGHEST_RATE_HZ,
    IMAGE_HEAD,
    LOWEST_RATE_HZ,
    NO_MEMORY,
    SOUND_HEAD,
)
from gioconda.sandbox.wire import (
    MESSAGE_CHARACTERS,
    STATUS,
    BrokenTalkError,
    Ended,
    Kind,
    records,
    request,
)

ByteImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

#: How much longer than its time a decoder is waited for, in seconds: its guard ends it before.
_GRACE_S: Final = 5.0


@dataclass(frozen=True)
class Cost:
    """What a decoding took.

    Attributes:
        cpu_s: processor time in seconds.
        wall_s: seconds from its start to its end.
        memory_bytes: most that it held.
    """

    cpu_s: float
    wall_s: float
    memory_bytes: int


class Decoder:
    """Decodes files of strangers, each in a process of its own. Safe to share between threads.

    The process that they are forked from starts with the first file or :meth:`start`, and is
    started again if it is lost.

    Args:
        limits: of each file.
        files: whether open files will be handed over, too: see
            :class:`gioconda.sandbox.file_reader.FileReader`.
    """

    def __init__(self, limits: DecodeLimits | None = None, *, files: bool = False) -> None:
        self.limits = limits or DecodeLimits()
        self.last_cost: Cost | None = None
        self._places = threading.BoundedSemaphore(self.limits.at_once)
        self._threads = ThreadPoolExecutor(self.limits.at_once, "decoding")
        self._process = DecoderProcess(self.limits, files=files)

    def start(self) -> Confinement:
        """Start the process, if it does not run, and tell what holds its decoders.

        Raises:
            SandboxError: it does not start.
        """
        return self._process.start()

    def close(self) -> None:
        """End the process and all decodings. Closing twice is harmless; a later call restarts."""
        self._process.close()

    def decode_image(self, data: bytes) -> ByteImage:
        """Decode a PNG, JPEG or WebP picture.

        Args:
            data: the file.

        Returns:
            (height, width, 3) uint8 sRGB, upright, transparency laid over the backdrop, reduced
            to 4096 pixels on its longer side, as :func:`gioconda.portrait.decode.decode` does.

        Raises:
            ImageFormatError: another format.
            ImageDecodeError: too large in bytes or pixels, damaged, or too much work.
            SandboxError: no process can be had.
        """
        self._check_image(data)
        options = {"pixels": self.limits.image_pixels}
        with self._answer("image", data, options, "picture", ImageDecodeError) as answer:
            return _read_image(answer, self.limits.image_pixels)

    def decode_sound(self, data: bytes) -> tuple[FloatArray, int]:
        """Decode a sound, or the sound of a video.

        Args:
            data: the file: wav, mp3, flac, ogg, opus, m4a, webm and other common ones.

        Returns:
            Mono samples, float32 in [-1, 1], (n,) with n > 0, and how many of them make a second:
            the file's own rate, or 48,000 where that is higher.

        Raises:
            SoundError: too large, too long, no sound, damaged, empty, or too much work.
            SandboxError: no process can be had.
        """
        _check_size(data, self.limits.sound_bytes, "sound", SoundDecodeError)
        options = {"seconds": self.limits.sound_s}
        with self._answer("sound", data, options, "sound", SoundDecodeError) as answer:
            head = next(answer)
            if len(head) != SOUND_HEAD.size:
                raise BrokenTalkError
            (rate,) = SOUND_HEAD.unpack(head)
            if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
                raise BrokenTalkError
            most = int(self.limits.sound_s * rate) + rate
            raw = b"".join(_bounded(answer, 4 * most))
            if not raw or len(raw) % 4:
                raise BrokenTalkError
        samples = np.frombuffer(bytearray(raw), np.float32)
        if not np.isfinite(samples).all():
            raise SoundDecodeError("the sound has samples that are no numbers; send another")
        np.clip(samples, -1, 1, out=samples)
        return samples, rate

    async def image(self, data: bytes) -> ByteImage:
        """Do what :meth:`decode_image` does without holding up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.decode_image, data)

    async def sound(self, data: bytes) -> tuple[FloatArray, int]:
        """Do what :meth:`decode_sound` does without holding up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.decode_sound, data)

    def stream(self) -> ImageStream:
        """Return a decoder of many small pictures of one sender, such as a webcam's."""
        return ImageStream(self)

    def _check_image(self, data: bytes) -> None:
        """Refuse a picture by its size and its header."""
        _check_size(data, self.limits.image_bytes, "picture", ImageDecodeError)
        header = picture_header(data)
        most = self.limits.image_pixels
        if header.width * header.height > most:
            raise ImageDecodeError(
                f"the picture has {header.width} x {header.height} pixels; "
                f"up to {most / 1e6:g} megapixels are taken, make it smaller"
            )

    @contextmanager
    def _answer(
        self,
        task: str,
        data: bytes,
        options: dict[str, Any],
        what: str,
        error: type[GiocondaError],
        file: int | None = None,
    ) -> Iterator[Iterator[bytes]]:
        """Have a task of :data:`gioconda.sandbox.tasks.TASKS` done; give its payloads as they come.

        The first is the head. A slow reader holds the decoder up, so that what is decoded need not
        fit into memory at once. Leaving early ends the decoder.
        """
        if not self._places.acquire(timeout=self.limits.wall_s):
            raise SandboxError("all decoders are at work; try again in a few seconds")
        try:
            talk, status = self._process.begin(file=file)
            with closing(talk), closing(status):
                with self._asked(talk, status, request(task, data, options), what, error) as answer:
                    yield answer
                talk.close()
                self.last_cost = _cost(status)[0]
        finally:
            self._places.release()

    @contextmanager
    def _asked(
        self,
        talk: socket.socket,
        status: socket.socket,
        words: tuple[bytes, bytes],
        what: str,
        error: type[GiocondaError],
    ) -> Iterator[Iterator[bytes]]:
        """Send a request and give its answer; end the decoder where that goes wrong."""
        deadline = time.monotonic() + self.limits.wall_s + _GRACE_S
        try:
            for part in words:
                _send(talk, deadline, part)
            yield _payloads(talk, deadline)
        except (BrokenTalkError, OSError, StopIteration, _RefusedError) as e:
            with suppress(OSError):
                status.shutdown(socket.SHUT_WR)  # its guard ends it, if it still runs
            raise self._reason(status, e, what, error) from None

    def _reason(
        self, status: socket.socket, seen: Exception, what: str, error: type[GiocondaError]
    ) -> GiocondaError:
        """Return the error for an answer that did not come to its end."""
        again = f"send another {what}"
        cost, code, why = _cost(status)
        self.last_cost = cost
        if isinstance(seen, _RefusedError):
            if seen.name == NO_MEMORY:
                return error(f"the {what} takes too much memory to decode; {again}")
            return ERRORS.get(seen.name, error)(seen.message or f"the {what} cannot be decoded")
        if cost is None:
            return SandboxError("the decoder was lost; try again")
        killed = -os.waitstatus_to_exitcode(code)
        spent = cost.cpu_s >= self.limits.cpu_s
        late = why == Ended.TIME or isinstance(seen, TimeoutError)
        if late or killed == signal.SIGXCPU or spent:
            return error(f"the {what} takes too much time to decode; {again}")
        if killed == signal.SIGKILL and why == Ended.ITSELF:  # the system, short of memory
            return error(f"the {what} takes too much memory or time to decode; {again}")
        return error(f"the {what} is damaged and cannot be decoded; {again}")


class ImageStream:
    """Decodes many small pictures of one sender in one process, which is renewed now and then.

    Not for several threads at once. Pictures of two senders never meet in one process.

    Args:
        decoder: whose limits hold for each picture, and whose process time for all between two
            renewals.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._until_s = 0.0

    def decode(self, data: bytes) -> ByteImage:
        """Do what :meth:`Decoder.decode_image` does; a refused picture costs the process."""
        decoder = self._decoder
        decoder._check_image(data)
        if self._ends is None or time.monotonic() > self._until_s:
            self.close()
            self._ends = decoder._process.begin(stream=True)
            self._until_s = time.monotonic() + decoder.limits.wall_s / 2
        most = decoder.limits.image_pixels
        words = request("image", data, {"pixels": most})
        try:
            with decoder._asked(*self._ends, words, "picture", ImageDecodeError) as answer:
                return _read_image(answer, most)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process. Closing twice is harmless."""
        for end in self._ends or ():
            end.close()
        self._ends = None


class _RefusedError(Exception):
    """The decoder says why it cannot."""

    def __init__(self, name: str, message: str) -> None:
        self.name, self.message = name, message
        super().__init__(name)


def _check_size(data: bytes, most: int, what: str, error: type[GiocondaError]) -> None:
    if len(data) > most:
        raise error(
            f"the {what} has {len(data) / 2**20:.1f} MB; up to {most / 2**20:g} MB are taken"
        )


def _send(talk: socket.socket, deadline: float, data: bytes) -> None:
    talk.settimeout(max(deadline - time.monotonic(), 0.001))
    with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered already, or died
        talk.sendall(data)


def _payloads(talk: socket.socket, deadline: float) -> Iterator[bytes]:
    """Give the payloads of an answer: the head, then data."""

    def receive(buffer: memoryview) -> int:
        talk.settimeout(max(deadline - time.monotonic(), 0.001))
        return talk.recv_into(buffer)

    expected = Kind.HEAD
    for kind, payload in records(receive):
        if kind is Kind.ERROR:
            name, _, message = payload.decode("utf-8", "replace").partition("\0")
            raise _RefusedError(name, plain_value(message, MESSAGE_CHARACTERS))
        if kind is Kind.END:
            break
        if kind is not expected:
            raise BrokenTalkError
        expected = Kind.DATA
        yield payload
    if expected is Kind.HEAD:
        raise BrokenTalkError


def _bounded(parts: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Pass on no more bytes than there can be."""
    for part in parts:
        most -= len(part)
        if most < 0:
            raise BrokenTalkError
        yield part


def _read_image(answer: Iterator[bytes], most: int) -> ByteImage:
    """Read an answer to its end; it must be a picture of at most so many pixels."""
    head = next(answer)
    if len(head) != IMAGE_HEAD.size:
        raise BrokenTalkError
    height, width, channels = IMAGE_HEAD.unpack(head)
    if channels != 3 or not 0 < height * width <= most:
        raise BrokenTalkError
    pixels = b"".join(_bounded(answer, height * width * 3))
    if len(pixels) != height * width * 3:
        raise BrokenTalkError
    return np.frombuffer(bytearray(pixels), np.uint8).reshape(height, width, 3)


def _cost(status: socket.socket) -> tuple[Cost | None, int, int]:
    """Return what a guard tells: the cost, the wait status and why it ended the decoder."""
    status.settimeout(_GRACE_S)
    told = b""
    with suppress(OSError):
        told = status.recv(STATUS.size, socket.MSG_WAITALL)
    if len(told) != STATUS.size:
        return None, 0, Ended.ITSELF
    code, why, cpu_s, wall_s, memory = STATUS.unpack(told)
    return Cost(cpu_s, wall_s, memory), code, why


@cache
def shared() -> Decoder:
    """Return the decoder of this process."""
    return Decoder()


def decode_image(data: bytes) -> ByteImage:
    """Decode a picture by the shared decoder: see :meth:`Decoder.decode_image`."""
    return shared().decode_image(data)


def decode_sound(data: bytes) -> tuple[FloatArray, int]:
    """Decode a sound by the shared decoder: see :meth:`Decoder.decode_sound`."""
    return shared().decode_sound(data)
