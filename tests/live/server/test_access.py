"""Beyond this machine only those come in who show the token."""

from __future__ import annotations

import asyncio
import io

import httpx
import pytest
import websockets
from tests.live.server.serving import TOKEN, client, served, small_app

from gioconda.errors import OptionError
from gioconda.live.server import access
from gioconda.live.server.access import COOKIE, LOGIN_S, Entry, entry, is_loopback
from gioconda.live.server.safety import Safety, protect

GUARDED = Safety(token=TOKEN, loopback=False)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("", False),
        ("localhost.example.org", False),
    ],
)
def test_loopback_is_told_from_the_world(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_on_loopback_no_token_is_needed_and_beyond_one_is_made() -> None:
    assert entry("127.0.0.1", None) == Entry(True, None)
    made = entry("0.0.0.0", None)
    assert made.made
    assert made.token is not None
    assert len(made.token) >= 43  # 256 bits in base64
    assert made.token != entry("0.0.0.0", None).token
    assert entry("0.0.0.0", TOKEN) == Entry(False, TOKEN)


def test_a_made_token_is_shown_and_a_given_one_is_not() -> None:
    for one, shown in ((entry("0.0.0.0", None), True), (entry("0.0.0.0", TOKEN), False)):
        stream = io.StringIO()
        one.announce(stream)
        assert (str(one.token) in stream.getvalue()) is shown


@pytest.mark.parametrize("token", ["", "short", "x" * 31, "ü" * 40, "a b" * 20, "a\n" * 20])
def test_tokens_that_can_be_guessed_or_not_be_sent_are_refused(token: str) -> None:
    with pytest.raises(OptionError):
        entry("0.0.0.0", token)


def test_settings_that_are_printed_do_not_show_the_token() -> None:
    assert TOKEN not in repr(GUARDED)
    assert TOKEN not in repr(entry("0.0.0.0", TOKEN))


def test_beyond_loopback_nothing_starts_without_a_token() -> None:
    with pytest.raises(OptionError, match="token is required"):
        protect(small_app(), Safety(token=None, loopback=False))


async def _statuses() -> dict[str, int]:
    async with client(GUARDED) as c:
        right = {"authorization": f"Bearer {TOKEN}"}
        wrong = {"authorization": f"Bearer {TOKEN[:-1]}x"}
        return {
            "none": (await c.get("/v1/portraits")).status_code,
            "right": (await c.get("/v1/portraits", headers=right)).status_code,
            "wrong": (await c.get("/v1/portraits", headers=wrong)).status_code,
            "basic": (
                await c.get("/v1/portraits", headers={"authorization": f"Basic {TOKEN}"})
            ).status_code,
            "page": (await c.get("/")).status_code,
            "post to the page": (await c.post("/")).status_code,
            "docs": (await c.get("/docs")).status_code,
        }


def test_only_the_bearer_of_the_token_comes_in_and_the_page_is_open() -> None:
    assert asyncio.run(_statuses()) == {
        "none": 401,
        "right": 200,
        "wrong": 401,
        "basic": 401,
        "page": 200,
        "post to the page": 401,
        "docs": 401,
    }


def test_the_refusal_says_what_to_do() -> None:
    async def refused() -> httpx.Response:
        async with client(GUARDED) as c:
            return await c.get("/v1/portraits")

    response = asyncio.run(refused())
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["error"]["code"] == "token_required"
    assert "/v1/login" in response.json()["error"]["message"]


@pytest.mark.parametrize("name", ["token", "access_token", "Token", "api_key", "x"])
@pytest.mark.parametrize("safety", [GUARDED, Safety()])
def test_a_token_in_the_address_is_refused_even_with_a_right_header(
    name: str, safety: Safety
) -> None:
    if name == "x" and safety.token is None:
        pytest.skip("without a token nothing can be recognised in other names")

    async def asked() -> httpx.Response:
        async with client(safety, authorization=f"Bearer {TOKEN}") as c:
            return await c.get(f"/v1/portraits?a=1&{name}={TOKEN}")

    response = asyncio.run(asked())
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "token_in_url"
    assert TOKEN not in response.text


def test_the_cookie_of_a_login_opens_until_logout() -> None:
    async def story() -> list[int]:
        async with client(GUARDED) as c:
            first = await c.post("/v1/login", json={"token": "wrong" * 8})
            assert "set-cookie" not in first.headers
            second = await c.post("/v1/login", json={"token": TOKEN})
            line = second.headers["set-cookie"]
            assert "HttpOnly" in line
            assert "SameSite=Strict" in line
            assert TOKEN not in line
            kept = c.cookies[COOKIE]
            inside = await c.get("/v1/portraits")
            out = await c.post("/v1/logout")
            c.cookies.clear()
            c.cookies.set(COOKIE, kept)
            after = await c.get("/v1/portraits")
            return [r.status_code for r in (first, second, inside, out, after)]

    assert asyncio.run(story()) == [401, 204, 200, 204, 401]


def test_a_login_ends_by_itself_and_only_so_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(access, "LOGINS", 2)

    async def story() -> list[int]:
        async with client(GUARDED, clock=lambda: now[0]) as c:
            await c.post("/v1/login", json={"token": TOKEN})
            oldest = c.cookies[COOKIE]
            statuses = [(await c.get("/v1/portraits")).status_code]
            for _ in range(2):
                c.cookies.clear()
                await c.post("/v1/login", json={"token": TOKEN})
            newest = c.cookies[COOKIE]
            for name in (oldest, newest):
                c.cookies.clear()
                c.cookies.set(COOKIE, name)
                statuses.append((await c.get("/v1/portraits")).status_code)
            now[0] = LOGIN_S + 1.0
            statuses.append((await c.get("/v1/portraits")).status_code)
            return statuses

    assert asyncio.run(story()) == [200, 401, 200, 401]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"token": 5}', b"[" * 4000, b"x" * 5000, b'{"token": "\xff"}']
)
def test_a_login_that_makes_no_sense_is_refused(body: bytes) -> None:
    async def tried() -> httpx.Response:
        async with client(GUARDED) as c:
            return await c.post("/v1/login", content=body)

    response = asyncio.run(tried())
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "bad_login"


def test_a_native_websocket_comes_in_by_its_header_only() -> None:
    async def story() -> tuple[int, str, str]:
        async with served(GUARDED) as address:
            url = f"ws://{address}/v1/live"
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url)
            with pytest.raises(websockets.InvalidStatus) as in_query:
                await websockets.connect(f"{url}?token={TOKEN}")
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with websockets.connect(url, additional_headers=headers) as socket:
                await socket.send("hello")
                echoed = str(await socket.recv())
            body = in_query.value.response.body or b""
            return refused.value.response.status_code, body.decode(), echoed

    status, body, echoed = asyncio.run(story())
    assert (status, echoed) == (401, "hello")
    assert "token_in_url" in body


def test_behind_a_proxy_that_publishes_it_loopback_needs_a_token_too() -> None:
    behind = entry("127.0.0.1", None, published=True)
    assert (behind.loopback, behind.made) == (False, True)
