"""The command line: thin functions over the API, no logic of its own."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130


def main() -> None:
    """Run ``gioconda``: one clear sentence and a non-zero exit for every refusal."""
    received = [signal.SIGINT]

    def interrupt(number: int, frame: FrameType | None) -> None:
        received[0] = signal.Signals(number)
        for each in _ENDING:  # a second one while the file is being closed changes nothing
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # One thread renders and one encodes; BLAS threads beside them would only contend for cores.
    # Set before numpy is imported, which reads it once.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for each in _ENDING:
        signal.signal(each, interrupt)
    code = 1
    try:
        code = _run()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        _silence()
    except OSError as e:
        # The rooms turn what they expect into errors of their own; this is the rest.
        where = f"{str(e.filename)!r}: " if e.filename else ""
        _complain(f"{where}{e.strerror or e}")
        _silence()
    if code == _INTERRUPTED:
        _complain("interrupted")
        code = 128 + received[0]
    sys.exit(code)


#: Signals that end a command; each leaves what was made as a playable file.
_ENDING = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))


def _run() -> int:
    """Run the command; return its exit code."""
    from gioconda.cli.app import app
    from gioconda.errors import GiocondaError, OptionError

    try:
        app()
    except SystemExit as e:
        sys.stdout.flush()
        return e.code if isinstance(e.code, int) else int(e.code is not None)
    except OptionError as e:
        _complain(e)
        return 2
    except GiocondaError as e:
        _complain(e)
        return 1
    return 0


def _complain(error: object) -> None:
    from gioconda.cli.voice import tell_people, wrapped

    text = f"gioconda: {error}"
    # Programs that read it get one line.
    tell_people(wrapped(text) if sys.stderr is not None and sys.stderr.isatty() else text)


def _silence() -> None:
    """Keep the interpreter from failing again when it flushes a closed or full output."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
