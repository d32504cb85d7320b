"""Who may call: everybody on this machine, and beyond it those who show the token.

Programs send ``Authorization: Bearer TOKEN``; the page sends the token once to ``POST /v1/login``
and gets a cookie that scripts cannot read and other sites cannot send. The cookie is not the token
but a random name for one login, so that ``POST /v1/logout`` really ends it.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final, TextIO
from urllib.parse import parse_qsl

from gioconda.errors import OptionError
from gioconda.live.server.asgi import Refusal, answer, header, refuse

if TYPE_CHECKING:
    from gioconda.live.server.asgi import App, Receive, Scope, Send

COOKIE: Final = "gioconda"
#: A login ends by itself after this time.
LOGIN_S: Final = 12 * 3600
#: Logins that are remembered; the oldest is forgotten first.
LOGINS: Final = 1000
#: Bytes of chance in a token that is made here: 256 bits.
TOKEN_BYTES: Final = 32
#: Tokens that are given must have as many characters.
SHORTEST_TOKEN: Final = 32
#: What needs no token: the page, which must be seen to enter one, and whether one is needed.
OPEN_PATHS: Final = ("/", "/favicon.ico", "/v1/login", "/v1/logout", "/v1/server")
OPEN_FOLDER: Final = "/static/"
_LOGIN_BYTES: Final = 4096
#: The body of a login, which anybody may send, must have come by then.
LOGIN_READ_S: Final = 10.0
_NAMES: Final = frozenset(
    {"token", "access_token", "auth_token", "auth", "authorization", "api_key", "apikey", "bearer"}
)

IN_QUERY: Final = Refusal(
    400,
    "token_in_url",
    "a token in the address would end up in histories and logs; send it as Authorization: Bearer, "
    "or to POST /v1/login",
)
MISSING: Final = Refusal(
    401,
    "token_required",
    "this server needs its token; send Authorization: Bearer, or log in at POST /v1/login",
    (("www-authenticate", 'Bearer realm="gioconda"'),),
)
WRONG: Final = Refusal(
    401,
    "token_wrong",
    "this is not the server's token; it was shown where the server was started",
    (("www-authenticate", 'Bearer realm="gioconda", error="invalid_token"'),),
)

SLOW: Final = Refusal(
    408,
    "too_slow",
    f"the login took longer than {LOGIN_READ_S:g} s to arrive; send it again",
    (("connection", "close"),),
)


@dataclass(frozen=True)
class Entry:
    """How the server may be entered.

    Attributes:
        loopback: whether only this machine can call.
        token: that must be shown; None for none.
        made: whether the token was made here and must be told to the user, once.
    """

    loopback: bool
    token: str | None = field(repr=False)
    made: bool = False

    def announce(self, stream: TextIO) -> None:
        """Show a token that was made here; it is stored nowhere."""
        if self.made:
            stream.write(f"Token of this server, shown only now: {self.token}\n")
            stream.flush()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address that a server binds to."""
    name = host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def entry(host: str, token: str | None, *, published: bool = False) -> Entry:
    """Decide on the token before the server starts.

    Args:
        host: that it will bind to.
        token: that the user gave.
        published: whether a proxy on this machine takes calls from beyond it.

    Returns:
        On loopback the given token or none; beyond it the given one, or a new one of 256 bits.

    Raises:
        OptionError: a token that could be guessed, or that no header can carry.
    """
    if token is not None:
        if len(token) < SHORTEST_TOKEN:
            raise OptionError(
                f"a token of {len(token)} characters could be guessed; give {SHORTEST_TOKEN} or "
                "more, or none to have one made"
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise OptionError("a token may have ASCII letters, digits and signs only")
        return Entry(is_loopback(host) and not published, token)
    if is_loopback(host) and not published:
        return Entry(True, None)
    return Entry(False, secrets.token_urlsafe(TOKEN_BYTES), made=True)


class Access:
    """Lets those in who show the token; see the module.

    Args:
        app: what is protected.
        token: None lets everybody in, for loopback.
        clock: seconds, never going back.
    """

    def __init__(self, app: App, token: str | None, clock: Callable[[], float]) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._clock = clock
        self._logins: OrderedDict[bytes, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if self._in_query(scope):
            await refuse(scope, send, IN_QUERY)
            return
        if scope["type"] == "http" and scope["method"] == "POST":
            if scope["path"] == "/v1/login":
                await self._login(scope, receive, send)
                return
            if scope["path"] == "/v1/logout":
                await self._logout(scope, send)
                return
        refusal = self._judge(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, send, refusal)

    def _in_query(self, scope: Scope) -> bool:
        query = scope.get("query_string", b"")
        if self._token is not None and self._token in query:
            return True
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        return any(name.lower() in _NAMES for name, _ in pairs)

    def _judge(self, scope: Scope) -> Refusal | None:
        path = scope["path"]
        is_open = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if is_open and (path in OPEN_PATHS or path.startswith(OPEN_FOLDER)):
            return None
        if self._token is None:
            return None
        scheme, _, shown = (header(scope, "authorization") or "").partition(" ")
        if scheme.lower() == "bearer":
            right = secrets.compare_digest(shown.strip().encode("latin-1"), self._token)
            return None if right else WRONG
        return None if self._has_login(scope) else MISSING

    def _has_login(self, scope: Scope) -> bool:
        name = _cookie(scope)
        until = self._logins.get(name) if name else None
        return until is not None and self._clock() < until

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token is None:
            await answer(send, 204, None)
            return
        try:
            async with asyncio.timeout(LOGIN_READ_S):
                shown = await _shown_token(receive)
        except TimeoutError:
            await refuse(scope, send, SLOW)
            return
        if shown is None:
            words = 'send {"token": "..."} as JSON to log in'
            # The rest of a body that is too large is not waited for.
            headers = (("connection", "close"),)
            await refuse(scope, send, Refusal(422, "bad_login", words, headers))
            return
        if not secrets.compare_digest(shown, self._token):
            await refuse(scope, send, WRONG)
            return
        name = secrets.token_urlsafe(TOKEN_BYTES)
        self._logins[_digest(name)] = self._clock() + LOGIN_S
        while len(self._logins) > LOGINS:
            self._logins.popitem(last=False)
        await answer(send, 204, None, (("set-cookie", _set_cookie(scope, name, LOGIN_S)),))

    async def _logout(self, scope: Scope, send: Send) -> None:
        name = _cookie(scope)
        if name:
            self._logins.pop(name, None)
        await answer(send, 204, None, (("set-cookie", _set_cookie(scope, "", 0)),))


def _digest(name: str) -> bytes:
    """Return what a login is remembered by; a dictionary's look-up tells nothing of the name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _cookie(scope: Scope) -> bytes | None:
    try:
        found = SimpleCookie(header(scope, "cookie") or "").get(COOKIE)
    except CookieError:
        return None
    return _digest(found.value) if found is not None and found.value else None


def _set_cookie(scope: Scope, value: str, seconds: int) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}"


async def _shown_token(receive: Receive) -> bytes | None:
    """Read the token of a login, or None where the body is something else."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > _LOGIN_BYTES:
            return None
        if not message.get("more_body"):
            break
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    shown = content.get("token") if isinstance(content, dict) else None
    return shown.encode("utf-8", "replace") if isinstance(shown, str) else None
