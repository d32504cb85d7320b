"""Readers of a session: late frames dropped, sound never; a lost worker is replaced."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.live.doubles import WorkerDouble

from gioconda.controls import Controls
from gioconda.live.host import commands as c
from gioconda.live.host.face import Face, RefusedError
from gioconda.live.host.pool import BusyError
from gioconda.live.host.reader import Reader
from gioconda.live.messages import SessionClosed, SessionRestarted
from gioconda.live.packets import Flag, Kind, Packet


def video(k: int, key: bool = False) -> Packet:
    return Packet(Kind.H264, k / 40, b"v", k, Flag.KEY if key else Flag(0))


def sound(k: int) -> Packet:
    return Packet(Kind.PCM, k / 40, b"ss", k)


def drained(reader: Reader) -> list[Any]:
    reader.end()

    async def all_of() -> list[Any]:
        return [item async for item in reader]

    return asyncio.run(all_of())


def test_a_slow_reader_loses_frames_up_to_a_key_frame_and_no_sound() -> None:
    asked: list[Kind] = []
    reader = Reader(Kind.H264, True, asked.append)
    reader.put(video(0, key=True))
    for k in range(1, 36):
        reader.put(sound(k))
        reader.put(video(k, key=k == 30))
    got = drained(reader)
    assert [p.number for p in got if p.kind is Kind.PCM] == list(range(1, 36))
    frames = [p.number for p in got if p.kind is Kind.H264]
    # What is left begins with the key frame, and no frame between is missing.
    assert frames == list(range(30, 36))
    assert asked
    assert reader.dropped == 36 - len(frames)


def test_a_reader_begins_with_a_key_frame() -> None:
    reader = Reader(Kind.H264, False, lambda _: None)
    for k in range(4):
        reader.put(video(k, key=k == 2))
        reader.put(sound(k))
    assert [(p.kind, p.number) for p in drained(reader)] == [(Kind.H264, 2), (Kind.H264, 3)]


def test_a_reader_of_another_codec_gets_none_of_it() -> None:
    reader = Reader(Kind.JPEG, False, lambda _: None)
    reader.put(video(0, key=True))
    assert drained(reader) == []


class Double(WorkerDouble):
    """A worker that answers at once."""

    def __init__(self, refuse: c.Refused | None = None) -> None:
        super().__init__()
        self._refuse = refuse

    async def send(self, command: Any) -> None:
        self.commands.append(command)
        if isinstance(command, c.OpenSession) and self._refuse is not None:
            self.reports.put_nowait(replace(self._refuse, ticket=command.ticket))
        elif isinstance(command, c.OpenSession):
            self.open(command)
        if isinstance(command, c.CloseSession):
            self.close()


class DoublePool:
    capacity, taken = 2, 0

    def __init__(self, *workers: Double) -> None:
        self.workers = list(workers)
        self.released: list[Any] = []

    async def start(self) -> None: ...

    async def acquire(self, portrait: str = "", *, spare: bool = False) -> Any:
        if not self.workers:
            raise BusyError(self.capacity)
        return self.workers.pop(0)

    def release(self, worker: Any) -> None:
        self.released.append(worker)

    async def forget(self, portrait: str) -> None: ...

    async def close(self) -> None: ...


def load() -> c.LoadPortrait:
    return c.LoadPortrait("p")


def test_a_lost_worker_is_replaced_with_the_dials_as_they_are() -> None:
    async def story() -> None:
        first, second = Double(), Double()
        face = await Face.open(DoublePool(first, second), c.OpenSession("p"), load)
        reader = await face.subscribe(Kind.H264)
        await face.send(c.Turn(controls=Controls(emotion="happy"), listening=True))
        await face.send(c.SetPuppet("head"))
        first.die()
        item = await asyncio.wait_for(reader.next(), 5)
        assert isinstance(item, SessionRestarted)
        assert face.restarts == 1
        loaded, opened, want, *rest = second.commands
        assert isinstance(loaded, c.LoadPortrait)
        assert opened.controls.emotion == "happy"
        assert want.video == {Kind.H264}
        assert c.Turn(listening=True) in rest
        assert c.SetPuppet("head") in rest
        await face.close("done")
        assert isinstance(await reader.next(), SessionClosed)
        assert await reader.next() is None

    asyncio.run(story())


def test_what_has_failed_or_is_a_file_is_not_begun_again_in_another_worker() -> None:
    async def story() -> None:
        first, second = Double(), Double()
        face = await Face.open(DoublePool(first, second), c.OpenSession("p"), load)
        reader = await face.subscribe(None)
        await face.send(c.StartOutput("failed", "rtmp://host/a"))
        await face.send(c.StartOutput("runs", "rtmp://host/b"))
        await face.send(c.StartOutput("file", "/tmp/a.mp4", overwrite=True))
        first.reports.put_nowait(c.OutputChanged("failed", "failed", "refused"))
        first.die()
        await asyncio.wait_for(reader.next(), 5)
        assert isinstance(await asyncio.wait_for(reader.next(), 5), SessionRestarted)
        assert face.outputs == {"runs"}
        assert [o.name for o in second.commands if isinstance(o, c.StartOutput)] == ["runs"]
        await face.close("done")

    asyncio.run(story())


def test_without_another_worker_the_session_ends_and_says_why() -> None:
    async def story() -> None:
        first = Double()
        pool = DoublePool(first)
        face = await Face.open(pool, c.OpenSession("p"), load)
        reader = await face.subscribe(None)
        first.die()
        item = await asyncio.wait_for(reader.next(), 5)
        assert isinstance(item, SessionClosed)
        assert "lost" in item.reason
        assert face.closed
        assert pool.released == [first]

    asyncio.run(story())


def test_a_refused_portrait_gives_the_worker_back() -> None:
    async def story() -> None:
        worker = Double(c.Refused("OpenSession", "bad_option", "no", "p"))
        pool = DoublePool(worker)
        with pytest.raises(RefusedError, match="no"):
            await Face.open(pool, c.OpenSession("p"), load)
        assert pool.released == [worker]

    asyncio.run(story())


def test_a_full_server_says_so() -> None:
    async def story() -> None:
        with pytest.raises(BusyError, match="all 2 places"):
            await Face.open(DoublePool(), c.OpenSession("p"), load)

    asyncio.run(story())


def test_what_is_left_of_a_session_before_is_no_answer() -> None:
    async def story() -> None:
        worker = Double()
        for stale in (c.Opened(9, 9, 9.0, 1), c.Closed(1), c.Refused("OpenSession", "x", "y", "q")):
            worker.reports.put_nowait(stale)
        face = await Face.open(DoublePool(worker), c.OpenSession("p"), load)
        assert face.opened.width == 512
        worker.reports.put_nowait(c.Closed(1))
        await asyncio.sleep(0.05)
        assert not face.closed
        await face.close("done")

    asyncio.run(story())


def test_a_session_closed_while_it_restarts_leaves_nothing_running() -> None:
    async def story() -> None:
        first, second = Double(), Double()
        gate = asyncio.Event()

        async def slowly(command: Any) -> None:
            await gate.wait()
            second.commands.append(command)

        second.send = slowly  # type: ignore[method-assign]
        pool = DoublePool(first, second)
        face = await Face.open(pool, c.OpenSession("p"), load)
        first.die()
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(face.close("done"))
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.wait_for(closing, 5)
        assert not [m for m in second.commands if isinstance(m, c.OpenSession)]
        assert pool.released == [first, second]

    asyncio.run(story())
