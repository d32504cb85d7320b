"""How much and how often: bodies, requests and messages are bounded before they are read."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gioconda.live.server.asgi import Refusal, header, refuse

if TYPE_CHECKING:
    from gioconda.live.server.asgi import App, Message, Receive, Scope, Send

#: Clients whose buckets are remembered; the one that has been quiet longest is forgotten first.
CLIENTS: Final = 4096
#: What multipart adds to a file: boundaries, names and a few small fields.
ENVELOPE_BYTES: Final = 64 * 1024
#: So much more of a refused body is still read, so that a browser, which listens only once it has
#: sent all, sees the refusal and not a broken line.
LINGER_BYTES: Final = 32 * 2**20
_LINGER_S: Final = 10.0
#: What a WebSocket may send: messages and bytes a second, and at once.
MESSAGES_HZ: Final = 200.0
MESSAGES_AT_ONCE: Final = 400.0
BYTES_HZ: Final = 4e6
BYTES_AT_ONCE: Final = 16e6


class Bucket:
    """A token bucket: full at first, refilled steadily. Time is passed in.

    Args:
        rate_hz: tokens that come a second.
        size: tokens that it holds.
        now_s: the time.
    """

    __slots__ = ("_at_s", "_held", "_rate_hz", "_size")

    def __init__(self, rate_hz: float, size: float, now_s: float) -> None:
        self._rate_hz, self._size = rate_hz, size
        self._held, self._at_s = size, now_s

    def take(self, count: float, now_s: float) -> float:
        """Take tokens if there are enough.

        Returns:
            0 where they were taken; else after how many seconds there will be enough.
        """
        self._refill(now_s)
        if count <= self._held:
            self._held -= count
            return 0.0
        return (count - self._held) / self._rate_hz

    def owe(self, count: float, now_s: float) -> float:
        """Take tokens in any case; return for how many seconds one should wait, 0 for none."""
        self._refill(now_s)
        self._held -= count
        return max(-self._held, 0.0) / self._rate_hz

    def _refill(self, now_s: float) -> None:
        passed = max(now_s - self._at_s, 0.0)
        self._held = min(self._held + passed * self._rate_hz, self._size)
        self._at_s = max(now_s, self._at_s)


@dataclass(frozen=True)
class Rate:
    """How often one client may do something.

    Attributes:
        per_minute: steadily.
        at_once: in a burst.
    """

    per_minute: float
    at_once: float


@dataclass(frozen=True)
class RateLimits:
    """Rates of one client address (of IPv6, of one network of 64 bits), by what is asked for.

    Attributes:
        login: tries to log in.
        upload: pictures, sounds and jobs, which are decoded.
        session: sessions begun, by WebSocket or WebRTC.
        change: all else that changes something.
        read: all else.
    """

    login: Rate = Rate(10, 5)
    upload: Rate = Rate(30, 10)
    session: Rate = Rate(60, 20)
    change: Rate = Rate(240, 60)
    read: Rate = Rate(1200, 300)


def kind_of(scope: Scope) -> str:
    """Return which of :class:`RateLimits` a request counts for."""
    path: str = scope["path"]
    if scope["type"] == "websocket":
        return "session"
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return "read"
    if path == "/v1/login":
        return "login"
    if path == "/offer" or path == "/whep" or path.startswith("/whep/") or path == "/v1/sessions":
        return "session" if scope["method"] == "POST" else "change"
    if scope["method"] == "POST" and file_kind(path) is not None:
        return "upload"
    return "change"


def file_kind(path: str) -> str | None:
    """Return whether a route takes an ``image``, a ``sound``, both (``job``), or None of them."""
    parts = path.strip("/").split("/")
    if parts == ["v1", "portraits"]:
        return "image"
    if parts == ["v1", "jobs"]:
        return "job"
    if len(parts) == 4 and parts[-1] == "speech":
        return "sound"
    if parts == ["v1", "verify"]:
        return "sound"  # videos to verify may be as large
    return None


class RateLimit:
    """Answers 429 to those who ask too often.

    Args:
        app: what is protected.
        rates: how often is too often.
        clock: seconds, never going back.
    """

    def __init__(self, app: App, rates: RateLimits, clock: Callable[[], float]) -> None:
        self._app, self._rates, self._clock = app, rates, clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] in ("http", "websocket"):
            wait_s = self._wait(client_of(scope), kind_of(scope))
            if wait_s > 0:
                seconds = max(math.ceil(wait_s), 1)
                words = f"too many requests; try again in {seconds} s"
                headers = (("retry-after", str(seconds)),)
                await refuse(scope, send, Refusal(429, "too_fast", words, headers))
                return
        await self._app(scope, receive, send)

    def _wait(self, client: str, kind: str) -> float:
        now_s = self._clock()
        bucket = self._buckets.get((client, kind))
        if bucket is None:
            rate: Rate = getattr(self._rates, kind)
            bucket = self._buckets[client, kind] = Bucket(rate.per_minute / 60, rate.at_once, now_s)
            if len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end((client, kind))
        return bucket.take(1, now_s)


def client_of(scope: Scope) -> str:
    """Return by what a client is told from others: IPv4 address or IPv6 network."""
    address = (scope.get("client") or ("unknown",))[0]
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return str(address)
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class BodyLimit:
    """Answers 413 to bodies that are too large, by their header or as they come, and 408 to slow.

    Args:
        app: what is protected.
        plain_bytes: for requests without a file.
        image_bytes: largest picture.
        sound_bytes: largest sound.
        longest_s: for a whole body to come.
    """

    def __init__(
        self, app: App, plain_bytes: int, image_bytes: int, sound_bytes: int, longest_s: float
    ) -> None:
        self._app, self._longest_s = app, longest_s
        self._most = {
            None: plain_bytes,
            "image": image_bytes + ENVELOPE_BYTES,
            "sound": sound_bytes + ENVELOPE_BYTES,
            "job": image_bytes + sound_bytes + ENVELOPE_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._most[file_kind(scope["path"])], self._longest_s)
        stated = header(scope, "content-length")
        if stated is not None and not (stated.isascii() and stated.isdigit()):
            words = "the length of the request is no number"
            await refuse(scope, send, Refusal(400, "bad_length", words))
            return
        if stated is not None and int(stated) > body.most:
            await body.linger(int(stated))
            await refuse(scope, send, _too_large(body.most))
            return
        started = False

        async def checked_send(message: Message) -> None:
            nonlocal started
            if body.refusal is not None and not started:
                return  # what the application makes of the broken body is of no use
            started = True
            await send(message)

        try:
            await self._app(scope, body.receive, checked_send)
        except Exception:
            if body.refusal is None or started:
                raise
        if body.refusal is not None and not started:
            if body.refusal.status == 413:
                await body.linger(None)
            await refuse(scope, send, body.refusal)


class BodyRefusedError(Exception):
    """A body is too large or too slow; the layer that raised it answers."""


class _Body:
    """A request's body as it comes."""

    def __init__(self, receive: Receive, most: int, longest_s: float) -> None:
        self.most = most
        self.refusal: Refusal | None = None
        self._receive, self._longest_s = receive, longest_s
        self._count, self._until_s, self._whole = 0, 0.0, False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()  # waits for the end of the connection
        if self.refusal is not None:
            raise BodyRefusedError
        loop = asyncio.get_running_loop()
        self._until_s = self._until_s or loop.time() + self._longest_s
        try:
            async with asyncio.timeout_at(self._until_s):
                message = await self._receive()
        except TimeoutError:
            words = f"the request took longer than {self._longest_s:g} s to arrive; send it again"
            self.refusal = Refusal(408, "too_slow", words, (("connection", "close"),))
            raise BodyRefusedError from None
        if message["type"] != "http.request":
            return message
        self._count += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._count > self.most:
            self.refusal = _too_large(self.most)
            raise BodyRefusedError
        return message

    async def linger(self, stated: int | None) -> None:
        """Read on, forgetting what comes, if that is not much."""
        if stated is not None and stated > self.most + LINGER_BYTES:
            return
        left = LINGER_BYTES + (self.most if stated is not None else 0)
        try:
            async with asyncio.timeout(_LINGER_S):
                while left > 0 and not self._whole:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self._whole = not message.get("more_body", False)
        except TimeoutError:
            return


def _too_large(most: int) -> Refusal:
    size = f"{most / 2**20:.0f} MB" if most >= 2**20 else f"{most / 1024:.0f} KB"
    words = f"the request is too large; up to {size} are taken here"
    return Refusal(413, "too_large", words, (("connection", "close"),))


class MessageLimit:
    """Slows WebSockets down that send too much; nothing is lost, the line fills up instead.

    Args:
        app: what is protected.
        clock: seconds, never going back.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        app: App,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._app, self._clock, self._sleep = app, clock, sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        now_s = self._clock()
        messages = Bucket(MESSAGES_HZ, MESSAGES_AT_ONCE, now_s)
        volume = Bucket(BYTES_HZ, BYTES_AT_ONCE, now_s)

        async def slowed() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                size = len(message.get("bytes") or b"") or len(message.get("text") or "")
                now_s = self._clock()
                wait_s = max(messages.owe(1, now_s), volume.owe(size, now_s))
                if wait_s > 0:
                    await self._sleep(wait_s)
            return message

        await self._app(scope, slowed, send)
