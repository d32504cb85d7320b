"""Other web sites cannot call, nor can they by pointing their name to this machine."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import websockets
from tests.live.server.serving import TOKEN, client, served, small_app

from gioconda.errors import OptionError
from gioconda.live.server.safety import Safety, protect

HERE = "http://127.0.0.1:7860"


def _call(method: str, safety: Safety | None = None, **headers: str) -> httpx.Response:
    async def called() -> httpx.Response:
        async with client(safety) as c:
            names = {k.replace("_", "-"): v for k, v in headers.items()}
            return await c.request(method, "/v1/portraits", headers=names)

    return asyncio.run(called())


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (HERE, 200),
        ("http://localhost:7860", 403),
        ("http://127.0.0.1:7861", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("http://127.0.0.1:7860.evil.example", 403),
        ("http://[", 403),
    ],
)
def test_what_changes_something_must_come_from_the_servers_own_page(
    origin: str, status: int
) -> None:
    assert _call("POST", origin=origin).status_code == status
    assert _call("GET", origin=origin).status_code == 200


def test_programs_send_no_origin_and_browsers_that_hide_it_are_recognised() -> None:
    assert _call("POST").status_code == 200
    assert _call("POST", sec_fetch_site="cross-site").status_code == 403
    assert _call("POST", sec_fetch_site="same-origin").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:7860", 200),
        ("evil.example:7860", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.1.2", 421),
        ("user@127.0.0.1", 421),
        ("127.0.0.1:x", 421),
        ("", 421),
    ],
)
def test_on_loopback_only_names_of_this_machine_are_answered(host: str, status: int) -> None:
    assert _call("GET", host=host).status_code == status


def test_beyond_loopback_any_name_is_answered_or_those_that_are_given() -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    beyond = Safety(token=TOKEN, loopback=False)
    assert _call("GET", beyond, host="face.example", **bearer).status_code == 200
    named = Safety(token=TOKEN, loopback=False, allowed_hosts=("face.example",))
    assert _call("GET", named, host="face.example", **bearer).status_code == 200
    assert _call("GET", named, host="other.example", **bearer).status_code == 421


def test_behind_a_proxy_that_ends_tls_the_page_is_its_own_origin() -> None:
    beyond = Safety(token=TOKEN, loopback=False)
    headers = {"host": "face.example", "authorization": f"Bearer {TOKEN}"}
    assert _call("POST", beyond, origin="https://face.example", **headers).status_code == 200
    assert _call("POST", beyond, origin="https://face.example:1", **headers).status_code == 403


def test_an_allowed_site_may_call_and_read_without_cookies() -> None:
    safety = Safety(allowed_origins=("https://friend.example",))
    before = _call("OPTIONS", safety, origin="https://friend.example")
    assert before.status_code == 204
    assert "authorization" in before.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in before.headers
    called = _call("POST", safety, origin="https://friend.example")
    assert called.status_code == 200
    assert called.headers["access-control-allow-origin"] == "https://friend.example"
    assert called.headers["cross-origin-resource-policy"] == "cross-origin"
    other = _call("GET", safety, origin="https://evil.example")
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("origin", ["friend.example", "https://a.example/", "*", "ftp://a.example"])
def test_an_allowed_origin_must_be_one(origin: str) -> None:
    with pytest.raises(OptionError, match="no origin"):
        protect(small_app(), Safety(allowed_origins=(origin,)))


def test_a_websocket_from_another_site_is_refused() -> None:
    async def story() -> tuple[int, str]:
        async with served() as address:
            url = f"ws://{address}/v1/live"
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url, origin="http://evil.example")  # type: ignore[arg-type]
            own = f"http://{address}"
            async with websockets.connect(url, origin=own) as socket:  # type: ignore[arg-type]
                await socket.send("hello")
                return refused.value.response.status_code, str(await socket.recv())

    assert asyncio.run(story()) == (403, "hello")
