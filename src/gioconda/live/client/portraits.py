"""Uploads of portraits, and the addresses of a server."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gioconda.errors import ImageDecodeError, OptionError, ServerError
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import BasisName

#: As the server takes.
PICTURE_BYTES: Final = 20_000_000
_TIMEOUT_S: Final = 60.0
_TYPES: Final = ((b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True)
class Address:
    """Where a server is.

    Attributes:
        base: ``http://host:port`` or ``https://...``, with a path where a proxy gives one.
        local: whether it is on this machine, where no proxy is asked.
    """

    base: str
    local: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Read an address, such as ``http://127.0.0.1:7860``.

        Raises:
            OptionError: it is none.
        """
        parts = urlsplit(url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if scheme not in ("http", "https") or not parts.hostname:
            raise OptionError(
                f"{url!r} is not the address of a server; one looks like http://127.0.0.1:7860"
            )
        local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
        path = parts.path.rstrip("/").removesuffix("/v1/live")
        return cls(f"{scheme}://{parts.netloc}{path}", local)

    @property
    def live(self) -> str:
        """The WebSocket's address."""
        return "ws" + self.base.removeprefix("http") + "/v1/live"


def bearer(token: str | None) -> dict[str, str]:
    """Return the headers that show a token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


async def portrait_id(
    portrait: str | Path | bytes,
    address: Address,
    token: str | None,
    basis: BasisName | Statement | None = None,
) -> str:
    """Return the id of a portrait, which is uploaded if it is a picture's path or its bytes.

    Args:
        portrait: the picture, or an id.
        address: of the server.
        token: that it wants.
        basis: on which the picture may be animated.

    Raises:
        ImageDecodeError: no PNG, JPEG or WebP, or over 20 MB.
        OSError: the file cannot be read.
        ServerError: the server cannot be reached or refuses the picture; says why. Its code is
            ``consent`` where no basis is stated, or consent was revoked or has expired.
    """
    if isinstance(portrait, str) and not Path(portrait).is_file():
        if len(Path(portrait).parts) > 1 or Path(portrait).suffix:
            raise OptionError(f"there is no picture {portrait}")
        return portrait
    data = portrait if isinstance(portrait, bytes) else Path(portrait).read_bytes()
    return await asyncio.to_thread(_upload, data, address, token, basis)


def _fields(basis: BasisName | Statement | None) -> dict[str, str]:
    """Return a statement as the server's form takes it."""
    if basis is None:
        return {}
    statement = basis if isinstance(basis, Statement) else Statement(basis)
    told = statement.to_dict()
    fields: dict[str, str] = {
        k: str(told[k]) for k in ("basis", "language", "of", "given", "until") if k in told
    }
    if statement.minor is not None:
        fields["minor"] = str(statement.minor).lower()
    if (guardian := statement.guardian) is not None:
        fields["guardian"] = f"{guardian.who}, {guardian.relation}"
    return fields


def _form(picture: bytes, fields: dict[str, str]) -> tuple[str, bytes]:
    """Return the type and the bytes of a form (RFC 7578); the picture's own name stays here."""
    boundary = secrets.token_hex(16)
    kind = _media_type(picture)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="portrait"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = "".join(parts).encode() + picture + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def refusal(status: int, body: bytes) -> ServerError:
    """Return the error that a server's answer stands for."""
    code, message = "", ""
    try:
        told: Any = json.loads(body)["error"]
        code, message = str(told["code"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        pass
    if status in (401, 403) and not message:
        message = "the server wants its token"
    return ServerError(message or f"the server answered with status {status}", code or str(status))


def _media_type(data: bytes) -> str:
    if len(data) > PICTURE_BYTES:
        raise ImageDecodeError(
            f"the picture has {len(data) / 1e6:.0f} MB; a server takes {PICTURE_BYTES / 1e6:.0f}"
        )
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for start, name in _TYPES:
        if data.startswith(start):
            return name
    raise ImageDecodeError("a server takes PNG, JPEG and WebP pictures, and this is none")


def _upload(
    data: bytes, address: Address, token: str | None, basis: BasisName | Statement | None
) -> str:
    kind, body = _form(data, _fields(basis))
    headers = {"Content-Type": kind, **bearer(token)}
    request = urllib.request.Request(address.base + "/v1/portraits", body, headers)
    proxies = [urllib.request.ProxyHandler({})] if address.local else []
    try:
        with urllib.request.build_opener(*proxies).open(request, timeout=_TIMEOUT_S) as answer:
            return str(json.load(answer)["id"])
    except urllib.error.HTTPError as e:
        raise refusal(e.code, e.read(10_000)) from None
    except (OSError, ValueError, KeyError) as e:
        raise ServerError(f"no portrait could be uploaded to {address.base}: {e}") from None
