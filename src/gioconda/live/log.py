"""A log without people in it: no picture, voice, text, file name, query string or token.

Two rules: errors are logged by their type and place and never by their message, which may quote
what was sent; and of libraries' records only the constant part is kept. The server is told by
:func:`log_config`; each process of its own, which begins with Python's own log, by
:func:`configure`.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger(__name__)

#: Loggers whose records are written as they are: they are written with the rules in mind.
OWN: Final = "gioconda.live"
#: Of uvicorn's own only these are kept whole: the address it serves, start and end.
_UVICORN_PLAIN: Final = (
    "Uvicorn ",
    "Started ",
    "Waiting ",
    "Application ",
    "Shutting ",
    "Finished ",
)
#: Print what goes over the line when asked for DEBUG.
_CHATTY: Final = (
    "websockets", "python_multipart", "multipart", "aiortc", "aioice", "libav", "PIL", "httpx",
    "httpcore",
)  # fmt: skip


class PrivateFormatter(logging.Formatter):
    """Formats records by the rules of this module."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and for an error the places that it passed through."""
        line = f"{record.levelname} {record.name}: {_plain(record)}"
        if record.exc_info and record.exc_info[0] is not None:
            line += f"\n{_places(record.exc_info[0], record.exc_info[2])}"
        return line


def _plain(record: logging.LogRecord) -> str:
    name, words = record.name, str(record.msg)
    if name == OWN or name.startswith(f"{OWN}."):
        return record.getMessage()
    if name.startswith("uvicorn") and words.startswith(_UVICORN_PLAIN):
        return record.getMessage()
    place = f"{PurePath(record.pathname).name}:{record.lineno}"
    # A message without arguments may have been put together before: only its place is sure.
    return f"{words.partition(chr(10))[0]} ({place})" if record.args else place


def _places(kind: type[BaseException], passed: TracebackType | None) -> str:
    """Return an error's type and where it passed, without its message."""
    frames = traceback.extract_tb(passed)
    lines = [f"  {PurePath(f.filename).name}:{f.lineno} in {f.name}" for f in frames]
    return "\n".join([kind.__name__, *lines])


class NoAddresses(logging.Filter):
    """Drops uvicorn's lines about single requests: they hold addresses with query strings."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record stays."""
        return '"WebSocket %s"' not in str(record.msg) and record.name != "uvicorn.access"


def log_config(level: str = "INFO") -> dict[str, Any]:
    """Return a configuration for ``logging.config.dictConfig``, as uvicorn takes one.

    Args:
        level: of the server's own log; libraries speak only from WARNING on.
    """
    here = __name__
    quiet = {name: {"level": "WARNING"} for name in _CHATTY}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"private": {"()": f"{here}.PrivateFormatter"}},
        "filters": {"no_addresses": {"()": f"{here}.NoAddresses"}},
        "handlers": {
            "standard_error": {
                "class": "logging.StreamHandler",
                "formatter": "private",
                "filters": ["no_addresses"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["standard_error"]},
        "loggers": {
            **quiet,
            # Said in full: uvicorn's own configuration, where the program used it before, stops
            # records at this logger.
            "uvicorn": {"level": level, "propagate": True},
            "uvicorn.error": {"level": level, "propagate": True},
            "uvicorn.access": {"level": "CRITICAL", "propagate": False},
            # The command line keeps the package's records to itself.
            "gioconda": {"level": "WARNING", "propagate": True},
            OWN: {"level": level, "propagate": True},
        },
    }


def configure(level: str = "INFO") -> None:
    """Set the log of a process of its own up, with what ends it or one of its threads.

    Python's warnings go to the log too, since their words may quote what was sent.

    Args:
        level: as :func:`log_config` takes it; :func:`own_level` tells the parent's.
    """
    logging.config.dictConfig(log_config(level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_end
    threading.excepthook = _log_thread


def own_level() -> str:
    """Return the name of the level of this process's log, for processes that it starts."""
    return logging.getLevelName(logging.getLogger(OWN).getEffectiveLevel())


def _log_end(kind: type[BaseException], error: BaseException, passed: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logger.error("a process has failed", exc_info=(kind, error, passed))


def _log_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        logger.error(
            "a thread failed", exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )
