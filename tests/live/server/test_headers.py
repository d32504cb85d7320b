"""Every answer carries the headers, refusals too."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.live.server.serving import TOKEN, client

from gioconda.live.server.headers import CONTENT_SECURITY_POLICY, HEADERS
from gioconda.live.server.safety import Safety


@pytest.mark.parametrize("path", ["/", "/v1/portraits", "/nowhere", "/v1/portraits/broken"])
@pytest.mark.parametrize("safety", [Safety(), Safety(token=TOKEN, loopback=False)])
def test_every_answer_carries_them(path: str, safety: Safety) -> None:
    async def asked() -> httpx.Response:
        async with client(safety) as c:
            return await c.get(path)

    response = asyncio.run(asked())
    for name, value in HEADERS.items():
        if response.status_code != 500:  # answered above all layers
            assert response.headers[name] == value
    if path.startswith("/v1/") and response.status_code != 500:
        assert response.headers["cache-control"] == "no-store"


def test_the_page_runs_no_inline_script_and_talks_to_its_server_only() -> None:
    rules = dict(r.split(" ", 1) for r in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe-inline" not in CONTENT_SECURITY_POLICY
    assert "'unsafe-eval'" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "'wasm-unsafe-eval'" in rules["script-src"]
    assert rules["frame-ancestors"] == "'none'"


def test_camera_and_microphone_are_the_pages_own() -> None:
    assert "camera=(self)" in HEADERS["permissions-policy"]
    assert "microphone=(self)" in HEADERS["permissions-policy"]
    assert "geolocation=()" in HEADERS["permissions-policy"]
