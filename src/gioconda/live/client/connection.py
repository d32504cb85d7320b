"""The WebSocket of one session, taken up again where it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from gioconda.errors import MissingExtraError, OptionError, ServerError
from gioconda.live.client.options import FaceOptions
from gioconda.live.client.portraits import Address, bearer, portrait_id, refusal
from gioconda.live.messages import (
    SERVER_EVENTS,
    ErrorEvent,
    SessionClose,
    SessionClosed,
    SessionCreated,
    SessionUpdate,
)
from gioconda.live.packets import Packet

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_OPEN_S: Final = 10.0
#: A portrait that was never seen takes seconds to prepare.
_FIRST_S: Final = 60.0
_CLOSE_S: Final = 2.0
_MESSAGE_BYTES: Final = 16_000_000
_PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0)


class Connection:
    """Sends and receives; a lost connection is opened again without a word.

    Attributes:
        carried: fields of ``session.update`` that were set on the way, and hold in the next session
            as well.
    """

    def __init__(self, url: str, token: str | None, options: FaceOptions) -> None:
        try:
            import websockets  # noqa: F401
        except ImportError:
            raise MissingExtraError("a client of a live server", "live") from None
        self._address = Address.of(url)
        self._token = token
        self._options = options
        self.carried: dict[str, Any] = {}
        self._socket: ClientConnection | None = None
        self._ready = asyncio.Event()
        self._portrait = ""
        self._session: str | None = None
        self._closed = False

    async def open(self) -> SessionCreated:
        """Begin the session.

        Raises:
            ServerError, OptionError, ImageDecodeError: see :meth:`RemoteFace.connect`.
        """
        self._portrait = await self._given()
        try:
            return await self._begin(None)
        except (OSError, TimeoutError) as e:
            raise ServerError(f"there is no server at {self._address.base}: {e}") from None

    async def receive(self) -> Any:
        """Return the next message, or packet; None for one of an unknown kind.

        A :class:`SessionCreated` says that the connection was lost and is there again.

        Raises:
            ServerError: it is lost for good.
        """
        from websockets.exceptions import ConnectionClosed

        assert self._socket is not None
        try:
            return _read(await self._socket.recv())
        except ConnectionClosed:
            return await self._again()

    async def send(self, message: str | bytes) -> bool:
        """Send once connected; return whether it went out."""
        from websockets.exceptions import ConnectionClosed

        await self._ready.wait()
        assert self._socket is not None
        try:
            await self._socket.send(message)
        except ConnectionClosed:
            self._ready.clear()
            return False
        return True

    async def close(self) -> None:
        """End the session; safe to repeat."""
        from websockets.exceptions import ConnectionClosed

        self._closed = True
        socket, self._socket = self._socket, None
        if socket is None:
            return
        # A socket closed right after the message could be noticed before it.
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await socket.send(SessionClose().model_dump_json())
                while True:
                    await socket.recv()
        await socket.close()

    async def _again(self) -> SessionCreated:
        """Take the session up again, or begin another like it."""
        self._ready.clear()
        until = time.monotonic() + self._options.reconnect_s
        attempt, cause = 0, "it was closed"
        while time.monotonic() < until and not self._closed:
            try:
                return await self._begin(self._session)
            except ServerError as e:
                cause = str(e)
                if e.code in ("401", "403"):
                    break
                if self._session is not None and e.code != "503":
                    # That session is over: another with the same face.
                    self._session = None
                    continue
                await self._upload_again()
            except (OSError, TimeoutError) as e:
                cause = str(e) or "no answer"
            await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            attempt += 1
        raise ServerError(f"the connection to {self._address.base} was lost: {cause}", "lost")

    async def _given(self) -> str:
        options = self._options
        return await portrait_id(options.portrait, self._address, self._token, options.basis)

    async def _upload_again(self) -> None:
        """Give the server the portrait anew: it forgets those whose session is over."""
        try:
            self._portrait = await self._given()
        except (ServerError, OptionError):
            return

    async def _begin(self, resume: str | None) -> SessionCreated:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

        try:
            socket = await connect(
                self._address.live,
                additional_headers=bearer(self._token),
                open_timeout=_OPEN_S,
                max_size=_MESSAGE_BYTES,
                compression=None,
                proxy=None if self._address.local else True,
            )
        except InvalidStatus as e:
            raise refusal(e.response.status_code, bytes(e.response.body or b"")) from None
        except InvalidHandshake as e:
            raise ServerError(f"{self._address.base} is no live server: {e}") from None
        try:
            async with asyncio.timeout(_FIRST_S):
                await socket.send(self._first(resume).model_dump_json(exclude_none=True))
                created = await _created(socket)
        except ConnectionClosed as e:
            raise ServerError(f"the server closed the connection: {e}") from None
        except BaseException:
            await socket.close()
            raise
        if self._closed:
            await socket.close()
            raise ServerError("the face was closed", "closed")
        self._socket, self._session = socket, created.session
        self._ready.set()
        return created

    def _first(self, resume: str | None) -> SessionUpdate:
        if resume is not None:
            media = {"video": self._options.video, "audio": self._options.audio}
            return SessionUpdate.model_validate({"resume": resume, **media, **self.carried})
        return self._options.update(self._portrait, **self.carried)


async def _created(socket: ClientConnection) -> SessionCreated:
    """Wait for the session; return what the server says of it."""
    while True:
        message = _read(await socket.recv())
        if isinstance(message, SessionCreated):
            return message
        if isinstance(message, ErrorEvent):
            raise ServerError(message.message, message.code)
        if isinstance(message, SessionClosed):
            raise ServerError(f"the server ended the session: {message.reason}", "closed")


def _read(data: str | bytes) -> Any:
    """Return a message; None for one that a newer server may send and this client does not know."""
    try:
        if isinstance(data, bytes):
            return Packet.from_bytes(data)
        return SERVER_EVENTS.validate_json(data)
    except (ValidationError, OptionError):
        return None
