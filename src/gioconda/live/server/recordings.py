"""Recordings that clients make of their sessions: mp4 files in the private store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gioconda.live.host import commands as c
from gioconda.live.messages import ErrorEvent, RecordReady
from gioconda.live.server.problems import Problem

if TYPE_CHECKING:
    from gioconda.live.server.retention import Store
    from gioconda.live.server.state import HeldSession

#: The output's name in the worker.
RECORDING: Final = "recording"
_FILE: Final = "recording.mp4"


class Recordings:
    """One recording for each session at a time; the last one can be fetched.

    It is deleted a minute after its session, with everything else that the store has of it. One of
    ``Sessions.watchers``.

    Args:
        store: where the files lie.
        clock: seconds, rising.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._running: dict[str, str] = {}
        self._ready: dict[str, str] = {}

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
        self._running[key] = name
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

    def told(self, held: HeldSession, report: Any) -> RecordReady | ErrorEvent | None:
        """Return what the client is told about a change of an output, if anything.

        Every reader of the session may ask; the change is taken in once.
        """
        if not isinstance(report, c.OutputChanged):
            return None
        key = held.face.id
        if report.state == "failed":
            if report.name == RECORDING:
                self._store.delete(self._running.pop(key, ""))
            return ErrorEvent(code="output", message=report.message)
        if report.name != RECORDING or report.state != "closed":
            return None
        name = self._running.pop(key, None)
        if name is not None:
            self._store.delete(self._ready.pop(key, ""))
            self._ready[key] = name
        return RecordReady(
            url=f"/v1/sessions/{key}/recording.mp4", seconds=round(report.seconds, 3)
        )

    def ended(self, held: HeldSession) -> None:
        """Let a session's recordings go when their time has come."""
        key = held.face.id
        # What was being recorded is whole: the worker ends it with the session.
        name = self._running.pop(key, None)
        if name is not None:
            self._ready[key] = name
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
