"""A log without people in it: no picture, voice, text, file name, query string or token.

Three rules: requests are logged by their route's template and never by their address; errors by
their type and place and never by their message, which may quote what was sent; and of libraries'
records only the constant part is kept.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

    from gioconda.live.server.asgi import App, Message, Receive, Scope, Send

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
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Logs method, route template, status and milliseconds of each request.

    Args:
        app: what is served.
        clock: seconds, never going back.
    """

    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        self._app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began_s, status = self._clock(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and not status:
                status = 403
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            method = scope.get("method", "WEBSOCKET")
            if scope["type"] == "http" and method not in _METHODS:
                method = "OTHER"
            took_ms = (self._clock() - began_s) * 1000
            template = template_of(scope)
            # The page's own files are of interest only when they fail.
            level = logging.DEBUG if template.endswith("/...") and status < 400 else logging.INFO
            logger.log(level, "%s %s %d %.0f ms", method, template, status or 500, took_ms)


def template_of(scope: Scope) -> str:
    """Return the path of the route that serves a request, with names in place of ids."""
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    if isinstance(path, str) and path:
        return path
    if scope.get("endpoint") is not None and scope.get("root_path"):  # a folder of files
        return f"{scope['root_path']}/..."
    return "(no route)"


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
            OWN: {"level": level},
        },
    }
