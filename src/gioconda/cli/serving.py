"""The command ``gioconda serve``."""

from __future__ import annotations

import sys
from contextlib import closing

from gioconda.errors import MissingExtraError, OptionError


def serve(
    host: str,
    port: int,
    *,
    sessions: int | None,
    token: str | None = None,
    origins: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    log_level: str = "warning",
) -> None:
    """Run the server until Ctrl-C.

    Args:
        host: address to bind to.
        port: to listen at; 0 for any that is free.
        sessions: at once.
        token: that callers must show.
        origins: web sites that may call.
        hosts: names under which a proxy publishes the server; a token is required then.
        outputs: beginnings of addresses that clients may send sessions to.
        log_level: how much is logged.

    Raises:
        MissingExtraError: a part of the extra ``live`` is not installed.
        OptionError: an option cannot be used, or the port is in use.
    """
    if sessions is not None and sessions < 1:
        raise OptionError(f"sessions is {sessions}; at least one is needed")
    try:
        from gioconda.live.server import run
        from gioconda.live.server.access import entry
        from gioconda.live.server.app import ServeSettings, create_app
        from gioconda.live.server.safety import Safety
    except ModuleNotFoundError as e:
        raise MissingExtraError("gioconda serve", "live") from e
    way_in = entry(host, token or None, published=bool(hosts))
    safety = Safety(way_in.token, way_in.loopback, origins, hosts)
    with closing(run.listening(host, port)) as listener:
        app = create_app(ServeSettings(sessions, outputs, safety))
        address = run.address_of(listener, host)

        def started() -> None:
            way_in.announce(sys.stderr)
            print(f"Gioconda: {address}  (Ctrl-C ends it)", file=sys.stderr, flush=True)

        run.run(app, listener, log_level, started)
