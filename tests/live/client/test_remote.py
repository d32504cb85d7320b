"""A face elsewhere: what is pushed, seen and heard over a real socket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from itertools import pairwise

import numpy as np
import pytest
from tests.live.client.fake_server import FakeServer, serve
from tests.live.client.fake_session import LOUD, QUIET, SIZE

from gioconda import Controls
from gioconda.errors import OptionError, ServerError
from gioconda.live.client import FaceFrame, FaceOutput, RemoteFace
from gioconda.live.messages import SessionRestarted, SessionUpdate
from gioconda.live.packets import Kind
from gioconda.live.types import LiveAudio, SpeakEnded, SpeakStarted

RATE = 24_000


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(np.arange(round(seconds * rate)) * 0.1)).astype(np.float32)


async def until(
    face: RemoteFace, done: Callable[[FaceOutput], bool], seconds: float = 8.0
) -> list[FaceOutput]:
    """Take what comes, up to and with the first that is wanted."""
    seen: list[FaceOutput] = []
    async with asyncio.timeout(seconds):
        async for output in face:
            seen.append(output)
            if done(output):
                return seen
    raise AssertionError("the face ended")


def ended(output: FaceOutput) -> bool:
    return isinstance(output, SpeakEnded)


def run(story: Callable[[FakeServer], Awaitable[None]], fake: FakeServer | None = None) -> None:
    async def whole() -> None:
        async with serve(fake) as server:
            await story(server)

    asyncio.run(whole())


def test_the_client_imports_nothing_heavy() -> None:
    heavy = "mediapipe", "numba", "cv2", "scipy", "skimage", "onnxruntime", "matplotlib", "fastapi"
    code = (
        "import sys, gioconda.live.client as c; c.RemoteFace, c.Face, c.SpeechGate, c.FaceOptions;"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_speech_is_heard_whole_and_its_frames_fall_on_the_same_instants() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            assert (face.width, face.height, face.fps) == (SIZE, SIZE, 40)
            assert face.push_audio(tone(0.6), RATE) == 1
            face.end_of_speech()
            seen = await until(face, ended)
        begun = next(o for o in seen if isinstance(o, SpeakStarted))
        end = seen[-1]
        assert isinstance(end, SpeakEnded)
        assert not end.interrupted
        assert end.played_s == pytest.approx(0.6, abs=0.01)
        line = [o for o in seen if isinstance(o, LiveAudio)]
        for one, other in pairwise(line):
            assert one.sample + len(one.pcm) == other.sample
        heard = np.concatenate([o.pcm for o in line])
        loud = np.flatnonzero(np.abs(heard) > 0.01) + line[0].sample
        assert loud[0] / 48_000 == pytest.approx(begun.time_s, abs=0.005)
        said = [o for o in seen if isinstance(o, FaceFrame) and begun.time_s + 0.05 < o.time_s]
        assert len(said) > 8
        assert all(o.image.shape == (SIZE, SIZE, 3) for o in said)
        for frame in said:
            if frame.time_s < end.time_s:
                assert abs(int(frame.image.mean()) - LOUD) < 12

    run(story)


def test_frames_come_as_planes_for_an_encoder() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url, pixels="i420") as face:
            frame = (await until(face, lambda o: isinstance(o, FaceFrame)))[-1]
        assert isinstance(frame, FaceFrame)
        assert frame.i420
        assert frame.image.shape == (SIZE * 3 // 2, SIZE)
        assert (frame.width, frame.height) == (SIZE, SIZE)
        # Limited range: the grey of the picture, between 16 and 235.
        assert abs(int(frame.image[:SIZE].mean()) - (16 + QUIET * 219 / 255)) < 4

    run(story)


def test_an_interruption_silences_at_once_and_tells_what_was_played() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            face.push_audio(tone(3.0), RATE)
            face.end_of_speech()
            await until(face, lambda o: isinstance(o, LiveAudio) and bool(o.pcm.any()))
            await asyncio.sleep(0.3)
            face.interrupt()
            number = face.push_audio(tone(0.2), RATE)
            face.end_of_speech()
            seen = await until(face, lambda o: isinstance(o, SpeakEnded) and o.utterance == 2)
        assert number == 2
        first = next(o for o in seen if isinstance(o, SpeakEnded))
        assert first.interrupted
        assert 0.2 < first.played_s < 1.5
        begun = next(o for o in seen if isinstance(o, SpeakStarted) and o.utterance == 2)
        for o in seen:
            if isinstance(o, LiveAudio) and o.time_s + len(o.pcm) / 48_000 <= begun.time_s:
                assert not o.pcm.any()
        assert isinstance(seen[-1], SpeakEnded)
        assert seen[-1].played_s == pytest.approx(0.2, abs=0.01)

    run(story)


def test_any_rate_is_taken_and_long_speech_travels_in_pieces() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            face.push_audio(tone(0.3, 22_050), 22_050)
            face.end_of_speech()
            first = (await until(face, ended))[-1]
            face.push_audio(tone(1.2), RATE)
            face.interrupt()
            await until(face, ended)
        assert isinstance(first, SpeakEnded)
        assert first.played_s == pytest.approx(0.3, abs=0.01)
        sent = [m for m in server.heard if getattr(m, "kind", None) is Kind.VOICE]
        half_s = RATE // 2 * 2
        assert [len(m.payload) for m in sent[-3:]] == [half_s, half_s, round(0.2 * RATE) * 2]
        rates = [m.input_rate for m in server.heard if isinstance(m, SessionUpdate)]
        assert [r for r in rates if r] == [48_000, RATE]

    run(story)


def test_dials_listening_and_options_are_told() -> None:
    async def story(server: FakeServer) -> None:
        options = {"portrait": "ab12", "fps": 40.0, "size": 256, "background": "blur"}
        controls = Controls(seed=7, emotion="happy")
        async with await RemoteFace.connect(server.url, controls=controls, **options) as face:
            face.set(Controls(gaze=(5, -2)))
            face.set_listening(True)
            face.set_listening(True)
            face.set_listening(False)
            await until(face, lambda o: isinstance(o, FaceFrame))
        first, dials, *rest = [m for m in server.heard if isinstance(m, SessionUpdate)]
        told = (first.portrait, first.fps, first.size, first.background, first.seed)
        assert told == ("ab12", 40.0, 256, "blur", 7)
        assert first.controls is not None
        assert first.controls.emotion == "happy"
        assert dials.controls is not None
        assert dials.controls.gaze == (5, -2)
        assert [m.listening for m in rest] == [True, False]
        await asyncio.sleep(0.05)
        assert server.kinds()[-1] == "session.close"

    run(story)


def test_a_cut_connection_is_taken_up_and_the_same_session_goes_on() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            face.push_audio(tone(1.0), RATE)
            face.end_of_speech()
            await until(face, lambda o: isinstance(o, SpeakStarted))
            await server.drop()
            seen = await until(face, ended)
            assert not any(isinstance(o, SessionRestarted) for o in seen)
            assert len(server.sessions) == 1
            # Frames are decoded again from a key frame on.
            await until(face, lambda o: isinstance(o, FaceFrame))
        assert [m.resume for m in server.heard if isinstance(m, SessionUpdate)][-1] == "s1"

    run(story)


def test_a_session_that_is_gone_is_replaced_by_another_like_it() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url, portrait="ab12") as face:
            face.set(Controls(emotion="sad"))
            face.push_audio(tone(3.0), RATE)
            face.end_of_speech()
            before = await until(face, lambda o: isinstance(o, LiveAudio) and o.time_s > 0.2)
            server.sessions["gone"] = server.sessions.pop("s1")
            await server.drop()
            seen = await until(face, lambda o: isinstance(o, SessionRestarted))
            lost = next(o for o in seen if isinstance(o, SpeakEnded))
            assert lost.interrupted
            face.push_audio(tone(0.2), RATE)
            face.end_of_speech()
            seen += await until(face, ended)
        last = [m for m in server.heard if isinstance(m, SessionUpdate) and m.portrait][-1]
        assert last.portrait == "ab12"
        assert last.controls is not None
        assert last.controls.emotion == "sad"
        assert last.input_rate == RATE
        assert isinstance(seen[-1], SpeakEnded)
        assert not seen[-1].interrupted
        samples = [o.sample for o in [*before, *seen] if isinstance(o, LiveAudio)]
        assert samples == sorted(samples)

    run(story)


def test_a_lost_worker_ends_what_was_being_said() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            face.push_audio(tone(3.0), RATE)
            face.end_of_speech()
            await until(face, lambda o: isinstance(o, SpeakStarted))
            server.lose = True
            seen = await until(face, lambda o: isinstance(o, SessionRestarted))
            assert [o.interrupted for o in seen if isinstance(o, SpeakEnded)] == [True]
            frame = (await until(face, lambda o: isinstance(o, FaceFrame)))[-1]
        assert isinstance(frame, FaceFrame)
        assert abs(int(frame.image.mean()) - QUIET) < 12

    run(story)


def test_late_frames_are_dropped_and_sound_never() -> None:
    async def story(server: FakeServer) -> None:
        async with await RemoteFace.connect(server.url) as face:
            face.push_audio(tone(0.5), RATE)
            face.end_of_speech()
            await asyncio.sleep(1.2)
            seen = await until(face, ended)
            assert face.dropped > 20
        line = [o for o in seen if isinstance(o, LiveAudio)]
        assert sum(len(o.pcm) for o in line) == line[-1].sample + len(line[-1].pcm)
        assert sum(isinstance(o, FaceFrame) for o in seen) <= 4

    run(story)


def test_refusals_say_why() -> None:
    async def story(server: FakeServer) -> None:
        with pytest.raises(ServerError, match="token") as refused:
            await RemoteFace.connect(server.url)
        assert refused.value.code == "unauthorized"
        async with await RemoteFace.connect(server.url, token="secret"):
            pass
        server.full = True
        with pytest.raises(ServerError, match="taken") as refused:
            await RemoteFace.connect(server.url, token="secret")
        assert refused.value.code == "busy"

    run(story, FakeServer(token="secret"))


def test_the_end_of_a_session_by_the_server_is_an_error_and_ends_what_was_said() -> None:
    async def story(server: FakeServer) -> None:
        face = await RemoteFace.connect(server.url)
        face.push_audio(tone(3.0), RATE)
        server.close_with = "it was idle"
        seen: list[FaceOutput] = []

        async def take() -> None:
            async for output in face:
                seen.append(output)

        with pytest.raises(ServerError, match="it was idle"):
            await take()
        assert [o.interrupted for o in seen if isinstance(o, SpeakEnded)] == [True]
        await face.aclose()

    run(story)


@pytest.mark.parametrize(
    ("url", "changes", "says"),
    [
        ("127.0.0.1:7860", {}, "not the address"),
        ("http://127.0.0.1:1", {"fps": 400}, "fps is 400"),
        ("http://127.0.0.1:1", {"size": 500}, "size is 500"),
        ("http://127.0.0.1:1", {"portrait": "nowhere/face.jpg"}, "no picture"),
    ],
)
def test_bad_options_are_refused_before_anything_is_sent(
    url: str, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        asyncio.run(RemoteFace.connect(url, **changes))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ServerError, match=r"no server at http://127\.0\.0\.1:1"):
        asyncio.run(RemoteFace.connect("http://127.0.0.1:1"))
