"""What a running server holds: portraits in memory, sessions, and when both are forgotten."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from gioconda.errors import ConsentError, TrustError
from gioconda.live.host import commands as c
from gioconda.live.host.face import Face, load_portrait
from gioconda.live.host.pool import Pool
from gioconda.live.host.reader import Reader
from gioconda.live.messages import ErrorEvent
from gioconda.live.server.consents import Consents
from gioconda.live.server.problems import Problem
from gioconda.live.told import told
from gioconda.trust.consent.requirement import carried, check
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import Grant
from gioconda.trust.watermark.marks import own_marks

logger = logging.getLogger(__name__)

#: An upload is forgotten so long after its last session, or after it came if none used it.
KEEP_S: Final = 60.0
#: A session whose last socket was cut waits so long for another.
RESUME_S: Final = 10.0
#: A session that was opened without a socket stays so long without any client or request.
ALONE_S: Final = 60.0
#: Portraits at once, and bytes of their pixels.
MOST_PORTRAITS: Final = 100
MOST_PIXEL_BYTES: Final = 2**30


@dataclass
class HeldPortrait:
    """An uploaded portrait; its pixels are in memory alone.

    Attributes:
        pixels: uint8 RGB.
        found: what the API tells of it.
        grant: on which it may be animated.
        users: sessions and jobs that stand on it.
        unused_since: of the loop's clock.
    """

    id: str
    pixels: npt.NDArray[np.uint8] | None
    found: dict[str, Any]
    grant: Grant
    users: int = 0
    unused_since: float = 0.0
    pictures: dict[str, bytes] = field(default_factory=dict)

    def command(self) -> c.LoadPortrait:
        """Return what loads it into a worker."""
        return c.LoadPortrait(self.id, self.pixels)


class Portraits:
    """Uploaded portraits, forgotten when no session has used them for a minute.

    Args:
        pool: of the workers that look at them.
        clock: seconds, rising.
        consents: of whom they show.
    """

    def __init__(self, pool: Pool, clock: Callable[[], float], consents: Consents) -> None:
        self._pool, self._clock, self._consents = pool, clock, consents
        self._held: dict[str, HeldPortrait] = {}

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._held)

    async def add(self, pixels: npt.NDArray[np.uint8], statement: Statement) -> HeldPortrait:
        """Have a portrait looked at and hold it; what is stated about it is put on record.

        Raises:
            RefusedError: it cannot be animated.
            ConsentError: it may not be: consent was revoked, or the statement does not suffice.
            Problem: too many are held.
        """
        size = sum(p.pixels.nbytes for p in self._held.values() if p.pixels is not None)
        if len(self._held) >= MOST_PORTRAITS or size + pixels.nbytes > MOST_PIXEL_BYTES:
            raise Problem(503, "busy", "too many portraits are held; delete one", 10)
        digest = await self._consents.refuse_revoked(pixels)
        key = secrets.token_urlsafe(16)
        found = await load_portrait(self._pool, key, pixels)
        try:
            grant = await self._consents.state(digest, statement)
        except BaseException:
            await self._pool.forget(key)
            raise
        held = HeldPortrait(key, pixels, found, grant, unused_since=self._clock())
        self._held[key] = held
        return held

    async def get(self, key: str) -> HeldPortrait:
        """Return a portrait; the example always is there.

        Raises:
            Problem: there is none of that id.
        """
        if key == c.EXAMPLE and key not in self._held:
            found = await load_portrait(self._pool, key, None)
            grant = await self._consents.of_example(await asyncio.to_thread(_example_pixels))
            self._held[key] = HeldPortrait(key, None, found, grant, users=1)
        if key not in self._held:
            raise Problem(404, "no_portrait", "there is no such portrait any more; upload it again")
        return self._held[key]

    def all(self) -> list[HeldPortrait]:
        """Return every portrait but the example."""
        return [p for p in self._held.values() if p.id != c.EXAMPLE]

    def grant_for_workers(self, held: HeldPortrait) -> Grant:
        """Return on what a portrait is animated, for the pool's workers.

        Raises:
            ConsentError: it was revoked, or has expired.
        """
        check(held.grant)
        return carried(held.grant) if self._pool.far else held.grant

    def use(self, held: HeldPortrait) -> None:
        """Say that a session stands on a portrait."""
        held.users += 1

    def leave(self, held: HeldPortrait) -> None:
        """Say that it does no longer."""
        held.users -= 1
        held.unused_since = self._clock()

    async def drop(self, held: HeldPortrait) -> None:
        """Forget a portrait, whoever uses it."""
        self._held.pop(held.id, None)
        await self._pool.forget(held.id)

    async def delete(self, key: str) -> None:
        """Forget a portrait, here and in every worker.

        Raises:
            Problem: there is none, it is the example, or a session shows it.
        """
        if key == c.EXAMPLE:
            raise Problem(409, "in_use", "the example stays")
        if (await self.get(key)).users:
            raise Problem(409, "in_use", "a session shows this portrait; close it first")
        del self._held[key]
        await self._pool.forget(key)

    async def forget_unused(self) -> None:
        """Forget what nobody has used for :data:`KEEP_S`."""
        now = self._clock()
        for held in self.all():
            if not held.users and now - held.unused_since >= KEEP_S:
                self._held.pop(held.id, None)
                await self._pool.forget(held.id)


@dataclass
class HeldOutput:
    """An output beyond the browser, as the API tells it.

    Attributes:
        id: 64 random bits.
        shown: its address without secrets.
        state, message: as in :class:`gioconda.live.host.commands.OutputChanged`.
    """

    id: str
    shown: str
    state: str = "connecting"
    message: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing is sent any more."""
        return self.state in ("failed", "closed")


@dataclass
class HeldSession:
    """A session and how many clients hold it.

    Attributes:
        face: the session.
        portrait: whom it shows.
        clients: sockets, peer connections and outputs.
        keep_s: how long it stays without any.
        due_s: when it closes, of the clock; None while a client holds it.
        outputs: beyond the browser, by id.
        queued_until_s: when the last sound that came by REST will have been heard.
        speaking: held while a sound is handed over.
        ending: ends it, once that has begun.
    """

    face: Face
    portrait: HeldPortrait
    keep_s: float = RESUME_S
    clients: int = 0
    due_s: float | None = None
    outputs: dict[str, HeldOutput] = field(default_factory=dict)
    queued_until_s: float = 0.0
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    ending: asyncio.Task[None] | None = None


class Watcher(Protocol):
    """Is told what sessions report, and of their end."""

    def told(self, held: HeldSession, report: Any) -> object:
        """Take a report of a session's worker."""
        ...

    def ended(self, held: HeldSession) -> None:
        """Take the end of a session."""
        ...


class Sessions:
    """Running sessions by id.

    Args:
        pool: of their workers.
        portraits: that they show.
        clock: seconds, rising.
        label: whether the visible label stays in all of them.

    Attributes:
        watchers: told of every session.
    """

    def __init__(
        self,
        pool: Pool,
        portraits: Portraits,
        clock: Callable[[], float],
        *,
        label: bool = False,
    ) -> None:
        self.watchers: list[Watcher] = []
        self.label = label
        self._pool, self._portraits, self._clock = pool, portraits, clock
        self._held: dict[str, HeldSession] = {}
        self._watching: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._held)

    def all(self) -> list[HeldSession]:
        """Return every session."""
        return list(self._held.values())

    async def open(self, spec: c.OpenSession, keep_s: float = RESUME_S) -> HeldSession:
        """Open a session; without a client it stays for ``keep_s``.

        Raises:
            Problem: there is no such portrait.
            ConsentError: it may not be animated any more.
            BusyError, RefusedError: as :meth:`Face.open` raises.
        """
        portrait = await self._portraits.get(spec.portrait)
        grant = self._portraits.grant_for_workers(portrait)
        # Also a worker elsewhere marks with what this installation's keys give, and has no key.
        marks = spec.marks or await asyncio.to_thread(own_marks)
        spec = replace(spec, grant=grant, marks=marks, label=spec.label or self.label)
        self._portraits.use(portrait)
        try:
            if self._pool.taken >= self._pool.capacity:
                await self._close_deserted()
            face = await Face.open(self._pool, spec, portrait.command)
        except BaseException:
            self._portraits.leave(portrait)
            raise
        reader = await face.subscribe(None, audio=False)
        held = HeldSession(face, portrait, keep_s, due_s=self._clock() + keep_s)
        self._held[face.id] = held
        task = asyncio.get_running_loop().create_task(self._watch(held, reader))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return held

    def labelled(self, wanted: bool | None) -> bool | None:
        """Return what a client may say of the label: it can be added, not taken away here."""
        return None if wanted is None else wanted or self.label

    def get(self, key: str) -> HeldSession:
        """Return a session.

        Raises:
            Problem: there is none of that id.
        """
        held = self._held.get(key)
        if held is None or held.ending is not None or held.face.closed:
            raise Problem(404, "no_session", "there is no such session any more; begin a new one")
        return held

    def enter(self, held: HeldSession) -> None:
        """Say that a client holds a session."""
        held.clients += 1
        held.due_s = None

    def leave(self, held: HeldSession, grace_s: float = RESUME_S) -> None:
        """Say that a client is gone; without any, the session ends after a while."""
        held.clients -= 1
        if held.clients <= 0:
            held.due_s = self._clock() + max(grace_s, held.keep_s)

    def touch(self, held: HeldSession) -> None:
        """Say that somebody asks something of a session, which puts its end off."""
        if held.due_s is not None:
            held.due_s = max(held.due_s, self._clock() + held.keep_s)

    def left_s(self, held: HeldSession) -> float | None:
        """Return in how many seconds a session closes by itself; None while it is held."""
        return None if held.due_s is None else max(held.due_s - self._clock(), 0.0)

    async def close(self, held: HeldSession, reason: str) -> None:
        """End a session; whoever else does waits for the same end.

        It goes on when the caller is cancelled, as that of a socket is which was cut meanwhile.
        """
        if held.ending is None:
            held.ending = asyncio.get_running_loop().create_task(self._end(held, reason))
        await asyncio.shield(held.ending)

    async def close_all(self) -> None:
        """End every session."""
        ends = (self.close(held, "the server ends") for held in self.all())
        await asyncio.gather(*ends, return_exceptions=True)

    async def check_consent(self) -> None:
        """End sessions whose portrait may not be animated any more; their clients are told."""
        for held in self.all():
            try:
                check(held.portrait.grant)
            except ConsentError as e:
                await self._refuse(held, told(e), "consent was revoked, or has expired")
            except TrustError as e:
                # What was revoked must not be forgotten. The words name a folder of this machine.
                logger.error("consent cannot be checked: %s", type(e).__name__)
                words = "this server cannot read what was stated about this portrait"
                await self._refuse(held, words, "consent could not be checked")

    async def _refuse(self, held: HeldSession, words: str, reason: str) -> None:
        if held.ending is None:
            held.face.publish(ErrorEvent(code="consent", message=words))
            await self.close(held, reason)

    async def sweep(self) -> None:
        """End sessions that nobody holds any more, and forget those that failed."""
        now = self._clock()
        for held in self.all():
            if held.face.closed:
                await self.close(held, "its process was lost")
            elif held.due_s is not None and held.due_s <= now:
                await self.close(held, "nobody was connected any more")

    async def _end(self, held: HeldSession, reason: str) -> None:
        try:
            await held.face.close(reason)
        finally:
            # Its place is free only now.
            self._held.pop(held.face.id, None)
            self._portraits.leave(held.portrait)
            for watcher in self.watchers:
                watcher.ended(held)

    async def _close_deserted(self) -> None:
        """Give a place free that only waits for a socket to come back."""
        for held in self.all():
            if held.due_s is not None and held.keep_s <= RESUME_S and held.ending is None:
                await self.close(held, "its place was needed")
                return

    async def _watch(self, held: HeldSession, reader: Reader) -> None:
        async for report in reader:
            for watcher in self.watchers:
                watcher.told(held, report)


def _example_pixels() -> bytes:
    """Return the hash of the example's pixels."""
    from gioconda import examples
    from gioconda.portrait.decode import decode
    from gioconda.portrait.portrait import pixels_sha256

    return pixels_sha256(decode(str(examples.portrait_path())).image)
