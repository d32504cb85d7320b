"""The video service for Pipecat in real pipelines, with Pipecat's own test helper and transport.

Not collected by itself: ``tests/live/test_agents.py`` runs it where the framework is installed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputImageRawFrame,
    ServiceUpdateSettingsFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner
from tests.live.client.fake_server import FakeServer, serve
from tests.live.client.fake_session import LOUD, QUIET, SIZE

from gioconda.live.messages import SessionUpdate
from gioconda.live.pipecat import GiocondaVideoService

VOICE_HZ = 24_000


def audio(seconds: float, context: str | None = "turn") -> TTSAudioRawFrame:
    pcm = (16_000 * np.sin(np.arange(round(seconds * VOICE_HZ)) * 0.1)).astype(np.int16)
    return TTSAudioRawFrame(pcm.tobytes(), VOICE_HZ, 1, context_id=context)


def text(words: str) -> TTSTextFrame:
    return TTSTextFrame(words, "sentence")


def told(frames: Any) -> list[str]:
    """Names of frames, with speech as seconds and pictures left out."""
    names: list[str] = []
    seconds = 0.0
    for frame in frames:
        if isinstance(frame, TTSAudioRawFrame):
            seconds += frame.num_frames / frame.sample_rate
        if isinstance(frame, TTSAudioRawFrame | OutputImageRawFrame):
            continue
        if seconds:
            names.append(f"{seconds:.1f} s")
            seconds = 0.0
        if isinstance(frame, TTSTextFrame):
            names.append(frame.text)
        else:
            names.append(type(frame).__name__.removesuffix("Frame"))
    return names + ([f"{seconds:.1f} s"] if seconds else [])


def play(story: Callable[[FakeServer], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), serve() as server:
            await story(server)

    asyncio.run(whole())


def test_speech_comes_out_whole_with_what_followed_it_behind_it() -> None:
    async def story(server: FakeServer) -> None:
        sent = [
            TTSStartedFrame(), audio(0.3), text("one"), audio(0.3), text("two"), TTSStoppedFrame(),
        ]  # fmt: skip
        down, _ = await run_test(
            GiocondaVideoService(server.url), frames_to_send=sent, start_timeout=5
        )
        assert told(down) == ["TTSStarted", "0.3 s", "one", "0.3 s", "two", "TTSStopped"]
        speech = [f for f in down if isinstance(f, TTSAudioRawFrame)]
        samples = sum(f.num_frames for f in speech)
        assert samples == pytest.approx(0.6 * 48_000, abs=100)
        assert {(f.sample_rate, f.context_id) for f in speech} == {(48_000, "turn")}
        pictures = [f for f in down if isinstance(f, OutputImageRawFrame)]
        assert len(pictures) > 15
        assert pictures[0].size == (SIZE, SIZE)
        assert len(pictures[0].image) == SIZE * SIZE * 3
        assert all(f.sync_with_audio for f in pictures)
        assert "input_audio_buffer.commit" in server.kinds()
        assert server.kinds()[-1] == "session.close"

    play(story)


def test_turns_that_are_pushed_faster_than_they_are_said_keep_their_order() -> None:
    async def story(server: FakeServer) -> None:
        turns: list[Frame] = []
        for name in "abc":
            turns += [TTSStartedFrame(), audio(0.2, name), text(name), TTSStoppedFrame()]
        down, _ = await run_test(
            GiocondaVideoService(server.url), frames_to_send=turns, start_timeout=5
        )
        assert told(down) == [
            each for n in "abc" for each in ("TTSStarted", "0.2 s", n, "TTSStopped")
        ]
        order = [f.context_id for f in down if isinstance(f, TTSAudioRawFrame)]
        assert order == sorted(order)
        assert set(order) == set("abc")

    play(story)


def test_an_interruption_drops_what_was_not_said() -> None:
    async def story(server: FakeServer) -> None:
        sent = [
            TTSStartedFrame(), audio(0.2), text("heard"), audio(4.0), text("unheard"),
            TTSStoppedFrame(), SleepFrame(0.8), InterruptionFrame(), SleepFrame(0.2),
            TTSStartedFrame(), audio(0.2), text("next"), TTSStoppedFrame(),
        ]  # fmt: skip
        service = GiocondaVideoService(server.url)
        down, _ = await run_test(service, frames_to_send=sent, start_timeout=5)
        names = told(down)
        assert names[:3] == ["TTSStarted", "0.2 s", "heard"]
        assert 0.1 < float(names[3].removesuffix(" s")) < 2.0
        assert names[4:] == ["Interruption", "TTSStarted", "0.2 s", "next", "TTSStopped"]
        assert "agent.interrupt" in server.kinds()

    play(story)


def test_the_face_listens_while_the_user_speaks_and_dials_are_settings() -> None:
    async def story(server: FakeServer) -> None:
        service = GiocondaVideoService(server.url, portrait="ab12")
        settings = GiocondaVideoService.Settings
        sent = [
            UserStartedSpeakingFrame(), UserStoppedSpeakingFrame(), SleepFrame(0.1),
            ServiceUpdateSettingsFrame(delta=settings(emotion="happy", gaze=(3, 0))),
            ServiceUpdateSettingsFrame(delta=settings(emotion="furious"), service=service),
            SleepFrame(0.2),
        ]  # fmt: skip
        down, up = await run_test(service, frames_to_send=sent, start_timeout=5)
        assert told(down) == ["UserStartedSpeaking", "UserStoppedSpeaking"]
        assert ["furious" in f.error for f in up if isinstance(f, ErrorFrame)] == [True]
        first, *updates = [m for m in server.heard if isinstance(m, SessionUpdate)]
        assert (first.portrait, first.fps) == ("ab12", 30)
        assert [m.listening for m in updates if m.listening is not None] == [True, False]
        dials = [m.controls for m in updates if m.controls is not None]
        assert [(d.emotion, d.gaze) for d in dials] == [("happy", (3, 0))]
        assert service.settings.emotion == "happy"

    play(story)


def test_without_a_server_the_bot_speaks_on_unseen() -> None:
    async def story(server: FakeServer) -> None:
        sent = [TTSStartedFrame(), audio(0.2), TTSStoppedFrame()]
        service = GiocondaVideoService("http://127.0.0.1:1")
        down, up = await run_test(service, frames_to_send=sent, start_timeout=5)
        assert told(down) == ["TTSStarted", "0.2 s", "TTSStopped"]
        assert any("no server at" in f.error for f in up if isinstance(f, ErrorFrame))

    play(story)


def test_a_server_that_goes_away_in_mid_speech_does_not_keep_the_pipeline_waiting() -> None:
    async def story(server: FakeServer) -> None:
        async def later() -> None:
            await asyncio.sleep(1.0)
            server.close_with = "the server ends"

        going = asyncio.create_task(later())
        sent = [
            TTSStartedFrame(), audio(4.0), TTSStoppedFrame(), SleepFrame(2.0),
            TTSStartedFrame(), audio(0.2), TTSStoppedFrame(),
        ]  # fmt: skip
        service = GiocondaVideoService(server.url)
        down, up = await run_test(service, frames_to_send=sent, start_timeout=5)
        await going
        names = told(down)
        assert names[0] == "TTSStarted"
        assert names[2:] == ["TTSStopped", "TTSStarted", "0.2 s", "TTSStopped"]
        assert any("the server ends" in f.error for f in up if isinstance(f, ErrorFrame))

    play(story)


class Output(BaseOutputTransport):
    """An output transport that keeps what it sends, at the pace of sound."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.sent: list[OutputAudioRawFrame | OutputImageRawFrame] = []

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        self.sent.append(frame)
        await asyncio.sleep(frame.num_frames / frame.sample_rate)
        return True

    async def write_video_frame(self, frame: OutputImageRawFrame) -> bool:
        self.sent.append(frame)
        return True


class Watch(FrameProcessor):
    """Notes when the bot is said to speak."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, BotStartedSpeakingFrame | BotStoppedSpeakingFrame):
            self.seen.append(type(frame).__name__)
        await self.push_frame(frame, direction)


def test_a_transport_shows_lips_and_sound_together() -> None:
    async def story(server: FakeServer) -> None:
        service = GiocondaVideoService(server.url, fps=40.0, size=256)
        params = TransportParams(**service.transport_params())
        assert (params.video_out_width, params.video_out_framerate) == (256, 40)
        params.video_out_width = params.video_out_height = SIZE
        params.audio_out_end_silence_secs = 0
        output, watch = Output(params), Watch()
        worker = PipelineWorker(Pipeline([service, output, watch]), enable_rtvi=False)
        ready = asyncio.Event()

        @worker.event_handler("on_pipeline_started")
        async def _started(*_: Any) -> None:
            ready.set()

        async def speak() -> None:
            await ready.wait()
            await asyncio.sleep(0.3)
            for frame in (TTSStartedFrame(), audio(1.0), TTSStoppedFrame()):
                await worker.queue_frame(frame)
            await asyncio.sleep(1.8)
            await worker.queue_frame(EndFrame())

        work = WorkerRunner()
        await work.add_workers(worker)
        await asyncio.gather(work.run(), speak())
        assert watch.seen == ["BotStartedSpeakingFrame", "BotStoppedSpeakingFrame"]
        sound = [f for f in output.sent if isinstance(f, OutputAudioRawFrame)]
        assert sum(f.num_frames for f in sound) == pytest.approx(48_000, abs=600)
        # Between the pieces of sound stand the frames that show them.
        heard, bright = 0, []
        for frame in output.sent:
            if isinstance(frame, OutputAudioRawFrame):
                heard += frame.num_frames
            elif 0.1 < heard / 48_000 < 0.9:
                bright.append(frame.image[0])
        assert len(bright) > 16
        assert np.mean(np.abs(np.array(bright, float) - LOUD) < 12) > 0.95
        last = [f for f in output.sent if isinstance(f, OutputImageRawFrame)][-1]
        assert abs(last.image[0] - QUIET) < 12

    play(story)
