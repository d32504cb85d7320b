"""Uploads and recordings are gone a minute after their session."""

from __future__ import annotations

import asyncio

from tests.live.server.small import png, settled, small

from gioconda.live.host import commands as c
from gioconda.live.server.state import KEEP_S


def test_a_portrait_is_forgotten_a_minute_after_it_came() -> None:
    async def story() -> None:
        async with small() as here:
            answer = await here.http.post("/v1/portraits?basis=synthetic", content=png())
            assert answer.status_code == 201, answer.text
            url = f"/v1/portraits/{answer.json()['id']}"
            await here.sweep_after(KEEP_S - 1)
            assert (await here.http.get(url)).status_code == 200
            await here.sweep_after(1)
            assert (await here.http.get(url)).status_code == 404
            assert here.pool.workers[0].portraits == {}

    asyncio.run(story())


def test_a_portrait_stays_with_its_session_and_a_minute_longer() -> None:
    async def story() -> None:
        async with small() as here:
            portrait = (
                await here.http.post("/v1/portraits?basis=synthetic", content=png())
            ).json()["id"]
            session = (await here.http.post("/v1/sessions", json={"portrait": portrait})).json()
            held = here.server.sessions.get(session["id"])
            here.server.sessions.enter(held)
            await here.sweep_after(1000)
            refused = await here.http.delete(f"/v1/portraits/{portrait}")
            assert refused.status_code == 409
            await here.http.delete(f"/v1/sessions/{session['id']}")
            await here.sweep_after(KEEP_S - 1)
            assert len(here.server.portraits) == 1
            await here.sweep_after(1)
            assert len(here.server.portraits) == 0
            assert all(portrait not in w.portraits for w in here.pool.workers)

    asyncio.run(story())


def test_nothing_of_a_portrait_is_on_disk() -> None:
    async def story() -> None:
        async with small() as here:
            answer = await here.http.post("/v1/portraits?basis=synthetic", content=png())
            await here.http.get(answer.json()["sheet"])
            assert [p.name for p in here.server.store.folder.rglob("*")] == ["lock"]

    asyncio.run(story())


def test_a_recording_is_deleted_a_minute_after_its_session() -> None:
    async def story() -> None:
        async with small() as here:
            key = (await here.http.post("/v1/sessions", json={})).json()["id"]
            held = here.server.sessions.get(key)
            await here.server.recordings.start(held)
            path = here.pool.workers[-1].of(c.StartOutput)[-1].target
            with open(path, "wb") as file:
                file.write(b"moving pictures")
            await here.server.recordings.stop(held)
            await settled()
            url = f"/v1/sessions/{key}/recording.mp4"
            assert (await here.http.get(url)).content == b"moving pictures"
            await here.http.delete(f"/v1/sessions/{key}")
            await here.sweep_after(KEEP_S - 1)
            assert (await here.http.get(url)).status_code == 200
            await here.sweep_after(1)
            assert (await here.http.get(url)).status_code == 404
            assert not list(here.server.store.folder.glob("*/*"))

    asyncio.run(story())


def test_a_recording_that_runs_at_the_end_can_be_fetched() -> None:
    async def story() -> None:
        async with small() as here:
            key = (await here.http.post("/v1/sessions", json={})).json()["id"]
            await here.server.recordings.start(here.server.sessions.get(key))
            path = here.pool.workers[-1].of(c.StartOutput)[-1].target
            with open(path, "wb") as file:
                file.write(b"whole")
            await here.http.delete(f"/v1/sessions/{key}")
            assert (await here.http.get(f"/v1/sessions/{key}/recording.mp4")).content == b"whole"

    asyncio.run(story())
