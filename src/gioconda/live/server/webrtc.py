"""Routes of WebRTC: ``POST /offer`` for pages and programs, and WHEP for standard players.

WHEP is the WebRTC-HTTP egress protocol (draft-ietf-wish-whep-03), the twin of WHIP (RFC 9725):
an offer is posted as ``application/sdp``; the answer comes with 201 and the ``Location`` of the
connection, which ``DELETE`` ends and which takes trickled candidates by ``PATCH`` (RFC 8840). ICE
restarts are not offered: 422, as the draft has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.live.host import commands as c
from gioconda.live.messages import Dials
from gioconda.live.server import answers as a
from gioconda.live.server.control import checked_background, turned
from gioconda.live.server.problems import Problem
from gioconda.trust.label import label_language_or_english

if TYPE_CHECKING:
    from gioconda.live.server.app import Server
    from gioconda.live.server.rtc.peer import Peer
    from gioconda.live.server.rtc.peers import Peers

#: Largest offer that is taken, in bytes; browsers send 10,000 at most.
OFFER_BYTES: Final = 65_536
#: Frames a second of a session that is opened for a peer.
FPS: Final = 25.0
#: Browsers hold sound longer than pictures, and pictures wait for their sound.
SOUND_LEAD_MS: Final = 40.0
_SDP: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_ICE_SERVER: Final = re.compile(r"stuns?:[^\s@/]+|turns?:([^\s@:]+:[^\s@]+@)?[^\s@/]+")
_TAKES_SDP: Final = {
    "requestBody": {"required": True, "content": {_SDP: {"schema": {"type": "string"}}}}
}
_TAKES_FRAGMENT: Final = {
    "requestBody": {"required": True, "content": {_FRAGMENT: {"schema": {"type": "string"}}}}
}
_EXPOSED: Final = {"Access-Control-Expose-Headers": "Location, Link, ETag, Synthetic-Media"}


class Offer(BaseModel):
    """An offer of a page or program.

    ``session`` joins one that runs; otherwise one is opened as the other fields say, which ends
    with the connection. A data channel named ``gioconda`` carries the messages of the WebSocket.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sdp: str = Field(max_length=OFFER_BYTES)
    type: Literal["offer"] = "offer"
    session: str | None = Field(None, max_length=64, description="id of a session to join")
    portrait: str | None = Field(None, max_length=64, description="id of an uploaded portrait")
    controls: Dials | None = None
    fps: float | None = Field(None, ge=24, le=40)
    size: Literal[256, 512, 768, 1024] | None = None
    lookahead_ms: float | None = Field(None, ge=40, le=500)
    seed: int | None = Field(None, ge=0, lt=2**63)
    background: str | None = Field(None, max_length=32, description="keep, blur or a colour")
    label: bool | None = Field(
        None, description='whether the word "Synthetic" stays in a corner after the first seconds'
    )
    language: str | None = Field(None, max_length=16, description="of the label")
    mic: Literal["speak", "partner", "off"] = Field(
        "speak", description="what the sound of the client is: said by the face, heard by it"
    )


class LazyPeers:
    """The server's peers, whose library is loaded with the first offer.

    Args:
        server: whose they are.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._peers: Peers | None = None

    def get(self) -> Peers:
        """Return the peers.

        Raises:
            Problem: aiortc is not installed.
        """
        if self._peers is None:
            try:
                from gioconda.live.server.rtc.peers import Peers
            except ModuleNotFoundError:
                raise Problem(
                    501, "no_webrtc", "WebRTC needs aiortc on the server: pip install aiortc"
                ) from None
            self._peers = Peers(self._server)
        return self._peers

    async def close_all(self) -> None:
        """End every peer."""
        if self._peers is not None:
            await self._peers.close_all()


def checked_ice_server(url: str) -> str:
    """Return the URL of an ICE server: ``stun:host[:port]``, or ``turn:user:password@host[:port]``.

    Raises:
        OptionError: it is none.
    """
    if not _ICE_SERVER.fullmatch(url):
        raise OptionError(
            f"{url.partition('@')[2] or url!r} is no ICE server; give stun:host:port "
            "or turn:user:password@host:port"
        )
    return url


def routes(server: Server) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["webrtc"])

    @router.post("/offer")
    async def offer(body: Offer) -> dict[str, Any]:
        """Answer an offer; see :class:`Offer`."""
        opening = {
            "portrait", "controls", "fps", "size", "lookahead_ms", "seed", "background", "label",
            "language",
        }  # fmt: skip
        given = body.model_dump(exclude_none=True).keys() & opening
        if body.session is not None and given:
            raise Problem(
                422, "bad_option",
                f"{', '.join(sorted(given))}: said when a session is opened, and this one runs",
            )  # fmt: skip
        spec = c.OpenSession(
            body.portrait or c.EXAMPLE, turned(Controls(seed=body.seed or 0), body.controls),
            body.fps or FPS, body.size or 512, body.lookahead_ms or 80.0,
            checked_background(body.background) or "keep", SOUND_LEAD_MS,
            label=bool(body.label), language=label_language_or_english(body.language),
        )  # fmt: skip
        peer, answer = await server.peers.get().connect(
            body.sdp, body.session, spec, controls=True,
            microphone=None if body.mic == "off" else body.mic,
        )  # fmt: skip
        return {"sdp": answer, "type": "answer", "session": peer.session, "synthetic": True}

    @router.get("/v1/ice-servers", responses=a.errors(401, 429), response_model_exclude_none=True)
    async def ice_servers() -> list[a.IceServerAnswer]:
        """List the STUN and TURN servers that a client may use as well, with their credentials."""
        return [ice_server_told(url) for url in server.settings.ice_servers]

    async def play(request: Request, session: str | None) -> Response:
        _require(request, _SDP)
        sdp = await _body(request)
        spec = c.OpenSession(c.EXAMPLE, fps=FPS, sound_lead_ms=SOUND_LEAD_MS)
        peer, answer = await server.peers.get().connect(sdp, session, spec)
        links = [f'<{url}>; rel="ice-server"' for url in server.settings.ice_servers
                 if url.startswith("stun")]  # fmt: skip
        headers = {
            "Location": f"/whep/connections/{peer.id}", "ETag": _tag(peer),
            "Accept-Patch": _FRAGMENT, **_EXPOSED, **a.SYNTHETIC,
            **({"Link": ", ".join(links)} if links else {}),
        }  # fmt: skip
        return Response(answer, 201, headers, media_type=_SDP)

    @router.post("/whep", status_code=201, response_class=Response, openapi_extra=_TAKES_SDP)
    async def whep(request: Request) -> Response:
        """Play a session of the example portrait, which ends with the connection (WHEP)."""
        return await play(request, None)

    @router.post(
        "/whep/{session}", status_code=201, response_class=Response, openapi_extra=_TAKES_SDP
    )
    async def whep_session(session: str, request: Request) -> Response:
        """Play a session that runs (WHEP)."""
        return await play(request, session)

    @router.options("/whep", include_in_schema=False)
    @router.options("/whep/{session}", include_in_schema=False)
    async def whep_options() -> Response:
        return Response(
            status_code=204, headers={"Allow": "OPTIONS, POST", "Accept-Post": _SDP, **_EXPOSED}
        )

    @router.options("/whep/connections/{key}", include_in_schema=False)
    async def connection_options() -> Response:
        return Response(
            status_code=204,
            headers={"Allow": "OPTIONS, PATCH, DELETE", "Accept-Patch": _FRAGMENT, **_EXPOSED},
        )

    @router.delete("/whep/connections/{key}")
    async def whep_end(key: str) -> Response:
        """End a connection (WHEP)."""
        await server.peers.get().get(key).close()
        return Response(status_code=200)

    @router.patch(
        "/whep/connections/{key}", status_code=204, response_class=Response,
        openapi_extra=_TAKES_FRAGMENT,
    )  # fmt: skip
    async def whep_trickle(key: str, request: Request) -> Response:
        """Take candidates that came after the offer (WHEP)."""
        peer = server.peers.get().get(key)
        _require(request, _FRAGMENT)
        wanted = request.headers.get("if-match")
        if wanted is not None and wanted != _tag(peer):
            if wanted == "*":
                raise Problem(422, "bad_option", "ICE restarts are not offered; connect anew")
            raise Problem(412, "stale", "If-Match does not name this connection's ICE session")
        await peer.add_candidates(await _body(request))
        return Response(status_code=204)

    return router


def ice_server_told(url: str) -> a.IceServerAnswer:
    """Return a server as browsers take it (W3C WebRTC, ``RTCIceServer``)."""
    scheme, _, rest = url.partition(":")
    credentials, _, host = rest.rpartition("@")
    username, _, credential = credentials.partition(":")
    return a.IceServerAnswer(
        urls=f"{scheme}:{host}", username=username or None, credential=credential or None
    )


def _tag(peer: Peer) -> str:
    """Return the entity tag of a peer's only ICE session."""
    return f'"{peer.id}"'


def _require(request: Request, kind: str) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != kind:
        raise Problem(415, "bad_request", f"the Content-Type is to be {kind}")


async def _body(request: Request) -> str:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > OFFER_BYTES:
            raise Problem(413, "too_large", f"more than {OFFER_BYTES // 1024} kB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Problem(422, "bad_request", "the body is not UTF-8") from None
