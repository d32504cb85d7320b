"""Headers that make a browser hold the page to what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gioconda.live.server.asgi import App, Message, Receive, Scope, Send

#: W3C Content Security Policy 3. Scripts, worklets and workers are files of the server; workers,
#: pictures and sounds may be made by them (blob); WebAssembly may run; no inline script or style.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: mediastream:",
        "connect-src 'self' blob: data:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
#: W3C Permissions Policy: camera and microphone for the page itself, of the rest only comfort.
PERMISSIONS_POLICY: Final = ", ".join(
    (
        "camera=(self)", "microphone=(self)", "autoplay=(self)", "fullscreen=(self)",
        "picture-in-picture=(self)", "screen-wake-lock=(self)", "geolocation=()", "payment=()",
        "usb=()", "serial=()", "midi=()", "display-capture=()",
    )
)  # fmt: skip
HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "permissions-policy": PERMISSIONS_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
#: Answers under this hold people's media and stay out of caches.
_PRIVATE: Final = "/v1/"


class SafeHeaders:
    """Puts :data:`HEADERS` on every answer that does not say otherwise itself."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        wanted = dict(HEADERS)
        if scope["path"].startswith(_PRIVATE):
            wanted["cache-control"] = "no-store"

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = list(message.get("headers", ()))
                there = {bytes(k).lower() for k, _ in headers}
                if b"access-control-allow-origin" in there:  # an allowed site reads it
                    wanted["cross-origin-resource-policy"] = "cross-origin"
                for name, value in wanted.items():
                    if name.encode() not in there:
                        headers.append((name.encode(), value.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_headers)
