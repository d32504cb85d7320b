"""A face for LiveKit Agents: the avatar of a voice agent, rendered by ``gioconda serve``.

Written against livekit-agents 1.8. See ``docs/agents.md``; the short way::

    avatar = AvatarSession("http://127.0.0.1:7860", portrait="face.jpg", basis="artwork")
    await avatar.start(session, room=ctx.room)
    await session.start(agent=MyAgent(), room=ctx.room)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, Final

import numpy as np

from gioconda.errors import MissingExtraError, ServerError
from gioconda.live.client.face import Face, FaceFrame
from gioconda.live.client.gate import SpeechGate
from gioconda.live.client.options import FaceOptions
from gioconda.live.client.remote import RemoteFace
from gioconda.live.resample import Resampler
from gioconda.live.types import OUTPUT_RATE_HZ, LiveAudio, SpeakEnded, SpeakStarted
from gioconda.motion import FloatArray

try:
    from livekit import rtc
    from livekit.agents import get_job_context
    from livekit.agents.voice import avatar
except ImportError:
    raise MissingExtraError("an avatar for LiveKit Agents", "livekit") from None

logger = logging.getLogger(__name__)

#: What an agent's voice is resampled to before it comes here; the lips need no more.
_VOICE_HZ: Final = 24_000
#: Samples given at once at most: what is heard is counted, and can be cut, by so much.
_GRAIN: Final = OUTPUT_RATE_HZ // 50
#: A runner takes a piece of sound within its queue's 100 ms.
_TAKING_S: Final = 0.5
#: Frames a second: what WebRTC carries well.
_FPS: Final = 30.0


class FaceVideoGenerator(avatar.VideoGenerator):  # type: ignore[misc]
    """The video generator that LiveKit's ``AvatarRunner`` drives.

    Yields frames all the time, and sound while something is said: LiveKit counts its seconds to
    tell how much of a segment was heard. Each segment that is pushed ends with exactly one
    ``AudioSegmentEnd``, or with none after :meth:`clear_buffer`. Where the server is lost for good
    the agent goes on speaking, unseen.

    Args:
        face: that speaks; frames as ``i420`` save conversions.
    """

    def __init__(self, face: Face) -> None:
        self._face = face
        self._gate = SpeechGate()
        self._pushing = False
        self._number = 0
        self._cleared = 0
        self._counted = asyncio.Event()
        self._counted.set()
        self._unseen: asyncio.Queue[rtc.AudioFrame | avatar.AudioSegmentEnd] | None = None
        self._resampler: tuple[int, Resampler] | None = None

    async def push_audio(self, frame: rtc.AudioFrame | avatar.AudioSegmentEnd) -> None:
        """Push a piece of a segment, or its end."""
        if isinstance(frame, avatar.AudioSegmentEnd):
            # After an interruption an end may come of what was cleared already.
            if self._pushing:
                self._pushing = False
                if self._unseen is None:
                    self._face.end_of_speech()
                else:
                    self._unseen.put_nowait(frame)
            return
        pcm = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
        if not len(pcm):
            return
        self._pushing = True
        mono = pcm.mean(axis=1, dtype=np.float32) / np.float32(32768)
        if self._unseen is None:
            self._number = self._face.push_audio(mono, frame.sample_rate)
        else:
            self._unseen.put_nowait(_audio(self._resampled(mono, frame.sample_rate)))

    async def clear_buffer(self) -> None:
        """Stop speaking; what was pushed and not heard is forgotten.

        Returns once the runner has counted the sound that it is just taking, since it reads the
        position that it reports, and begins to count anew, after this.
        """
        self._pushing = False
        self._cleared = self._number
        self._gate.cut(self._number)
        if self._unseen is None:
            self._face.interrupt()
        else:
            while not self._unseen.empty():
                self._unseen.get_nowait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._counted.wait(), _TAKING_S)

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | avatar.AudioSegmentEnd]:
        """Frames, speech and the ends of segments, as they come."""
        return self._stream()

    async def _stream(
        self,
    ) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | avatar.AudioSegmentEnd]:
        try:
            async for piece in self._seen():
                yield piece
        except ServerError as e:
            logger.error("the face is lost, and its voice goes on without it: %s", e)
        self._unseen = asyncio.Queue()
        while True:
            yield await self._unseen.get()

    def _resampled(self, mono: FloatArray, rate_hz: int) -> FloatArray:
        if self._resampler is None or self._resampler[0] != rate_hz:
            self._resampler = (rate_hz, Resampler(rate_hz, OUTPUT_RATE_HZ))
        return self._resampler[1].step(mono)

    async def _seen(
        self,
    ) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | avatar.AudioSegmentEnd]:
        async for output in self._face:
            if isinstance(output, FaceFrame):
                yield _video(output)
                continue
            if isinstance(output, LiveAudio):
                pieces = self._gate.sound(output)
            elif isinstance(output, SpeakStarted | SpeakEnded):
                pieces = self._gate.event(output)
            else:
                continue
            for piece in pieces:
                if isinstance(piece, LiveAudio):
                    for start in range(0, len(piece.pcm), _GRAIN):
                        # The gate may have been closed while the one before was taken.
                        if self._gate.open:
                            self._counted.clear()
                            yield _audio(piece.pcm[start : start + _GRAIN])
                            self._counted.set()
                elif isinstance(piece, SpeakEnded) and piece.utterance > self._cleared:
                    yield avatar.AudioSegmentEnd()


def options_of(face: Face) -> avatar.AvatarOptions:
    """Return the options that an ``AvatarRunner`` needs for a face."""
    return avatar.AvatarOptions(
        video_width=face.width,
        video_height=face.height,
        video_fps=face.fps,
        audio_sample_rate=OUTPUT_RATE_HZ,
        audio_channels=1,
    )


def runner(
    room: rtc.Room, face: Face, audio: avatar.AudioReceiver | None = None
) -> avatar.AvatarRunner:
    """Return LiveKit's runner for a face; ``await runner.start()`` begins it.

    Args:
        room: where picture and sound are published.
        face: that speaks.
        audio: where the speech comes from; by default the agent in the room, over a data stream
            (``DataStreamAudioOutput`` on its side), for an avatar that is a participant of its own.
    """
    return avatar.AvatarRunner(
        room,
        audio_recv=audio or avatar.DataStreamAudioReceiver(room),
        video_gen=FaceVideoGenerator(face),
        options=options_of(face),
    )


class AvatarSession(avatar.AvatarSession):  # type: ignore[misc]
    """A face beside an ``AgentSession``, in the agent's own process and room connection.

    The agent's voice goes to the face instead of the room; the face publishes both picture and
    sound, in sync. While the user speaks the face listens. The participant's attribute
    ``synthetic`` tells the room.

    Args:
        url: the server's, such as ``http://127.0.0.1:7860``.
        options: how the face is wanted; 30 frames a second unless it says another.
        token: that the server asks for beyond its own machine.
        face: a face to use instead of a server's.
        listen: whether the face is told when the user speaks.
        **changes: fields of ``FaceOptions``, such as ``portrait="face.jpg"`` and the ``basis``
                on which it may be animated.

    Attributes:
        face: once started; :meth:`RemoteFace.set` turns its dials.
    """

    face: Face

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        options: FaceOptions | None = None,
        *,
        token: str | None = None,
        face: Face | None = None,
        listen: bool = True,
        **changes: Any,
    ) -> None:
        super().__init__()
        self._url, self._token, self._given, self._listen = url, token, face, listen
        self._options = options or FaceOptions(fps=_FPS)
        self._changes = {"pixels": "i420", **changes}
        self._runner: avatar.AvatarRunner | None = None
        self._session: Any = None

    @property
    def avatar_identity(self) -> str:
        """The participant that publishes the face: the agent itself."""
        if self._room is not None and self._room.isconnected():
            return str(self._room.local_participant.identity)
        job = get_job_context(required=False)
        return "" if job is None else str(job.local_participant_identity)

    @property
    def provider(self) -> str:
        """By what name metrics call it."""
        return "gioconda"

    async def start(self, agent_session: Any, room: rtc.Room) -> None:
        """Begin; call it before ``AgentSession.start``.

        Raises:
            GiocondaError: see :meth:`RemoteFace.connect`.
        """
        self.face = self._given or await RemoteFace.connect(
            self._url, self._options, token=self._token, **self._changes
        )
        await super().start(agent_session, room)
        audio = avatar.QueueAudioOutput(sample_rate=_VOICE_HZ, wait_playback_start=True)
        self._runner = runner(room, self.face, audio)
        await self._runner.start()
        try:
            await room.local_participant.set_attributes({"synthetic": "true"})
        except Exception as e:  # whoever made the agent's token may not have allowed it
            logger.warning("the room was not told that the face is synthetic: %s", e)
        agent_session.output.replace_audio_tail(audio)
        self._session = agent_session
        if self._listen:
            agent_session.on("user_state_changed", self._user_changed)

    async def aclose(self) -> None:
        """End the face; a job does so by itself when it shuts down."""
        if self._session is not None and self._listen:
            self._session.off("user_state_changed", self._user_changed)
        self._session = None
        # The base would remove the avatar's participant, which here is the agent itself.
        self._room, room = None, self._room
        await super().aclose()
        if room is not None:
            room.off("connection_state_changed", self._on_connection_state_changed)
        runner_, self._runner = self._runner, None
        if runner_ is not None:
            await runner_.aclose()
            await self.face.aclose()

    def _user_changed(self, change: Any) -> None:
        self.face.set_listening(change.new_state == "speaking")


def _video(frame: FaceFrame) -> rtc.VideoFrame:
    kind = rtc.VideoBufferType.I420 if frame.i420 else rtc.VideoBufferType.RGB24
    return rtc.VideoFrame(frame.width, frame.height, kind, frame.image.tobytes())


def _audio(pcm: FloatArray) -> rtc.AudioFrame:
    whole = np.rint(np.clip(pcm, -1, 1) * 32767).astype(np.int16)
    return rtc.AudioFrame(whole.tobytes(), OUTPUT_RATE_HZ, 1, len(whole))
