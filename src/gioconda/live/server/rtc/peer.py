"""A peer: a browser or player that a session is sent to."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Any, Final, Literal

from aiortc import RTCDataChannel

from gioconda.errors import GiocondaError
from gioconda.live import messages as m
from gioconda.live.host import commands as c
from gioconda.live.packets import Kind, Packet
from gioconda.live.server.control import Control, read
from gioconda.live.server.limits import (
    BYTES_AT_ONCE,
    BYTES_HZ,
    MESSAGES_AT_ONCE,
    MESSAGES_HZ,
    Bucket,
)
from gioconda.live.server.problems import Problem, problem_of
from gioconda.live.server.rtc.feedback import Pulse, answer_key_requests, report_by_timeline
from gioconda.live.server.rtc.fragment import candidates
from gioconda.live.server.rtc.microphone import RATE_HZ, listen
from gioconda.live.server.rtc.offer import MOST_CANDIDATES, answer, end
from gioconda.live.server.rtc.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gioconda.live.host.reader import Reader
    from gioconda.live.server.app import Server
    from gioconda.live.server.rtc.offer import Prepared
    from gioconda.live.server.state import HeldSession

logger = logging.getLogger(__name__)

#: What the peer's microphone is: what the face says, or whom it listens to.
Microphone = Literal["speak", "partner"]
#: Name of the data channel for messages.
CHANNEL: Final = "gioconda"
#: A peer that is not connected by then is given up.
CONNECT_S: Final = 20.0
#: A peer of which nothing is heard for so long is gone.
SILENT_S: Final = 12.0
#: Sound begins so long after the connection. Browsers keep what comes before they play, and then
#: take ten seconds to catch up: the first sound would be a quarter of a second late.
_SOUND_AFTER_S: Final = 0.5
#: Bytes that may wait in a data channel before measurements are left out.
_CHANNEL_BYTES: Final = 200_000
#: Messages of a data channel that may wait to be obeyed before the peer is cut off.
_MESSAGES: Final = 500


class Peer:
    """One peer connection on a session.

    Args:
        server: whose session it is.
        held: the session; the peer has entered it.
        prepared: the connection with the offer taken in.
        microphone: what is done with the peer's sound; None to ignore it.
        controls: whether a data channel of the peer may control the session.
        owner: whether the session ends with this peer.

    Attributes:
        id: 128 random bits.
        session: id of the session.
    """

    def __init__(
        self,
        server: Server,
        held: HeldSession,
        prepared: Prepared,
        *,
        microphone: Microphone | None,
        controls: bool,
        owner: bool,
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.session = held.face.id
        self._server, self._held, self._prepared = server, held, prepared
        self._microphone, self._owner = microphone, owner
        self._connection = prepared.connection
        self._timeline, self._pulse = Timeline(), Pulse()
        self._channel: RTCDataChannel | None = None
        self._candidates = prepared.candidates
        self._control = Control(server, held, self._tell) if controls else None
        self._inbox: asyncio.Queue[Any] = asyncio.Queue(_MESSAGES)
        self._connected, self._over = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hook()

    async def answer(self) -> str:
        """Return the answer to the offer, with every candidate in it.

        Raises:
            Problem: there is none.
        """
        return await answer(self._connection)

    async def serve(self) -> None:
        """Send the session until the peer is gone or the session has ended."""
        try:
            # A peer that left before it was connected says so by its state alone.
            await asyncio.wait_for(self._connected.wait(), CONNECT_S)
            sending = self._start(self._send_all())
            over = self._start(self._wait_over())
            silent = self._start(self._pulse.stopped(SILENT_S))
            await asyncio.wait({sending, over, silent}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            logger.info("a peer was not connected within %g s", CONNECT_S)
        finally:
            await self.close()

    async def add_candidates(self, fragment: str) -> None:
        """Take in candidates that came after the offer, as an SDP fragment.

        Raises:
            Problem: it cannot be read, belongs to another ICE session, or is too much in all.
        """
        offer = self._connection.remoteDescription.sdp
        found = candidates(fragment, offer)
        # To each the server sends packets, wherever it is.
        self._candidates += sum(candidate is not None for candidate in found)
        if self._candidates > MOST_CANDIDATES:
            raise Problem(
                422, "bad_offer", f"a connection has up to {MOST_CANDIDATES} candidates in all"
            )
        for candidate in found:
            await self._connection.addIceCandidate(candidate)

    async def close(self) -> None:
        """End the connection; the session goes on unless it was this peer's own."""
        self._over.set()
        self._connected.set()  # whoever waits for that goes on to the end
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await end(self._connection)

    def leave(self) -> None:
        """Let go of the session; to be called once, after :meth:`serve`."""
        self._server.sessions.leave(self._held, *([0.0] if self._owner else []))

    def _hook(self) -> None:
        face, prepared = self._held.face, self._prepared
        if prepared.video is not None:
            answer_key_requests(prepared.video_sender, lambda: face.want_key(Kind.VP8))
            report_by_timeline(prepared.video_sender, prepared.video, self._timeline)
            self._pulse.watch(prepared.video_sender)
        if prepared.sound is not None:
            report_by_timeline(prepared.sound_sender, prepared.sound, self._timeline)
            self._pulse.watch(prepared.sound_sender)
        connection = self._connection
        connection.on("connectionstatechange", self._changed)
        connection.on("datachannel", self._opened)
        # The offer was taken in before, so its tracks are there already.
        for transceiver in connection.getTransceivers():
            if transceiver.receiver.track is not None:
                self._heard(transceiver.receiver.track)

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self._connected.set()
            self._over.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a peer failed", exc_info=task.exception())
            self._over.set()

    async def _wait_over(self) -> None:
        await self._over.wait()

    async def _send_all(self) -> None:
        if self._over.is_set():
            return
        face = self._held.face
        video, sound = self._prepared.video, self._prepared.sound
        reader = await face.subscribe(Kind.VP8 if video is not None else None, sound is not None)
        try:
            await self._pass_on(reader)
            await self._drain()
        finally:
            await face.unsubscribe(reader)

    async def _pass_on(self, reader: Reader) -> None:
        video, sound = self._prepared.video, self._prepared.sound
        loop = asyncio.get_running_loop()
        sound_from_s = loop.time() + _SOUND_AFTER_S
        async for item in reader:
            if isinstance(item, Packet):
                instant_s = self._timeline.at(item.time_s)
                if item.kind is Kind.PCM and sound is not None:
                    if loop.time() >= sound_from_s:
                        sound.put(item.payload, instant_s)
                elif (
                    item.kind is Kind.VP8
                    and video is not None
                    and not video.put(item.payload, instant_s, key=item.is_key)
                ):
                    self._held.face.want_key(Kind.VP8)
                continue
            if isinstance(item, m.SessionRestarted):
                self._timeline.restart()
            if self._control is not None and self._is_open():
                await self._control.report(item)

    async def _drain(self) -> None:
        """Let the last events go out."""
        for _ in range(10):
            if not self._is_open() or not self._channel.bufferedAmount:  # type: ignore[union-attr]
                return
            await asyncio.sleep(0.05)

    def _heard(self, track: Any) -> None:
        if track.kind == "audio" and self._microphone is not None:
            self._start(self._listen(track))

    async def _listen(self, track: Any) -> None:
        """Give the peer's sound to the session as it comes."""
        face, speaks = self._held.face, self._microphone == "speak"

        async def give(pcm: bytes) -> None:
            await face.send(c.Speak(pcm, RATE_HZ, live=True) if speaks else c.Hear(pcm, RATE_HZ))

        await listen(track, give, asyncio.get_running_loop().time)

    def _is_open(self) -> bool:
        return self._channel is not None and self._channel.readyState == "open"

    def _opened(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._control is None or self._channel is not None:
            return
        self._channel = channel
        channel.on("message", self._message)
        self._start(self._obey_all())

    def _message(self, message: str | bytes) -> None:
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            logger.warning("a peer sent faster than its messages were obeyed, and was cut off")
            self._over.set()

    async def _obey_all(self) -> None:
        assert self._control is not None
        face = self._held.face
        await self._tell(
            m.SessionCreated(
                session=face.id, portrait=face.spec.portrait, width=face.opened.width,
                height=face.opened.height, fps=face.spec.fps,
                lookahead_ms=face.opened.lookahead_ms, sound_lead_ms=face.spec.sound_lead_ms,
                codec="", video="none", audio="none",
            )
        )  # fmt: skip
        now_s = asyncio.get_running_loop().time
        messages = Bucket(MESSAGES_HZ, MESSAGES_AT_ONCE, now_s())
        volume = Bucket(BYTES_HZ, BYTES_AT_ONCE, now_s())
        while True:
            came = await self._inbox.get()
            await asyncio.sleep(max(messages.owe(1, now_s()), volume.owe(len(came), now_s())))
            try:
                message = read(None, came) if isinstance(came, bytes) else read(came, None)
                if not await self._control.obey(message):
                    return
            except (Problem, GiocondaError) as e:
                problem = problem_of(e)
                await self._tell(m.ErrorEvent(code=problem.code, message=problem.message))

    async def _tell(self, event: Any) -> None:
        channel = self._channel
        if channel is None or channel.readyState != "open":
            return
        if channel.bufferedAmount > _CHANNEL_BYTES and isinstance(event, m.Stats | m.MotionEvent):
            return
        channel.send(event.model_dump_json())
