"""The little of ASGI that the safety layers share: types, headers, refusals.

See the ASGI specification, "HTTP & WebSocket ASGI Message Format".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Refusal:
    """An answer that says no.

    Attributes:
        status: of HTTP.
        code: for programs.
        message: one sentence for people.
        headers: further ones, names in lower case.
    """

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


def header(scope: Scope, name: str) -> str | None:
    """Return a header's only or first value, or None. Names are in lower case."""
    wanted = name.encode()
    for key, value in scope["headers"]:
        if key == wanted:
            return bytes(value).decode("latin-1")
    return None


async def answer(
    send: Send, status: int, content: object, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    """Send a whole JSON response; without content where that is None."""
    body = b"" if content is None else json.dumps(content).encode()
    lines = [(b"content-length", str(len(body)).encode())]
    if body:
        lines.append((b"content-type", b"application/json"))
    lines += [(k.encode(), v.encode("latin-1")) for k, v in headers]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer a request, or a WebSocket that was not accepted yet, with a refusal."""
    content = {"error": {"code": refusal.code, "message": refusal.message}}
    if scope["type"] == "http":
        await answer(send, refusal.status, content, refusal.headers)
    elif "websocket.http.response" in (scope.get("extensions") or {}):

        async def as_websocket(message: Message) -> None:
            await send({**message, "type": f"websocket.{message['type']}"})

        await answer(as_websocket, refusal.status, content, refusal.headers)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
