"""The REST API against real workers: what is sent is seen and heard."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.live.server.conftest import Running
from tests.live.server.small import wav
from tests.live.server.test_socket import Client

from gioconda import examples
from gioconda.live.packets import Kind

websockets = pytest.importorskip("websockets", reason="the extra [live] is not installed")


@contextlib.asynccontextmanager
async def begun(server: Running, **wanted: Any) -> Any:
    async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
        answer = await http.post("/v1/sessions", json={"size": 256, **wanted})
        assert answer.status_code == 201, answer.text
        url = f"/v1/sessions/{answer.json()['id']}"
        yield http, url
        await http.delete(url)


def test_a_sound_file_and_dials_act_on_a_session_that_a_socket_sees(server: Running) -> None:
    async def story() -> None:
        async with (
            begun(server) as (http, url),
            websockets.connect(server.socket, max_size=2**23) as socket,
        ):
            client = Client(socket)
            await client.send(type="session.update", resume=url.split("/")[-1])
            await client.until("session.created")
            answer = await http.post(f"{url}/speech", content=wav(1.5))
            assert answer.json()["duration_s"] == 1.5
            started = await client.until("speak_started")
            ended = await client.until("speak_ended")
            assert ended.utterance == started.utterance
            assert abs(ended.played_ms - 1500) < 20
            assert not ended.interrupted
            heard = np.frombuffer(b"".join(p.payload for p in client.of(Kind.PCM)), "<i2")
            assert np.abs(heard.astype(float)).max() > 5000
            told = (await http.post(f"{url}/controls", json={"emotion": "sad"})).json()
            assert told["controls"]["emotion"] == "sad"
            assert told["clients"] == 1
            await http.post(f"{url}/speech", content=wav(30.0))
            await client.until("speak_started")
            await http.post(f"{url}/interrupt")
            assert (await client.until("speak_ended")).interrupted

    asyncio.run(story())


def test_a_session_without_a_socket_is_seen_as_jpegs(server: Running) -> None:
    async def story() -> None:
        async with begun(server) as (http, url), http.stream("GET", f"{url}/mjpeg") as answer:
            assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
            data = b""
            async for part in answer.aiter_bytes():
                data += part
                if data.count(b"--frame") > 3:
                    break
            jpeg = data.split(b"\r\n\r\n", 1)[1].split(b"\r\n--frame")[0]
            assert Image.open(io.BytesIO(jpeg)).size == (256, 256)

    asyncio.run(story())


def test_an_uploaded_picture_is_found_animated_and_deleted(server: Running) -> None:
    async def story() -> None:
        picture = examples.portrait_path().read_bytes()
        async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
            answer = await http.post(
                "/v1/portraits", files={"file": ("me.jpg", picture)}, data={"basis": "artwork"}
            )
            assert answer.status_code == 201, answer.text
            assert answer.json()["faces"] == 1
            assert "face;dur=" in answer.headers["server-timing"]
            key = answer.json()["id"]
            shown = await http.get(answer.json()["picture"])
            assert Image.open(io.BytesIO(shown.content)).size == (512, 512)
            async with begun(server, portrait=key) as (_, url):
                assert (await http.delete(f"/v1/portraits/{key}")).status_code == 409
                assert (await http.get(url)).json()["portrait"] == key
            assert (await http.delete(f"/v1/portraits/{key}")).status_code == 204
            dunes = io.BytesIO()
            Image.new("RGB", (300, 300), "tan").save(dunes, "PNG")
            answer = await http.post("/v1/portraits?basis=artwork", content=dunes.getvalue())
            assert answer.status_code == 422
            assert "face" in answer.json()["error"]["message"]

    asyncio.run(story())


def test_a_job_makes_a_video_that_can_be_fetched_in_parts(server: Running) -> None:
    async def story() -> None:
        async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
            answer = await http.post(
                "/v1/jobs", files={"sound": ("mine.wav", wav(0.5))},
                data={"options": json.dumps({"size": 256, "fps": 24})},
            )  # fmt: skip
            assert answer.status_code == 202, answer.text
            url = f"/v1/jobs/{answer.json()['id']}"
            text = (await http.get(f"{url}/events")).text
            assert "event: done" in text
            file = await http.get(f"{url}/file")
            assert file.headers["content-type"] == "video/mp4"
            part = await http.get(f"{url}/file", headers={"Range": "bytes=0-99"})
            assert part.status_code == 206
            assert part.content == file.content[:100]
            import av

            with av.open(io.BytesIO(file.content)) as video:
                assert sum(1 for _ in video.decode(video=0)) == 12
            await http.delete(url)

    asyncio.run(story())


def test_voices_and_limits_are_told(server: Running) -> None:
    with httpx.Client(base_url=server.address) as http:
        told = http.get("/v1/server").json()
        assert told["capacity"] == 2
        assert told["synthetic"] is True
        assert told["voices"] == http.get("/v1/voices").json()
        assert told["limits"]["sound_s"] == 600
        assert told["outputs_allowed"] is False
