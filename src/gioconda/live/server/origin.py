"""From which pages may be called: from the server's own, and those that its owner names.

Browsers let any site open a WebSocket to this machine and send it forms. They say truthfully from
which site a call comes (``Origin``, RFC 6454; ``Sec-Fetch-Site``, W3C Fetch Metadata), so that is
checked on WebSockets and on all that changes something. A site can also point its own name to this
machine, and is then its own origin here ("DNS rebinding"); its name stands in ``Host``, which is
checked, too. Programs that are no browsers send no origin and need none.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gioconda.errors import OptionError
from gioconda.live.server.asgi import Refusal, header, refuse

if TYPE_CHECKING:
    from gioconda.live.server.asgi import App, Message, Receive, Scope, Send

_READING: Final = ("GET", "HEAD", "OPTIONS")
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_METHODS: Final = b"GET, POST, DELETE"
_HEADERS: Final = b"authorization, content-type"

BAD_HOST: Final = Refusal(
    421, "bad_host", "this server answers only to its own name; open it by the address it printed"
)
BAD_ORIGIN: Final = Refusal(
    403, "bad_origin", "calls from other web sites are not taken; the server's owner can allow one"
)


class OriginCheck:
    """Refuses calls from foreign pages; see the module.

    Args:
        app: what is protected.
        loopback: whether only names of this machine may stand in ``Host``.
        allowed_origins: further origins; they may read answers, too, but get no cookie.
        allowed_hosts: names that may stand in ``Host``; empty for the rule of ``loopback``.

    Raises:
        OptionError: an allowed origin that is none.
    """

    def __init__(
        self,
        app: App,
        loopback: bool,
        allowed_origins: tuple[str, ...] = (),
        allowed_hosts: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._loopback = loopback
        self._origins = frozenset(_checked(o) for o in allowed_origins)
        self._hosts = frozenset(h.lower() for h in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if not self._host_is_right(scope):
            await refuse(scope, send, BAD_HOST)
            return
        origin = header(scope, "origin")
        if scope["type"] == "http" and origin in self._origins:
            if scope["method"] == "OPTIONS":
                await _preflight(origin, send)
                return
            send = _shared_with(origin, send)
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes and not self._origin_is_right(scope, origin):
            await refuse(scope, send, BAD_ORIGIN)
            return
        await self._app(scope, receive, send)

    def _host_is_right(self, scope: Scope) -> bool:
        values = [v for k, v in scope["headers"] if k == b"host"]
        if len(values) != 1:
            return False
        name = _host_and_port(values[0].decode("latin-1"))[0]
        if self._hosts:
            return name in self._hosts
        return _names_this_machine(name) if self._loopback else bool(name)

    def _origin_is_right(self, scope: Scope, origin: str | None) -> bool:
        if origin is None:
            return header(scope, "sec-fetch-site") in (None, "same-origin", "none")
        if origin in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            theirs = (parts.hostname, parts.port or _PORTS[parts.scheme])
        except (KeyError, ValueError):  # "null", and whatever is no origin
            return False
        host, port = _host_and_port(header(scope, "host") or "")
        # Behind a proxy that ends TLS the scheme here is not the browser's: its own port counts.
        return theirs == (host, port or _PORTS[parts.scheme])


def _checked(origin: str) -> str:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
        raise OptionError(f"{origin!r} is no origin; give it like https://example.org")
    return origin.lower()


def _host_and_port(value: str) -> tuple[str, int | None]:
    """Split a ``Host`` header; the name is empty where it makes no sense."""
    try:
        parts = urlsplit(f"//{value}")
        if parts.username is not None or parts.path or parts.query or parts.fragment:
            return "", None
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "", None


def _names_this_machine(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


async def _preflight(origin: str, send: Send) -> None:
    headers = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _HEADERS),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _shared_with(origin: str, send: Send) -> Send:
    async def shared(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", ()),
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", b"retry-after, location"),
                (b"vary", b"origin"),
            ]
        await send(message)

    return shared
