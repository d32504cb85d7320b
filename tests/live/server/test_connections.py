"""Connections that ask nothing do not stay."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import websockets
from tests.live.server.serving import TOKEN, served

from gioconda.live.server import access, connections
from gioconda.live.server.connections import OF_ONE_CLIENT, too_many
from gioconda.live.server.safety import Safety

ASK = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.3)


async def _line(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = address.split(":")
    return await asyncio.open_connection(host, int(port))


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server closes the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: 127"])
def test_a_connection_without_a_whole_request_is_closed(said: bytes) -> None:
    async def story() -> None:
        async with served() as address:
            reader, writer = await _line(address)
            writer.write(said)
            assert await _rest(reader) == b""
            writer.close()

    asyncio.run(story())


def test_a_second_request_that_stays_half_ends_the_connection_too() -> None:
    async def story() -> None:
        async with served() as address:
            reader, writer = await _line(address)
            writer.write(ASK)
            assert b"200" in await reader.readuntil(b"}")
            await asyncio.sleep(0.5)
            writer.write(ASK)
            assert b"200" in await reader.readuntil(b"}")  # it was kept, as agreed
            writer.write(ASK[:20])
            await _rest(reader)
            writer.close()

    asyncio.run(story())


def test_a_refused_body_that_drips_ends_the_connection() -> None:
    async def story() -> None:
        async with served(Safety(token=TOKEN)) as address:
            reader, writer = await _line(address)
            head = "POST /v1/other HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
            writer.write(head.encode())
            assert b"401" in await reader.readuntil(b"\r\n\r\n")

            async def drip() -> None:
                while True:
                    writer.write(b"x")
                    await asyncio.sleep(0.05)

            dripping = asyncio.create_task(drip())
            await _rest(reader)
            dripping.cancel()
            writer.close()

    asyncio.run(story())


def test_a_websocket_and_a_slow_answer_stay() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.8)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late"})

    async def story() -> None:
        async with served(app=app) as address, httpx.AsyncClient() as http:
            assert (await http.get(f"http://{address}/")).text == "late"
        async with served() as address, websockets.connect(f"ws://{address}/v1/live") as socket:
            await asyncio.sleep(0.8)
            await socket.send("there?")
            assert await socket.recv() == "there?"

    asyncio.run(story())


def test_a_login_that_does_not_come_or_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOGIN_READ_S", 0.2)

    async def story() -> None:
        async with served(Safety(token=TOKEN)) as address:
            for body, status in ((b"{", b"408"), (bytes(5000), b"422")):
                reader, writer = await _line(address)
                head = (
                    "POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
                )
                writer.write(head.encode() + body)
                assert (await _rest(reader)).startswith(b"HTTP/1.1 " + status)
                writer.close()

    asyncio.run(story())


def test_one_client_has_so_many_connections_and_this_machine_any_number() -> None:
    def held(*addresses: str) -> set[Any]:
        return {SimpleNamespaceWithId(client=(a, k)) for k, a in enumerate(addresses)}

    many = held(*["192.0.2.1"] * OF_ONE_CLIENT)
    assert not too_many(("192.0.2.1", 1), many)
    assert too_many(("192.0.2.1", 1), many | held("192.0.2.1"))
    assert not too_many(("192.0.2.2", 1), many | held("192.0.2.2"))
    one_network = held(*[f"2001:db8::{k:x}" for k in range(OF_ONE_CLIENT + 1)])
    assert too_many(("2001:db8::1", 1), one_network)
    assert not too_many(("127.0.0.1", 1), held(*["127.0.0.1"] * 1000))
    assert not too_many(("::1", 1), held(*["::1"] * 1000))


class SimpleNamespaceWithId(SimpleNamespace):
    """A namespace that can stand in a set."""

    __hash__ = object.__hash__
