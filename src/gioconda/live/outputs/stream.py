"""A network target: served by a process that may be lost, and tried again when it is.

The session's side is a bounded queue; this thread takes from it, converts the picture and hands
it to a carrier (:mod:`gioconda.live.outputs.carrier`). A carrier that is not done with what it was
given for some seconds is killed: its peer takes no data. While there is no connection what comes
is dropped, so that a new one begins with the present.
"""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import numpy as np

from gioconda.errors import OutputError
from gioconda.live.outputs.address import Address
from gioconda.live.outputs.base import ThreadedOutput
from gioconda.live.outputs.carrier import END, HEADER, PICTURE, SOUND
from gioconda.live.outputs.muxing import as_i420, i420_shape
from gioconda.live.outputs.plan import Plan, stream_plan
from gioconda.live.outputs.srt_program import find_srt_program, pyav_speaks_srt
from gioconda.live.outputs.types import OnEvent
from gioconda.live.outputs.waiting import Frame, Waiting
from gioconda.trust.provenance import Provenance

#: Seconds before each new try; the last is repeated.
BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
#: A connection that held this long makes the next try early again.
STEADY_S: Final = 10.0
#: So long a carrier may take for one picture, or for a connection.
STALL_S: Final = 8.0
#: Sound that may wait; the oldest is dropped beyond.
SOUND_S: Final = 1.0
#: How long the last pictures may take to leave when the output is closed.
_PARTING_S: Final = 3.0


class StreamOutput(ThreadedOutput):
    """Sends to rtmp, rtmps, rtsp, srt or udp; an :class:`gioconda.live.outputs.Output`.

    Args:
        address: of a network.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        fps: frames a second, where none is missing.
        on_event: told about changes of state.
        sound: whether there is sound.
        provenance: of the frames.
        backoff_s: seconds before each new try; the last is repeated.
        stall_s: after so long without progress a connection is given up.

    Raises:
        OutputError: nothing here speaks the protocol.
    """

    def __init__(
        self,
        address: Address,
        width: int,
        height: int,
        fps: float,
        on_event: OnEvent | None = None,
        *,
        sound: bool = True,
        provenance: Provenance | None = None,
        backoff_s: tuple[float, ...] = BACKOFF_S,
        stall_s: float = STALL_S,
    ) -> None:
        waiting = Waiting(SOUND_S, keep_sound=False)
        super().__init__(address.shown, width, height, waiting, on_event, provenance)
        self._url = address.url
        self._plan = stream_plan(address, width, height, fps, sound=sound)
        self._backoff_s = backoff_s
        self._stall_s = stall_s
        self._discarded = 0
        self._picture = np.empty(i420_shape(width, height), np.uint8)
        self._program = ""
        if address.scheme == "srt" and not pyav_speaks_srt():
            self._program = find_srt_program()
            if not self._program:
                raise OutputError(
                    "SRT needs the program srt-live-transmit (Debian: apt-get install srt-tools) "
                    "or an ffmpeg with libsrt; neither was found, and PyAV was built without it"
                )
        self._thread.start()

    def _work(self) -> None:
        width, height = self._size
        as_i420(np.zeros((height, width, 3), np.uint8), self._picture)  # loads what is compiled
        tries = 0
        while not self._waiting.ended:
            self._tell("connecting")
            begun = time.monotonic()
            carrier = _Carrier(self._url, self._plan, self._program, self._on_progress)
            try:
                self._serve(carrier)
            finally:
                self._serving = False
                carrier.release()
            self._book(carrier)
            if self._waiting.ended:
                break
            if carrier.hopeless:
                self._fail(OutputError(f"{self.name} cannot be sent to: {carrier.reason}"))
                return
            tries = 0 if carrier.live and time.monotonic() - begun > STEADY_S else tries
            pause = self._backoff_s[min(tries, len(self._backoff_s) - 1)]
            tries += 1
            what = "was lost" if carrier.live else "is not to be had"
            self._tell(
                "retrying",
                f"the connection {what}: {carrier.reason}; next try in {pause:g} s",
            )
            self._idle(pause)
        self._tell("closed")

    def _serve(self, carrier: _Carrier) -> None:
        """Hand over what comes until the end or until the carrier is lost."""
        begun = time.monotonic()
        while not carrier.ready:
            if carrier.lost or self._waiting.ended:
                return
            if time.monotonic() - begun > self._stall_s:
                carrier.give_up("no answer")
                return
            self._idle(0.05)
        self._rate.restart(time.monotonic(), self._bytes)
        self._serving = True  # only now: what came before was dropped
        self._on_progress(carrier)
        watch = threading.Thread(
            target=carrier.watch, args=(self._stall_s,), name="output watch", daemon=True
        )
        watch.start()
        try:
            while not carrier.lost:
                item = self._waiting.take(0.25)
                if item is None:
                    if self._waiting.ended:
                        carrier.finish(_PARTING_S)
                        return
                elif isinstance(item, Frame):
                    carrier.send(PICTURE, item.time_s, as_i420(item.image, self._picture).data)
                    self._waiting.give_back(item)
                else:
                    carrier.send(SOUND, item.sample, item.pcm.data)
        except OSError:
            pass  # it has ended, and has said why or was told to
        finally:
            carrier.kill()
            watch.join()  # it has nothing to watch any more

    def _on_progress(self, carrier: _Carrier) -> None:
        """Take a carrier's report; called from the thread that reads it."""
        if carrier.live and self._serving and self._state == "connecting":
            self._connections += 1
            self._tell("live")
        frames, late, size = carrier.sent
        before = self._before
        self._frames, self._bytes = before[0] + frames, before[2] + size
        self._late = before[1] + late + self._discarded
        self._rate.mark(time.monotonic(), self._bytes)

    #: Whether a connection is being given what comes.
    _serving = False
    #: Frames, late frames and bytes of earlier connections.
    _before: tuple[int, int, int] = (0, 0, 0)

    def _book(self, carrier: _Carrier) -> None:
        a, b = self._before, carrier.sent
        self._before = a[0] + b[0], a[1] + b[1], a[2] + b[2]

    def _idle(self, seconds: float) -> None:
        """Let time pass without a connection; what comes is dropped."""
        until = time.monotonic() + seconds
        while not self._waiting.ended and (left := until - time.monotonic()) > 0:
            self._waiting.pause(min(left, 0.05))
            self._discarded += self._waiting.clear()
        self._late = self._before[1] + self._discarded


class _Carrier:
    """The process of one connection."""

    def __init__(
        self, url: str, plan: Plan, program: str, on_progress: Callable[[_Carrier], None]
    ) -> None:
        self.ready = self.live = self.lost = self.hopeless = False
        self.reason = "it was closed"
        self.sent = (0, 0, 0)
        self._given = self._done = 0
        self._last = time.monotonic()
        self._on_progress = on_progress
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gioconda.live.outputs.carrier"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        job = {"url": url, "plan": plan.to_json(), "program": program}
        self._reader = threading.Thread(target=self._read, name="output reports", daemon=True)
        self._reader.start()
        with suppress(OSError):
            self._write(json.dumps(job).encode() + b"\n")

    def send(self, kind: int, value: float, payload: memoryview) -> None:
        """Hand over a message; waits until the process has taken it.

        Raises:
            OSError: it has ended.
        """
        self._last = time.monotonic() if self._given == self._done else self._last
        self._given += 1
        self._write(HEADER.pack(kind, value, payload.nbytes))
        self._write(payload.cast("B"))

    def watch(self, stall_s: float) -> None:
        """Kill the process once it makes no progress; returns when it has ended."""
        while self._process.poll() is None:
            behind = self._given > self._done
            if behind and time.monotonic() - self._last > stall_s:
                self.give_up("it takes no data")
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(min(stall_s / 4, 0.5))

    def finish(self, seconds: float) -> None:
        """Let it send what it has and end; give it so long."""
        with suppress(OSError, subprocess.TimeoutExpired):
            self._write(HEADER.pack(END, 0.0, 0))
            self._process.wait(seconds)
            self._reader.join(1)

    def give_up(self, reason: str) -> None:
        """Kill it, and say why if it has not said so itself."""
        if self._process.poll() is None:
            self.reason = reason
        self.kill()

    def kill(self) -> None:
        """End it at once, if it has not ended; whoever writes to it then is told so."""
        self._process.kill()
        self._process.wait()
        self.lost = True

    def release(self) -> None:
        """End it, and what belongs to it."""
        self.kill()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _write(self, data: bytes | memoryview) -> None:
        assert self._process.stdin is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self._process.stdin.write(rest) or 0 :]

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):
            for line in io.BufferedReader(cast("io.RawIOBase", self._process.stdout)):
                self._take(json.loads(line))
        self.lost = True
        if self._process.wait() == -getattr(signal, "SIGALRM", -1):
            self.reason = "it takes no data"

    def _take(self, said: dict[str, Any]) -> None:
        if "error" in said:
            self.reason = str(said["error"])
            self.hopeless = bool(said.get("hopeless"))
        self.live = self.live or bool(said.get("live"))
        if "sent" in said:
            frames, late, size = (int(n) for n in said["sent"])
            self.sent = frames, late, size
            self._done += 1
            self._last = time.monotonic()
        self.ready = self.ready or bool(said.get("ready"))
        self._on_progress(self)
