"""Where workers of other machines connect back to, so that media do not pass through Ray.

A message through Ray Serve costs 6 ms of CPU, which forty frames a second cannot pay. A worker
is only started through Ray; it then opens a TCP connection to the gateway and speaks
:class:`multiprocessing.connection.Connection` over it, as a local worker does over a pipe.

Both ends prove that they know a key of 256 random bits (HMAC, by
:mod:`multiprocessing.connection`) before anything is unpickled, and a worker shows the ticket it
was started with. What follows is neither encrypted nor signed: it belongs on a trusted network, as
Ray itself does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import struct
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from typing import Final

logger = logging.getLogger(__name__)

#: So long may a stranger take to prove that he knows the key.
HANDSHAKE_S: Final = 5.0
#: So many may try at once; further ones wait in the system's queue.
_AT_ONCE: Final = 32
#: A machine that vanishes without a word (no power, no network) is given up after some 5 s.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 3),
                     ("TCP_USER_TIMEOUT", 5000))  # fmt: skip
_TICKET_BYTES: Final = 32


@dataclass(frozen=True)
class Invitation:
    """What a worker needs to connect back; it is handed over through Ray.

    Attributes:
        host, port: of the gateway.
        key: that both ends prove to know.
        ticket: that tells one worker from another; good for one connection.
    """

    host: str
    port: int
    key: bytes = field(repr=False)
    ticket: bytes = field(repr=False)

    def accept(self) -> Connection:
        """Connect to the gateway.

        Raises:
            OSError: it cannot be reached, or closed the connection.
            multiprocessing.AuthenticationError: it does not know the key.
        """
        connection = Client((self.host, self.port), authkey=self.key)
        with _socket_of(connection) as shared:
            tune(shared)
        connection.send_bytes(self.ticket)
        return connection


class Gate:
    """Listens for workers that were invited; closes it on everybody else.

    Args:
        host: address that the workers reach this machine by; nothing else is listened on.
        port: 0 for any that is free.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(self, host: str, port: int = 0) -> None:
        self._key = secrets.token_bytes(32)
        self._invited: dict[bytes, Future[Connection]] = {}
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self.host, self.port = self._listener.getsockname()[:2]
        self._closed = False
        threading.Thread(target=self._serve, name="gate", daemon=True).start()

    def invite(self) -> tuple[Invitation, Future[Connection]]:
        """Return what to give to a worker, and the connection that it will make."""
        ticket = secrets.token_bytes(_TICKET_BYTES)
        coming: Future[Connection] = Future()
        with self._lock:
            self._invited[ticket] = coming
        return Invitation(self.host, self.port, self._key, ticket), coming

    def withdraw(self, invitation: Invitation) -> None:
        """Let an invitation be good for nothing any more."""
        with self._lock:
            coming = self._invited.pop(invitation.ticket, None)
        if coming is not None:
            coming.cancel()

    def close(self) -> None:
        """Listen no longer; connections that were made go on."""
        self._closed = True
        with contextlib.suppress(OSError):  # wakes the listening thread
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for coming in self._invited.values():
                coming.cancel()
            self._invited.clear()

    def _serve(self) -> None:
        while not self._closed:
            self._room.acquire()
            try:
                arrived, _ = self._listener.accept()
            except OSError:
                self._room.release()
                if self._closed:
                    return
                continue
            threading.Thread(target=self._admit, args=(arrived,), name="gate", daemon=True).start()

    def _admit(self, arrived: socket.socket) -> None:
        """Let a worker in that knows the key and has a ticket."""
        connection: Connection | None = None
        try:
            tune(arrived)
            _limit(arrived, HANDSHAKE_S)
            connection = Connection(os.dup(arrived.fileno()))
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            ticket = connection.recv_bytes(_TICKET_BYTES)
            _limit(arrived, 0)
            with self._lock:
                coming = self._invited.pop(ticket, None)
            if coming is not None and coming.set_running_or_notify_cancel():
                coming.set_result(connection)
                connection = None
        except Exception as e:  # whatever a stranger sends
            logger.info("a connection was refused: %s", type(e).__name__)
        finally:
            arrived.close()
            if connection is not None:
                connection.close()
            self._room.release()


def tune(connected: socket.socket) -> None:
    """Send small messages at once, and notice a machine that has gone."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):  # not every system has all
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def hang_up(connection: Connection) -> None:
    """End a connection at both ends, though a thread may be reading from it."""
    with contextlib.suppress(OSError), _socket_of(connection) as shared:
        shared.shutdown(socket.SHUT_RDWR)


def _socket_of(connection: Connection) -> socket.socket:
    """Return another handle of a connection's socket."""
    return socket.socket(fileno=os.dup(connection.fileno()))


def _limit(connected: socket.socket, seconds: float) -> None:
    """Let a read that waits longer fail; 0 waits for ever."""
    whole = int(seconds)
    limit = struct.pack("ll", whole, int((seconds - whole) * 1e6))
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
