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
    token: str | None,
    allow_origin: list[str],
    allow_output: list[str],
    log_level: str,
) -> None:
    """Run the server until Ctrl-C.

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
    entered = entry(host, token)
    safety = Safety(
        token=entered.token, loopback=entered.loopback, allowed_origins=tuple(allow_origin)
    )
    with closing(run.listening(host, port)) as listener:
        app = create_app(ServeSettings(sessions, tuple(allow_output), safety))
        address = run.address_of(listener, host)

        def started() -> None:
            entered.announce(sys.stderr)
            print(f"Gioconda: {address}  (Ctrl-C ends it)", file=sys.stderr, flush=True)

        run.run(app, listener, log_level, started)
