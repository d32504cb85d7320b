"""The real application behind every layer: uploads are decoded in the sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest
from tests.live.server.serving import TOKEN
from tests.live.server.small import FOUND
from tests.sandbox import media

from gioconda.live.server.app import ServeSettings, create_app
from gioconda.live.server.safety import Safety, protect
from gioconda.sandbox import DecodeLimits


class NoPool:
    """Workers that find a face in everything."""

    capacity, taken, far = 1, 0, False

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The pixels that reach the workers."""
    found: list[np.ndarray] = []

    async def load(_: object, key: str, pixels: np.ndarray) -> dict[str, Any]:
        found.append(pixels)
        return FOUND | {"width": pixels.shape[1], "height": pixels.shape[0]}

    monkeypatch.setattr("gioconda.live.server.state.load_portrait", load)
    return found


def _uploads(*bodies: bytes, safety: Safety | None = None) -> list[httpx.Response]:
    safety = safety or Safety(token=TOKEN)
    raw = create_app(ServeSettings(safety=safety), NoPool())  # type: ignore[arg-type]
    server = raw.state.server

    async def story() -> list[httpx.Response]:
        transport = httpx.ASGITransport(protect(raw, safety))
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with (
            server.running(raw),
            httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=headers
            ) as client,
        ):
            return [await client.post("/v1/portraits?basis=synthetic", content=b) for b in bodies]

    return asyncio.run(story())


def test_pictures_come_through_and_what_is_none_is_told_apart(seen: list[np.ndarray]) -> None:
    good, other, bomb, cut = _uploads(
        media.picture("PNG"),
        media.picture("GIF"),
        media.png_bomb(13_000, 13_000),
        media.picture("PNG")[:200],
    )
    assert good.status_code == 201
    assert [image.shape for image in seen] == [(48, 64, 3)]
    codes = [(r.status_code, r.json()["error"]["code"]) for r in (other, bomb, cut)]
    assert codes == [(415, "bad_format"), (422, "bad_portrait"), (422, "bad_portrait")]


def test_what_is_too_large_reaches_no_decoder(seen: list[np.ndarray]) -> None:
    safety = Safety(files=DecodeLimits(image_bytes=1000))
    (answer,) = _uploads(b"x" * 200_000, safety=safety)
    assert answer.status_code == 413
    assert seen == []


def test_the_server_tells_its_limits_and_that_a_token_is_needed() -> None:
    safety = Safety(token=TOKEN)
    raw = create_app(ServeSettings(safety=safety), NoPool())  # type: ignore[arg-type]

    async def asked() -> dict[str, Any]:
        transport = httpx.ASGITransport(protect(raw, safety))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return dict((await client.get("/v1/server")).json())

    told = asyncio.run(asked())
    assert told["token_required"] is True
    assert told["limits"]["picture_pixels"] == 25_000_000
    assert TOKEN not in str(told)
