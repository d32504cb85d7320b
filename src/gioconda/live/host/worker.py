"""A worker process: hosts one session at a time, so that a slow one cannot starve another."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import singledispatchmethod
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from gioconda.errors import (
    ConsentError,
    GiocondaError,
    OptionError,
    PortraitError,
    SoundError,
    TrustError,
    VoiceError,
)
from gioconda.live.host import commands as c
from gioconda.live.host.portraits import HeldPortraits, sheet_png, square_jpeg
from gioconda.live.host.puppeteer import Puppeteer, Seen
from gioconda.live.host.running import RunningSession
from gioconda.live.host.warm_up import warm_up
from gioconda.live.log import configure
from gioconda.live.messages import ErrorEvent
from gioconda.live.told import UNREADY, told

logger = logging.getLogger(__name__)

#: How long the loop waits for a command when no session runs.
_IDLE_S: Final = 60.0
#: Frames that may fail one after the other.
_MOST_FAULTS: Final = 5
#: Speech that may wait for a text before it to be synthesised, in bytes.
_LATER_BYTES: Final = 60_000_000
#: Commands obeyed before the next frame, so that a flood of them cannot stop the picture.
_AT_ONCE: Final = 200


def run(connection: Connection) -> None:
    """Serve a connection until it ends; the body of a worker process."""
    configure("WARNING")
    # Ctrl-C reaches the whole process group; the server ends its workers itself.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Worker(connection).serve()
    except Exception as e:
        # Its words may be of what somebody said or sent.
        logger.error("a worker process ends: %s", type(e).__name__)


class _Said:
    """A sentence that was spoken, or the end of the text."""

    def __init__(self, piece: Any, turn: int) -> None:
        self.piece, self.turn = piece, turn


class Worker:
    """Obeys the commands of :mod:`gioconda.live.host.commands`.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._portraits = HeldPortraits()
        self._running: RunningSession | None = None
        self._talker = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._turn = 0
        self._talking = self._faults = self._later_bytes = 0
        self._later: deque[c.Speak | c.Commit | c.Say] = deque()
        self._puppeteer: Puppeteer | None = None

    def serve(self) -> None:
        """Warm up, then obey until the connection ends."""
        warm_up(self._portraits)
        threading.Thread(target=self._receive, name="commands", daemon=True).start()
        self._send(c.Ready(os.getpid()))
        while self._wait_and_obey():
            if self._running is not None and self._running.wait_s() <= 0:
                self._tick(self._running)
        self._close()
        self._talker.shutdown(wait=False, cancel_futures=True)

    def _wait_and_obey(self) -> bool:
        """Wait until a command comes or a frame is due; obey all that wait; False at the end."""
        wait_s = _IDLE_S if self._running is None else self._running.wait_s()
        # All that is there: sound that came in time must not wait for one frame each.
        with contextlib.suppress(queue.Empty):
            for _ in range(_AT_ONCE):
                block = wait_s > 0
                command = self._inbox.get(block, wait_s if block else None)
                wait_s = 0.0
                if isinstance(command, EOFError):
                    return False
                self._obey(command)
        return True

    def _tick(self, running: RunningSession) -> None:
        """Give out what is due; a fault that does not pass ends the process."""
        try:
            running.tick()
            self._faults = 0
        except (ConsentError, TrustError):
            # The server, which has looked at the ledger too, tells the clients and ends it. One
            # that cannot be read is a refusal: what was revoked must not be forgotten.
            running.refuse()
        except Exception as e:
            self._faults += 1
            logger.error("a frame failed: %s", type(e).__name__)
            if self._faults >= _MOST_FAULTS:
                raise

    def _receive(self) -> None:
        try:
            while True:
                self._inbox.put(self._connection.recv())
        except Exception:  # of a broken connection anything may come
            self._inbox.put(EOFError())

    def _send(self, report: Any) -> None:
        # The other end may be gone already; the receiving thread notices.
        with self._sending, contextlib.suppress(OSError):
            self._connection.send(report)

    def _obey(self, command: Any) -> None:
        name = type(command).__name__
        try:
            self._do(command)
        except GiocondaError as e:
            key = getattr(command, "key", "") or getattr(command, "portrait", "")
            ticket = getattr(command, "ticket", 0)
            self._refuse(c.Refused(name, _code(e), told(e), key, ticket))
        except Exception as e:
            logger.exception("%s failed", name)
            reason = f"{name} failed: {type(e).__name__}"
            key, ticket = getattr(command, "key", ""), getattr(command, "ticket", 0)
            self._refuse(c.Refused(name, "internal", reason, key, ticket))

    def _refuse(self, refused: c.Refused) -> None:
        if refused.to in ("LoadPortrait", "MakePicture", "OpenSession"):
            self._send(refused)
        else:
            self._send(ErrorEvent(code=refused.code, message=refused.message))

    @property
    def _session(self) -> RunningSession:
        if self._running is None:
            raise OptionError("there is no session")
        return self._running

    @singledispatchmethod
    def _do(self, command: Any) -> None:
        raise OptionError(f"there is no command {type(command).__name__}")

    @_do.register
    def _(self, command: c.LoadPortrait) -> None:
        self._send(c.PortraitReady(command.key, self._portraits.load(command)))

    @_do.register
    def _(self, command: c.ForgetPortrait) -> None:
        self._portraits.forget(command.key)

    @_do.register
    def _(self, command: c.MakePicture) -> None:
        portrait = self._portraits.get(command.key)
        if command.what == "square":
            data = square_jpeg(portrait)
        else:
            data = sheet_png(portrait, command.grant, command.marks)
        self._send(c.Picture(command.key, command.what, data))

    @_do.register
    def _(self, command: c.OpenSession) -> None:
        self._close()
        portrait = self._portraits.get(command.portrait)
        self._running = RunningSession(portrait, command, self._send, time.monotonic)

    @_do.register
    def _(self, command: c.CloseSession) -> None:
        ticket = self._running.ticket if self._running is not None else 0
        self._close()
        self._send(c.Closed(ticket))

    @_do.register
    def _(self, command: c.Speak) -> None:
        if self._waits(command):
            return
        session = self._session.session
        if command.pcm:
            session.push_audio(_floats(command.pcm), command.rate_hz, live=command.live)
        if command.ends:
            session.end_of_speech()

    @_do.register
    def _(self, command: c.Commit) -> None:
        if self._waits(command):
            return
        self._session.session.end_of_speech()

    @_do.register
    def _(self, command: c.StopSpeaking) -> None:
        self._hush()
        self._session.session.interrupt()

    @_do.register
    def _(self, command: c.Hear) -> None:
        self._session.session.push_partner(_floats(command.pcm), command.rate_hz)

    @_do.register
    def _(self, command: c.Turn) -> None:
        self._session.turn(command)

    @_do.register
    def _(self, command: c.Want) -> None:
        self._session.want(command)

    @_do.register
    def _(self, command: c.WantKey) -> None:
        self._session.want_key(command.kind)

    @_do.register
    def _(self, command: c.ShowLabel) -> None:
        self._session.show_label()

    @_do.register
    def _(self, command: c.StartOutput) -> None:
        try:
            self._session.start_output(
                command.name, command.target, command.overwrite, command.away
            )
        except GiocondaError as e:
            self._send(c.OutputChanged(command.name, "failed", told(e)))
        except Exception as e:
            # The words of a library may hold the address.
            logger.error("an output failed: %s", type(e).__name__)
            self._send(c.OutputChanged(command.name, "failed", "the output cannot be opened"))

    @_do.register
    def _(self, command: c.StopOutput) -> None:
        self._session.stop_output(command.name)

    @_do.register
    def _(self, command: c.SetPuppet) -> None:
        self._session.session.set_puppet(command.mode)
        if command.mode == "off":
            self._drop_puppeteer()
        elif self._puppeteer is None:
            self._puppeteer = Puppeteer(self._inbox.put)

    @_do.register
    def _(self, command: c.Webcam) -> None:
        if self._puppeteer is None:
            raise OptionError("no puppet mode is set: head or face")
        self._puppeteer.see(command)

    @_do.register
    def _(self, seen: Seen) -> None:
        if self._running is None or self._puppeteer is None:
            return
        if seen.error is not None:
            raise seen.error
        self._running.session.push_motion(seen.moment, seen.time_s)

    @_do.register
    def _(self, command: c.Say) -> None:
        if self._waits(command):
            return
        self._session.session.end_of_speech()
        self._talking += 1
        self._talker.submit(self._talk, command, self._turn)

    def _talk(self, command: c.Say, turn: int) -> None:
        """Speak a text, sentence by sentence; runs beside the loop."""
        from gioconda.speaking import speak

        try:
            for piece in speak(command.text, command.voice):
                self._inbox.put(_Said(piece, turn))
                if turn != self._turn:
                    return
        except GiocondaError as e:
            self._send(ErrorEvent(code=_code(e), message=told(e)))
        except Exception as e:
            logger.error("the voice failed: %s", type(e).__name__)
            self._send(ErrorEvent(code="voice", message="the voice failed"))
        self._inbox.put(_Said(None, turn))

    @_do.register
    def _(self, said: _Said) -> None:
        # What was interrupted meanwhile is not said any more.
        if said.turn != self._turn or self._running is None:
            return
        session = self._running.session
        if said.piece is None:
            session.end_of_speech()
            self._talking -= 1
            if not self._talking:
                self._later_bytes = 0
            while self._later and not self._talking:
                self._obey(self._later.popleft())
            return
        samples = said.piece.samples.astype(np.float32) / np.float32(32768)
        session.push_audio(samples, said.piece.rate_hz, said.piece.phones)

    def _waits(self, command: c.Speak | c.Commit | c.Say) -> bool:
        """Keep speech back until the text before it is complete, so that both stay in order."""
        if self._talking:
            size = len(command.pcm) if isinstance(command, c.Speak) else 1000
            if self._later_bytes + size > _LATER_BYTES:
                raise OptionError("too much speech waits for a text before it; push it later")
            self._later_bytes += size
            self._later.append(command)
        return bool(self._talking)

    def _hush(self) -> None:
        """Forget texts that are being spoken, and what was to follow them."""
        self._turn += 1
        self._talking = self._later_bytes = 0
        self._later.clear()

    def _drop_puppeteer(self) -> None:
        if self._puppeteer is not None:
            self._puppeteer.close()
            self._puppeteer = None

    def _close(self) -> None:
        self._hush()
        self._drop_puppeteer()
        if self._running is not None:
            self._running.close()
            self._running = None


def _floats(pcm: bytes) -> Any:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def _code(error: GiocondaError) -> str:
    """Return an error's code in messages."""
    for kind, code in (
        (ConsentError, "consent"), (PortraitError, "bad_portrait"), (SoundError, "bad_audio"),
        (VoiceError, "voice"),
        (OptionError, "bad_option"), (TrustError, UNREADY),
    ):  # fmt: skip
        if isinstance(error, kind):
            return code
    return "refused"
