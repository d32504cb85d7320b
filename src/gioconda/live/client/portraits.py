"""Uploads of portraits, and the addresses of a server."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gioconda.errors import ImageDecodeError, OptionError, ServerError

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


async def portrait_id(portrait: str | Path | bytes, address: Address, token: str | None) -> str:
    """Return the id of a portrait, which is uploaded if it is a picture's path or its bytes.

    Raises:
        ImageDecodeError: no PNG, JPEG or WebP, or over 20 MB.
        OSError: the file cannot be read.
        ServerError: the server cannot be reached or refuses the picture; says why.
    """
    if isinstance(portrait, str) and not Path(portrait).is_file():
        if len(Path(portrait).parts) > 1 or Path(portrait).suffix:
            raise OptionError(f"there is no picture {portrait}")
        return portrait
    data = portrait if isinstance(portrait, bytes) else Path(portrait).read_bytes()
    return await asyncio.to_thread(_upload, data, address, token)


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


def _upload(data: bytes, address: Address, token: str | None) -> str:
    headers = {"Content-Type": _media_type(data), **bearer(token)}
    request = urllib.request.Request(address.base + "/v1/portraits", data, headers)
    proxies = [urllib.request.ProxyHandler({})] if address.local else []
    try:
        with urllib.request.build_opener(*proxies).open(request, timeout=_TIMEOUT_S) as answer:
            return str(json.load(answer)["id"])
    except urllib.error.HTTPError as e:
        raise refusal(e.code, e.read(10_000)) from None
    except (OSError, ValueError, KeyError) as e:
        raise ServerError(f"no portrait could be uploaded to {address.base}: {e}") from None
