"""A face for Pipecat: a service that stands between text-to-speech and the output transport.

Written against pipecat-ai 1.14. See ``docs/agents.md``; the short way::

    face = GiocondaVideoService("http://127.0.0.1:7860", portrait="face.jpg", basis="artwork")
    transport = SmallWebRTCTransport(params=TransportParams(**face.transport_params()), ...)
    pipeline = Pipeline([transport.input(), stt, ..., tts, face, transport.output(), ...])
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from gioconda.controls import Controls
from gioconda.errors import GiocondaError, MissingExtraError
from gioconda.live.client.face import Face, FaceFrame
from gioconda.live.client.gate import SpeechGate
from gioconda.live.client.options import FaceOptions
from gioconda.live.client.remote import RemoteFace
from gioconda.live.types import OUTPUT_RATE_HZ, LiveAudio, SpeakEnded, SpeakStarted

try:
    from pipecat.frames.frames import (
        CancelFrame,
        EndFrame,
        Frame,
        InterruptionFrame,
        OutputImageRawFrame,
        ServiceUpdateSettingsFrame,
        StartFrame,
        SystemFrame,
        TTSAudioRawFrame,
        TTSStartedFrame,
        TTSStoppedFrame,
        UserStartedSpeakingFrame,
        UserStoppedSpeakingFrame,
    )
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
    from pipecat.services.ai_service import AIService
    from pipecat.services.settings import ServiceSettings
    from pipecat.utils.types import NOT_GIVEN, is_given
except ImportError:
    raise MissingExtraError("a video service for Pipecat", "pipecat") from None

#: Frames a second: what WebRTC carries well.
_FPS: Final = 30.0
_DIALS: Final = ("gaze", "distance", "emotion", "emotion_strength", "expression", "head", "blinks")


@dataclass
class GiocondaVideoSettings(ServiceSettings):  # type: ignore[misc]
    """The dials, which may change while the pipeline runs; see ``gioconda.Controls``."""

    gaze: Any = field(default_factory=lambda: NOT_GIVEN)
    distance: Any = field(default_factory=lambda: NOT_GIVEN)
    emotion: Any = field(default_factory=lambda: NOT_GIVEN)
    emotion_strength: Any = field(default_factory=lambda: NOT_GIVEN)
    expression: Any = field(default_factory=lambda: NOT_GIVEN)
    head: Any = field(default_factory=lambda: NOT_GIVEN)
    blinks: Any = field(default_factory=lambda: NOT_GIVEN)


#: A place in the speech: an utterance's number, and samples of it.
_Place = tuple[int, int]
#: The end of an utterance.
_WHOLE: Final = 2**62


@dataclass
class _Held:
    """A frame of the pipeline that has its place behind some speech."""

    frame: Frame
    place: _Place


class GiocondaVideoService(AIService):  # type: ignore[misc]
    """Takes a bot's speech, gives the face that says it, and the speech again in sync with it.

    What follows a bot's speech in the pipeline (its end, the text that was spoken, the end of the
    pipeline) follows it out again: it waits until the face has said what was pushed before. An
    interruption silences the face at once and drops what waits, but for frames that may not be.
    Where the server is lost for good the bot goes on speaking, unseen.

    Args:
        url: the server's, such as ``http://127.0.0.1:7860``.
        options: how the face is wanted; 30 frames a second unless it says another.
        token: that the server asks for beyond its own machine.
        face: a face to use instead of a server's.
        sync_with_audio: whether a frame is shown when the sound before it was sent, which keeps
            lips and sound together; false for a transport with ``video_out_is_live``.
        listen: whether the face is told when the user speaks.
        **changes: fields of ``FaceOptions``, such as ``portrait="face.jpg"`` and the ``basis``
                on which it may be animated.
    """

    Settings = GiocondaVideoSettings

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        options: FaceOptions | None = None,
        *,
        token: str | None = None,
        face: Face | None = None,
        sync_with_audio: bool = True,
        listen: bool = True,
        name: str | None = None,
        **changes: Any,
    ) -> None:
        self._options = replace(options or FaceOptions(fps=_FPS), **changes)
        self._controls = self._options.controls or Controls()
        dials = {dial: getattr(self._controls, dial) for dial in _DIALS}
        super().__init__(settings=GiocondaVideoSettings(model=None, **dials), name=name)
        self._url, self._token, self._sync, self._listen = url, token, sync_with_audio, listen
        self._face: Face | None = face
        self._gate = SpeechGate()
        self._held: deque[_Held] = deque()
        self._number = 0
        # How far speech was pushed and how far it was heard.
        self._pushed: _Place = (0, 0)
        self._heard: _Place = (0, 0)
        self._saying: _Place = (0, 0)
        self._news = asyncio.Event()
        self._pushing = False
        self._gone = False
        self._context: str | None = None
        self._contexts: dict[int, str | None] = {}
        self._out: asyncio.Task[None] | None = None

    @property
    def face(self) -> Face | None:
        """The face, once the pipeline is set up."""
        return self._face

    def can_generate_metrics(self) -> bool:
        """Tell that the time to the first sound is measured."""
        return True

    def transport_params(self) -> dict[str, Any]:
        """Return the options of ``TransportParams`` that fit the face.

        Pieces of sound of 10 ms, since between two of them a frame is shown.
        """
        size = self._options.size or 512
        return {
            "audio_out_enabled": True,
            "audio_out_sample_rate": OUTPUT_RATE_HZ,
            "audio_out_10ms_chunks": 1,
            "video_out_enabled": True,
            "video_out_is_live": not self._sync,
            "video_out_width": size,
            "video_out_height": size,
            "video_out_framerate": round(self._options.fps or _FPS),
        }

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Connect to the server."""
        await super().setup(setup)
        if self._face is None:
            try:
                self._face = await RemoteFace.connect(self._url, self._options, token=self._token)
            except GiocondaError as e:
                await self.push_error(error_msg=f"no face: {e}", exception=e)

    async def stop(self, frame: EndFrame) -> None:
        """End the face; what was pushed has been said by then."""
        await super().stop(frame)
        await self._close()

    async def cancel(self, frame: CancelFrame) -> None:
        """End the face at once."""
        await super().cancel(frame)
        await self._close()

    async def cleanup(self) -> None:
        """End the face, if nothing did before."""
        await super().cleanup()
        await self._close()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take a frame of the pipeline."""
        if isinstance(frame, EndFrame) and direction is FrameDirection.DOWNSTREAM:
            await self._finish_speaking()
        await super().process_frame(frame, direction)
        if isinstance(frame, StartFrame):
            await self.push_frame(frame, direction)
            if self._face is not None and self._out is None:
                self._out = self.create_task(self._give())
        elif direction is not FrameDirection.DOWNSTREAM or self._face is None or self._gone:
            await self.push_frame(frame, direction)
        elif isinstance(frame, SystemFrame):
            await self._obey(frame)
            await self.push_frame(frame, direction)
        elif isinstance(frame, TTSAudioRawFrame):
            self._speak(frame)
        elif isinstance(frame, ServiceUpdateSettingsFrame) and self._concerns(frame):
            await self._update_settings(frame.delta)
        else:
            if isinstance(frame, TTSStoppedFrame):
                self._end_utterance()
            elif isinstance(frame, TTSStartedFrame):
                # Without a word of the last one's end, the next ends it.
                self._end_utterance()
                await self.start_ttfb_metrics()
            await self._follow(frame)

    def _concerns(self, frame: ServiceUpdateSettingsFrame) -> bool:
        mine = isinstance(frame.delta, GiocondaVideoSettings)
        return mine and frame.service in (None, self)

    async def _update_settings(self, delta: ServiceSettings) -> dict[str, Any]:
        wanted = {dial: getattr(delta, dial) for dial in _DIALS if is_given(getattr(delta, dial))}
        try:
            self._controls = replace(self._controls, **wanted)
        except GiocondaError as e:
            await self.push_error(error_msg=str(e), exception=e)
            return {}
        if self._face is not None:
            self._face.set(self._controls)
        changed: dict[str, Any] = await super()._update_settings(delta)
        return changed

    async def _obey(self, frame: SystemFrame) -> None:
        assert self._face is not None
        if isinstance(frame, InterruptionFrame):
            self._pushing = False
            self._gate.cut(self._number)
            self._face.interrupt()
            kept = [h.frame for h in self._held if not h.frame.interruptible]
            self._held.clear()
            self._pushed = (self._number, _WHOLE)
            await self._release(self._pushed)
            for each in kept:
                await self.push_frame(each)
        elif self._listen and isinstance(
            frame, UserStartedSpeakingFrame | UserStoppedSpeakingFrame
        ):
            self._face.set_listening(isinstance(frame, UserStartedSpeakingFrame))

    def _speak(self, frame: TTSAudioRawFrame) -> None:
        assert self._face is not None
        pcm = np.frombuffer(frame.audio, np.int16).reshape(-1, frame.num_channels)
        if not len(pcm):
            return
        mono = pcm.mean(axis=1, dtype=np.float32) / np.float32(32768)
        number = self._face.push_audio(mono, frame.sample_rate)
        before = self._pushed[1] if number == self._number else 0
        # What it will be at the face's rate, and a little less, since resampling rounds.
        samples = int(len(mono) * OUTPUT_RATE_HZ / frame.sample_rate)
        self._number, self._pushed = number, (number, before + samples)
        self._contexts[number] = frame.context_id
        self._pushing = True

    def _end_utterance(self) -> None:
        if self._pushing:
            assert self._face is not None
            self._pushing = False
            self._pushed = (self._number, _WHOLE)
            self._face.end_of_speech()

    async def _follow(self, frame: Frame) -> None:
        """Pass a frame on, after the speech that came before it."""
        if frame.pts is None and (self._held or self._heard < self._pushed):
            self._held.append(_Held(frame, self._pushed))
        else:
            # A frame with an instant of its own is placed by the transport's clock.
            await self.push_frame(frame)

    async def _release(self, heard: _Place) -> None:
        """Pass on what waited for speech up to a place."""
        self._heard = max(self._heard, heard)
        self._news.set()
        while self._held and self._held[0].place <= self._heard:
            await self.push_frame(self._held.popleft().frame)

    async def _finish_speaking(self) -> None:
        """Wait until everything that was pushed has been said."""
        self._end_utterance()
        while self._heard < self._pushed and self._out is not None and not self._gone:
            self._news.clear()
            await self._news.wait()

    async def _give(self) -> None:
        """Push frames, speech and its ends, as they come."""
        assert self._face is not None
        try:
            async for output in self._face:
                if isinstance(output, FaceFrame):
                    await self._push_image(output)
                elif isinstance(output, LiveAudio):
                    for piece in self._gate.sound(output):
                        await self._push_speech(piece)
                elif isinstance(output, SpeakStarted | SpeakEnded):
                    for piece in self._gate.event(output):
                        await self._push_speech(piece)
        except GiocondaError as e:
            await self.push_error(error_msg=str(e), exception=e)
        finally:
            # Nobody must wait for speech that is not said any more.
            self._gone = True
            self._news.set()

    async def _push_image(self, frame: FaceFrame) -> None:
        image = OutputImageRawFrame(
            image=frame.image.tobytes(), size=(frame.width, frame.height), format="RGB"
        )
        image.sync_with_audio = self._sync
        image.metadata["synthetic"] = True
        await self.push_frame(image)

    async def _push_speech(self, piece: LiveAudio | SpeakStarted | SpeakEnded) -> None:
        if isinstance(piece, SpeakStarted):
            self._context = self._contexts.pop(piece.utterance, None)
            self._saying = (piece.utterance, 0)
            await self.stop_ttfb_metrics()
        elif isinstance(piece, SpeakEnded):
            self._contexts.pop(piece.utterance, None)
            await self._release((piece.utterance, _WHOLE))
        elif self._gate.open:
            whole = np.rint(np.clip(piece.pcm, -1, 1) * 32767).astype(np.int16)
            await self.push_frame(
                TTSAudioRawFrame(
                    audio=whole.tobytes(),
                    sample_rate=OUTPUT_RATE_HZ,
                    num_channels=1,
                    context_id=self._context,
                )
            )
            self._saying = (self._saying[0], self._saying[1] + len(whole))
            await self._release(self._saying)

    async def _close(self) -> None:
        out, self._out = self._out, None
        if out is not None:
            await self.cancel_task(out)
        if self._face is not None:
            await self._face.aclose()
