"""The avatar for LiveKit Agents under the real AvatarRunner, AgentSession and sources.

Not collected by itself: ``tests/live/test_agents.py`` runs it where the framework is installed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice import avatar
from tests.live.client.fake_server import FakeServer, serve
from tests.live.client.fake_session import SIZE

from gioconda.live.client import RemoteFace
from gioconda.live.livekit import AvatarSession, FaceVideoGenerator, options_of, runner

VOICE_HZ = 24_000


class FakeRoom(rtc.EventEmitter[str]):
    """A room that is connected and takes tracks, without a server."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Any] = []
        self.name = "room"
        self.remote_participants: dict[str, Any] = {}
        self.local_participant = SimpleNamespace(
            identity="agent", kind=0, publish_track=self._publish, track_publications={}
        )

    def isconnected(self) -> bool:
        return True

    async def _publish(self, track: Any, options: Any) -> Any:
        self.published.append(track)
        publication = SimpleNamespace(
            kind=track.kind, track=track, wait_for_subscription=lambda: asyncio.sleep(0)
        )
        self.local_participant.track_publications[str(len(self.published))] = publication
        return publication


def tone(seconds: float) -> rtc.AudioFrame:
    pcm = (16_000 * np.sin(np.arange(round(seconds * VOICE_HZ)) * 0.1)).astype(np.int16)
    return rtc.AudioFrame(pcm.tobytes(), VOICE_HZ, 1, len(pcm))


class Captured:
    """What the runner hands to the room's sources."""

    def __init__(self, made: avatar.AvatarRunner) -> None:
        self.audio: list[rtc.AudioFrame] = []
        self.video: list[rtc.VideoFrame] = []
        sound, picture = made._audio_source.capture_frame, made._video_source.capture_frame

        async def hear(frame: rtc.AudioFrame) -> None:
            self.audio.append(frame)
            await sound(frame)

        def see(frame: rtc.VideoFrame, **more: Any) -> None:
            self.video.append(frame)
            picture(frame, **more)

        made._audio_source.capture_frame = hear
        made._video_source.capture_frame = see

    @property
    def seconds(self) -> float:
        return sum(frame.duration for frame in self.audio)


class Stage:
    """A runner on a fake room, fed by the queue that an agent would fill."""

    def __init__(self, face: RemoteFace) -> None:
        self.room = FakeRoom()
        self.audio = avatar.QueueAudioOutput(sample_rate=VOICE_HZ, wait_playback_start=True)
        self.runner = runner(self.room, face, self.audio)
        self.captured = Captured(self.runner)
        self.finished: list[Any] = []
        self.started = asyncio.Event()
        self.audio.on("playback_finished", self.finished.append)
        self.audio.on("playback_started", lambda _: self.started.set())

    async def speak(self, seconds: float, *, end: bool = True) -> None:
        for _ in range(round(seconds / 0.1)):
            await self.audio.capture_frame(tone(0.1))
        if end:
            self.audio.flush()


@asynccontextmanager
async def stage(server: FakeServer) -> AsyncIterator[Stage]:
    async with await RemoteFace.connect(server.url, pixels="i420") as face:
        made = Stage(face)
        await made.runner.start()
        yield made
        await made.runner.aclose()


def play(story: Callable[[FakeServer], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), serve() as server:
            await story(server)

    asyncio.run(whole())


def test_a_segment_is_played_whole_and_finished_once() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            await on.speak(0.6)
            done = await on.audio.wait_for_playout()
            assert not done.interrupted
            assert done.playback_position == pytest.approx(0.6, abs=0.01)
            assert on.captured.seconds == pytest.approx(0.6, abs=0.01)
            await on.speak(0.3)
            done = await on.audio.wait_for_playout()
            assert done.playback_position == pytest.approx(0.3, abs=0.01)
            assert len(on.finished) == 2
            seen = len(on.captured.video)
            await asyncio.sleep(0.3)
            assert len(on.captured.video) > seen + 4
            kinds = [track.kind for track in on.room.published]
            assert kinds == [rtc.TrackKind.KIND_AUDIO, rtc.TrackKind.KIND_VIDEO]
        frame = on.captured.video[-1]
        assert (frame.width, frame.height, frame.type) == (SIZE, SIZE, rtc.VideoBufferType.I420)

    play(story)


def test_an_interruption_reports_the_position_and_the_next_segment_is_whole() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            await on.speak(4.0)
            await on.started.wait()
            await asyncio.sleep(0.4)
            # What AgentSession does on an interruption; the flush makes another segment end.
            on.audio.clear_buffer()
            on.audio.flush()
            cut = await on.audio.wait_for_playout()
            assert cut.interrupted
            assert 0.2 < cut.playback_position < 2.0
            heard = on.captured.seconds
            assert heard == pytest.approx(cut.playback_position, abs=0.11)
            await on.speak(0.3)
            done = await on.audio.wait_for_playout()
            assert not done.interrupted
            assert done.playback_position == pytest.approx(0.3, abs=0.01)
            assert on.captured.seconds == pytest.approx(heard + 0.3, abs=0.01)
            assert [e.interrupted for e in on.finished] == [True, False]

    play(story)


def test_an_interruption_before_anything_was_heard_reports_nothing_played() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            await on.speak(1.0, end=False)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            on.audio.clear_buffer()
            on.audio.flush()
            await on.speak(0.2)
            await on.audio.wait_for_playout()
            assert not on.finished[-1].interrupted
            assert on.finished[-1].playback_position == pytest.approx(0.2, abs=0.01)

    play(story)


def test_speech_that_pauses_in_the_middle_is_one_segment() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            await on.speak(0.2, end=False)
            await on.started.wait()
            # Longer than the two seconds after which the session ends an utterance.
            await asyncio.sleep(2.6)
            assert not on.finished
            await on.speak(0.2)
            done = await on.audio.wait_for_playout()
            assert not done.interrupted
            assert len(on.finished) == 1

    play(story)


def test_a_lost_worker_does_not_keep_the_agent_waiting() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            await on.speak(3.0)
            await on.started.wait()
            server.lose = True
            await on.audio.wait_for_playout()
            await on.speak(0.2)
            done = await on.audio.wait_for_playout()
            assert done.playback_position == pytest.approx(0.2, abs=0.01)

    play(story)


def test_without_its_server_the_agent_speaks_on() -> None:
    async def story(server: FakeServer) -> None:
        async with stage(server) as on:
            server.close_with = "the server ends"
            await asyncio.sleep(0.3)
            await on.speak(0.4)
            done = await on.audio.wait_for_playout()
            assert done.playback_position == pytest.approx(0.4, abs=0.02)

    play(story)


def test_sound_and_the_frames_that_show_it_come_side_by_side() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url, pixels="i420") as face:
            generator = FaceVideoGenerator(face)
            assert options_of(face).video_fps == 40
            await generator.push_audio(tone(0.5))
            await generator.push_audio(avatar.AudioSegmentEnd())
            order: list[str] = []
            seconds = 0.0
            async for output in generator:
                if isinstance(output, rtc.VideoFrame):
                    bright = bytes(output.data)[0] > 100
                    order.append("bright" if bright else "dark")
                elif isinstance(output, rtc.AudioFrame):
                    order.append("sound")
                    seconds += output.duration
                else:
                    order.append("end")
                    break
        assert order.count("end") == 1
        assert abs(order.index("bright") - order.index("sound")) <= 3
        assert seconds == pytest.approx(0.5, abs=0.01)

    play(story)


def test_an_agent_session_speaks_through_the_face() -> None:
    async def story(server: FakeServer) -> None:
        session, room = AgentSession(), FakeRoom()
        face = AvatarSession(server.url, portrait="ab12")
        await face.start(session, room)
        assert face.avatar_identity == "agent"
        captured = Captured(face._runner)
        await session.start(Agent(instructions="none"))

        async def voice(seconds: float) -> AsyncIterator[rtc.AudioFrame]:
            for _ in range(round(seconds / 0.1)):
                yield tone(0.1)

        await session.say("hello", audio=voice(0.5)).wait_for_playout()
        assert captured.seconds == pytest.approx(0.5, abs=0.02)
        long = session.say("a long story", audio=voice(5.0))
        while captured.seconds < 1.0:
            await asyncio.sleep(0.02)
        await long.interrupt()
        await long.wait_for_playout()
        assert long.interrupted
        assert captured.seconds < 2.5
        await session.say("again", audio=voice(0.3)).wait_for_playout()
        said = [item for item in session.history.items if item.type == "message"]
        assert [item.interrupted for item in said] == [False, True, False]
        await session.aclose()
        await face.aclose()
        first = server.heard[0]
        assert (first.portrait, first.fps) == ("ab12", 30)
        assert server.kinds()[-1] == "session.close"

    play(story)
