"""The live WebSocket: JSON and binary messages in, packets and events out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

from fastapi import WebSocket, WebSocketDisconnect

from gioconda.controls import Controls
from gioconda.errors import GiocondaError
from gioconda.live import messages as m
from gioconda.live.host import commands as c
from gioconda.live.host.encoders import codec_string
from gioconda.live.packets import Kind, Packet
from gioconda.live.server.control import Control, checked_background, read, turned
from gioconda.live.server.problems import Problem, problem_of
from gioconda.trust.label import label_language_or_english

if TYPE_CHECKING:
    from gioconda.live.host.reader import Reader
    from gioconda.live.server.app import Server
    from gioconda.live.server.state import HeldSession

logger = logging.getLogger(__name__)

#: The first message must come within this.
FIRST_S: Final = 10.0
#: A session without any message for so long is closed.
IDLE_S: Final = 300.0
_VIDEO: Final = {"h264": Kind.H264, "jpeg": Kind.JPEG, "none": None}
_ID_CLOSED: Final = 1000
_ID_REFUSED: Final = 1008
_ID_BUSY: Final = 1013


class LiveSocket:
    """One client's socket.

    Args:
        server: whose sessions it opens.
        socket: not accepted yet.
    """

    def __init__(self, server: Server, socket: WebSocket) -> None:
        self._server, self._socket = server, socket
        self._held: HeldSession | None = None
        self._reader: Reader | None = None
        self._control: Control | None = None

    async def serve(self, subprotocol: str | None = None) -> None:
        """Accept the socket and serve it until it closes."""
        await self._socket.accept(subprotocol)
        try:
            if await self._begin():
                await self._run()
        except WebSocketDisconnect:
            pass
        finally:
            await self._end()

    async def _begin(self) -> bool:
        try:
            first = await asyncio.wait_for(self._message(), FIRST_S)
            if not isinstance(first, m.SessionUpdate):
                raise Problem(400, "bad_message", "the first message must be session.update")
            await self._open(first)
        except TimeoutError:
            await self._refuse(Problem(408, "bad_message", "no session.update came"), _ID_REFUSED)
            return False
        except (Problem, GiocondaError) as e:
            problem = problem_of(e)
            await self._refuse(problem, _ID_BUSY if problem.code == "busy" else _ID_REFUSED)
            return False
        return True

    async def _open(self, update: m.SessionUpdate) -> None:
        sessions = self._server.sessions
        if update.resume is not None:
            self._held = sessions.get(update.resume)
        else:
            controls = turned(Controls(seed=update.seed or 0), update.controls)
            spec = c.OpenSession(
                update.portrait or c.EXAMPLE, controls, update.fps or 40.0, update.size or 512,
                update.lookahead_ms or 80.0, checked_background(update.background) or "keep",
                update.sound_lead_ms or 0.0, label=bool(update.label),
                language=label_language_or_english(update.language),
            )  # fmt: skip
            self._held = await sessions.open(spec)
        sessions.enter(self._held)
        face = self._held.face
        video = update.video or "h264"
        audio = update.audio or "pcm"
        self._reader = await face.subscribe(_VIDEO[video], audio == "pcm")
        codec = codec_string(face.opened.width, face.opened.height, face.spec.fps)
        await self._tell(
            m.SessionCreated(
                session=face.id, portrait=face.spec.portrait, width=face.opened.width,
                height=face.opened.height, fps=face.spec.fps,
                lookahead_ms=face.opened.lookahead_ms, sound_lead_ms=face.spec.sound_lead_ms,
                codec=codec if video == "h264" else "", video=video, audio=audio,
            )
        )  # fmt: skip
        self._control = Control(self._server, self._held, self._tell)
        await self._control.begin(update)

    async def _run(self) -> None:
        assert self._reader is not None
        sending = asyncio.create_task(self._send_all(self._reader))
        receiving = asyncio.create_task(self._receive_all())
        done, pending = await asyncio.wait(
            {sending, receiving}, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            error = task.exception()
            if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
                logger.error("a live socket failed", exc_info=error)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(_ID_CLOSED)

    async def _send_all(self, reader: Reader) -> None:
        assert self._control is not None
        async for item in reader:
            if isinstance(item, Packet):
                await self._socket.send_bytes(item.to_bytes())
            else:
                await self._control.report(item)

    async def _receive_all(self) -> None:
        assert self._held is not None
        assert self._control is not None
        while True:
            try:
                message = await asyncio.wait_for(self._message(), IDLE_S)
                if not await self._control.obey(message):
                    return
            except TimeoutError:
                if self._held.clients > 1:  # others may still speak
                    return
                await self._server.sessions.close(self._held, "nothing came for five minutes")
                return
            except (Problem, GiocondaError) as e:
                problem = problem_of(e)
                await self._tell(m.ErrorEvent(code=problem.code, message=problem.message))

    async def _message(self) -> Any:
        """Return the next message, checked.

        Raises:
            Problem: it is none.
            WebSocketDisconnect: the client is gone.
        """
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1006))
        return read(received.get("text"), received.get("bytes"))

    async def _tell(self, event: Any) -> None:
        await self._socket.send_text(event.model_dump_json())

    async def _refuse(self, problem: Problem, code: int) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._tell(
                m.ErrorEvent(
                    code=problem.code, message=problem.message,
                    retry_after_s=problem.retry_after_s,
                )
            )  # fmt: skip
            await self._socket.close(code)

    async def _end(self) -> None:
        if self._held is None:
            return
        if self._reader is not None:
            await self._held.face.unsubscribe(self._reader)
        self._server.sessions.leave(self._held)
