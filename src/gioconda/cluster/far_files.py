"""Files that a session on another machine writes: made there, brought home when they are whole.

The keys never leave this machine: a file is signed here, before it gets its name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from gioconda.cluster.scratch import scratch_folder
from gioconda.errors import GiocondaError
from gioconda.live.host.commands import OpenSession, OutputChanged, StartOutput
from gioconda.live.told import told

#: So much of a file travels at once, so that frames come through between.
_PART_BYTES: Final = 256 * 2**10
#: States in which nothing more is written.
_OVER: Final = ("closed", "failed")


@dataclass(frozen=True)
class FilePart:
    """A piece of a file, in order.

    Attributes:
        name: of the output.
        data: its next bytes.
    """

    name: str
    data: bytes


def is_file(target: str) -> bool:
    """Tell whether an output is a file, rather than an address or a camera."""
    return "://" not in target and target.partition(":")[0] != "camera"


class FarConnection:
    """The worker's end of a connection: it writes files here, and the gateway gets them.

    Has what a worker uses of a :class:`~multiprocessing.connection.Connection`.

    Args:
        connection: to the gateway.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._folder = scratch_folder()
        self._files: dict[str, Path] = {}

    def recv(self) -> Any:
        """Return the next command; files go to a folder of this machine.

        Raises:
            EOFError: the gateway ended the connection.
        """
        command = self._connection.recv()
        if isinstance(command, StartOutput) and is_file(command.target):
            name = f"{len(os.listdir(self._folder))}{Path(command.target).suffix}"
            self._files[command.name] = self._folder / name
            return replace(command, target=str(self._folder / name), overwrite=True, away=True)
        return command

    def send(self, report: Any) -> None:
        """Send a report; the end of a file is told once the gateway has it.

        Raises:
            OSError: the connection has ended.
        """
        if isinstance(report, OutputChanged) and report.state in _OVER:
            path = self._files.pop(report.name, None)
            if path is not None:
                threading.Thread(target=self._bring, args=(path, report), daemon=True).start()
                return
        self._send(report)

    def close(self) -> None:
        """Close the connection and delete what was written here."""
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _bring(self, path: Path, last: OutputChanged) -> None:
        with contextlib.suppress(OSError):  # the gateway is gone: so is whom it is for
            if last.state == "closed" and path.exists():
                with path.open("rb") as file:
                    while data := file.read(_PART_BYTES):
                        self._send(FilePart(last.name, data))
            self._send(last)
        path.unlink(missing_ok=True)

    def _send(self, report: Any) -> None:
        with self._sending:
            self._connection.send(report)


class Incoming:
    """The gateway's end: puts the parts together, whole or not at all."""

    def __init__(self) -> None:
        self._targets: dict[str, Path] = {}
        self._stages: dict[str, Path] = {}
        self._session: OpenSession | None = None

    def opened(self, command: OpenSession) -> None:
        """Remember on what the session's portrait is animated, and with what it is marked."""
        self._session = command

    def started(self, command: StartOutput) -> None:
        """Remember where a file shall go."""
        if is_file(command.target):
            self._targets[command.name] = Path(command.target)

    def take(self, report: Any, tell: Callable[[Any], None]) -> None:
        """Take a report in; parts are written, all else is told.

        Args:
            report: from the worker.
            tell: is given what a local worker would have said.
        """
        if isinstance(report, FilePart):
            target = self._targets.get(report.name)
            if target is not None:
                self._write(target, report)
            return
        if isinstance(report, OutputChanged) and report.state in _OVER:
            target = self._targets.pop(report.name, None)
            stage, session = self._stages.pop(report.name, None), self._session

            def finish() -> None:
                tell(_finished(report, target, stage, session))

            # Signing takes a while, and frames are not to wait for it.
            threading.Thread(target=finish, name="signing", daemon=True).start()
            return
        tell(report)

    def close(self) -> None:
        """Delete what is not whole."""
        for stage in self._stages.values():
            with contextlib.suppress(OSError):
                stage.unlink()
        self._stages.clear()

    def _write(self, target: Path, part: FilePart) -> None:
        stage = self._stages.setdefault(
            part.name, target.with_name(f".{target.stem}.part{target.suffix}")
        )
        with contextlib.suppress(OSError), stage.open("ab") as file:
            file.write(part.data)


def _finished(
    report: OutputChanged, target: Path | None, stage: Path | None, session: OpenSession | None
) -> OutputChanged:
    """Sign a file that has arrived and give it its name; return what is to be told.

    Consent and identifier are those that were sent out, whatever the worker says of them.
    """
    made_from, report = report.provenance, replace(report, provenance=None)
    if target is None or report.state != "closed":
        if stage is not None:
            stage.unlink(missing_ok=True)
        return report
    from gioconda.trust.seal import move, seal

    try:
        if stage is None or made_from is None or session is None or not stage.exists():
            raise OSError("nothing of it arrived")
        identifier = None if session.marks is None else session.marks.identifier
        made_from = replace(made_from, grant=session.grant, identifier=identifier, live=True)
        seal(stage, target.suffix.lower(), made_from)
        move(stage, target)
    except OSError as e:
        reason = f"the file could not be written: {e.strerror or e}"
    except GiocondaError as e:
        reason = told(e)
    else:
        return report
    if stage is not None:
        stage.unlink(missing_ok=True)
    return replace(report, state="failed", message=reason)
