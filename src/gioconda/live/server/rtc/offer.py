"""Offers of peers: looked at before anything is opened for them."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import Any, Final

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender
from aiortc import RTCSessionDescription as Description
from aiortc.sdp import SessionDescription

from gioconda.live.server.problems import Problem
from gioconda.live.server.rtc.tracks import FaceSound, FaceVideo

logger = logging.getLogger(__name__)

#: Media sections of an offer; browsers send three at most.
_MOST_SECTIONS: Final = 8
#: Addresses of one peer, those that come later too; the server sends a few packets to each.
MOST_CANDIDATES: Final = 64
_VIDEO_CODECS: Final = ("video/VP8", "video/rtx")


@dataclass(frozen=True)
class Prepared:
    """A peer connection that has taken an offer in.

    Attributes:
        connection: the peer connection, before its answer.
        video, sound: tracks that the peer takes; None where it takes none.
        video_sender, sound_sender: of the tracks.
        candidates: how many addresses the offer has told.
    """

    connection: RTCPeerConnection
    video: FaceVideo | None
    sound: FaceSound | None
    video_sender: RTCRtpSender | None
    sound_sender: RTCRtpSender | None
    candidates: int = 0


async def take(sdp: str, ice_servers: tuple[str, ...], *, microphone: bool) -> Prepared:
    """Take an offer in.

    Args:
        sdp: the offer.
        ice_servers: URLs of STUN or TURN servers.
        microphone: whether sound of the peer is wanted.

    Raises:
        Problem: it is no offer, or no picture or sound in it that can be sent.
    """
    require_network(ice_servers)
    servers = [ice_server(url) for url in ice_servers]
    connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
    try:
        prepared = _prepare(connection, SessionDescription.parse(sdp), microphone)
        await connection.setRemoteDescription(Description(sdp, "offer"))
    except Exception as e:
        await end(connection)
        raise e if isinstance(e, Problem) else _refusal(e) from None
    return prepared


async def answer(connection: RTCPeerConnection) -> str:
    """Return the answer to an offer that was taken in, with every candidate in it.

    Raises:
        Problem: there is none.
    """
    try:
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)
    except Exception as e:
        raise _refusal(e) from None


async def end(connection: RTCPeerConnection) -> None:
    """Close a connection, whatever state an offer has left it in."""
    try:
        await connection.close()
    except Exception as e:
        logger.debug("a connection could not be closed: %s", type(e).__name__)
        for transceiver in connection.getTransceivers():
            if transceiver.receiver.transport is not None:
                with contextlib.suppress(Exception):
                    await transceiver.receiver.transport.transport.stop()


def _refusal(error: Exception) -> Problem:
    """Return what to say of an offer; aiortc raises whatever it meets."""
    reason = "it cannot be read as an offer"
    if "send parameters" in str(error):
        reason = "no codec in it can be sent; VP8 and Opus are needed"
    return Problem(422, "bad_offer", f"the offer was refused: {reason}")


def _prepare(
    connection: RTCPeerConnection, offered: SessionDescription, microphone: bool
) -> Prepared:
    """Give every media section of an offer its counterpart, in order."""
    if not 0 < len(offered.media) <= _MOST_SECTIONS:
        raise Problem(
            422, "bad_offer", f"the offer has {len(offered.media)} media sections; 1 to 8 are taken"
        )
    count = sum(len(media.ice_candidates) for media in offered.media)
    if count > MOST_CANDIDATES:
        raise Problem(422, "bad_offer", f"the offer has more than {MOST_CANDIDATES} candidates")
    video = sound = None
    video_sender = sound_sender = None
    for media in offered.media:
        if media.kind not in ("audio", "video"):
            continue
        receives = media.direction in ("recvonly", "sendrecv")
        speaks = media.kind == "audio" and microphone and media.direction != "recvonly"
        track: Any = media.kind
        if receives and media.kind == "video" and video is None:
            track = video = FaceVideo()
        elif receives and media.kind == "audio" and sound is None:
            track = sound = FaceSound()
        sends = not isinstance(track, str)
        direction = {(True, True): "sendrecv", (True, False): "sendonly"}.get(
            (sends, speaks), "recvonly" if speaks else "inactive"
        )
        transceiver = connection.addTransceiver(track, direction)
        if track is video:
            video_sender = transceiver.sender
            transceiver.setCodecPreferences(
                [
                    k for k in RTCRtpSender.getCapabilities("video").codecs
                    if k.mimeType in _VIDEO_CODECS
                ]
            )  # fmt: skip
        elif track is sound:
            sound_sender = transceiver.sender
    if video is None and sound is None:
        raise Problem(
            422, "bad_offer", "the offer asks for neither picture nor sound (recvonly, sendrecv)"
        )
    return Prepared(connection, video, sound, video_sender, sound_sender, count)


def require_network(ice_servers: tuple[str, ...]) -> None:
    """Refuse where no peer could be reached.

    Raises:
        Problem: this machine has no network interface but loopback, which ICE leaves out.
    """
    from aioice.ice import get_host_addresses

    if get_host_addresses(use_ipv4=True, use_ipv6=True):
        return
    if any(url.startswith("turn") for url in ice_servers):
        return
    raise Problem(
        503, "no_network",
        "WebRTC needs a network interface besides loopback, and this machine has none; "
        "the WebSocket works without",
    )  # fmt: skip


def ice_server(url: str) -> RTCIceServer:
    """Read ``stun:host``, ``turn:host`` or ``turn:user:password@host``."""
    scheme, _, rest = url.partition(":")
    credentials, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(urls=url)
    user, _, password = credentials.partition(":")
    return RTCIceServer(urls=f"{scheme}:{host}", username=user, credential=password)
