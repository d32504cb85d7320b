"""The command `gioconda serve`."""

from __future__ import annotations

import os
import sys
from typing import Final

from gioconda.errors import MissingExtraError, OptionError

#: Holds the token, if the user has one; options of a command can be read by other users.
TOKEN_VARIABLE: Final = "GIOCONDA_TOKEN"


def serve(
    host: str,
    port: int,
    *,
    sessions: int | None,
    origins: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    ice_servers: tuple[str, ...] = (),
) -> None:
    """Run the server until Ctrl-C.

    Args:
        host: address to bind to.
        port: to listen at.
        sessions: at once.
        origins: web sites that may call.
        hosts: names under which a proxy publishes the server; a token is required then.
        ice_servers: URLs of STUN and TURN servers for WebRTC.

    Raises:
        OptionError: an option, or the token in the environment, is of no use.
        MissingExtraError: a part of the extra ``live`` is not installed.
    """
    if sessions is not None and sessions < 1:
        raise OptionError(f"sessions is {sessions}; at least one is needed")
    try:
        import uvicorn

        from gioconda.live.server.access import entry
        from gioconda.live.server.app import ServeSettings, create_app
        from gioconda.live.server.safety import Safety, protect, uvicorn_options
        from gioconda.live.server.webrtc import checked_ice_server
    except ModuleNotFoundError as e:
        raise MissingExtraError("gioconda serve", "live") from e
    way_in = entry(host, os.environ.get(TOKEN_VARIABLE) or None, published=bool(hosts))
    safety = Safety(way_in.token, way_in.loopback, origins, hosts)
    ice = tuple(checked_ice_server(url) for url in ice_servers)
    app = protect(create_app(ServeSettings(sessions, safety, ice)), safety)
    print(f"Gioconda: http://{host}:{port}/  (Ctrl-C ends it)", file=sys.stderr)
    way_in.announce(sys.stderr)
    uvicorn.run(app, host=host, port=port, **uvicorn_options())
