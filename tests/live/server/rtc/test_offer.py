"""Peers that connect by ``POST /offer``, played by aiortc."""

from __future__ import annotations

import asyncio
import base64
import fractions
from typing import Any

import httpx
import numpy as np
import pytest
from tests.live.server.rtc.conftest import Faces
from tests.live.server.rtc.player import Player, playing

from gioconda.live.host import commands as c
from gioconda.live.packets import Flag, Kind, Packet

aiortc = pytest.importorskip("aiortc", reason="the extra [live] is not installed")


class Tone(aiortc.MediaStreamTrack):  # type: ignore[misc]
    """A microphone that hears a tone of 440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> Any:
        from av import AudioFrame

        await asyncio.sleep(0.02)
        t = (self._at + np.arange(960)) / 48_000
        pcm = (12_000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
        frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, self._at
        frame.time_base = fractions.Fraction(1, 48_000)
        self._at += 960
        return frame


def offsets(player: Player, report: int) -> list[float]:
    """Return how much later clicks are than their flashes, on the sender's clock.

    A flash whose frame was dropped, since the machine was busy, has no click.
    """
    flashes = [player.video_clock.ntp_s(t, report) for t in player.flashes()]
    clicks = [player.audio_clock.ntp_s(t, report) for t in player.clicks()]
    all_ = [click - min(flashes, key=lambda f: abs(f - click)) for click in clicks]
    return [late for late in all_ if abs(late) < 0.3]


def test_picture_and_sound_belong_together_by_the_reports(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, fps=25, size=256) as player:
            await player.until(lambda: len(player.clicks()) >= 3 if player.sound else False)
            await player.until(
                lambda: min(len(player.video_clock.reports), len(player.audio_clock.reports)) > 2
            )
        for report in (0, -1):
            late = offsets(player, report)
            assert len(late) >= 2
            assert np.abs(late).max() < 0.005
        periods = 25 * np.diff([t for t, _ in player.frames])
        np.testing.assert_allclose(periods, np.rint(periods), atol=0.01)
        times = np.array([t for t, _ in player.sound])
        np.testing.assert_allclose(np.diff(times), 0.02, atol=1e-4)

    asyncio.run(story())


def test_a_lost_picture_is_answered_by_a_key_frame(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256) as player:
            await player.until(lambda: len(player.frames) > 5)
            worker = faces.pool.sessions[0]
            asked = len(worker.of(c.WantKey))
            receiver = player.video.receiver
            for _ in range(5):
                await receiver._send_rtcp_pli(player.video_clock.ssrc)
            await player.until(lambda: len(worker.of(c.WantKey)) > asked)
            await asyncio.sleep(0.2)
            # Requests that come at once are answered by one key frame.
            assert len(worker.of(c.WantKey)) == asked + 1
            assert worker.of(c.WantKey)[-1] == c.WantKey(Kind.VP8)

    asyncio.run(story())


def test_streams_go_on_after_a_worker_was_lost(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256, channel=True) as player:
            await player.until(lambda: len(player.frames) > 30)
            seen = len(player.frames)
            faces.loop_call(faces.pool.sessions[0].lose)
            await player.until(lambda: player.of("session.restarted"))
            await player.until(lambda: len(player.frames) > seen + 60)
            count = len(player.clicks())
            await player.until(lambda: len(player.clicks()) > count + 1)
        assert (np.diff([t for t, _ in player.frames]) > 0).all()
        # The time that was lost is lost in both streams.
        late = offsets(player, -1)
        assert len(late) >= 2
        assert np.abs(late).max() < 0.005

    asyncio.run(story())


def test_a_data_channel_controls_the_session(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256, channel=True) as player:
            await player.until(lambda: player.of("session.created"))
            created = player.of("session.created")[0]
            assert created["session"] == player.session
            assert (created["width"], created["video"]) == (256, "none")
            worker = faces.pool.sessions[0]

            pcm = np.arange(100, dtype="<i2").tobytes()
            player.send(
                type="input_audio_buffer.append", rate=16000, audio=base64.b64encode(pcm).decode()
            )
            player.send(type="session.update", controls={"head": 0.5}, input_rate=8000)
            await player.until(lambda: player.of("session.updated"))
            player.channel.send(Packet(Kind.VOICE, 0.0, pcm, flags=Flag.ENDS).to_bytes())
            player.send(type="agent.interrupt")
            await player.until(lambda: worker.of(c.StopSpeaking))
            assert worker.of(c.Speak) == [
                c.Speak(pcm, 16000), c.Speak(pcm, 8000, ends=True),
            ]  # fmt: skip
            assert worker.of(c.Turn)[0].controls.head == 0.5

            player.send(type="nonsense")
            player.channel.send(b"short")
            player.send(type="session.update", controls={"head": 99.0})
            await player.until(lambda: len(player.of("error")) == 3)
            codes = [e["code"] for e in player.of("error")]
            assert codes == ["bad_message", "bad_message", "bad_option"]

            player.send(type="session.close")
            await player.until(lambda: player.of("session.closed"))
            await player.until(lambda: player.connection.connectionState == "closed")
        await player.until(lambda: not len(faces.held.peers.get()))

    asyncio.run(story())


@pytest.mark.parametrize(("mic", "command"), [("speak", c.Speak), ("partner", c.Hear)])
def test_the_microphone_is_spoken_or_listened_to(
    faces: Faces, mic: str, command: type[Any]
) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256, microphone=Tone(), mic=mic) as player:
            await player.until(lambda: faces.pool.sessions)
            worker = faces.pool.sessions[0]
            await player.until(lambda: len(worker.of(command)) > 60)
            heard = worker.of(command)
            assert all(h.rate_hz == 48_000 for h in heard)
            if command is c.Speak:
                assert all(h.live for h in heard)
            pcm = np.frombuffer(b"".join(h.pcm for h in heard[20:]), "<i2").astype(float)
            spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
            loudest = np.argmax(spectrum) * 48_000 / len(pcm)
            assert abs(loudest - 440) < 5
            # And the face is heard meanwhile.
            await player.until(lambda: len(player.sound) > 20)

    asyncio.run(story())


def test_several_peers_see_one_session_and_only_its_owner_ends_it(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256) as owner:
            async with playing(faces.address, session=owner.session) as guest:
                await owner.until(lambda: len(owner.frames) > 10 and len(guest.frames) > 10)
                assert guest.session == owner.session
                assert len(faces.pool.sessions) == 1
            seen = len(owner.frames)
            await owner.until(lambda: len(owner.frames) > seen + 10)
            await owner.until(lambda: len(faces.held.peers.get()) == 1)
        await owner.until(lambda: not len(faces.held.sessions))
        assert not faces.pool.sessions

    asyncio.run(story())


def test_offers_that_cannot_be_answered_are_refused_before_a_session_is_opened(
    faces: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        player = Player()
        sdp = await player.offer()
        mute = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        mute.createDataChannel("gioconda")
        await mute.setLocalDescription(await mute.createOffer())

        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:

            async def refusal(**offer: Any) -> tuple[int, str]:
                answer = await http.post("/offer", json={"type": "offer", **offer})
                assert set(answer.json()["error"]) == {"code", "message"}
                return answer.status_code, answer.json()["error"]["code"]

            assert await refusal(sdp="v=0") == (422, "bad_offer")
            assert await refusal(sdp="nonsense") == (422, "bad_offer")
            assert await refusal(sdp=sdp.replace("VP8", "VP7")) == (422, "bad_offer")
            assert await refusal(sdp=mute.localDescription.sdp) == (422, "bad_offer")
            assert await refusal(sdp=sdp.replace("recvonly", "sendonly")) == (422, "bad_offer")
            assert await refusal(sdp=sdp, session="none") == (404, "no_session")
            assert await refusal(sdp=sdp, portrait="none") == (404, "no_portrait")
            assert await refusal(sdp=sdp, session="x", fps=30) == (422, "bad_option")
            assert await refusal(sdp=sdp, fps=60) == (422, "bad_request")
            assert await refusal(sdp=sdp, controls={"head": 99}) == (422, "bad_option")
            assert await refusal(sdp=sdp, background="/etc/passwd") == (422, "bad_option")
            assert await refusal(sdp="v" * 100_000) == (422, "bad_request")
            monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])
            assert await refusal(sdp=sdp) == (503, "no_network")
            monkeypatch.undo()
            assert not faces.pool.sessions
            faces.pool.capacity = 0
            assert await refusal(sdp=sdp) == (503, "busy")
        assert not len(faces.held.peers.get())
        await player.close()
        await mute.close()

    asyncio.run(story())


def test_a_peer_that_never_connects_leaves_no_session(
    faces: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gioconda.live.server.rtc.peer.CONNECT_S", 0.3)

    async def story() -> None:
        player = Player()
        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
            offer = {"type": "offer", "sdp": await player.offer(), "size": 256}
            assert (await http.post("/offer", json=offer)).status_code == 200
        assert len(faces.pool.sessions) == 1
        await player.until(lambda: not len(faces.held.sessions))
        assert not len(faces.held.peers.get())
        await player.close()

    asyncio.run(story())


def test_a_served_peer_does_not_keep_the_server_from_ending(faces: Faces) -> None:
    async def story() -> None:
        async with playing(faces.address, size=256) as player:
            await player.until(lambda: len(player.frames) > 3)
            await asyncio.to_thread(faces.stop)
            await player.until(lambda: player.connection.connectionState == "closed")
        assert not faces.pool.sessions

    asyncio.run(story())


def test_a_peer_that_never_connects_does_not_keep_the_server_from_ending(faces: Faces) -> None:
    async def story() -> None:
        player = Player()
        async with httpx.AsyncClient(base_url=faces.address, timeout=30) as http:
            offer = {"type": "offer", "sdp": await player.offer(), "size": 256}
            assert (await http.post("/offer", json=offer)).status_code == 200
        await player.close()

    asyncio.run(story())
    faces.stop()
    assert not faces.pool.sessions


def test_a_peer_that_vanished_is_missed(faces: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gioconda.live.server.rtc.peer.SILENT_S", 2.5)

    async def story() -> None:
        async with playing(faces.address, size=256) as player:
            await player.until(lambda: len(player.frames) > 3)
            # Reports come every second or so: as long as they do, the peer is served.
            await asyncio.sleep(3)
            assert len(faces.held.sessions) == 1
            for transceiver in (player.video, player.audio):
                transceiver.receiver._send_rtcp = _nothing
            await player.until(lambda: not len(faces.held.sessions))

    asyncio.run(story())


async def _nothing(_: object) -> None: ...
