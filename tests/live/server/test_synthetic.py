"""Every way into a session says that it is synthetic, and shows it to whoever begins to watch."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.live.server.conftest import Running
from tests.live.server.small import png, settled, small, wav
from tests.live.server.test_socket import Client
from tests.trust.conftest import detected

from gioconda.live.host import commands as c
from gioconda.live.packets import Kind
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.label import Label
from gioconda.trust.watermark.keys import own_identifier

websockets = pytest.importorskip("websockets", reason="the extra [live] is not installed")
DOCS = Path(__file__).resolve().parents[3] / "docs"


def says(headers: Mapping[str, str]) -> bool:
    return headers.get("synthetic-media") == "true"


def test_every_answer_of_the_api_that_is_a_face_or_leads_to_one() -> None:
    async def story() -> None:
        async with small() as here:
            http = here.http
            assert (await http.get("/v1/server")).json()["synthetic"] is True
            begun = await http.post("/v1/sessions", json={})
            key = begun.json()["id"]
            assert begun.json()["synthetic"] is True
            assert (await http.get(f"/v1/sessions/{key}")).json()["synthetic"] is True
            held = here.server.sessions.get(key)
            await here.server.recordings.start(held)
            path = here.pool.workers[-1].of(c.StartOutput)[-1].target
            Path(path).write_bytes(b"film")
            await here.server.recordings.stop(held)
            await settled()
            assert says((await http.get(f"/v1/sessions/{key}/recording.mp4")).headers)
            up = await http.post("/v1/portraits?basis=synthetic", content=png())
            sheet = await http.get(up.json()["sheet"])
            assert says(sheet.headers)
            assert read_credentials(io.BytesIO(sheet.content), ".png").basis == "synthetic"
            # The square is the picture's own.
            assert not says((await http.get(up.json()["picture"])).headers)
            job = await http.post("/v1/jobs", files={"sound": ("a.wav", wav())})
            assert job.json()["synthetic"] is True
            await settled()
            here.renderer.ends[-1].set_result(b"film")
            await settled()
            assert says((await http.get(f"/v1/jobs/{job.json()['id']}/file")).headers)

    asyncio.run(story())


def test_the_label_is_asked_for_and_never_taken_from_a_server_that_keeps_it() -> None:
    async def story() -> None:
        async with small(label=True) as here:
            begun = await here.http.post("/v1/sessions", json={"language": "de-AT"})
            worker = here.pool.workers[-1]
            assert worker.of(c.OpenSession)[-1].label
            assert worker.of(c.OpenSession)[-1].language == "de"
            url = f"/v1/sessions/{begun.json()['id']}/controls"
            await here.http.post(url, json={"label": False})
            assert worker.of(c.Turn)[-1].label is True
        async with small() as here:
            begun = await here.http.post("/v1/sessions", json={})
            worker = here.pool.workers[-1]
            opened = worker.of(c.OpenSession)[-1]
            assert not opened.label
            assert opened.marks is not None
            assert opened.marks.identifier == own_identifier()
            url = f"/v1/sessions/{begun.json()['id']}/controls"
            await here.http.post(url, json={"label": True})
            assert worker.of(c.Turn)[-1].label is True
            before = len(worker.of(c.ShowLabel))
            held = here.server.sessions.get(begun.json()["id"])
            await held.face.subscribe(Kind.JPEG)
            assert len(worker.of(c.ShowLabel)) == before + 1

    asyncio.run(story())


def test_the_socket_says_so_and_frames_show_it_and_carry_the_mark(server: Running) -> None:
    async def story() -> None:
        async with websockets.connect(server.socket, max_size=2**23) as socket:
            client = Client(socket)
            await client.send(type="session.update", video="jpeg", size=512, language="it")
            assert (await client.until("session.created")).synthetic is True
            await client.send(type="session.update", controls={"head": 1.0})
            assert (await client.until("session.updated")).synthetic is True
            await client.for_seconds(6.5)
            await client.send(type="session.close")
        packets = client.of(Kind.JPEG)
        frames = [np.asarray(Image.open(io.BytesIO(p.payload))) for p in packets]
        found = detected(frames[-50:])
        assert (found.verdict, found.identifier) == ("detected", own_identifier())
        left, top, right, bottom = Label(512, 512, "it").box
        times = np.array([p.time_s for p in packets])
        corner = np.array([f[top:bottom, left:right].mean() for f in frames])
        without = corner[times > 5.8].mean()
        assert abs(corner[(times > 1) & (times < 4)] - without).min() > 20
        assert abs(corner[times > 5.8] - without).max() < 5

    asyncio.run(story())


def test_the_stream_of_jpegs_says_so(server: Running) -> None:
    async def story() -> None:
        async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
            begun = await http.post("/v1/sessions", json={"size": 256})
            url = f"/v1/sessions/{begun.json()['id']}"
            async with http.stream("GET", f"{url}/mjpeg") as answer:
                assert says(answer.headers)
            await http.delete(url)

    asyncio.run(story())


@pytest.mark.parametrize("message", ["SessionCreated", "SessionUpdated", "RecordReady"])
def test_the_documents_of_the_messages_say_so(message: str) -> None:
    described = json.loads((DOCS / "live.asyncapi.json").read_text("utf-8"))
    assert described["components"]["schemas"][message]["properties"]["synthetic"] is not None
    assert "synthetic" in (DOCS / "live-messages.md").read_text("utf-8")


def test_the_document_of_the_api_says_so() -> None:
    described: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text("utf-8"))
    for name in ("SessionAnswer", "ServerAnswer", "JobAnswer"):
        assert "synthetic" in described["components"]["schemas"][name]["properties"]
    for path in (
        "/v1/sessions/{key}/recording.mp4", "/v1/sessions/{key}/mjpeg", "/v1/jobs/{key}/file",
        "/v1/portraits/{key}/sheet.png",
    ):  # fmt: skip
        assert "Synthetic-Media" in described["paths"][path]["get"]["responses"]["200"]["headers"]
