"""Requests are logged by their route's template and never by their address; see the private log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gioconda.live.server.asgi import App, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

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
