"""Connections that ask nothing are closed, so that they cannot keep others out.

uvicorn counts a connection from its beginning and waits for its first request for ever; so some
hundred silent ones, which no token is asked of, would fill the server.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from functools import cache
from typing import Any, Final

from gioconda.live.server.limits import client_of

logger = logging.getLogger(__name__)

#: The head of a request must be whole so many seconds after the connection, or its first byte.
REQUEST_S: Final = 10.0
#: Connections of one client address at once; of this machine any number.
OF_ONE_CLIENT: Final = 64


@cache
def protocol() -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol with deadlines; of h11 or httptools, as it would choose."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    base: Any = AutoHTTPProtocol

    class PromptProtocol(base):  # type: ignore[misc]
        """Closes a connection that sends no whole request, and those of one client too many."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if too_many(self.client, self.connections):
                logger.warning("a client has more than %d connections", OF_ONE_CLIENT)
                transport.abort()
                return
            self._wait_for_request()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait_for_request()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait_for_request(self) -> None:
            """Start the deadline, unless it runs or a request is being answered."""
            if not self._is_waiting():
                self._stop_waiting()
            elif self._deadline is None:
                self._deadline = asyncio.get_running_loop().call_later(
                    REQUEST_S, self._late, self.cycle
                )

        def _stop_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _is_waiting(self) -> bool:
            # What became a WebSocket has another protocol.
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return False
            return self.cycle is None or self.cycle.response_complete

        def _late(self, cycle: Any) -> None:
            self._deadline = None
            if self._is_waiting() and self.cycle is cycle:
                self.transport.abort()

    return PromptProtocol


def too_many(client: tuple[str, int] | None, connections: set[Any]) -> bool:
    """Tell whether a client address (of IPv6, one network of 64 bits) has too many connections.

    Args:
        client: address and port of the newest.
        connections: protocols, this one's too, with the ``client`` of each.
    """
    if client is None or ipaddress.ip_address(client[0].partition("%")[0]).is_loopback:
        return False
    own = client_of({"client": client})
    others = (getattr(one, "client", None) for one in connections)
    return sum(o is not None and client_of({"client": o}) == own for o in others) > OF_ONE_CLIENT
