"""The process that verifies files: of its own and polite, since a search takes seconds.

It is started with the first file and ends when none has come for a while. It reads no file itself:
that is done in the sandbox, which it starts.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final, Protocol

from gioconda.errors import GiocondaError, SandboxError
from gioconda.live.log import configure, own_level
from gioconda.live.told import told
from gioconda.sandbox.limits import FILE_LIMITS, LOOKS
from gioconda.trust.verify.finding import Finding

logger = logging.getLogger(__name__)

#: Added to the niceness of the process, as of jobs.
NICENESS: Final = 19
#: It ends after so long without a file, in seconds.
IDLE_S: Final = 120.0
#: Seconds that the search for the mark may take, beside sessions that leave little of the
#: processor; it grows with the frames that are looked at, which are bounded.
_SEARCH_S: Final = 300.0
#: A file may take so long: its process is not given up while a look into it has time left.
LONGEST_S: Final = LOOKS * FILE_LIMITS.wall_s + _SEARCH_S
#: Files that may wait for the one at work.
MOST_WAITING: Final = 4


class Checks(Protocol):
    """Verifies files."""

    async def __call__(self, data: bytes, *, quick: bool) -> Finding:
        """Return what was found of a file.

        Raises:
            SandboxError: too many wait, or the process was lost.
        """
        ...

    def close(self) -> None:
        """End what runs."""
        ...


class ProcessChecks:
    """Verifies one file at a time in a process of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, "verifying")
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._waiting = 0

    async def __call__(self, data: bytes, *, quick: bool) -> Finding:
        """Return what was found of a file; see :class:`Checks`."""
        if self._waiting > MOST_WAITING:
            raise SandboxError("many files wait to be verified; try again in a minute")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._work, data, quick)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process. Closing twice is harmless; a later file starts it again."""
        with self._lock:
            self._end()

    def _work(self, data: bytes, quick: bool) -> Finding:
        try:
            connection = self._started()
            connection.send(quick)
            connection.send_bytes(data)
            if not connection.poll(LONGEST_S):
                raise EOFError
            answer = connection.recv()
        except (EOFError, OSError):
            self.close()
            logger.error("the process that verifies files was lost")
            raise SandboxError("the process that verifies files was lost; try again") from None
        if isinstance(answer, str):
            raise SandboxError(answer)
        return Finding.model_validate(answer)

    def _started(self) -> Connection:
        with self._lock:
            process, connection = self._process, self._connection
            if process is not None and connection is not None and process.is_alive():
                return connection
            self._end()
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(
                target=main, args=(theirs, own_level()), daemon=True, name="gioconda verify"
            )
            self._process.start()
            theirs.close()
            # Words of the child: it is ready. So one that ends for idleness is not asked.
            self._connection.recv()
            return self._connection

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


def main(connection: Connection, log_level: str = "INFO", idle_s: float = IDLE_S) -> None:
    """Verify what comes over a connection; the body of the process.

    It says None when it is ready, and answers each file with a finding's fields or with a sentence,
    why not. It ends when the other end does, or after a while without a file.

    Args:
        connection: to the server.
        log_level: of the log.
        idle_s: how long it waits for another file, in seconds.
    """
    from gioconda.sandbox.file_reader import FileReader
    from gioconda.trust.verify.check import verify_file
    from gioconda.trust.verify.means import own_means

    configure(log_level)
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    reader = FileReader()
    try:
        connection.send(None)
        while connection.poll(idle_s):
            quick = connection.recv()
            data = connection.recv_bytes()
            try:
                found = verify_file(data, own_means(reader), quick=quick)
                connection.send(found.model_dump())
            except GiocondaError as e:
                connection.send(told(e))
            except Exception as e:
                # Its words may hold what was sent.
                logger.error("verifying failed: %s", type(e).__name__)
                connection.send("the file could not be verified")
    except (EOFError, OSError):
        return
    finally:
        reader.close()
