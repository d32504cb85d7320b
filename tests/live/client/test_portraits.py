"""A portrait is uploaded once, and a refusal is told in the server's own words."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gioconda import examples
from gioconda.errors import ImageDecodeError, OptionError, ServerError
from gioconda.live.client.portraits import Address, portrait_id
from gioconda.trust.consent.statement import Guardian, Statement


class Portraits(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, str, bytes]] = []  # noqa: RUF012
    answer: tuple[int, dict[str, object]] = (201, {"id": "ab12"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, shown = self.headers["Content-Type"], self.headers.get("Authorization", "")
        self.seen.append((self.path, kind, shown, body))
        self.send_response(self.answer[0])
        self.end_headers()
        self.wfile.write(json.dumps(self.answer[1]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[type[Portraits]]:
    class Mine(Portraits):
        seen: list[tuple[str, str, str, bytes]] = []  # noqa: RUF012

    with HTTPServer(("127.0.0.1", 0), Mine) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        Mine.address = Address.of(f"http://127.0.0.1:{http.server_port}/")  # type: ignore[attr-defined]
        yield Mine
        http.shutdown()


def given(portrait: str | Path | bytes, server: type[Portraits], token: str | None = None) -> str:
    return asyncio.run(portrait_id(portrait, server.address, token))  # type: ignore[attr-defined]


def test_a_file_and_its_bytes_are_uploaded_with_the_token(server: type[Portraits]) -> None:
    path = Path(examples.portrait_path())
    assert given(str(path), server) == given(path.read_bytes(), server, "secret") == "ab12"
    one, other = server.seen
    assert one[0] == "/v1/portraits"
    assert one[2] == ""
    assert other[2] == "Bearer secret"
    [(fields, kind, picture)] = [_read(one)]
    assert (fields, kind, picture) == ({}, "image/png", path.read_bytes())
    assert str(path.name).encode() not in one[3][:500]


def _read(seen: tuple[str, str, str, bytes]) -> tuple[dict[str, str], str, bytes]:
    """Return the fields of an upload's form, and type and bytes of its picture."""
    message = email.message_from_bytes(
        f"Content-Type: {seen[1]}\r\n\r\n".encode() + seen[3], policy=email.policy.HTTP
    )
    fields, kind, picture = {}, "", b""
    for part in message.iter_parts():  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if name == "file":
            kind, picture = part.get_content_type(), data
        else:
            fields[name] = data.decode()
    return fields, kind, picture


@pytest.mark.parametrize(
    ("basis", "fields"),
    [
        ("artwork", {"basis": "artwork", "language": "en"}),
        (
            Statement("permission", "Zoë", until=date(2030, 1, 31), minor=False, language="it"),
            {"basis": "permission", "language": "it", "of": "Zoë", "until": "2030-01-31",
             "minor": "false"},
        ),
        (
            Statement("self", minor=True, guardian=Guardian("Ann Smith", "mother")),
            {"basis": "self", "language": "en", "minor": "true", "guardian": "Ann Smith, mother"},
        ),
    ],
)  # fmt: skip
def test_the_basis_goes_along_as_the_server_reads_it(
    server: type[Portraits], basis: object, fields: dict[str, str]
) -> None:
    picture = Path(examples.portrait_path()).read_bytes()
    asyncio.run(portrait_id(picture, server.address, None, basis))  # type: ignore[attr-defined,arg-type]
    told, _, sent = _read(server.seen[0])
    assert (told, sent) == (fields, picture)
    pytest.importorskip("fastapi", reason="the extra 'live' is not installed")
    from gioconda.live.server.consents import statement_in

    read = statement_in(told)
    assert read == (Statement("artwork") if basis == "artwork" else basis)


def test_an_id_is_sent_as_it_is(server: type[Portraits]) -> None:
    assert given("example", server) == "example"
    assert not server.seen


def test_a_refusal_is_told_in_the_servers_words(server: type[Portraits]) -> None:
    server.answer = (422, {"error": {"code": "no_face", "message": "no human face was found"}})
    with pytest.raises(ServerError, match="no human face was found") as refused:
        given(b"\x89PNG\r\n\x1a\n", server)
    assert refused.value.code == "no_face"


def test_what_is_no_picture_or_too_large_is_never_sent(server: type[Portraits]) -> None:
    with pytest.raises(ImageDecodeError, match="PNG, JPEG and WebP"):
        given(b"GIF89a", server)
    with pytest.raises(ImageDecodeError, match="21 MB"):
        given(b"\xff\xd8\xff" + bytes(21_000_000), server)
    assert not server.seen


@pytest.mark.parametrize(
    ("url", "live"),
    [
        ("http://127.0.0.1:7860", "ws://127.0.0.1:7860/v1/live"),
        ("https://faces.example/gioconda/", "wss://faces.example/gioconda/v1/live"),
        ("ws://localhost:1/v1/live", "ws://localhost:1/v1/live"),
    ],
)
def test_addresses(url: str, live: str) -> None:
    assert Address.of(url).live == live
    assert Address.of(url).local == ("example" not in url)


def test_an_address_without_a_host_is_refused() -> None:
    with pytest.raises(OptionError, match="one looks like"):
        Address.of("7860")
