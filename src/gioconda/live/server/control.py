"""What a client says to its session and hears of it, whatever carries the messages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.live import messages as m
from gioconda.live.host import commands as c
from gioconda.live.packets import Flag, Kind, Packet
from gioconda.live.server.problems import Problem

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.state import HeldSession

#: What can be said only when a session begins.
_FROM_THE_BEGINNING = (
    "portrait", "resume", "fps", "size", "lookahead_ms", "sound_lead_ms", "seed", "video", "audio",
)  # fmt: skip


class Control:
    """One client's side of a session: its messages become commands, events are told to it.

    Args:
        server: whose session it is.
        held: the session.
        tell: sends an event to the client.
    """

    def __init__(
        self, server: Server, held: HeldSession, tell: Callable[[Any], Awaitable[None]]
    ) -> None:
        self._server, self._held = server, held
        self._tell = tell
        self._rate_hz = 24_000
        self._live = False
        self._voice: str | None = None

    async def begin(self, update: m.SessionUpdate) -> None:
        """Carry out what a first ``session.update`` says beyond opening the session.

        Raises:
            Problem, GiocondaError: something of it is refused.
        """
        await self._change(update, beginning=True)

    async def obey(self, message: Any) -> bool:
        """Carry out a message; False once it has ended the session.

        Args:
            message: of :data:`~gioconda.live.messages.CLIENT_MESSAGES`, or a packet.

        Raises:
            Problem, GiocondaError: it is refused.
        """
        face = self._held.face
        match message:
            case Packet():
                await self._packet(message)
            case m.SessionUpdate():
                await self._change(message, beginning=False)
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
            case m.SessionClose():
                await self._server.sessions.close(self._held, "closed by the client")
                return False
        return True

    async def report(self, item: Any) -> None:
        """Tell the client about something that happened in the session.

        Args:
            item: anything but a packet that a :class:`~gioconda.live.host.face.Reader` gives.
        """
        if isinstance(item, m.Stats):
            pool = self._server.pool
            await self._tell(
                item.model_copy(update={"sessions": pool.taken, "capacity": pool.capacity})
            )
        elif isinstance(item, c.OutputChanged):
            event = self._server.recordings.told(self._held, item)
            if event is not None:
                await self._tell(event)
        else:
            await self._tell(item)
            if isinstance(item, m.SessionRestarted):
                event = self._server.recordings.told(self._held, item)
                if event is not None:
                    await self._tell(event)

    async def _packet(self, packet: Packet) -> None:
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

    async def _change(self, update: m.SessionUpdate, *, beginning: bool) -> None:
        face = self._held.face
        if not beginning:
            for name in _FROM_THE_BEGINNING:
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
            self._server.sessions.labelled(update.label),
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


def read(text: str | None, data: bytes | None) -> Any:
    """Return a client's message, checked: a packet from ``data``, or another from ``text``.

    Raises:
        Problem: it is none.
    """
    try:
        if data is not None:
            return Packet.from_bytes(data)
        return m.CLIENT_MESSAGES.validate_json(text or "")
    except ValidationError as e:
        raise Problem(400, "bad_message", _sentence(e)) from None
    except OptionError as e:
        raise Problem(400, "bad_message", str(e)) from None


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
