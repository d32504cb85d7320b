"""Recordings that clients make of their sessions: mp4 files in the private store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from gioconda.errors import GiocondaError
from gioconda.live.host import commands as c
from gioconda.live.messages import ErrorEvent, RecordReady, SessionRestarted
from gioconda.live.server.problems import Problem
from gioconda.trust.origins import example_portrait, pixels_of
from gioconda.trust.provenance import Driver, Provenance

if TYPE_CHECKING:
    from gioconda.live.host.face import Face
    from gioconda.live.server.retention import Store
    from gioconda.live.server.state import HeldSession

logger = logging.getLogger(__name__)

#: A recording ends by itself after so many seconds, or so many bytes.
LONGEST_S: Final = 1800.0
MOST_BYTES: Final = 2**30
#: The output's name in the worker.
RECORDING: Final = "recording"
_FILE: Final = "recording.mp4"
#: What the worker writes until the file is whole; see :mod:`gioconda.live.outputs.file`.
_UNFINISHED: Final = "recording.partial*.mp4"
_PROCESS_LOST: Final = "the process behind this face was lost"


@dataclass
class _Running:
    """A recording that runs.

    Attributes:
        held: whose it is.
        name: in the store.
        since_s: of the clock.
        reason: why it ends, where nobody asked for that.
    """

    held: HeldSession
    name: str
    since_s: float
    reason: str = ""


class Recordings:
    """One recording for each session at a time; the last one can be fetched.

    It ends when the client says so, with the session, after :data:`LONGEST_S` or
    :data:`MOST_BYTES`, when the store is full, and with the process that writes it: what was whole
    then, all but a second at most, is offered. It is deleted a minute after its session, with
    everything else that the store has of it. One of ``Sessions.watchers``.

    Args:
        store: where the files lie.
        clock: seconds, rising.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._running: dict[str, _Running] = {}
        self._ready: dict[str, str] = {}
        self._last: WeakKeyDictionary[Face, tuple[Any, RecordReady | ErrorEvent | None]]
        self._last = WeakKeyDictionary()
        self._rescues: set[asyncio.Task[None]] = set()

    async def start(self, held: HeldSession) -> None:
        """Begin to record.

        Raises:
            Problem: a recording runs already.
            OutputError: the store is full.
        """
        key = held.face.id
        if key in self._running:
            raise Problem(409, "bad_option", "a recording runs already; stop it first")
        name = self._store.add(self._clock())
        self._store.hold(name, key)
        self._running[key] = _Running(held, name, self._clock())
        path = self._store.path(name, _FILE)
        await held.face.send(c.StartOutput(RECORDING, str(path), overwrite=True))

    async def stop(self, held: HeldSession) -> None:
        """End the recording; the worker tells when it is complete.

        Raises:
            Problem: none runs.
        """
        if held.face.id not in self._running:
            raise Problem(409, "bad_option", "nothing is being recorded")
        await held.face.send(c.StopOutput(RECORDING))

    async def sweep(self) -> None:
        """End the recordings that are as long or as large as one may be."""
        for running in list(self._running.values()):
            if running.reason:
                continue
            if self._clock() - running.since_s >= LONGEST_S:
                running.reason = f"a recording lasts up to {LONGEST_S / 60:.0f} minutes"
            elif self._store.size(running.name) >= MOST_BYTES:
                running.reason = f"a recording has up to {MOST_BYTES / 2**20:.0f} MB"
            elif self._store.is_full:
                running.reason = "the place for recordings and uploads is full"
            else:
                continue
            await running.held.face.send(c.StopOutput(RECORDING))

    def told(self, held: HeldSession, report: Any) -> RecordReady | ErrorEvent | None:
        """Return what the client is told about a change of an output or a restart, if anything.

        Every reader of the session may ask; the change is taken in once.
        """
        if not isinstance(report, c.OutputChanged | SessionRestarted):
            return None
        last = self._last.get(held.face)
        # All readers are given the same report.
        if last is not None and last[0] is report:
            return last[1]
        event = self._taken(held, report)
        self._last[held.face] = report, event
        return event

    def ended(self, held: HeldSession) -> None:
        """Let a session's recordings go when their time has come."""
        key = held.face.id
        running = self._running.pop(key, None)
        # It is whole where the worker ended it with the session; else the worker was lost.
        if running is not None:
            if self._store.path(running.name, _FILE).exists():
                self._offer(key, running)
            else:
                self._begin_rescue(running)
        self._store.release(key, self._clock())
        self._ready = {k: n for k, n in self._ready.items() if n in self._store}

    def file(self, key: str) -> Path:
        """Return a session's last recording.

        Raises:
            Problem: there is none.
        """
        name = self._ready.get(key, "")
        if name in self._store and (path := self._store.path(name, _FILE)).exists():
            return path
        raise Problem(404, "no_recording", "there is no recording of this session")

    def _taken(
        self, held: HeldSession, report: c.OutputChanged | SessionRestarted
    ) -> RecordReady | ErrorEvent | None:
        key = held.face.id
        if isinstance(report, SessionRestarted):
            # One that was begun after the restart runs in the new process.
            if key not in self._running or RECORDING in held.face.outputs:
                return None
            self._begin_rescue(self._running.pop(key))
            return None
        if report.state == "failed":
            if report.name == RECORDING and key in self._running:
                self._store.delete(self._running.pop(key).name)
            return ErrorEvent(code="output", message=report.message)
        if report.name != RECORDING or report.state != "closed":
            return None
        stopped = self._running.pop(key, None)
        if stopped is not None:
            self._offer(key, stopped)
        elif key not in self._ready:
            return None
        return _ready(key, report.seconds, "" if stopped is None else stopped.reason)

    def _offer(self, key: str, running: _Running) -> None:
        """Let a recording be fetched in place of the last one."""
        self._store.delete(self._ready.pop(key, ""))
        self._ready[key] = running.name

    def _begin_rescue(self, running: _Running) -> None:
        task = asyncio.get_running_loop().create_task(self._rescue(running))
        self._rescues.add(task)
        task.add_done_callback(self._rescues.discard)

    async def _rescue(self, running: _Running) -> None:
        """Offer what a lost process has recorded, and tell the client what came of it."""
        held, key = running.held, running.held.face.id
        path = self._store.path(running.name, _FILE)
        try:
            seconds = await asyncio.to_thread(_signed, path, held)
        except (GiocondaError, OSError) as e:
            logger.error("a recording could not be kept: %s", type(e).__name__)
            seconds = None
        event: RecordReady | ErrorEvent
        if seconds is not None:
            self._offer(key, running)
            event = _ready(key, seconds, _PROCESS_LOST)
        else:
            self._store.delete(running.name)
            words = f"the recording was lost: {_PROCESS_LOST}"
            event = ErrorEvent(code="output", message=words)
        held.face.publish(event)


def _signed(path: Path, held: HeldSession) -> float | None:
    """Give what a lost process has written its name, signed.

    Returns:
        How long it is, in seconds; None if nothing of it can be played.

    Raises:
        TrustError, OutputError, OSError: it cannot be signed or written.
    """
    from gioconda.live.outputs.file import whole_again
    from gioconda.trust.seal import move, seal

    if path.exists():  # it was just complete
        return _length(path)
    for unfinished in path.parent.glob(_UNFINISHED):
        if (seconds := whole_again(unfinished)) is not None:
            seal(unfinished, path.suffix, _provenance(held))
            move(unfinished, path)
            return seconds
    return None


def _length(path: Path) -> float:
    import av

    with av.open(f"file:{path}") as film:
        return (film.duration or 0) / av.time_base


def _provenance(held: HeldSession) -> Provenance:
    """Return what the recording of a lost process was made from, as far as it is known here."""
    spec, pixels = held.face.spec, held.portrait.command().pixels
    identifier = None if spec.marks is None else spec.marks.identifier
    driver: Driver = "person" if held.face.puppet else "speech"
    ingredients = example_portrait() if pixels is None else pixels_of(pixels)
    return Provenance(driver, spec.grant, ingredients, identifier, live=True, partial=True)


def _ready(key: str, seconds: float, reason: str) -> RecordReady:
    url = f"/v1/sessions/{key}/recording.mp4"
    return RecordReady(url=url, seconds=round(seconds, 3), reason=reason)
