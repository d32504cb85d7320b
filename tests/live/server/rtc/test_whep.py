"""WHEP: what a standard player does, and what it is told when it does otherwise."""

from __future__ import annotations

import asyncio
import random
import re

import httpx
import pytest
from tests.live.server.rtc.conftest import Faces
from tests.live.server.rtc.player import Player, playing

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


def test_a_player_posts_an_offer_watches_and_deletes(faces: Faces) -> None:
    async def story() -> None:
        player = Player()
        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
            answer = await http.post("/whep", content=await player.offer(), headers=SDP)
            assert answer.status_code == 201
            assert answer.headers["content-type"].startswith("application/sdp")
            assert answer.headers["synthetic-media"] == "true"
            assert re.fullmatch(r'"[\w-]+"', answer.headers["etag"])
            assert answer.headers["accept-patch"] == FRAGMENT["Content-Type"]
            # Both tracks belong to one stream, so that players keep them in step.
            streams = set(re.findall(r"^a=msid:(\S+)", answer.text, re.M))
            assert len(streams) == 1
            await player.accept(answer.text)
            await player.until(lambda: len(player.frames) > 10 and len(player.sound) > 10)

            place = answer.headers["location"]
            assert (await http.delete(place)).status_code == 200
            await player.until(lambda: player.connection.connectionState == "closed")
            await player.until(lambda: not len(faces.held.sessions))
            assert (await http.delete(place)).status_code == 404
        await player.close()

    asyncio.run(story())


def test_a_player_watches_a_session_that_runs(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256) as owner:
            player = Player()
            async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
                path = f"/whep/{owner.session}"
                answer = await http.post(path, content=await player.offer(), headers=SDP)
                assert answer.status_code == 201
                await player.accept(answer.text)
                await player.until(lambda: len(player.frames) > 5)
                assert len(faces.pool.sessions) == 1
                await player.close()
                await owner.until(lambda: len(faces.held.peers.get()) == 1)
                seen = len(owner.frames)
                await owner.until(lambda: len(owner.frames) > seen + 5)

    asyncio.run(story())


def test_candidates_may_come_after_the_offer(faces: Faces) -> None:
    async def story() -> None:
        player = Player()
        whole = await player.offer()
        bare = re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", whole)
        candidates = re.findall(r"a=candidate:.*", whole.split("m=audio")[0])
        ufrag = re.search(r"a=ice-ufrag:\S+", whole).group()  # type: ignore[union-attr]
        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
            answer = await http.post("/whep", content=bare, headers=SDP)
            place, tag = answer.headers["location"], answer.headers["etag"]

            async def patched(body: str, **headers: str) -> int:
                sent = await http.patch(place, content=body, headers={**FRAGMENT, **headers})
                return sent.status_code

            lines = [ufrag, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", *candidates]
            fragment = "\r\n".join([*lines, "a=end-of-candidates", ""])
            assert await patched(fragment, **{"If-Match": '"other"'}) == 412
            assert await patched(fragment, **{"If-Match": "*"}) == 422
            assert await patched("a=ice-ufrag:new\r\na=ice-pwd:other\r\n") == 422
            assert await patched("a=mid:0\r\na=candidate:1 1 udp\r\n") == 422
            wrong = await http.patch(place, content=fragment, headers=SDP)
            assert wrong.status_code == 415

            await player.accept(answer.text)
            assert await patched(fragment, **{"If-Match": tag}) == 204
            await player.until(lambda: len(player.frames) > 5)
            # So many in all, however many requests they come with.
            one = ["a=mid:0", *["a=candidate:1 1 udp 1 127.0.0.1 9 typ host"] * 30, ""]
            statuses = [await patched("\r\n".join(one)) for _ in range(3)]
            assert statuses[0] == 204
            assert statuses[-1] == 422
            await http.delete(place)
        await player.close()

    asyncio.run(story())


def test_other_requests_are_refused_as_the_protocol_says(faces: Faces) -> None:
    with httpx.Client(base_url=faces.address) as http:
        asked = http.options("/whep")
        assert (asked.status_code, asked.headers["accept-post"]) == (204, "application/sdp")
        for method in ("GET", "PUT", "DELETE"):
            refused = http.request(method, "/whep")
            assert refused.status_code == 405
            assert "POST" in refused.headers["allow"]
        assert http.post("/whep", content="v=0").status_code == 415
        assert http.post("/whep", content="v=0", headers=SDP).status_code == 422
        assert http.post("/whep", content=b"v" * 70_000, headers=SDP).status_code == 413
        assert http.post("/whep", content=b"\xff\xfe", headers=SDP).status_code == 422
        assert http.post("/whep/none", content="v=0", headers=SDP).status_code == 404
        gone = http.patch("/whep/connections/none", content="", headers=FRAGMENT)
        assert gone.status_code == 404
        assert gone.json()["error"]["code"] == "no_peer"


@pytest.mark.parametrize("seed", range(4))
def test_offers_with_any_damage_are_answered_or_refused(faces: Faces, seed: int) -> None:
    async def story() -> None:
        player = Player()
        sdp = await player.offer()
        await player.close()
        chance = random.Random(seed)
        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
            for _ in range(25):
                damaged = _damaged(sdp, chance)
                answer = await http.post("/whep", content=damaged.encode(), headers=SDP)
                assert answer.status_code in (201, 422), answer.text
                if answer.status_code == 201:
                    await http.delete(answer.headers["location"])

    asyncio.run(story())


def _damaged(sdp: str, chance: random.Random) -> str:
    """Return an offer with a few lines lost, doubled, moved or changed."""
    lines = sdp.split("\r\n")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                lines[at] = lines[at][: len(lines[at]) // 2]
            case _:
                where = chance.randrange(len(lines[at]) + 1)
                lines[at] = (
                    lines[at][:where] + chance.choice("09:a= -\xff") + lines[at][where + 1 :]
                )
    return "\r\n".join(lines)
