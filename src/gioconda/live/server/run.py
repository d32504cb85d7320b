"""Runs the server until it is told to end, and ends it so that nobody is left waiting."""

from __future__ import annotations

import asyncio
import errno
import logging.config
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from gioconda.errors import OptionError
from gioconda.live.log import log_config
from gioconda.live.server.safety import uvicorn_options

#: Requests that still run at the end are waited for so long.
_GRACE_S: Final = 5
#: Sockets whose session has ended have so long to say so.
_CLOSING_S: Final = 2.0
#: Sessions and jobs have so long to end.
_END_S: Final = 15.0


class LiveServer(uvicorn.Server):
    """Ends sessions before their sockets, so that these are told and recordings are whole.

    Args:
        app: made by :func:`gioconda.live.server.app.create_app`.
        log_level: of the server's own log.
        started: called once it can be reached.
    """

    def __init__(self, app: FastAPI, log_level: str, started: Callable[[], object]) -> None:
        config = uvicorn_options() | {"log_config": log_config(log_level.upper())}
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=_GRACE_S, **config))
        self._app, self._told = app, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End sessions and jobs, then everything else."""
        try:
            async with asyncio.timeout(_END_S):
                await self._app.state.server.end()
        except TimeoutError:
            logging.getLogger(__name__).error("some sessions did not end in time")
        # Sockets send what is left and close by themselves, before they are cut off.
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=_CLOSING_S)
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens, before anything is started.

    Args:
        host: name or address.
        port: 0 for any that is free.

    Raises:
        OptionError: the address is not this machine's, or the port is in use.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM,
                                   flags=socket.AI_PASSIVE)  # fmt: skip
        family, _, _, _, address = found[0]
        listener = socket.create_server(address, family=family, backlog=128)
        # Connections inherit it. asyncio sets it by itself only on sockets that name their
        # protocol; without it packets wait up to 40 ms for acknowledgements.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, UnicodeError) as e:
        code = getattr(e, "errno", None)
        if code == errno.EADDRINUSE:
            words = f"port {port} is in use; end what uses it, or take another with --port"
        elif code == errno.EACCES:
            words = f"port {port} may not be used by this user; take one from 1024 on"
        else:
            words = f"{host!r} is no address of this machine"
        raise OptionError(words) from e


def address_of(listener: socket.socket, host: str) -> str:
    """Return what to open in a browser.

    Args:
        listener: the socket.
        host: as it was asked for; an address that means every one is told as this machine.
    """
    port = listener.getsockname()[1]
    name = "localhost" if host in ("", "0.0.0.0", "::") else host
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def run(app: FastAPI, listener: socket.socket, log_level: str, started: Callable[[], Any]) -> None:
    """Serve until Ctrl-C.

    Args:
        app: made by :func:`gioconda.live.server.app.create_app`.
        listener: made by :func:`listening`.
        log_level: of the server's own log.
        started: called once it can be reached.
    """
    # The signal is raised once more when all has ended; to end so is no failure.
    with suppress(KeyboardInterrupt):
        LiveServer(app, log_level, started).run([listener])
