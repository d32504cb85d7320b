"""Nothing of people stands in the log."""

from __future__ import annotations

import asyncio
import io
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn.config
import websockets
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from tests.live.server.serving import TOKEN, client, served

from gioconda.live.log import log_config
from gioconda.live.server.safety import Safety, protect

SECRETS = (TOKEN, "holiday.jpg", "secret words", "my-words", "abc123")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that would go to standard error."""
    stream = io.StringIO()
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(n) for n in log_config()["loggers"])]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    config = log_config()
    config["handlers"]["standard_error"]["stream"] = stream
    logging.config.dictConfig(config)
    yield stream
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


def test_requests_are_logged_by_their_template(log: io.StringIO) -> None:
    async def asked() -> None:
        async with client(Safety(token=TOKEN), authorization=f"Bearer {TOKEN}") as c:
            await c.get("/v1/portraits/abc123?name=my-words")
            await c.post("/v1/portraits", files={"file": ("holiday.jpg", b"secret words")})
            await c.get("/my-words")
            await c.get(f"/v1/portraits?token={TOKEN}")

    asyncio.run(asked())
    lines = [line.partition(": ")[2].rsplit(" ", 2)[0] for line in log.getvalue().splitlines()]
    assert lines == [
        "GET /v1/portraits/{name} 200",
        "POST /v1/portraits 200",
        "GET (no route) 404",
        "GET (no route) 400",
    ]
    assert not any(secret in log.getvalue() for secret in SECRETS)


def test_files_of_the_page_are_logged_by_their_folder_if_they_fail(
    log: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "a.js").write_text("1")
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path))

    async def asked() -> None:
        transport = httpx.ASGITransport(protect(app, Safety()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as c:
            await c.get("/static/a.js")
            await c.get("/static/my-words.js")

    asyncio.run(asked())
    assert "GET /static/... 404" in log.getvalue()
    assert " 200 " not in log.getvalue()
    assert "my-words" not in log.getvalue()


def test_an_error_is_logged_by_type_and_place_and_not_by_its_words(log: io.StringIO) -> None:
    async def asked() -> None:
        async with served() as address, httpx.AsyncClient() as c:
            response = await c.get(f"http://{address}/v1/portraits/broken?q=my-words")
            assert response.status_code == 500

    asyncio.run(asked())
    assert "ValueError" in log.getvalue()
    assert "serving.py" in log.getvalue()
    assert "GET /v1/portraits/{name} 500" in log.getvalue()
    assert not any(secret in log.getvalue() for secret in SECRETS)


def test_websockets_and_their_addresses(log: io.StringIO) -> None:
    async def asked() -> None:
        async with served() as address:
            async with websockets.connect(f"ws://{address}/v1/live?q=my-words") as socket:
                await socket.send("secret words")
                await socket.recv()
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(f"ws://{address}/v1/live?token={TOKEN}")

    asyncio.run(asked())
    assert "WEBSOCKET /v1/live 101" in log.getvalue()
    assert not any(secret in log.getvalue() for secret in SECRETS)


def test_of_libraries_only_constants_are_kept(log: io.StringIO) -> None:
    other = logging.getLogger("some.library")
    other.warning("cannot read %r", "holiday.jpg")
    other.warning("cannot read holiday.jpg")
    logging.getLogger("gioconda.speech.sound_file").warning("%r is damaged", "holiday.jpg")
    logging.getLogger("websockets.server").debug("> TEXT secret words")
    logging.getLogger("python_multipart").debug("secret words")
    try:
        raise ValueError("secret words")
    except ValueError:
        other.exception("failed on %s", "abc123")
    text = log.getvalue()
    assert "cannot read %r" in text
    assert "ValueError" in text
    assert not any(secret in text for secret in SECRETS)


def test_uvicorns_own_configuration_before_ours_hides_nothing(log: io.StringIO) -> None:
    logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
    config = log_config()
    config["handlers"]["standard_error"]["stream"] = log
    logging.config.dictConfig(config)
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    assert "Started server process [7]" in log.getvalue()


def test_what_the_server_says_of_itself_stays(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    logging.getLogger("gioconda.live.host").info("worker %d is ready", 2)
    assert "Started server process [7]" in log.getvalue()
    assert "worker 2 is ready" in log.getvalue()
