"""Recordings end properly, whatever ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.live.outputs.test_fragments import film
from tests.live.server.small import Small, settled, small

from gioconda.errors import TrustError
from gioconda.live.host import commands as c
from gioconda.live.messages import ErrorEvent, RecordReady, RecordStart, SessionRestarted
from gioconda.live.server import recordings
from gioconda.live.server.control import Control
from gioconda.live.server.problems import Problem
from gioconda.live.server.state import HeldSession
from gioconda.trust.credentials.found import Credentials
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.watermark.keys import own_identifier
from gioconda.video.probe import probe


class Client:
    """A client that hears of a session, beside another that does too."""

    def __init__(self, here: Small, held: HeldSession) -> None:
        self.events: list[Any] = []
        self.control = Control(here.server, held, self._tell)

    async def _tell(self, event: Any) -> None:
        self.events.append(event)

    async def heard(self, kind: type) -> None:
        """Wait until something of a kind is told: signing takes a moment, in a thread."""
        async with asyncio.timeout(20):
            while not self.of(kind):
                await asyncio.sleep(0.01)
        await settled()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def making_of(found: Credentials) -> dict[str, Any]:
    (data,) = (a["data"] for a in found.said["assertions"] if a["label"] == "org.gioconda.making")
    return dict(data)


Story = Callable[[Small, HeldSession, Client, Client], Awaitable[None]]


def told(story: Story) -> None:
    """Run a story with two clients of one session, of which the first has begun to record."""

    async def run() -> None:
        async with small() as here:
            held = await here.server.sessions.open(c.OpenSession(c.EXAMPLE), 1e9)
            clients = Client(here, held), Client(here, held)
            reader = await held.face.subscribe(None)

            async def pass_on() -> None:
                async for item in reader:
                    for client in clients:
                        await client.control.report(item)

            task = asyncio.create_task(pass_on())
            await clients[0].control.obey(RecordStart())
            await settled()
            await story(here, held, *clients)
            task.cancel()

    asyncio.run(run())


def target(here: Small) -> Path:
    """Where the worker was told to record."""
    return Path(here.pool.workers[-1].of(c.StartOutput)[-1].target)


def boxes(*kinds: bytes) -> bytes:
    return b"".join((8 + 20).to_bytes(4, "big") + kind + bytes(20) for kind in kinds)


def test_with_a_lost_process_what_was_whole_is_signed_and_offered(tmp_path: Path) -> None:
    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        whole = film(3.0)
        (target(here).parent / "recording.partial.mp4").write_bytes(whole + b"torn")
        here.clock.now_s += 60
        here.pool.workers[-1].die()
        await one.heard(RecordReady)
        for client in (one, other):
            restarted, ready = client.events
            assert isinstance(restarted, SessionRestarted)
            assert isinstance(ready, RecordReady)
            assert ready.seconds == pytest.approx(3.0, abs=0.05)
            assert "lost" in ready.reason
        answer = await here.http.get(ready.url)
        path = tmp_path / "back.mp4"
        path.write_bytes(answer.content)
        assert probe(path).frames == 75
        assert b"moof" not in answer.content
        found = read_credentials(path, ".mp4")
        assert found.valid
        assert found.watermark == own_identifier()
        assert {"live": True, "partial": True}.items() <= making_of(found).items()
        assert [i.role for i in found.ingredients] == ["portrait"]
        assert not here.pool.workers[-1].of(c.StartOutput)
        await one.control.obey(RecordStart())
        assert here.pool.workers[-1].of(c.StartOutput)

    told(story)


def test_with_a_lost_process_that_had_written_nothing_the_recording_is_said_to_be_lost() -> None:
    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        folder = target(here).parent
        (folder / "recording.partial.mp4").write_bytes(boxes(b"ftyp", b"moov", b"moof"))
        here.pool.workers[-1].die()
        await one.heard(ErrorEvent)
        assert [e.code for e in one.of(ErrorEvent)] == ["output"]
        assert other.of(ErrorEvent) == one.of(ErrorEvent)
        assert not folder.exists()
        await one.control.obey(RecordStart())

    told(story)


def test_a_recording_ends_after_half_an_hour_and_says_why() -> None:
    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        target(here).write_bytes(b"film")
        await here.sweep_after(recordings.LONGEST_S - 1)
        assert not one.events
        await here.sweep_after(2)
        await here.sweep_after(2)
        assert len(here.pool.workers[-1].of(c.StopOutput)) == 1
        assert [e.reason for e in one.of(RecordReady)] == ["a recording lasts up to 30 minutes"]
        assert other.of(RecordReady) == one.of(RecordReady)
        assert (await here.http.get(one.of(RecordReady)[0].url)).content == b"film"

    told(story)


def test_a_recording_ends_when_it_is_as_large_as_one_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recordings, "MOST_BYTES", 2**20)

    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        target(here).write_bytes(bytes(2**20))
        await here.sweep_after(1)  # it is measured
        await here.sweep_after(1)
        assert [e.reason for e in one.of(RecordReady)] == ["a recording has up to 1 MB"]

    told(story)


def test_what_cannot_be_signed_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise TrustError("the key cannot be read")

    monkeypatch.setattr("gioconda.trust.seal.seal", refuse)

    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        folder = target(here).parent
        (folder / "recording.partial.mp4").write_bytes(film(1.0))
        here.pool.workers[-1].die()
        await one.heard(ErrorEvent)
        assert not one.of(RecordReady)
        assert not folder.exists()

    told(story)


def test_one_recording_at_a_time() -> None:
    async def story(here: Small, held: HeldSession, one: Client, other: Client) -> None:
        with pytest.raises(Problem, match="already"):
            await other.control.obey(RecordStart())

    told(story)
