"""Recordings that clients make of their sessions: mp4 files in a private folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.live.host import commands as c
from gioconda.live.messages import ErrorEvent, RecordReady
from gioconda.live.server.problems import Problem

if TYPE_CHECKING:
    from gioconda.live.server.state import HeldSession

#: The output's name in the worker.
RECORDING = "recording"


class Recordings:
    """One recording for each session at a time; the last one can be fetched.

    Args:
        folder: private; None for a new one under the system's temporary folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.mkdtemp(prefix="gioconda-live-"))
        self._running: dict[str, Path] = {}
        self._ready: dict[str, Path] = {}
        self._count = 0

    async def start(self, held: HeldSession) -> None:
        """Begin to record.

        Raises:
            Problem: a recording runs already.
        """
        key = held.face.id
        if key in self._running:
            raise Problem(409, "bad_option", "a recording runs already; stop it first")
        self._count += 1
        path = self._folder / f"{key}-{self._count}.mp4"
        self._running[key] = path
        await held.face.send(c.StartOutput(RECORDING, str(path), overwrite=True))

    async def stop(self, held: HeldSession) -> None:
        """End the recording; the worker tells when it is complete.

        Raises:
            Problem: none runs.
        """
        if held.face.id not in self._running:
            raise Problem(409, "bad_option", "nothing is being recorded")
        await held.face.send(c.StopOutput(RECORDING))

    def told(self, held: HeldSession, change: c.OutputChanged) -> RecordReady | ErrorEvent | None:
        """Return what the client is told about a change of an output, if anything."""
        key = held.face.id
        if change.state == "failed":
            if change.name == RECORDING:
                self._running.pop(key, None)
            return ErrorEvent(code="output", message=change.message)
        if change.name != RECORDING or change.state != "closed":
            return None
        path = self._running.pop(key, None)
        if path is not None:
            old = self._ready.pop(key, None)
            if old is not None:
                old.unlink(missing_ok=True)
            self._ready[key] = path
        return RecordReady(
            url=f"/v1/sessions/{key}/recording.mp4", seconds=round(change.seconds, 3)
        )

    def file(self, key: str) -> Path:
        """Return a session's last recording.

        Raises:
            Problem: there is none.
        """
        path = self._ready.get(key)
        if path is None or not path.exists():
            raise Problem(404, "no_recording", "there is no recording of this session")
        return path

    def forget(self, key: str) -> None:
        """Delete a session's recordings."""
        for paths in (self._running, self._ready):
            path = paths.pop(key, None)
            if path is not None:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
