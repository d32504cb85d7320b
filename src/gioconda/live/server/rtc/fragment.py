"""Candidates that come after the offer, as SDP fragments (RFC 8840)."""

from __future__ import annotations

import re
from typing import Final

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from gioconda.live.server.problems import Problem

_UFRAG: Final = re.compile(r"^a=ice-ufrag:(\S+)", re.M)
#: Candidates that one fragment may bring.
_MOST: Final = 64


def candidates(fragment: str, offer: str) -> list[RTCIceCandidate | None]:
    """Return the candidates of a fragment; None after the last that there will be.

    Args:
        fragment: the body of the request.
        offer: the description that it belongs to.

    Raises:
        Problem: it belongs to another ICE session, or cannot be read.
    """
    if not set(_UFRAG.findall(fragment)) <= set(_UFRAG.findall(offer)):
        raise Problem(422, "bad_option", "ICE restarts are not offered; connect anew")
    found: list[RTCIceCandidate | None] = []
    mid: str | None = None
    for line in fragment.splitlines():
        name, _, value = line.strip().partition(":")
        if name == "a=mid":
            mid = value
        elif name == "a=end-of-candidates":
            found.append(None)
        elif name == "a=candidate":
            try:
                candidate = candidate_from_sdp(value)
            except (AssertionError, ValueError, IndexError):
                raise Problem(422, "bad_offer", "a candidate cannot be read") from None
            candidate.sdpMid, candidate.sdpMLineIndex = mid, 0 if mid is None else None
            found.append(candidate)
    if len(found) > _MOST:
        raise Problem(422, "bad_offer", f"the fragment has more than {_MOST} candidates")
    return found
