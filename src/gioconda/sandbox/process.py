"""The near side of the process that decoders are forked from: its start, its loss, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gioconda.errors import SandboxError
from gioconda.sandbox.limits import DecodeLimits
from gioconda.sandbox.wire import GUARDED

#: How long the process may take to start, in seconds: it loads the decoders.
_START_S: Final = 60.0
#: How long a fork may take, in seconds.
_GUARD_S: Final = 20.0
_CODE: Final = (
    "import json, sys; a = json.loads(sys.argv[1]); sys.path[:] = a['path']; "
    "from gioconda.sandbox.zygote import main; main(a['fd'], a['limits'], a['files'])"
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


class DecoderProcess:
    """Starts the process when it is needed, and again if it is lost. For any thread.

    Args:
        limits: of each decoder.
        files: whether they will be handed open files, too.
    """

    def __init__(self, limits: DecodeLimits, *, files: bool = False) -> None:
        self._limits, self._files = limits, files
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._confinement = Confinement(False, False)

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        return None if self._process is None else self._process.pid

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

    def begin(
        self, *, stream: bool = False, file: int | None = None
    ) -> tuple[socket.socket, socket.socket]:
        """Have a decoder forked; return the near ends of its talk and of its guard's status.

        Args:
            stream: whether it decodes many small files in step with something live, and so may
                take the cores as readily as others.
            file: descriptor, open for reading alone, of the one file that it may read.

        Raises:
            SandboxError: the process cannot be started.
        """
        for attempt in (1, 2):
            talk, their_talk = socket.socketpair()
            status, their_status = socket.socketpair()
            fds = [their_talk.fileno(), their_status.fileno()]
            fds += [] if file is None else [file]
            control: socket.socket | None = None
            try:
                with self._lock:
                    control = self._started()
                    socket.send_fds(control, [b"s" if stream else b"d"], fds)
                their_talk.close()
                their_status.close()
                status.settimeout(_GUARD_S)
                if status.recv(1) != GUARDED:
                    raise OSError("the process was lost or cannot fork")
                return talk, status
            except OSError as e:
                talk.close()
                status.close()
                with self._lock:
                    if self._control is control:  # else another thread has restarted it
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
            self._process = _spawn(theirs, self._limits, self._files)
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
            if self._process.returncode is None:  # else its number may be another's by now
                with suppress(OSError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # its decoders, too
            self._process.wait()
        self._control = self._process = None


def _spawn(control: socket.socket, limits: DecodeLimits, files: bool) -> subprocess.Popen[bytes]:
    """Start the process that decoders are forked from."""
    home = str(Path(__file__).resolve().parents[2])
    path = [os.path.abspath(p) for p in sys.path if p]
    words = {
        "path": [*path, home], "fd": control.fileno(), "limits": asdict(limits), "files": files,
    }  # fmt: skip
    environment = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment |= {k: os.environ[k] for k in _KEPT if k in os.environ}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-c", _CODE, json.dumps(words)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=[control.fileno()], env=environment, cwd="/", start_new_session=True,
    )  # fmt: skip
