"""A list of videos to be made: a CSV file whose columns say from what, and where to."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Final

from gioconda.errors import OptionError

_NEEDED: Final = ("portrait", "sound", "output")
_ALLOWED: Final = (*_NEEDED, "controls", "basis")
_MOST_BYTES: Final = 100 * 2**20


@dataclass(frozen=True)
class Job:
    """A row of the list.

    Attributes:
        line: of the file, from 1.
        portrait, sound, output: paths.
        controls: path of a file of controls; None where the row names none.
        basis: on which the portrait is animated; None where the row names none.
    """

    line: int
    portrait: Path
    sound: Path
    output: Path
    controls: Path | None = None
    basis: str | None = None


def read_jobs(path: str | PathLike[str], folder: str | PathLike[str] | None = None) -> list[Job]:
    """Read a list of videos to be made.

    The first line names the columns, ``portrait,sound,output`` and perhaps ``controls`` and
    ``basis``, in any order; each further one is a video, and empty lines are skipped. Paths are
    relative to the list's own folder.

    Args:
        path: of the list, UTF-8.
        folder: that outputs are relative to instead.

    Raises:
        OptionError: the file cannot be read, a column is missing or not known, a row lacks a
            value or has too many, or an output is named twice; says the line.
    """
    file = Path(path)
    text = _text(file)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    jobs: list[Job] = []
    lines: dict[Path, int] = {}
    try:
        columns = _columns(next(rows, []))
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            job = _job(row, columns, rows.line_num, file.parent, Path(folder or file.parent))
            if (earlier := lines.setdefault(job.output, job.line)) != job.line:
                raise OptionError(
                    f"lines {earlier} and {job.line} have the same output, {job.output.name!r}"
                )
            jobs.append(job)
        if not jobs:
            raise OptionError("it names no video")
    except csv.Error as e:
        raise OptionError(f"{file.name!r}: line {rows.line_num} is not CSV: {e}") from e
    except OptionError as e:
        raise OptionError(f"{file.name!r}: {e}") from None
    return jobs


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OptionError(f"{file.name!r} is no list of jobs: it is too large")
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise OptionError(f"{file.name!r} is no list of jobs: it is not UTF-8 text") from e
    except (OSError, ValueError) as e:
        if isinstance(e, OptionError):
            raise
        reason = getattr(e, "strerror", None) or "its name is not valid"
        raise OptionError(f"the list of jobs {fspath(file)!r} cannot be read: {reason}") from e


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    for name in columns:
        if name not in _ALLOWED:
            raise OptionError(
                f"there is no column {name!r}; the first line is portrait,sound,output and "
                "perhaps controls,basis"
            )
    for name in _NEEDED:
        if columns.count(name) != 1:
            raise OptionError(
                f"the first line names the column {name!r} {columns.count(name)} times; it is "
                "needed once, as in portrait,sound,output"
            )
    return columns


def _job(row: list[str], columns: list[str], line: int, base: Path, folder: Path) -> Job:
    if len(row) > len(columns):
        raise OptionError(f"line {line} has {len(row)} values for {len(columns)} columns")
    cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
    for name in _NEEDED:
        if not cells.get(name):
            raise OptionError(f"line {line} names no {name}")
    controls = cells.get("controls")
    return Job(
        line,
        base / cells["portrait"],
        base / cells["sound"],
        folder / cells["output"],
        base / controls if controls else None,
        cells.get("basis") or None,
    )
