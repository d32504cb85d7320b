"""Render jobs: taken, followed, fetched, cancelled, forgotten."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import numpy as np
import pytest
from tests.live.server.small import Small, png, settled, small, wav

from gioconda.live.server import jobs
from gioconda.live.server.job_process import RenderError
from gioconda.live.server.job_queue import FILE_S, MOST_WAITING, TOLD_S
from gioconda.live.server.state import KEEP_S


async def posted(here: Small, options: object = None, **fields: Any) -> httpx.Response:
    if options is not None:
        fields["options"] = options if isinstance(options, str) else json.dumps(options)
    form = {k: ("name" if isinstance(v, bytes) else None, v) for k, v in fields.items()}
    return await here.http.post("/v1/jobs", files=form or None)


async def submitted(here: Small, options: object = None, **fields: Any) -> str:
    answer = await posted(here, options, **(fields or {"sound": wav()}))
    assert answer.status_code == 202, answer.text
    await settled()
    return f"/v1/jobs/{answer.json()['id']}"


def test_a_job_is_made_as_asked_for_and_fetched() -> None:
    async def story() -> None:
        async with small() as here:
            url = await submitted(
                here,
                {"controls": {"emotion": "happy"}, "fps": 25, "size": 256, "format": "webm",
                 "background": "blur", "seed": 3},
                sound=wav(0.5),
            )  # fmt: skip
            [task] = here.renderer.tasks
            assert (task.fps, task.size, task.background) == (25, 256, "blur")
            assert (task.controls.emotion, task.controls.seed) == ("happy", 3)
            assert task.target.suffix == ".webm"
            assert task.samples is not None
            assert task.samples.dtype == np.int16
            assert (len(task.samples), task.rate_hz) == (8000, 16_000)
            told = (await here.http.get(url)).json()
            assert (told["state"], told["progress"], told["seconds_left"]) == ("running", 0, None)
            assert (await here.http.get(f"{url}/file")).status_code == 409
            here.clock.now_s += 3
            here.renderer.progress[0](0.25)
            told = (await here.http.get(url)).json()
            assert (told["progress"], told["seconds_left"]) == (0.25, 9.0)
            here.renderer.ends[0].set_result(b"0123456789")
            await settled()
            told = (await here.http.get(url)).json()
            assert (told["state"], told["progress"], told["kept_s"]) == ("done", 1, FILE_S)
            whole = await here.http.get(told["file"])
            assert whole.content == b"0123456789"
            assert whole.headers["content-type"] == "video/webm"
            part = await here.http.get(told["file"], headers={"Range": "bytes=2-4"})
            assert (part.status_code, part.content) == (206, b"234")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "a sound or a text"),
        ({"sound": wav(), "text": "Hello."}, "one of them"),
        ({"sound": b"no sound"}, ""),
        ({"sound": "no file"}, "as a file"),
        ({"text": "..."}, "no words"),
        ({"text": "Hello.", "voice": "xx-none"}, ""),
        ({"text": "a" * 5001}, "5000"),
        ({"sound": wav(), "portrait": "nobody"}, "upload it again"),
        ({"sound": wav(), "portrait": b"no picture", "basis": "synthetic"}, ""),
        ({"sound": wav(), "portrat": "example"}, "portrait"),
        ({"sound": wav(), "options": "{"}, "options"),
        ({"sound": wav(), "options": '{"fps": 1000}'}, "options.fps"),
        ({"sound": wav(), "options": '{"format": "exe"}'}, "options.format"),
        ({"sound": wav(), "options": '{"background": "/etc/passwd"}'}, "background"),
        ({"sound": wav(), "options": '{"background": "none"}'}, "background"),
        ({"sound": wav(), "options": '{"controls": {"head": 9}}'}, "head"),
        ({"sound": wav(31, 1000), "options": '{"format": "gif"}'}, "gif"),
    ],
)
def test_a_wrong_wish_is_refused_before_any_work(fields: dict[str, Any], word: str) -> None:
    async def story() -> None:
        async with small() as here:
            answer = await posted(here, **fields)
            assert answer.status_code in (404, 415, 422)
            assert word in answer.json()["error"]["message"]
            assert not here.renderer.tasks
            assert (await here.http.get("/v1/jobs")).json() == []
            assert all(not p.users for p in here.server.portraits.all())

    asyncio.run(story())


def test_jobs_wait_for_each_other_and_too_many_are_refused() -> None:
    async def story() -> None:
        async with small() as here:
            urls = [await submitted(here) for _ in range(1 + MOST_WAITING)]
            answer = await posted(here, sound=wav())
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            states = [(await here.http.get(u)).json() for u in urls]
            assert [s["state"] for s in states] == ["running"] + ["queued"] * MOST_WAITING
            assert [s["ahead"] for s in states] == [0, *range(MOST_WAITING)]
            assert len(here.renderer.tasks) == 1
            here.renderer.ends[0].set_result(b"")
            await settled()
            assert (await here.http.get(urls[1])).json()["state"] == "running"
            assert (await here.http.get("/v1/server")).json()["jobs"] == MOST_WAITING
            await submitted(here)

    asyncio.run(story())


def test_cancelling_ends_the_work_at_once_and_lets_the_next_run() -> None:
    async def story() -> None:
        async with small() as here:
            first, second, third = [await submitted(here) for _ in range(3)]
            assert (await here.http.delete(second)).status_code == 204
            assert (await here.http.delete(first)).status_code == 204
            await settled()
            assert here.renderer.cancelled == 1
            states = [(await here.http.get(u)).json()["state"] for u in (first, second, third)]
            assert states == ["cancelled", "cancelled", "running"]
            assert (await here.http.get(f"{first}/file")).status_code == 409
            # The third's folder alone is left.
            assert len([p for p in here.server.store.folder.iterdir() if p.is_dir()]) == 1
            await here.sweep_after(TOLD_S)
            assert (await here.http.get(first)).status_code == 404
            assert (await here.http.get(third)).status_code == 200

    asyncio.run(story())


def test_a_job_that_fails_says_why_and_the_next_runs() -> None:
    async def story() -> None:
        async with small() as here:
            first, second = await submitted(here), await submitted(here)
            here.renderer.ends[0].set_exception(RenderError("the face is too small"))
            await settled()
            told = (await here.http.get(first)).json()
            assert (told["state"], told["error"]) == ("failed", "the face is too small")
            here.renderer.ends[1].set_exception(ValueError("words of somebody"))
            await settled()
            told = (await here.http.get(second)).json()
            assert told["state"] == "failed"
            assert "words" not in told["error"]

    asyncio.run(story())


def test_file_and_uploads_are_deleted_in_their_time() -> None:
    async def story() -> None:
        async with small() as here:
            url = await submitted(here, sound=wav(), portrait=png(), basis="synthetic")
            [portrait] = here.server.portraits.all()
            await here.sweep_after(10 * KEEP_S)
            assert here.server.portraits.all() == [portrait], "it is in use"
            here.renderer.ends[0].set_result(b"video")
            await settled()
            [job] = here.server.jobs.all()
            assert job._task is None, "portrait and sound are forgotten with the job"
            await here.sweep_after(KEEP_S)
            assert here.server.portraits.all() == []
            await here.sweep_after(FILE_S - KEEP_S - 1)
            assert (await here.http.get(f"{url}/file")).content == b"video"
            await here.sweep_after(1)
            assert (await here.http.get(f"{url}/file")).status_code == 404
            assert not job.path.exists()
            url = await submitted(here)
            here.renderer.ends[1].set_result(b"video")
            await settled()
            await here.http.delete(url)
            assert (await here.http.get(url)).status_code == 404

    asyncio.run(story())


async def events(here: Small, url: str, last: int | None = None) -> list[dict[str, str]]:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    answer = await here.http.get(f"{url}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [b for b in answer.text.split("\n\n") if b and not b.startswith(":")]
    return [dict(line.split(": ", 1) for line in b.splitlines()) for b in blocks]


def test_progress_is_told_by_events_to_the_end() -> None:
    async def story() -> None:
        async with small() as here:
            url = await submitted(here)
            following = asyncio.create_task(events(here, url))
            await settled()
            for done in (0.3, 0.6):
                here.renderer.progress[0](done)
                await settled()
            here.renderer.ends[0].set_result(b"")
            heard = await following
            assert [e["event"] for e in heard] == ["running", "running", "running", "done"]
            data = [json.loads(e["data"]) for e in heard]
            assert [d["progress"] for d in data] == [0, 0.3, 0.6, 1]
            assert data[-1]["file"] == f"{url}/file"
            ids = [int(e["id"]) for e in heard]
            assert ids == sorted(set(ids))
            again = await events(here, url, ids[1])
            assert [e["event"] for e in again] == ["done"], "what is new, in one"
            end = await here.http.get(f"{url}/events", headers={"Last-Event-ID": str(ids[-1])})
            assert end.status_code == 204, "an EventSource stops at that"

    asyncio.run(story())


def test_a_heart_beats_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BEAT_S", 0.01)

    async def story() -> None:
        async with small() as here:
            url = await submitted(here)
            following = asyncio.create_task(here.http.get(f"{url}/events"))
            await asyncio.sleep(0.2)
            await here.http.delete(url)
            text = (await following).text
            assert ": still there\n\n" in text
            assert "event: cancelled" in text

    asyncio.run(story())


def test_the_end_of_the_server_cancels_jobs_and_tells_followers() -> None:
    async def story() -> None:
        async with small() as here:
            url = await submitted(here)
            following = asyncio.create_task(events(here, url))
            await settled()
            await here.server.end()
            assert (await following)[-1]["event"] == "cancelled"
            assert here.renderer.cancelled == 1

    asyncio.run(story())


def test_nothing_that_was_sent_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with small() as here:
            files = {"sound": ("my private name.wav", wav())}
            await here.http.post("/v1/jobs", files=files, data={"options": '{"seed": 271828}'})
            await settled()
            here.renderer.ends[0].set_exception(ValueError("my private words"))
            await settled()

    with caplog.at_level(logging.DEBUG, "gioconda"):
        asyncio.run(story())
    text = "".join(f"{r.getMessage()}{r.exc_info}{r.exc_text}" for r in caplog.records)
    assert "private" not in text
    assert "271828" not in text
