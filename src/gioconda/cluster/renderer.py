"""A worker of a batch: keeps portraits and sounds open, and makes one video after another."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from gioconda.cluster.scratch import scratch_folder
from gioconda.cluster.tasks import FileBytes, Heard, Outcome, RenderTask
from gioconda.errors import GiocondaError

if TYPE_CHECKING:
    from gioconda.animation import Progress
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

#: So many portraits and sounds stay open in a worker.
KEPT_OPEN: Final = 4
#: Larger files do not fit into one value of a Ray row.
MOST_BYTES: Final = 2**31 - 2**20

_T = TypeVar("_T")
_Key = TypeVar("_Key")


class Renderer:
    """Makes videos of tasks.

    A portrait or sound that several tasks name is opened once. Nothing but the outcome leaves
    its temporary folder, which goes with it.

    Args:
        sounds: by key, to be asked for what a task names.
    """

    def __init__(self, sounds: Callable[[str], Heard]) -> None:
        self._sounds = sounds
        self._folder = scratch_folder()
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._portraits: OrderedDict[tuple[str, int | None], Portrait] = OrderedDict()
        self._opened: OrderedDict[str, Sound] = OrderedDict()

    def render(self, task: RenderTask, progress: Progress | None = None) -> Outcome:
        """Make one video; what the portrait or sound refuse is told by the outcome."""
        target = self._folder / f"video{task.suffix}"
        with _noted() as notes:
            try:
                return self._made(task, target, notes, progress)
            except GiocondaError as e:
                return Outcome(task.number, notes=tuple(notes), error=str(e))
            except (OSError, MemoryError) as e:
                reason = str(e) or type(e).__name__
                return Outcome(task.number, notes=tuple(notes), error=f"a worker failed: {reason}")
            finally:
                target.unlink(missing_ok=True)

    def _made(
        self, task: RenderTask, target: Path, notes: list[str], progress: Progress | None
    ) -> Outcome:
        from gioconda.cluster.far_video import make
        from gioconda.pipeline import animate

        portrait = self._portrait(task.portrait, task.face)
        notes.extend(portrait.warnings_for(task.size))
        animation = animate(
            portrait, self._sound(task.sound), task.controls, partner=self._sound(task.partner),
            fps=task.fps, size=task.size, framing=task.framing, background=task.background,
            basis=task.grant, label=task.label or False,
        )  # fmt: skip
        animation = replace(animation, marks=task.marks)
        report = make(animation, target, progress)
        if target.stat().st_size > MOST_BYTES:
            raise GiocondaError(
                "the video has more than 2 GB, which a cluster does not hand back; make it "
                "without --cluster"
            )
        made_from = animation.provenance
        return Outcome(task.number, target.read_bytes(), report, tuple(notes), made_from=made_from)

    def _portrait(self, file: FileBytes, face: int | None) -> Portrait:
        from gioconda.portrait import Portrait

        def opened() -> Portrait:
            with self._written(file) as path:
                return Portrait.open(path, face=face)

        return _kept(self._portraits, (file.digest, face), opened)

    def _sound(self, key: str | None) -> Sound | None:
        from gioconda.speech.sound import Sound

        if key is None:
            return None

        def opened() -> Sound:
            heard = self._sounds(key)
            handle, path = tempfile.mkstemp(suffix=Path(heard.file.name).suffix, dir=self._folder)
            with os.fdopen(handle, "wb") as f:
                f.write(heard.file.data)
            sound = Sound.of_temporary(path, heard.file.name)
            sound.phones = heard.phones
            return sound

        return _kept(self._opened, key, opened)

    @contextmanager
    def _written(self, file: FileBytes) -> Iterator[Path]:
        """Write a file under its own name, by which messages call it."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / file.name
            path.write_bytes(file.data)
            yield path


class RayRenderer:
    """What Ray Data runs in each actor: rows with a pickled task in, with a pickled outcome out.

    Args:
        sounds: references to what is in the object store, by key.
        version: of the Gioconda that made the tasks.
    """

    def __init__(self, sounds: Mapping[str, object], version: str) -> None:
        import cv2
        import ray

        from gioconda import __version__
        from gioconda.trust.consent.requirement import accept_carried

        accept_carried()
        logging.getLogger("gioconda").propagate = False
        cv2.setNumThreads(1)
        self._renderer = Renderer(lambda key: ray.get(sounds[key]))
        self._refused = ""
        if __version__ != version:
            self._refused = (
                f"a machine of the cluster has Gioconda {__version__}, this one {version}; "
                "install the same"
            )

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        """Make the video of a row."""
        import pickle

        task: RenderTask = pickle.loads(row["task"])
        outcome = (
            Outcome(task.number, error=self._refused)
            if self._refused
            else self._renderer.render(task)
        )
        return {"outcome": pickle.dumps(outcome)}


def _kept(opened: OrderedDict[_Key, _T], key: _Key, make: Callable[[], _T]) -> _T:
    """Return what is open under a key, or open it; the longest unused goes."""
    if key not in opened:
        opened[key] = make()
        if len(opened) > KEPT_OPEN:
            gone = opened.popitem(last=False)[1]
            getattr(gone, "close", lambda: None)()
    opened.move_to_end(key)
    return opened[key]


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Collect the library's warnings."""
    notes: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.append(record.getMessage())

    collector, logger = Collector(logging.WARNING), logging.getLogger("gioconda")
    kept = logger.handlers
    logger.handlers = [collector]  # not beside those that would say it twice
    try:
        yield notes
    finally:
        logger.handlers = kept
