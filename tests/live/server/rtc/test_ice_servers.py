"""Options of STUN and TURN servers."""

from __future__ import annotations

import asyncio

import pytest
from tests.live.server.serving import TOKEN
from tests.live.server.small import small

from gioconda.errors import OptionError
from gioconda.live.server.safety import Safety
from gioconda.live.server.webrtc import checked_ice_server


@pytest.mark.parametrize(
    "url",
    ["stun:stun.example.org:3478", "turn:turn.example.org", "turns:me:secret@example.org:443"],
)
def test_urls_of_servers_are_taken(url: str) -> None:
    assert checked_ice_server(url) == url


@pytest.mark.parametrize("url", ["", "example.org", "http://example.org", "stun:", "turn:me@host"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(OptionError, match="is no ICE server"):
        checked_ice_server(url)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(OptionError) as refused:
        checked_ice_server("http:me:secret@example.org")
    assert "secret" not in str(refused.value)


def test_a_turn_server_keeps_its_credentials_apart() -> None:
    pytest.importorskip("aiortc", reason="the extra [live] is not installed")
    from gioconda.live.server.rtc.offer import ice_server

    server = ice_server("turn:me:se:cret@example.org:3478")
    assert (server.urls, server.username, server.credential) == (
        "turn:example.org:3478", "me", "se:cret",
    )  # fmt: skip


def test_browsers_are_told_the_servers_only_with_the_token() -> None:
    servers = ("stun:example.org:3478", "turn:me:se:cret@example.org")

    async def story() -> None:
        safety = Safety(token=TOKEN)
        async with small(ice_servers=servers, safety=safety) as here:
            assert (await here.http.get("/v1/ice-servers")).status_code == 401
            shown = {"authorization": f"Bearer {TOKEN}"}
            assert (await here.http.get("/v1/ice-servers", headers=shown)).json() == [
                {"urls": "stun:example.org:3478"},
                {"urls": "turn:example.org", "username": "me", "credential": "se:cret"},
            ]
            assert "cret" not in (await here.http.get("/v1/server")).text

    asyncio.run(story())
