"""A face that ``gioconda serve`` renders, driven over its WebSocket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final, get_args

import numpy as np
from pydantic import BaseModel, ValidationError

from gioconda.controls import Controls
from gioconda.errors import OptionError, ServerError
from gioconda.live.client.connection import Connection
from gioconda.live.client.decode import FrameDecoder
from gioconda.live.client.face import FaceOutput
from gioconda.live.client.ledger import SpeechLedger
from gioconda.live.client.options import FaceOptions, dials_of
from gioconda.live.client.outlet import Outlet
from gioconda.live.messages import (
    AudioCommit,
    ErrorEvent,
    Interrupt,
    KeepAlive,
    RateHz,
    SessionClosed,
    SessionCreated,
    SessionRestarted,
    SessionUpdate,
    SpeakEndedEvent,
    SpeakStartedEvent,
    TextAppend,
)
from gioconda.live.packets import HEADER_BYTES, Kind, Packet
from gioconda.live.resample import Resampler
from gioconda.live.types import OUTPUT_RATE_HZ, LiveAudio, LiveEvent, pcm16
from gioconda.motion import FloatArray

#: Speech travels in pieces of this length at most.
_PIECE_S: Final = 0.5
#: A server may close sessions that say nothing for longer.
_KEEP_ALIVE_S: Final = 5.0
_RATES: Final = get_args(RateHz)
#: Speech of any other rate is sent at this one.
_ODD_RATE_HZ: Final = 48_000
#: What the server's fade may still sound after it has said that an interrupted utterance ended.
_FADE: Final = OUTPUT_RATE_HZ // 50


class RemoteFace:
    """A :class:`gioconda.live.client.Face` on a server.

    Make one by :meth:`connect`; iterate over it for frames, sound and events; end it by
    :meth:`aclose`, or use it as an async context manager. All its methods belong to one event
    loop. A lost connection is taken up again: within ten seconds the session goes on, later
    another begins with the same portrait and dials, and what was being said is lost.

    Attributes:
        created: what the server said of the session.

    Example::

        async with await RemoteFace.connect("http://127.0.0.1:7860") as face:
            face.push_audio(pcm, 24_000)
            face.end_of_speech()
            async for output in face:
                ...
    """

    created: SessionCreated

    def __init__(self, connection: Connection, options: FaceOptions) -> None:
        self._connection = connection
        self._options = options
        self._ledger = SpeechLedger()
        self._outlet = Outlet()
        self._decoder = FrameDecoder(options.pixels, self._outlet.put)
        self._sending: deque[str | bytes] = deque()
        self._to_send = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._input_hz = 0
        self._odd: Resampler | None = None
        self._odd_hz = 0
        self._listening = False
        self._number = 0
        # Samples that lie before the server's present timeline, and the end of the sound so far.
        self._offset = 0
        self._end = 0
        self._silent_until = 0

    @classmethod
    async def connect(
        cls,
        url: str,
        options: FaceOptions | None = None,
        *,
        token: str | None = None,
        **changes: Any,
    ) -> RemoteFace:
        """Begin a session.

        Args:
            url: the server's, such as ``http://127.0.0.1:7860``.
            options: how the face is wanted.
            token: that the server asks for beyond its own machine.
            **changes: fields of :class:`FaceOptions` that differ from ``options``, such as
                ``portrait="face.jpg"``, ``basis="artwork"``.

        Raises:
            OptionError: an option is out of range, or the address is none.
            ImageDecodeError: the portrait is no PNG, JPEG or WebP.
            ServerError: the server cannot be reached, is full, or refuses.
        """
        options = replace(options or FaceOptions(), **changes)
        try:
            options.update("example")
        except ValidationError as e:
            wrong = e.errors(include_url=False)[0]
            at = ".".join(str(part) for part in wrong["loc"])
            raise OptionError(f"{at} is {wrong['input']!r}: {wrong['msg']}") from None
        face = cls(Connection(url, token, options), options)
        face.created = await face._connection.open()
        jobs = (face._receive(), face._send(), face._decoder.run(), face._keep_alive())
        face._tasks = [asyncio.create_task(job) for job in jobs]
        return face

    @property
    def width(self) -> int:
        """Width of the frames in pixels."""
        return self.created.width

    @property
    def height(self) -> int:
        """Height of the frames in pixels."""
        return self.created.height

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.created.fps

    @property
    def dropped(self) -> int:
        """Frames that came and were too late to be taken."""
        return self._outlet.dropped + self._decoder.dropped

    def push_audio(self, pcm: FloatArray | Sequence[float], rate_hz: int) -> int:
        """Push speech to be spoken, in real time or faster; return its utterance's number.

        Args:
            pcm: float32 mono, (n,), -1 to 1.
            rate_hz: of it, 8,000 to 192,000.

        Raises:
            OptionError: not one channel, or a rate out of range.
        """
        sound = np.asarray(pcm, np.float32)
        if sound.ndim != 1:
            raise OptionError(f"speech has the shape {sound.shape}; it must be mono, (n,)")
        if not len(sound):
            return self._ledger.number
        number = self._ledger.push(len(sound) / rate_hz)
        if rate_hz not in _RATES:
            if self._odd is None or self._odd_hz != rate_hz:
                self._flush_odd()
                self._odd, self._odd_hz = Resampler(rate_hz, _ODD_RATE_HZ), rate_hz
            sound, rate_hz = self._odd.step(sound), _ODD_RATE_HZ
        else:
            self._flush_odd()
        self._voice(sound, rate_hz)
        return number

    def end_of_speech(self) -> None:
        """Say that the utterance is complete; its ``SpeakEnded`` comes once it was heard."""
        self._flush_odd()
        self._post(AudioCommit())
        self._give(self._ledger.end(self._now_s))

    def interrupt(self) -> None:
        """Stop speaking at once; nothing more is heard of what was pushed."""
        self._odd = None
        self._post(Interrupt())
        self._outlet.silence()
        self._give(self._ledger.interrupt(self._now_s))

    def say(self, text: str, voice: str | None = None) -> int:
        """Have the server speak a text in its own voice; return the utterance's number.

        Raises:
            OptionError: the text is empty, or longer than 5,000 characters.
        """
        try:
            message = TextAppend.model_validate({"text": text, "voice": voice})
        except ValidationError:
            raise OptionError(
                f"the text has {len(text)} characters; it must have 1 to 5,000"
            ) from None
        self._post(message)
        return self._ledger.say()

    def set(self, controls: Controls) -> None:
        """Change the dials; the face goes there smoothly. The seed stays what it was."""
        self._change("controls", dials_of(controls))

    def set_listening(self, listening: bool) -> None:
        """Say whether somebody else speaks; the face looks, and nods."""
        if listening != self._listening:
            self._listening = listening
            self._change("listening", listening)

    async def __aiter__(self) -> AsyncIterator[FaceOutput]:
        """Frames, sound, events and notices as they come.

        Raises:
            ServerError: the server ended the session, or cannot be reached any more.
        """
        while (output := await self._outlet.take()) is not None:
            yield output

    async def __aenter__(self) -> RemoteFace:
        """Return the face itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the session."""
        await self.aclose()

    async def aclose(self) -> None:
        """End the session and give its place free; safe to repeat."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connection.close()
        self._decoder.close()
        self._give(self._ledger.abandon(self._now_s))
        self._outlet.close()

    @property
    def _now_s(self) -> float:
        return self._end / OUTPUT_RATE_HZ

    def _change(self, field: str, value: object) -> None:
        self._connection.carried[field] = value
        self._post(SessionUpdate.model_validate({field: value}))

    def _post(self, message: BaseModel | bytes) -> None:
        sent = message if isinstance(message, bytes) else message.model_dump_json(exclude_none=True)
        self._sending.append(sent)
        self._to_send.set()

    def _voice(self, sound: FloatArray, rate_hz: int) -> None:
        if rate_hz != self._input_hz:
            self._input_hz = rate_hz
            self._change("input_rate", rate_hz)
        whole = pcm16(sound)
        piece = int(_PIECE_S * rate_hz)
        for start in range(0, len(whole), piece):
            data = whole[start : start + piece].tobytes()
            self._post(Packet(Kind.VOICE, self._now_s, data, self._number).to_bytes())
            self._number += 1

    def _flush_odd(self) -> None:
        if self._odd is not None:
            self._voice(self._odd.finish(), _ODD_RATE_HZ)
            self._odd = None

    def _give(self, events: Sequence[LiveEvent]) -> None:
        for event in events:
            self._outlet.put(event)

    async def _send(self) -> None:
        while True:
            while not self._sending:
                self._to_send.clear()
                await self._to_send.wait()
            message = self._next_to_send()
            if not await self._connection.send(message):
                self._sending.appendleft(message)

    def _next_to_send(self) -> str | bytes:
        """Return what is sent next; short pieces of speech that wait go as one."""
        first = self._sending.popleft()
        if isinstance(first, str):
            return first
        packet = Packet.from_bytes(first)
        most = int(_PIECE_S * self._input_hz) * 2
        parts = [packet.payload]
        size = len(parts[0])
        while self._sending and isinstance(self._sending[0], bytes):
            size += len(self._sending[0]) - HEADER_BYTES
            if size > most:
                break
            parts.append(self._sending.popleft()[HEADER_BYTES:])  # type: ignore[arg-type]
        return replace(packet, payload=b"".join(parts)).to_bytes() if len(parts) > 1 else first

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            self._post(KeepAlive())

    async def _receive(self) -> None:
        try:
            while not self._outlet.full:
                message = await self._connection.receive()
                if isinstance(message, SessionCreated):
                    self._begin_again(message)
                elif isinstance(message, Packet):
                    self._take_packet(message)
                elif message is not None:
                    self._take_message(message)
            raise ServerError("nobody took the face's sound for half a minute; the session ends")
        except ServerError as e:
            self._give(self._ledger.abandon(self._now_s))
            self._outlet.close(e)
            await self._connection.close()

    def _begin_again(self, created: SessionCreated) -> None:
        """Go on after a lost connection, in the same session or in another."""
        same = created.session == self.created.session
        self.created = created
        self._decoder.restart()
        if not same:
            self._restart("the connection was lost, and another session goes on")

    def _restart(self, reason: str) -> None:
        """Go on with a timeline that begins anew, after the end of the present one."""
        self._offset = self._end
        self._give(self._ledger.restarted(self._now_s))
        self._outlet.put(SessionRestarted(reason=reason))

    def _take_packet(self, packet: Packet) -> None:
        if packet.kind is Kind.PCM:
            self._take_sound(packet)
        elif packet.kind in (Kind.H264, Kind.JPEG):
            self._decoder.put(packet, packet.time_s + self._offset / OUTPUT_RATE_HZ)

    def _take_sound(self, packet: Packet) -> None:
        pcm = np.frombuffer(packet.payload, "<i2").astype(np.float32) / np.float32(32768)
        sample = round(packet.time_s * OUTPUT_RATE_HZ) + self._offset
        self._end = max(self._end, sample + len(pcm))
        if self._ledger.cutting:
            self._silent_until = self._end
        pcm[: max(self._silent_until - sample, 0)] = 0
        self._outlet.put(LiveAudio(sample, pcm))
        self._give(self._ledger.tick(self._now_s))

    def _take_message(self, message: Any) -> None:
        offset_s = self._offset / OUTPUT_RATE_HZ
        if isinstance(message, SpeakStartedEvent):
            self._give(self._ledger.started(message.utterance, message.time_s + offset_s))
            return
        if isinstance(message, SpeakEndedEvent):
            time_s = message.time_s + offset_s
            if self._ledger.cutting:
                self._silent_until = round(time_s * OUTPUT_RATE_HZ) + _FADE
            self._give(
                self._ledger.ended(
                    message.utterance, time_s, message.played_ms / 1000, message.interrupted
                )
            )
            return
        if isinstance(message, SessionRestarted):
            self._decoder.restart()
            self._restart(message.reason)
            return
        self._outlet.put(message)
        if isinstance(message, ErrorEvent) and message.code == "voice":
            self._give(self._ledger.refused(self._now_s))
        elif isinstance(message, SessionClosed):
            raise ServerError(f"the server ended the session: {message.reason}", "closed")
