"""The near side of the sandbox: send bytes, check what comes back, say in one sentence why not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import GiocondaError, ImageDecodeError, SandboxError, SoundDecodeError
from gioconda.sandbox.limits import DecodeLimits
from gioconda.sandbox.picture_header import picture_header
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

#: How long the process may take to start, in seconds: it loads the decoders.
_START_S: Final = 60.0
#: How much longer than its time a decoder is waited for, in seconds: its guard ends it before.
_GRACE_S: Final = 5.0
_CODE: Final = (
    "import json, sys; a = json.loads(sys.argv[1]); sys.path[:] = a['path']; "
    "from gioconda.sandbox.zygote import main; main(a['fd'], a['limits'])"
)
#: Of the environment only these go on, where set: without them some installations do not start.
_KEPT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Confinement:
    """What the system grants to decoders, tried at the start.

    Attributes:
        network: they have a network of their own, without any interface.
        system_calls: they are refused files, sockets and programs.
    """

    network: bool
    system_calls: bool


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
    """

    def __init__(self, limits: DecodeLimits | None = None) -> None:
        self.limits = limits or DecodeLimits()
        self.last_cost: Cost | None = None
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self.limits.at_once)
        self._threads = ThreadPoolExecutor(self.limits.at_once, "decoding")
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._confinement = Confinement(False, False)

    def start(self) -> Confinement:
        """Start the process, if it does not run, and tell what holds its decoders.

        Raises:
            SandboxError: it does not start.
        """
        with self._lock:
            self._started()
            return self._confinement

    def close(self) -> None:
        """End the process and all decodings. Closing twice is harmless; a later call restarts."""
        with self._lock:
            self._end()

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
        _check_size(data, self.limits.image_bytes, "picture", ImageDecodeError)
        header = picture_header(data)
        most = self.limits.image_pixels
        if header.width * header.height > most:
            raise ImageDecodeError(
                f"the picture has {header.width} x {header.height} pixels; "
                f"up to {most / 1e6:g} megapixels are taken, make it smaller"
            )
        options = {"pixels": most}
        with self._answer("image", data, options, "picture", ImageDecodeError) as answer:
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

    @contextmanager
    def _answer(
        self,
        task: str,
        data: bytes,
        options: dict[str, Any],
        what: str,
        error: type[GiocondaError],
    ) -> Iterator[Iterator[bytes]]:
        """Have a task of :data:`gioconda.sandbox.tasks.TASKS` done; give its payloads as they come.

        The first is the head. A slow reader holds the decoder up, so that what is decoded need not
        fit into memory at once. Leaving early ends the decoder.
        """
        if not self._places.acquire(timeout=self.limits.wall_s):
            raise SandboxError("all decoders are at work; try again in a few seconds")
        try:
            talk, status = self._begin()
            with closing(talk), closing(status):
                deadline = time.monotonic() + self.limits.wall_s + _GRACE_S
                try:
                    head, body = request(task, data, options)
                    _send(talk, deadline, head)
                    _send(talk, deadline, body)
                    yield _payloads(talk, deadline)
                except (BrokenTalkError, OSError, StopIteration, _RefusedError) as e:
                    with suppress(OSError):
                        status.shutdown(socket.SHUT_WR)  # its guard ends it, if it still runs
                    raise self._reason(status, e, what, error) from None
                talk.close()
                self.last_cost = _cost(status)[0]
        finally:
            self._places.release()

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

    def _begin(self) -> tuple[socket.socket, socket.socket]:
        """Have a decoder forked; return the near ends of its talk and of its guard's status."""
        for attempt in (1, 2):
            talk, their_talk = socket.socketpair()
            status, their_status = socket.socketpair()
            fds = [their_talk.fileno(), their_status.fileno()]
            try:
                with self._lock:
                    socket.send_fds(self._started(), [b"d"], fds)
                return talk, status
            except OSError as e:
                talk.close()
                status.close()
                with self._lock:
                    self._end()
                if attempt == 2:
                    raise SandboxError("the decoding process cannot be started") from e
            except BaseException:
                talk.close()
                status.close()
                raise
            finally:
                their_talk.close()
                their_status.close()
        raise AssertionError

    def _started(self) -> socket.socket:
        """Return the control socket of a running process."""
        if self._control is not None and self._process is not None:
            if self._process.poll() is None:
                return self._control
            self._end()
        ours, theirs = socket.socketpair()
        try:
            self._process = _spawn(theirs, self.limits)
            ours.settimeout(_START_S)
            with theirs:
                pass
            line = ours.makefile("rb").readline(1000)
            self._confinement = Confinement(**json.loads(line))
            ours.settimeout(None)
        except (OSError, ValueError, TypeError) as e:
            ours.close()
            theirs.close()
            self._end()
            raise SandboxError("the decoding process cannot be started") from e
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()  # guards see that nobody waits only by their own pipes
            self._process.wait()
        self._control = self._process = None


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
            plain = "".join(c if c.isprintable() else " " for c in message)
            raise _RefusedError(name, plain[:MESSAGE_CHARACTERS])
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


def _spawn(control: socket.socket, limits: DecodeLimits) -> subprocess.Popen[bytes]:
    """Start the process that decoders are forked from."""
    home = str(Path(__file__).resolve().parents[2])
    path = [os.path.abspath(p) for p in sys.path if p]
    words = {"path": [*path, home], "fd": control.fileno(), "limits": asdict(limits)}
    environment = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment |= {k: os.environ[k] for k in _KEPT if k in os.environ}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", _CODE, json.dumps(words)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=[control.fileno()], env=environment, cwd="/", start_new_session=True,
    )  # fmt: skip


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
