"""Too much and too often are refused before they cost anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest
import websockets
from hypothesis import given
from hypothesis import strategies as st
from tests.live.server.serving import client, served

from gioconda.live.messages import MESSAGE_BYTES
from gioconda.live.server import limits
from gioconda.live.server.limits import (
    ENVELOPE_BYTES,
    BodyLimit,
    Bucket,
    MessageLimit,
    Rate,
    RateLimits,
    client_of,
    file_kind,
    kind_of,
)
from gioconda.live.server.safety import Safety
from gioconda.sandbox.limits import DecodeLimits

SMALL = Safety(body_bytes=1000, files=DecodeLimits(image_bytes=100_000, sound_bytes=300_000))


@given(
    st.floats(0.1, 100),
    st.floats(1, 100),
    st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 3)), max_size=60),
)
def test_a_bucket_never_gives_more_than_came_in(
    rate_hz: float, size: float, calls: list[tuple[float, float]]
) -> None:
    bucket, now_s, given_out = Bucket(rate_hz, size, 0.0), 0.0, 0.0
    for passed_s, count in calls:
        now_s += passed_s
        wait_s = bucket.take(count, now_s)
        if wait_s == 0:
            given_out += count
            assert given_out <= size + now_s * rate_hz + 1e-6
        elif count <= size:
            now_s += wait_s + 1e-6
            assert bucket.take(count, now_s) == 0
            given_out += count


def test_those_who_owe_wait_as_long_as_they_were_too_fast() -> None:
    bucket = Bucket(10, 5, 0.0)
    assert [bucket.owe(1, 0.0) for _ in range(7)] == [0, 0, 0, 0, 0, 0.1, 0.2]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/portraits", "read"),
        ("POST", "/v1/portraits", "upload"),
        ("POST", "/v1/jobs", "upload"),
        ("POST", "/v1/sessions/abc/speech", "upload"),
        ("DELETE", "/v1/portraits/abc", "change"),
        ("POST", "/v1/login", "login"),
        ("POST", "/offer", "session"),
        ("POST", "/whep/abc", "session"),
    ],
)
def test_routes_have_their_rates(method: str, path: str, kind: str) -> None:
    assert kind_of({"type": "http", "method": method, "path": path}) == kind
    assert hasattr(RateLimits(), kind)


def test_files_are_told_apart() -> None:
    assert file_kind("/v1/portraits") == "image"
    assert file_kind("/v1/sessions/abc/speech") == "sound"
    assert file_kind("/v1/portraits/abc") is None


def test_too_many_requests_get_429_and_when_to_come_back() -> None:
    now = [100.0]
    safety = Safety(rates=RateLimits(read=Rate(30, 3)))

    async def story() -> list[httpx.Response]:
        async with client(safety, clock=lambda: now[0]) as c:
            answers = [await c.get("/v1/portraits") for _ in range(4)]
            now[0] += float(answers[-1].headers["retry-after"])
            return [*answers, await c.get("/v1/portraits")]

    answers = asyncio.run(story())
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 200]
    assert answers[3].headers["retry-after"] == "2"
    assert answers[3].json()["error"]["code"] == "too_fast"


def test_clients_and_kinds_do_not_spend_each_others_rates() -> None:
    rate = limits.RateLimit(_unused, RateLimits(read=Rate(1, 1), login=Rate(1, 1)), lambda: 0.0)
    assert rate._wait("a", "read") == 0
    assert rate._wait("a", "read") > 0
    assert rate._wait("b", "read") == 0
    assert rate._wait("a", "login") == 0


def test_memory_of_clients_is_bounded() -> None:
    rate = limits.RateLimit(_unused, RateLimits(), lambda: 0.0)
    for n in range(limits.CLIENTS + 50):
        rate._wait(str(n), "read")
    assert len(rate._buckets) == limits.CLIENTS


@pytest.mark.parametrize(
    ("address", "client_name"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_ipv6_network_is_one_client(address: str, client_name: str) -> None:
    assert client_of({"client": (address, 1)}) == client_name


async def _unused(*_: object) -> None:
    raise AssertionError


async def _chunks(count: int, size: int = 1000) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(size)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/v1/other", 1000, 200),
        ("/v1/other", 1001, 413),
        ("/v1/portraits", 100_000, 200),
        ("/v1/portraits", 100_001 + ENVELOPE_BYTES, 413),
        ("/v1/sessions/a/speech", 300_000, 200),
        ("/v1/sessions/a/speech", 300_001 + ENVELOPE_BYTES, 413),
    ],
)
def test_bodies_are_limited_by_their_stated_length(path: str, size: int, status: int) -> None:
    async def sent() -> httpx.Response:
        async with client(SMALL) as c:
            return await c.post(path, content=bytes(size))

    response = asyncio.run(sent())
    assert response.status_code == status
    if status == 413:
        assert response.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize(("path", "chunks"), [("/v1/other", 2), ("/v1/portraits", 170)])
def test_bodies_without_a_length_are_limited_as_they_come(path: str, chunks: int) -> None:
    async def sent() -> httpx.Response:
        async with client(SMALL) as c:
            return await c.post(path, content=_chunks(chunks))

    response = asyncio.run(sent())
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


def test_a_multipart_file_that_is_too_large_is_413_though_the_parser_was_at_it() -> None:
    async def sent(size: int) -> httpx.Response:
        async with client(SMALL) as c:
            request = c.build_request("POST", "/v1/portraits", files={"file": bytes(size)})
            body = request.read()
            kind = request.headers["content-type"]

            async def parts() -> AsyncIterator[bytes]:
                for start in range(0, len(body), 4096):
                    yield body[start : start + 4096]

            return await c.post("/v1/portraits", content=parts(), headers={"content-type": kind})

    assert asyncio.run(sent(100_000)).json() == {"size": 100_000}
    assert asyncio.run(sent(200_000)).status_code == 413


def test_the_application_never_holds_more_than_the_limit() -> None:
    seen = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        while True:
            message = await receive()
            seen += len(message["body"])

    async def endless() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": bytes(400_000), "more_body": True}

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/v1/other", "method": "POST", "headers": []}
    asyncio.run(BodyLimit(app, 1_000_000, 1, 1, 60.0)(scope, endless, send))
    assert seen == 800_000
    assert sent[0]["status"] == 413


def test_a_body_that_does_not_come_is_408() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def never() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/v1/other", "method": "POST", "headers": []}
    asyncio.run(BodyLimit(app, 1000, 1, 1, 0.01)(scope, never, send))
    assert sent[0]["status"] == 408


def test_over_a_real_line_the_refusal_is_seen_though_the_body_is_still_coming() -> None:
    async def sent() -> list[int]:
        async with served(SMALL) as address, httpx.AsyncClient() as c:
            url = f"http://{address}/v1/other"
            first = await c.post(url, content=bytes(5_000_000))
            second = await c.post(url, content=_chunks(500, 10_000))
            return [first.status_code, second.status_code]

    assert asyncio.run(sent()) == [413, 413]


def test_a_websocket_message_that_is_too_large_ends_only_its_socket() -> None:
    async def story() -> tuple[int, str]:
        async with served() as address:
            url = f"ws://{address}/v1/live"
            async with websockets.connect(url, max_size=None) as bad:
                await bad.send("x" * (MESSAGE_BYTES + 1))
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await bad.recv()
            async with websockets.connect(url) as good:
                await good.send("hello")
                code = closed.value.rcvd.code if closed.value.rcvd else 0
                return code, str(await good.recv())

    assert asyncio.run(story()) == (1009, "hello")


def test_messages_are_not_compressed_so_small_ones_cannot_unpack_to_large_ones() -> None:
    async def story() -> list[str]:
        async with served() as address, websockets.connect(f"ws://{address}/v1/live") as socket:
            return [e.name for e in socket.protocol.extensions]

    assert asyncio.run(story()) == []


def test_a_flood_of_messages_is_slowed_down_and_none_is_lost() -> None:
    now = [0.0]
    slept: list[float] = []
    count = 1000

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    got = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal got
        for _ in range(count):
            got += (await receive())["type"] == "websocket.receive"

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.receive", "text": "{}", "bytes": None}

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError

    flood = MessageLimit(app, lambda: now[0], sleep)
    asyncio.run(flood({"type": "websocket"}, receive, send))
    assert got == count
    expected_s = (count - limits.MESSAGES_AT_ONCE) / limits.MESSAGES_HZ
    assert now[0] == pytest.approx(expected_s, rel=0.01)
