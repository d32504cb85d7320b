"""What a command says, and to whom: people on standard error, results on standard output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gioconda.plain_text import plain_lines

#: Told how much is done and, where it is known, of how much.
Update = Callable[[float, float | None], None]


def tell_people(text: str, end: str = "\n") -> None:
    """Tell people something that may hold text of strangers, if anybody listens."""
    if sys.stderr is not None:
        print(plain_lines(text), end=end, file=sys.stderr, flush=True)


def wrapped(text: str) -> str:
    """Return a paragraph in lines of the terminal's width, for people; no word is broken."""
    import shutil
    import textwrap

    return textwrap.fill(
        text, max(shutil.get_terminal_size((80, 24)).columns - 1, 20), replace_whitespace=False,
        drop_whitespace=True, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Voice:
    """How much the command says, and in which form. The library's warnings follow it.

    Attributes:
        as_json: the result is printed as JSON, and nothing is said on the way.
        quiet: nothing is said but errors.
        notes: everything that was noted, said or not; results in JSON have it as ``warnings``.
    """

    as_json: bool = False
    quiet: bool = False
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let the library's warnings be heard as notes."""
        logger = logging.getLogger("gioconda")
        logger.propagate = False
        logger.handlers = [_Notes(self)]

    @property
    def talks(self) -> bool:
        """Whether people are spoken to."""
        return not (self.quiet or self.as_json) and sys.stderr is not None

    def say(self, text: str) -> None:
        """Say something to people."""
        if self.talks:
            tell_people(text)

    def note(self, text: str) -> None:
        """Say what may have gone otherwise than meant."""
        self.notes.append(text)
        self.say(f"note: {text}")

    def result(self, text: str, data: dict[str, Any]) -> None:
        """Print the result, as a sentence or as JSON."""
        if self.as_json:
            print(json.dumps(data))
        elif not self.quiet:
            print(plain_lines(text))

    @contextmanager
    def bar(self, title: str, unit: str) -> Iterator[Update | None]:
        """Give a progress bar on a terminal, with the rate and the time left; else None."""
        if not (self.talks and sys.stderr.isatty()):
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            task = bar.add_task(title, total=None, rate="", done="starting")

            def update(done: float, total: float | None) -> None:
                speed = bar.tasks[0].speed
                of = f"/{total:.0f}" if total else ""
                bar.update(
                    task, completed=done, total=total, done=f"{done:.0f}{of} {unit}",
                    rate=f"{speed:.0f} {unit}/s" if speed else "",
                )  # fmt: skip

            yield update


class _Notes(logging.Handler):
    def __init__(self, voice: Voice) -> None:
        super().__init__(logging.WARNING)
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        self._voice.note(record.getMessage())
