"""The body of ``gioconda verify``: one file, or every file of a folder."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gioconda.cli.making import check_plain_target
from gioconda.cli.voice import Voice, tell_people
from gioconda.errors import OptionError, OutputError, SandboxError, TrustError
from gioconda.plain_text import plain
from gioconda.trust.verify.folder import files_in, summary_of, table_row, whole_exit
from gioconda.trust.verify.words import clock, counted

if TYPE_CHECKING:
    from gioconda.trust.verify.finding import Finding
    from gioconda.trust.verify.means import Means

_REPORTS: Final = (".html", ".png")
#: Most stretches that are listed.
_STRETCHES: Final = 20
#: Characters of a line: at most, where no terminal tells, and at least.
_WIDEST: Final = 100
_USUAL: Final = 80
_LEAST: Final = 40


def verify(path: str, report: str | None, *, quick: bool, force: bool, voice: Voice) -> int:
    """Print what can be known of a file, or of every file of a folder.

    Returns:
        The exit code, as ``docs/verify.md`` says.

    Raises:
        OptionError: there is no such file, or the report is to be something else.
    """
    target = None
    try:
        place = Path(path)
        if not place.exists():
            raise OptionError(f"there is no file or folder {path!r}; check the path")
        if report is not None:
            if place.is_dir():
                raise OptionError("a report is of one file; name one, or use --json for a folder")
            target = Path(report)
            if target.suffix.lower() not in _REPORTS:
                raise OptionError(f"a report is .html or .png, not {target.name!r}")
            check_plain_target(target, force, inputs=[path])
        return _verified(place, target, quick, voice)
    except OSError as e:
        raise OptionError(f"{path!r} cannot be read: {e.strerror or e}") from e
    except (SandboxError, TrustError, OutputError) as e:
        tell_people(f"gioconda: {e}")
        return 2


def _verified(place: Path, target: Path | None, quick: bool, voice: Voice) -> int:
    from gioconda.sandbox.file_reader import FileReader
    from gioconda.trust.verify.means import own_means

    reader = FileReader()
    try:
        means = own_means(reader)
        if place.is_dir():
            return _folder(place, means, quick, voice)
        finding = _one(place, means, quick, voice)
    finally:
        reader.close()
    if target is not None:
        from gioconda.targets import replacing
        from gioconda.trust.verify.report import write_report

        with replacing(target) as stage:
            write_report(finding, stage)
        voice.say(f"report: {target}")
    voice.result("\n".join(lines_of(finding, _width())), finding.model_dump(mode="json"))
    return finding.verdict.exit_code


def _one(path: Path, means: Means, quick: bool, voice: Voice) -> Finding:
    from gioconda.trust.verify.check import verify_file

    with voice.bar("looking", "%") as update:
        tell = None if update is None else (lambda share: update(100 * share, 100.0))
        return verify_file(path, means, quick=quick, progress=tell)


def _folder(folder: Path, means: Means, quick: bool, voice: Voice) -> int:
    from gioconda.trust.verify.check import not_read, verify_file
    from gioconda.trust.verify.finding import FileFinding

    paths = list(files_in(folder))
    if not paths:
        raise OptionError(f"there is no picture, video or sound in {str(folder)!r}")
    rows, verdicts = [], []
    with voice.bar("looking", "files") as update:
        for number, path in enumerate(paths):
            if update is not None:
                update(number, float(len(paths)))
            name = os.fsencode(path.relative_to(folder)).decode("utf-8", "replace")
            try:
                found = verify_file(path, means, quick=quick)
            except SandboxError as e:  # the next file may fare better
                found = not_read(FileFinding(), str(e))
            file = found.file.model_copy(update={"name": name})
            found = found.model_copy(update={"file": file})
            verdicts.append(found.verdict)
            rows.append(table_row(found))
            if voice.as_json:
                print(json.dumps(found.model_dump(mode="json")), flush=True)
    if not (voice.as_json or voice.quiet):
        _show(rows)
        print(summary_of(verdicts))
    return whole_exit(verdicts)


def _show(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("file", "verdict", "credentials", "watermark", "log"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    with suppress(UnicodeEncodeError):
        console.print(table)


def lines_of(finding: Finding, width: int = _WIDEST) -> list[str]:
    """Return a finding as lines for people, at most ``width`` characters each."""
    lines = _fitted("", f"{plain(finding.file.name)}: {finding.verdict.sentence}", width, "  ")
    for detail in finding.verdict.details:
        lines += _fitted("  ", detail, width)
    if finding.verdict.code == "unreadable":
        return lines
    mark = finding.watermark
    lines += _fitted(_head("credentials"), finding.credentials.sentence, width)
    lines += _fitted(_head("watermark"), mark.sentence, width)
    if mark.identifier is not None:
        whose = "this installation" if mark.own else "the installation that made it"
        number = f"identifier {mark.identifier}, the number of {whose}; read by key {mark.epoch}"
        lines += _fitted(_head(), number, width)
    if len(mark.stretches) > 1:
        for each in mark.stretches[:_STRETCHES]:
            what = each.status.replace("_", " ")
            lines.append(
                f"{_head()}{clock(each.start_s):>7} to {clock(each.end_s):<7} {what}, "
                f"strength {each.z:.1f}"
            )
        if (more := len(mark.stretches) - _STRETCHES) > 0:
            lines.append(f"{_head()}and {counted(more, 'more stretch', 'more stretches')}")
    lines += _fitted(_head("log"), finding.log.sentence, width)
    for number_, claim in enumerate(finding.claims):
        words = f" ({claim.sentence})" if claim.sentence else ""
        said = f"{claim.where} {claim.name}: {claim.text}{words}"
        lines += _fitted(_head("" if number_ else "metadata"), said, width)
    return lines


def _head(name: str = "") -> str:
    return f"  {name:<12} "


def _fitted(head: str, words: str, width: int, indent: str | None = None) -> list[str]:
    """Return words as lines, of which all but the first are indented."""
    inner = " " * len(head) if indent is None else indent
    return textwrap.wrap(
        plain(words), width, initial_indent=head, subsequent_indent=inner,
        break_on_hyphens=False,
    ) or [head]  # fmt: skip


def _width() -> int:
    """Return how wide lines may be: as the terminal, but not wider than one reads with ease."""
    return max(min(shutil.get_terminal_size((_USUAL, 24)).columns, _WIDEST), _LEAST)
