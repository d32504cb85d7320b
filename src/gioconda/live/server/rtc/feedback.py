"""What aiortc's sender does not offer for packets that were encoded elsewhere.

aiortc 1.16 answers a receiver's request for a key frame by its own encoder, its reports pair the
timestamp of the packet sent last with the time at which it was sent, and a receiver that vanished
is missed after half a minute. All are replaced here, for one sender, at the methods in which they
are done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiortc import RTCRtpSender
from aiortc.rtp import RtcpSrPacket

from gioconda.live.server.rtc.timeline import Timeline
from gioconda.live.server.rtc.tracks import CodedTrack

#: Requests that come sooner after another are answered by that one's key frame.
KEY_S: Final = 0.3


def answer_key_requests(sender: RTCRtpSender, want_key: Callable[[], None]) -> None:
    """Let a picture loss indication or a full intra request of a receiver ask for a key frame.

    Args:
        sender: of the video.
        want_key: asks for one.
    """
    loop = asyncio.get_running_loop()
    last_s = -KEY_S

    def requested() -> None:
        nonlocal last_s
        if loop.time() - last_s >= KEY_S:
            last_s = loop.time()
            want_key()

    sender._send_keyframe = requested


class Pulse:
    """When anything was last heard of a peer; receivers report every second to every fifth."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._last_s = self._loop.time()

    def watch(self, sender: RTCRtpSender) -> None:
        """Take the reports that come for a sender as signs of life."""
        handle = sender._handle_rtcp_packet

        async def heard(packet: Any) -> None:
            self._last_s = self._loop.time()
            await handle(packet)

        sender._handle_rtcp_packet = heard

    async def stopped(self, after_s: float) -> None:
        """Return once nothing has been heard for so long, from now on."""
        self._last_s = self._loop.time()
        while (left_s := self._last_s + after_s - self._loop.time()) > 0:
            await asyncio.sleep(left_s)


def report_by_timeline(sender: RTCRtpSender, track: CodedTrack, timeline: Timeline) -> None:
    """Let a sender's reports pair RTP and NTP by the timeline that both media share.

    Args:
        sender: of the track.
        track: what it sends.
        timeline: of both tracks.
    """
    send = sender._send_rtcp
    origin: int | None = None

    def corrected(packet: Any) -> Any:
        """Return a report with another pair of times; None until they are known."""
        nonlocal origin
        if not isinstance(packet, RtcpSrPacket):
            return packet
        info = packet.sender_info
        if track.waiting and track.sent is not None:
            # The packet that the report tells of is the one that was taken last.
            origin = info.rtp_timestamp - track.sent
        if origin is None:
            return None
        instant_s, info.ntp_timestamp = timeline.now()
        info.rtp_timestamp = (origin + round(instant_s * track.clock_hz)) & 0xFFFFFFFF
        return packet

    async def send_corrected(packets: list[Any]) -> None:
        told = [corrected(p) for p in packets]
        # A compound packet begins with a report (RFC 3550, section 6.1), so all or none is sent.
        if None not in told:
            await send(told)

    sender._send_rtcp = send_corrected
