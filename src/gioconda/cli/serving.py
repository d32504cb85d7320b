"""The command `gioconda serve`."""

from __future__ import annotations

import sys

from gioconda.errors import MissingExtraError, OptionError


def serve(host: str, port: int, *, sessions: int | None) -> None:
    """Run the server until Ctrl-C.

    Raises:
        MissingExtraError: a part of the extra ``live`` is not installed.
    """
    if sessions is not None and sessions < 1:
        raise OptionError(f"sessions is {sessions}; at least one is needed")
    try:
        import uvicorn

        from gioconda.live.server.app import ServeSettings, create_app
    except ModuleNotFoundError as e:
        raise MissingExtraError("gioconda serve", "live") from e
    app = create_app(ServeSettings(capacity=sessions))
    print(f"Gioconda: http://{host}:{port}/  (Ctrl-C ends it)", file=sys.stderr)
    uvicorn.run(app, host=host, port=port, ws_max_size=2**21, log_level="warning")
