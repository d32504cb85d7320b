"""All that keeps the server safe, in one place: its settings, and the layers in their order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from gioconda.errors import OptionError
from gioconda.live.messages import MESSAGE_BYTES
from gioconda.live.server.access import Access
from gioconda.live.server.asgi import App
from gioconda.live.server.headers import SafeHeaders
from gioconda.live.server.limits import BodyLimit, MessageLimit, RateLimit, RateLimits
from gioconda.live.server.log import RequestLog
from gioconda.live.server.origin import OriginCheck
from gioconda.sandbox.limits import DecodeLimits

#: Open connections; more get 503.
CONNECTIONS: Final = 256


@dataclass(frozen=True)
class Safety:
    """What the server takes from whom.

    Attributes:
        token: that callers must show; None only where nobody but this machine can call.
        loopback: whether only this machine can call; its ``Host`` header is checked then, against
            web sites that rebind their name to this machine.
        allowed_origins: web sites, besides the server's own page, whose scripts may call, such as
            ``https://example.org``.
        allowed_hosts: names that may stand in ``Host``; empty: those of this machine on loopback,
            any beyond it.
        files: what uploaded pictures and sounds may be, and what decoding them may cost.
        body_bytes: largest body of requests that carry no file.
        body_s: longest time that a body may take to arrive, in seconds.
        retention_s: how long uploads outlive their session, in seconds.
        rates: requests by client address and kind of route.
    """

    token: str | None = field(default=None, repr=False)
    loopback: bool = True
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    files: DecodeLimits = field(default_factory=DecodeLimits)
    body_bytes: int = 2**20
    body_s: float = 120.0
    retention_s: float = 60.0
    rates: RateLimits = field(default_factory=RateLimits)


def protect(app: App, safety: Safety, clock: Callable[[], float] = time.monotonic) -> App:
    """Wrap an application in every layer.

    From the outside: the log sees all, the headers go on every answer, then a request must come
    from a right origin, not too often, with the token, and not too large.

    Args:
        app: ASGI application.
        safety: what is allowed.
        clock: seconds from any beginning, never going back.

    Raises:
        OptionError: others than this machine could call without a token; or an allowed origin
            that is none.
    """
    if not safety.loopback and safety.token is None:
        raise OptionError("beyond this machine a token is required; give one or have one made")
    files = safety.files
    app = MessageLimit(app, clock)
    app = BodyLimit(app, safety.body_bytes, files.image_bytes, files.sound_bytes, safety.body_s)
    app = Access(app, safety.token, clock)
    app = RateLimit(app, safety.rates, clock)
    app = OriginCheck(app, safety.loopback, safety.allowed_origins, safety.allowed_hosts)
    app = SafeHeaders(app)
    return RequestLog(app, clock)


def uvicorn_options() -> dict[str, Any]:
    """Return keywords for ``uvicorn.Config`` without which the layers would have holes.

    By default uvicorn believes ``X-Forwarded-For`` of any program on this machine, unpacks
    compressed messages (a 2 MB one can hold 2 GB), writes query strings to its log, and lets any
    number of connections in, which need never ask anything.
    """
    from gioconda.live.log import log_config
    from gioconda.live.server.connections import protocol

    return {
        "http": protocol(),
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": log_config(),
        "ws_max_size": MESSAGE_BYTES,
        "ws_max_queue": 8,
        "ws_per_message_deflate": False,
        "limit_concurrency": CONNECTIONS,
        "timeout_keep_alive": 15,
        "h11_max_incomplete_event_size": 32 * 1024,
    }
