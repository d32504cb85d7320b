"""Every peer of a server: made from an offer, counted, and ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gioconda.live.host import commands as c
from gioconda.live.server.problems import Problem
from gioconda.live.server.rtc.offer import end, take
from gioconda.live.server.rtc.peer import Microphone, Peer

if TYPE_CHECKING:
    from gioconda.live.server.app import Server

#: Peers at once; each costs a twentieth of a core.
MOST_PEERS: Final = 32


class Peers:
    """The peers of a server.

    Args:
        server: whose sessions they see.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._peers: dict[str, Peer] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._peers)

    async def connect(
        self,
        sdp: str,
        session: str | None,
        spec: c.OpenSession,
        *,
        microphone: Microphone | None = None,
        controls: bool = False,
    ) -> tuple[Peer, str]:
        """Answer an offer, on a running session or on one that is opened for it.

        Args:
            sdp: the offer.
            session: id of a session; None opens one.
            spec: how it is opened.
            microphone: what is done with the peer's sound; None to ignore it.
            controls: whether a data channel may control the session.

        Returns:
            The peer and the answer.

        Raises:
            Problem: the offer cannot be answered, or there is no such session or portrait.
            BusyError, RefusedError: no session could be opened.
        """
        if self._closed or len(self._peers) >= MOST_PEERS:
            raise Problem(503, "busy", f"{MOST_PEERS} peers are connected; try again later", 5)
        sessions = self._server.sessions
        held = sessions.get(session) if session is not None else None
        prepared = await take(
            sdp, self._server.settings.ice_servers, microphone=microphone is not None
        )
        try:
            held = held or await sessions.open(spec, keep_s=0.0)
        except BaseException:
            await end(prepared.connection)
            raise
        sessions.enter(held)
        peer = Peer(
            self._server, held, prepared, microphone=microphone, controls=controls,
            owner=session is None,
        )  # fmt: skip
        try:
            answer = await peer.answer()
        except BaseException:
            await peer.close()
            peer.leave()
            raise
        self._peers[peer.id] = peer
        task = asyncio.get_running_loop().create_task(self._serve(peer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return peer, answer

    def get(self, key: str) -> Peer:
        """Return a peer.

        Raises:
            Problem: there is none of that id.
        """
        if key not in self._peers:
            raise Problem(404, "no_peer", "there is no such connection any more")
        return self._peers[key]

    async def close_all(self) -> None:
        """End every peer."""
        self._closed = True
        for peer in list(self._peers.values()):
            await peer.close()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, peer: Peer) -> None:
        try:
            await peer.serve()
        finally:
            self._peers.pop(peer.id, None)
            peer.leave()
