"""The live WebSocket: JSON and binary messages in, packets and events out."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from gioconda.controls import Controls
from gioconda.errors import GiocondaError, OptionError
from gioconda.live import messages as m
from gioconda.live.host import commands as c
from gioconda.live.host.encoders import codec_string
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.live.server.problems import Problem, problem_of

if TYPE_CHECKING:
    from gioconda.live.host.face import Reader
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
        self._rate_hz = 24_000
        self._live = False
        self._voice: str | None = None
        self._update = m.SessionUpdate(
            portrait=None, resume=None, fps=None, size=None, lookahead_ms=None, seed=None,
            video=None, audio=None, input_rate=None, live_input=None, background=None,
            listening=None, voice=None, puppet=None, motion=None,
        )  # fmt: skip

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
            problem = e if isinstance(e, Problem) else problem_of(e)
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
                lookahead_ms=face.opened.lookahead_ms, codec=codec if video == "h264" else "",
                video=video, audio=audio,
            )
        )  # fmt: skip
        await self._change(update, beginning=True)

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
        async for item in reader:
            if isinstance(item, Packet):
                await self._socket.send_bytes(item.to_bytes())
            elif isinstance(item, m.Stats):
                pool = self._server.pool
                await self._tell(
                    item.model_copy(update={"sessions": pool.taken, "capacity": pool.capacity})
                )
            elif isinstance(item, c.OutputChanged):
                await self._recording(item)
            else:
                await self._tell(item)

    async def _receive_all(self) -> None:
        while True:
            try:
                message = await asyncio.wait_for(self._message(), IDLE_S)
                if isinstance(message, m.SessionClose):
                    assert self._held is not None
                    await self._server.sessions.close(self._held, "closed by the client")
                    return
                await self._obey(message)
            except TimeoutError:
                assert self._held is not None
                await self._server.sessions.close(self._held, "nothing came for five minutes")
                return
            except (Problem, GiocondaError) as e:
                problem = e if isinstance(e, Problem) else problem_of(e)
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
        data = received.get("bytes")
        try:
            if data is not None:
                return Packet.from_bytes(data)
            return m.CLIENT_MESSAGES.validate_json(received.get("text") or "")
        except ValidationError as e:
            raise Problem(400, "bad_message", _sentence(e)) from None
        except OptionError as e:
            raise Problem(400, "bad_message", str(e)) from None

    async def _obey(self, message: Any) -> None:
        assert self._held is not None
        face = self._held.face
        match message:
            case Packet():
                await self._packet(message)
            case m.SessionUpdate():
                await self._change(message)
            case m.AudioAppend():
                await face.send(c.Speak(_pcm(message.audio), message.rate, self._live))
            case m.AudioCommit():
                await face.send(c.Commit())
            case m.PartnerAppend():
                await face.send(c.Hear(_pcm(message.audio), message.rate))
            case m.TextAppend():
                await face.send(c.Say(message.text, message.voice or self._voice))
            case m.Interrupt():
                await face.send(c.StopSpeaking())
            case m.RecordStart():
                await self._server.recordings.start(self._held)
            case m.RecordStop():
                await self._server.recordings.stop(self._held)

    async def _packet(self, packet: Packet) -> None:
        assert self._held is not None
        face = self._held.face
        if packet.kind is Kind.WEBCAM:
            await face.send(c.Webcam(packet.payload, packet.time_s))
            return
        if packet.kind not in (Kind.VOICE, Kind.PARTNER):
            raise Problem(400, "bad_message", f"a client sends no {packet.kind.name} packets")
        if len(packet.payload) % 2:
            raise Problem(400, "bad_audio", "PCM16 has an even number of bytes")
        if packet.kind is Kind.PARTNER:
            await face.send(c.Hear(packet.payload, self._rate_hz))
        else:
            ends = bool(packet.flags & Flag.ENDS)
            await face.send(c.Speak(packet.payload, self._rate_hz, self._live, ends))

    async def _change(self, update: m.SessionUpdate, *, beginning: bool = False) -> None:
        assert self._held is not None
        face = self._held.face
        if not beginning:
            for name in ("portrait", "resume", "fps", "size", "lookahead_ms", "seed", "video",
                         "audio"):  # fmt: skip
                if getattr(update, name) is not None:
                    raise Problem(
                        422, "bad_option", f"{name} holds from the beginning; open a new session"
                    )
        self._rate_hz = update.input_rate or self._rate_hz
        self._live = self._live if update.live_input is None else update.live_input
        self._voice = self._voice if update.voice is None else update.voice
        controls = turned(face.spec.controls, update.controls)
        turn = c.Turn(
            controls if update.controls is not None else None,
            checked_background(update.background), update.listening,
        )  # fmt: skip
        if turn != c.Turn() and not (beginning and update.resume is None):
            await face.send(turn)
        elif update.listening is not None:
            await face.send(c.Turn(listening=update.listening))
        if update.puppet is not None:
            await face.send(c.SetPuppet(update.puppet))
        if update.motion is not None:
            await face.set_motion(update.motion)
        if not beginning:
            await self._tell(m.SessionUpdated())

    async def _recording(self, change: c.OutputChanged) -> None:
        assert self._held is not None
        event = self._server.recordings.told(self._held, change)
        if event is not None:
            await self._tell(event)

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


def turned(controls: Controls, dials: m.Dials | None) -> Controls:
    """Return controls with some dials set.

    Raises:
        OptionError: a value is out of range.
    """
    if dials is None:
        return controls
    return replace(controls, **dials.model_dump(exclude_none=True))


def checked_background(background: str | None) -> str | None:
    """Refuse backgrounds that would read a file of the server.

    Raises:
        OptionError: it is neither keep, nor blur, nor a colour.
    """
    if background is None or background in ("keep", "blur"):
        return background
    from gioconda.background import colour_of

    if colour_of(background) is None:
        raise OptionError(f"background {background!r} is not known; there are keep, blur, colours")
    return background


def _pcm(audio: str) -> bytes:
    try:
        data = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "bad_audio", "audio is not base64") from None
    if len(data) % 2:
        raise Problem(400, "bad_audio", "PCM16 has an even number of bytes")
    return data


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place or 'the message'}: {first['msg']}"
