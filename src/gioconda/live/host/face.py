"""A running session as the server sees it: commands in, packets and events out, to many readers.

A session outlives its process: where that is lost, another goes on with the same portrait and the
same dials.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import GiocondaError
from gioconda.live.host import commands as c
from gioconda.live.host.pool import Pool, Worker
from gioconda.live.host.reader import Reader
from gioconda.live.messages import SessionClosed, SessionRestarted
from gioconda.live.packets import Kind
from gioconda.trust.provenance import Grant

logger = logging.getLogger(__name__)

_TICKETS: Final = itertools.count(1)
#: How often a lost worker is replaced within a minute before the session is given up.
_RESTARTS: Final = 3


class RefusedError(GiocondaError):
    """A worker refused a command.

    Args:
        refused: what it said.
    """

    def __init__(self, refused: c.Refused) -> None:
        super().__init__(refused.message)
        self.code = refused.code


class Face:
    """A session on some worker.

    Make one with :meth:`open`.

    Attributes:
        id: 128 random bits.
        spec: how it was opened, with the dials as they are now.
        opened: the frames' size and the look-ahead.
        restarts: workers lost so far.
        turn: grows with every interruption.
    """

    def __init__(
        self,
        pool: Pool,
        spec: c.OpenSession,
        pixels: Callable[[], c.LoadPortrait],
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.spec = spec
        self.opened = c.Opened(spec.size, spec.size, spec.lookahead_ms)
        self.restarts = 0
        self.turn = 0
        self.closed = False
        self._pool, self._pixels = pool, pixels
        self._worker: Worker | None = None
        self._readers: list[Reader] = []
        self._motion = False
        self._listening: bool | None = None
        self._puppet: c.PuppetMode = "off"
        self._outputs: dict[str, c.StartOutput] = {}
        self._task: asyncio.Task[None] | None = None
        self._jobs: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls, pool: Pool, spec: c.OpenSession, portrait: Callable[[], c.LoadPortrait]
    ) -> Face:
        """Open a session.

        Args:
            pool: where its worker comes from.
            spec: how.
            portrait: gives what loads the portrait into a worker.

        Raises:
            BusyError: every place is taken.
            RefusedError: the worker refused portrait or options.
        """
        face = cls(pool, spec, portrait)
        try:
            await face._take_worker()
        except BaseException:
            if face._worker is not None:
                await face._worker.send(c.CloseSession())
            face._give_back()
            raise
        face._task = asyncio.get_running_loop().create_task(face._read())
        return face

    async def send(self, command: c.Command) -> None:
        """Give the worker a command, and remember what another worker would have to know."""
        if isinstance(command, c.Turn):
            spec = self.spec
            self.spec = replace(
                spec,
                controls=command.controls or spec.controls,
                background=command.background or spec.background,
                label=spec.label if command.label is None else command.label,
            )
            if command.listening is not None:
                self._listening = command.listening
        elif isinstance(command, c.SetPuppet):
            self._puppet = command.mode
        elif isinstance(command, c.StartOutput):
            self._outputs[command.name] = command
        elif isinstance(command, c.StopOutput):
            self._outputs.pop(command.name, None)
        elif isinstance(command, c.StopSpeaking):
            self.turn += 1
        if self._worker is not None:
            await self._worker.send(command)

    @property
    def puppet(self) -> bool:
        """Whether a person's face drives it."""
        return self._puppet != "off"

    @property
    def outputs(self) -> frozenset[str]:
        """Names of the outputs that run, and would run in another worker too."""
        return frozenset(self._outputs)

    async def set_motion(self, wanted: bool) -> None:
        """Say whether motion events are to be made."""
        self._motion = wanted
        await self._tell_wants()

    async def subscribe(self, video: Kind | None, audio: bool = True) -> Reader:
        """Return another reader of this session."""
        reader = Reader(video, audio, self.want_key)
        self._readers.append(reader)
        if self.closed:
            reader.end()
        await self._tell_wants()
        if video is not None:
            self.want_key(video)
            if self._worker is not None:
                await self._worker.send(c.ShowLabel())
        return reader

    async def unsubscribe(self, reader: Reader) -> None:
        """Forget a reader."""
        reader.end()
        if reader in self._readers:
            self._readers.remove(reader)
            await self._tell_wants()

    async def close(self, reason: str) -> None:
        """End the session; its worker waits for another."""
        if self.closed:
            return
        self.closed = True
        worker = self._worker
        if worker is not None and not worker.lost:
            await worker.send(c.CloseSession())
            # The reading task ends at Closed, or when the worker is lost.
            if self._task is not None:
                try:
                    await asyncio.wait_for(asyncio.shield(self._task), 10)
                except TimeoutError:
                    # A session may still run in it.
                    worker.end()
        if self._task is not None:
            self._task.cancel()
        self._give_back()
        self.publish(SessionClosed(reason=reason))
        for reader in self._readers:
            reader.end()

    async def _take_worker(self) -> None:
        self._worker = worker = await self._pool.acquire(self.spec.portrait)
        if self.spec.portrait not in worker.portraits:
            await worker.send(self._pixels())
        if self.closed:
            raise RefusedError(c.Refused("OpenSession", "internal", "the session was closed"))
        spec = replace(self.spec, ticket=next(_TICKETS))
        await worker.send(spec)
        report = await worker.answer(lambda r: _opens(r, spec))
        if isinstance(report, c.Refused):
            if report.to == "LoadPortrait":
                worker.portraits.pop(self.spec.portrait, None)
            raise RefusedError(report)
        if not isinstance(report, c.Opened):
            raise RefusedError(c.Refused("OpenSession", "internal", "a worker was lost"))
        self.opened = report
        await self._tell_wants()
        if self._listening is not None:
            await worker.send(c.Turn(listening=self._listening))
        if self._puppet != "off":
            await worker.send(c.SetPuppet(self._puppet))
        for output in list(self._outputs.values()):
            await worker.send(output)

    async def _read(self) -> None:
        lost_at: deque[float] = deque(maxlen=_RESTARTS)
        loop = asyncio.get_running_loop()
        while True:
            assert self._worker is not None
            report = await self._worker.reports.get()
            if isinstance(report, c.Closed):
                if report.ticket == self.opened.ticket:
                    return
                continue
            if report is not None:
                if isinstance(report, c.OutputChanged) and report.state in ("failed", "closed"):
                    self._outputs.pop(report.name, None)
                self.publish(report)
                continue
            if self.closed:
                return
            self._give_back()
            if len(lost_at) == _RESTARTS and loop.time() - lost_at[0] < 60:
                await self._fail("its process was lost again and again")
                return
            lost_at.append(loop.time())
            # A file is not begun again: it would take the place of what was recorded before.
            self._outputs = {n: o for n, o in self._outputs.items() if not o.overwrite}
            try:
                await self._take_worker()
            except GiocondaError as e:
                await self._fail(f"its process was lost, and no other could go on: {e}")
                return
            self.restarts += 1
            logger.warning("a session's process was lost; another goes on with it")
            self.publish(SessionRestarted(reason="the process behind this face was lost"))

    async def _fail(self, reason: str) -> None:
        self._give_back()
        self.closed = True
        self.publish(SessionClosed(reason=reason))
        for reader in self._readers:
            reader.end()

    def _give_back(self) -> None:
        if self._worker is not None:
            self._pool.release(self._worker)
            self._worker = None

    def publish(self, item: Any) -> None:
        """Give every reader a report or an event."""
        for reader in self._readers:
            reader.put(item)

    def want_key(self, kind: Kind) -> None:
        """Ask for a key frame, which comes at the next frame's time."""
        if self._worker is None:
            return
        task = asyncio.get_running_loop().create_task(self._worker.send(c.WantKey(kind)))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _tell_wants(self) -> None:
        video = frozenset(r.video for r in self._readers if r.video is not None)
        if self._worker is not None:
            await self._worker.send(c.Want(video, self._motion))


def _opens(report: Any, spec: c.OpenSession) -> bool:
    """Tell whether a report answers a session's opening; others may be of one before."""
    if isinstance(report, c.Refused) and report.to == "LoadPortrait":
        return report.key == spec.portrait
    return isinstance(report, c.Opened | c.Refused) and report.ticket == spec.ticket


def _answers(report: Any, command: c.LoadPortrait | c.MakePicture) -> bool:
    """Tell whether a report answers a command about a portrait."""
    if isinstance(report, c.Refused):
        return report.key == command.key
    if isinstance(command, c.MakePicture):
        return isinstance(report, c.Picture) and (report.key, report.what) == (
            command.key, command.what,
        )  # fmt: skip
    return isinstance(report, c.PortraitReady) and report.key == command.key


async def load_portrait(
    pool: Pool, key: str, pixels: npt.NDArray[np.uint8] | None
) -> dict[str, Any]:
    """Have a portrait looked at by a worker, which then holds it; return what was found.

    Raises:
        RefusedError: it cannot be animated.
    """
    report = await ask(pool, c.LoadPortrait(key, pixels))
    assert isinstance(report, c.PortraitReady)
    return report.found


async def make_square(pool: Pool, load: c.LoadPortrait) -> bytes:
    """Have the square of a portrait that is animated cut out, as JPEG.

    Raises:
        RefusedError: the portrait is not there.
    """
    report = await ask(pool, c.MakePicture(load.key, "square"), load)
    assert isinstance(report, c.Picture)
    return report.data


async def make_sheet(pool: Pool, load: c.LoadPortrait, grant: Grant) -> bytes:
    """Have a sheet of expressions made, as PNG: marked in the worker, signed here.

    Args:
        pool: of workers.
        load: loads the portrait into one.
        grant: on which it is animated.

    Raises:
        RefusedError: the portrait is not there.
        ConsentError: it may not be animated, or not any more when it is to be signed.
        TrustError: it cannot be marked or signed.
    """
    from gioconda.trust.consent.requirement import carried
    from gioconda.trust.origins import example_portrait, pixels_of
    from gioconda.trust.provenance import Provenance
    from gioconda.trust.stills import sealed_png
    from gioconda.trust.watermark.marks import own_marks

    def signed(data: bytes) -> bytes:
        origin = example_portrait() if load.pixels is None else pixels_of(load.pixels)
        return sealed_png(data, Provenance("motion", grant, origin, marks.identifier))

    marks = await asyncio.to_thread(own_marks)
    sent = carried(grant) if pool.far else grant
    report = await ask(pool, c.MakePicture(load.key, "sheet", sent, marks), load)
    assert isinstance(report, c.Picture)
    return await asyncio.to_thread(signed, report.data)


async def ask(pool: Pool, command: Any, load: c.LoadPortrait | None = None) -> Any:
    """Give a command to a worker beside the sessions, and return its answer.

    Raises:
        RefusedError: the worker refused it, or was lost.
    """
    worker = await pool.acquire(command.key, spare=True)
    try:
        if load is not None and load.key not in worker.portraits:
            await worker.send(load)
        await worker.send(command)
        report = await worker.answer(lambda r: _answers(r, command))
        if report is None:
            raise RefusedError(c.Refused("", "internal", "a worker was lost; try again"))
        if isinstance(report, c.Refused):
            worker.portraits.pop(command.key, None)
            raise RefusedError(report)
        return report
    finally:
        pool.release(worker)
