"""The command line: thin functions over the API, no logic of its own."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run ``gioconda``: one clear sentence and a non-zero exit for every refusal."""
    from gioconda.cli.app import app
    from gioconda.errors import GiocondaError, OptionError

    # One thread renders and one encodes; BLAS threads beside them would only contend for cores.
    # Set before numpy is imported, which reads it once.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A polite end leaves a playable file too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except OptionError as e:
        _complain(e)
        sys.exit(2)
    except GiocondaError as e:
        _complain(e)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        print("gioconda: interrupted", file=sys.stderr)
        sys.exit(130)


def _complain(error: Exception) -> None:
    print(f"gioconda: {error}", file=sys.stderr)
