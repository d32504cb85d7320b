"""Sessions by REST: begun, turned, spoken to, sent elsewhere, ended by themselves."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from tests.live.server.small import Small, png, settled, small, wav

from gioconda.live.host import commands as c
from gioconda.live.server.sessions import MOST_QUEUED_S
from gioconda.live.server.state import ALONE_S, RESUME_S


async def begun(here: Small, **wanted: object) -> str:
    answer = await here.http.post("/v1/sessions", json=wanted)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/sessions/{answer.json()['id']}"
    return str(answer.json()["id"])


def test_a_session_is_begun_as_asked_for() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(
                here, size=256, fps=30, seed=7, controls={"emotion": "happy"}, background="#102030"
            )
            told = (await here.http.get(f"/v1/sessions/{key}")).json()
            assert (told["width"], told["fps"], told["portrait"]) == (256, 30, "example")
            assert told["controls"]["emotion"] == "happy"
            assert told["controls"]["seed"] == 7
            assert told["background"] == "#102030"
            assert told["links"]["whep"] == f"/whep/{key}"
            assert [s["id"] for s in (await here.http.get("/v1/sessions")).json()] == [key]
            assert (await here.http.delete(f"/v1/sessions/{key}")).status_code == 204
            gone = await here.http.get(f"/v1/sessions/{key}")
            assert gone.status_code == 404
            assert gone.json()["error"]["code"] == "no_session"
            assert here.pool.taken == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"size": 300}, "size"),
        ({"fps": 5}, "fps"),
        ({"colour": "red"}, "colour"),
        ({"background": "/etc/passwd"}, "background"),
        ({"controls": {"emotion": "hungry"}}, "emotion"),
        ({"portrait": "nobody"}, "upload it again"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(wanted: dict[str, object], word: str) -> None:
    async def story() -> None:
        async with small() as here:
            answer = await here.http.post("/v1/sessions", json=wanted)
            assert answer.status_code in (404, 422)
            assert word in answer.json()["error"]["message"]
            assert here.pool.taken == 0

    asyncio.run(story())


def test_a_full_server_says_when_to_come_again() -> None:
    async def story() -> None:
        async with small() as here:
            await begun(here)
            await begun(here)
            answer = await here.http.post("/v1/sessions", json={})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0

    asyncio.run(story())


def test_dials_turn_and_the_others_stay() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here, controls={"emotion": "sad", "head": 0.5})
            url = f"/v1/sessions/{key}/controls"
            told = (await here.http.post(url, json={"gaze": [5, -3], "listening": True})).json()
            assert told["controls"]["gaze"] == [5, -3]
            assert told["controls"]["emotion"] == "sad"
            turn = here.pool.workers[-1].of(c.Turn)[-1]
            assert turn.controls.gaze == (5, -3)
            assert turn.listening is True
            assert turn.background is None
            assert (await here.http.post(url, json={"gaze": [500, 0]})).status_code == 422
            assert (await here.http.post(url, json={"gaze": [float(1)]})).status_code == 422

    asyncio.run(story())


def test_a_text_is_said_and_one_without_words_refused(espeak_program: str) -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/say"
            answer = await here.http.post(url, json={"text": "Buongiorno.", "voice": "it"})
            assert answer.status_code == 202
            assert here.pool.workers[-1].of(c.Say) == [c.Say("Buongiorno.", "it")]
            assert (await here.http.post(url, json={"text": "..."})).status_code == 422
            wrong = await here.http.post(url, json={"text": "Hi.", "voice": "xx-none"})
            assert wrong.status_code == 422
            assert wrong.json()["error"]["code"] == "voice"
            assert len(here.pool.workers[-1].of(c.Say)) == 1

    asyncio.run(story())


@pytest.mark.parametrize("form", [False, True])
def test_a_sound_file_is_spoken_as_one_utterance(form: bool) -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/speech"
            sound = wav(1.25)
            body = {"files": {"file": ("mine.wav", sound)}} if form else {"content": sound}
            answer = await here.http.post(url, **body)
            assert answer.status_code == 202, answer.text
            assert answer.json() == {"duration_s": 1.25, "queued_s": 1.25}
            said = here.pool.workers[-1].of(c.Speak)
            pcm = np.frombuffer(b"".join(s.pcm for s in said), "<i2")
            assert len(pcm) == 20_000
            assert abs(np.abs(pcm).max() - 8000) < 5
            assert {s.rate_hz for s in said} == {16_000}
            assert [s.ends for s in said] == [False, False, True]

    asyncio.run(story())


def test_no_sound_is_refused_and_nothing_is_said() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/speech"
            for sent, status in ((b"not a sound at all", 422), (b"", 422), (png(), 422)):
                assert (await here.http.post(url, content=sent)).status_code == status
            empty = await here.http.post(url, data={"other": "1"}, files={"f": b"x"})
            assert "'file'" in empty.json()["error"]["message"]
            assert not here.pool.workers[-1].of(c.Speak)

    asyncio.run(story())


def test_what_waits_to_be_heard_is_bounded_until_an_interruption() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            held = here.server.sessions.get(key)
            held.queued_until_s = here.clock() + MOST_QUEUED_S
            url = f"/v1/sessions/{key}"
            answer = await here.http.post(f"{url}/speech", content=wav(2.0))
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) == 5
            assert (await here.http.post(f"{url}/interrupt")).status_code == 204
            assert here.pool.workers[-1].of(c.StopSpeaking)
            assert (await here.http.post(f"{url}/speech", content=wav(2.0))).status_code == 202

    asyncio.run(story())


def test_a_session_that_nobody_asks_for_closes() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            await here.sweep_after(ALONE_S - 1)
            assert (await here.http.get(f"/v1/sessions/{key}")).json()["closes_in_s"] == ALONE_S
            await here.sweep_after(ALONE_S - 1)
            assert len(here.server.sessions) == 1
            await here.sweep_after(1)
            assert len(here.server.sessions) == 0
            assert here.pool.taken == 0

    asyncio.run(story())


def test_a_session_lives_while_it_speaks_and_while_a_client_holds_it() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            await here.http.post(f"/v1/sessions/{key}/speech", content=wav(30.0, 8000))
            await here.sweep_after(ALONE_S + 29)
            assert len(here.server.sessions) == 1
            held = here.server.sessions.get(key)
            here.server.sessions.enter(held)
            await here.sweep_after(10_000)
            assert len(here.server.sessions) == 1
            here.server.sessions.leave(held)
            await here.sweep_after(RESUME_S + 1)
            assert len(here.server.sessions) == 1, "its own time is longer"
            await here.sweep_after(ALONE_S)
            assert len(here.server.sessions) == 0

    asyncio.run(story())


def test_a_session_whose_process_was_lost_is_forgotten() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            here.server.sessions.get(key).face.closed = True
            await here.sweep_after(1)
            assert len(here.server.sessions) == 0
            assert here.server.portraits.all() == []

    asyncio.run(story())


def test_sessions_go_nowhere_else_unless_the_operator_allows_it() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/outputs"
            answer = await here.http.post(url, json={"url": "rtmp://127.0.0.1/app/key"})
            assert answer.status_code == 403
            assert "--allow-output" in answer.json()["error"]["message"]
            assert not here.pool.workers[-1].of(c.StartOutput)

    asyncio.run(story())


def test_an_output_is_started_told_and_stopped() -> None:
    pytest.importorskip("gioconda.live.outputs")

    async def story() -> None:
        async with small(allow_output=("rtmp://127.0.0.1/app/",)) as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/outputs"
            for wrong in ("rtmp://127.0.0.1.evil/app/k", "rtmp://127.0.0.1/other/k", "/tmp/x.mp4"):
                assert (await here.http.post(url, json={"url": wrong})).status_code == 422
            answer = await here.http.post(url, json={"url": "rtmp://127.0.0.1/app/secret"})
            assert answer.status_code == 202
            assert "secret" not in answer.text
            await settled()
            [told] = (await here.http.get(url)).json()
            assert told["state"] == "live"
            assert (await here.http.get(f"/v1/sessions/{key}")).json()["clients"] == 1
            await here.sweep_after(10_000)
            assert (await here.http.delete(f"{url}/{told['id']}")).status_code == 204
            await settled()
            session = (await here.http.get(f"/v1/sessions/{key}")).json()
            assert session["clients"] == 0
            assert session["outputs"][0]["state"] == "closed"
            assert (await here.http.delete(f"{url}/nothing")).status_code == 404

    asyncio.run(story())


def test_as_much_speech_waits_as_a_session_takes() -> None:
    from gioconda.live import session

    assert MOST_QUEUED_S == session.MOST_QUEUED_S


def test_an_output_that_was_stopped_ends_with_a_lost_process_and_the_others_go_on() -> None:
    pytest.importorskip("gioconda.live.outputs")

    async def story() -> None:
        async with small(allow_output=("rtmp://127.0.0.1/app/",)) as here:
            key = await begun(here)
            url = f"/v1/sessions/{key}/outputs"
            for name in ("one", "two"):
                await here.http.post(url, json={"url": f"rtmp://127.0.0.1/app/{name}"})
            await settled()
            first, second = (await here.http.get(url)).json()
            here.pool.workers[-1].deaf = True
            await here.http.delete(f"{url}/{first['id']}")
            here.pool.workers[-1].die()
            await settled()
            told = {o["id"]: o["state"] for o in (await here.http.get(url)).json()}
            assert told == {first["id"]: "closed", second["id"]: "live"}
            assert (await here.http.get(f"/v1/sessions/{key}")).json()["clients"] == 1
            started = here.pool.workers[-1].of(c.StartOutput)
            assert [o.name for o in started] == [second["id"]]

    asyncio.run(story())


def test_an_end_goes_on_when_who_asked_for_it_is_gone() -> None:
    async def story() -> None:
        async with small() as here:
            key = await begun(here)
            held = here.server.sessions.get(key)
            asking = asyncio.create_task(here.server.sessions.close(held, "by a socket"))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await here.server.sessions.close(held, "by another")
            assert here.pool.taken == 0
            assert len(here.server.sessions) == 0

    asyncio.run(story())
