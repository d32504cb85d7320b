"""The commands that look, measure or train: inspect, doctor, bench, measure, train."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.making import check_plain_target, made_folder
from gioconda.cli.voice import Voice
from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.measure.floor import Row
    from gioconda.trust.provenance import Grant


def inspect(
    portrait: str,
    output: str | None,
    *,
    face: int | None,
    size: int,
    consent: Stating = NOTHING,
    as_json: bool,
    quiet: bool,
    force: bool,
) -> None:
    """Tell what is found in a picture; write a sheet of expressions if asked to."""
    from gioconda.frame_maker import check_options

    check_options(40.0, size, "crop")
    voice = Voice(as_json=as_json, quiet=quiet)
    target = Path(output) if output else None
    if target is not None:
        if target.suffix.lower() != ".png":
            raise OptionError(f"the sheet is a .png file, not {target.name!r}")
        check_plain_target(target, force, inputs=[portrait])
    from gioconda.portrait import Portrait

    person = Portrait.open(portrait, face=face)
    height, width = person.picture.shape[:2]
    lines = [f"{portrait}: {width} x {height} pixels, {len(person.faces)} face(s)"]
    faces = []
    for number, f in enumerate(person.faces, 1):
        chosen = number - 1 == person.face_index
        lines.append(
            f"  {'*' if chosen else ' '} face {number}: {f.width_px:.0f} x {f.height_px:.0f} px, "
            f"yaw {f.yaw_deg:+.0f}, pitch {f.pitch_deg:+.0f}, roll {f.roll_deg:+.0f} degrees, "
            f"sharpness {f.sharpness:.2f}"
        )
        faces.append(
            {
                "number": number, "chosen": chosen, "width_px": round(f.width_px, 1),
                "height_px": round(f.height_px, 1), "yaw_deg": round(f.yaw_deg, 1),
                "pitch_deg": round(f.pitch_deg, 1), "roll_deg": round(f.roll_deg, 1),
                "sharpness": round(f.sharpness, 3),
            }
        )  # fmt: skip
    warnings = person.warnings_for(size)
    lines += [f"  note: {w}" for w in warnings]
    if target is not None:
        from gioconda.cli.consenting import granted

        _write_sheet(person, target, size, granted(person, consent, voice))
        lines.append(f"  sheet of expressions: {target}")
    voice.result(
        "\n".join(lines),
        {
            "portrait": portrait, "width_px": width, "height_px": height, "faces": faces,
            "warnings": list(warnings), "sheet": str(target) if target else None,
        },
    )  # fmt: skip


def _write_sheet(person: Any, target: Path, size: int, grant: Grant) -> None:
    from gioconda.sheet import expression_sheet
    from gioconda.trust.origins import portrait_of
    from gioconda.trust.provenance import Provenance
    from gioconda.trust.stills import save_still
    from gioconda.trust.watermark.marks import own_marks

    marks = own_marks()
    sheet = expression_sheet(person, size=size, basis=grant, marks=marks)
    save_still(sheet, target, Provenance("motion", grant, portrait_of(person), marks.identifier))


def doctor(*, as_json: bool) -> int:
    """Print the findings; return 1 if something does not work."""
    from gioconda.diagnose import examine

    findings = examine()
    if as_json:
        print(json.dumps([asdict(f) for f in findings]))
    else:
        width = max(len(f.name) for f in findings)
        for f in findings:
            print(f"{'ok ' if f.ok else 'BAD'} {f.name:<{width}}  {f.detail}")
    return 0 if all(f.ok for f in findings) else 1


def bench(portrait: str | None, *, minutes: float, as_json: bool) -> None:
    """Print the speed table."""
    from gioconda.measure.speed import run

    def say(text: str) -> None:
        if sys.stderr.isatty():
            print(text, file=sys.stderr)

    show_rows("gioconda bench", run(portrait, minutes=minutes, say=say), as_json)


def show_rows(title: str, rows: list[Row], as_json: bool) -> None:
    """Print measured figures as a table, or as JSON."""
    if as_json:
        print(json.dumps([asdict(r) for r in rows]))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in ("what", "measured", "bar", "met"):
        table.add_column(column)
    for r in rows:
        met = "" if r.met is None else ("yes" if r.met else "NO")
        table.add_row(r.what, f"{r.value:.4g} {r.unit}", r.bar, met)
    Console().print(table)


def warm_up() -> None:
    """Compile every kernel by making a few frames of the example."""
    from gioconda.measure.speed import warm_up as warm

    warm()


def reenact(
    clips: list[str], output: str | None, *, size: int, refine: bool, voice: Voice, force: bool
) -> int:
    """Print how like the real frames ours are; write pictures of pairs if asked to.

    Returns:
        0, or 1 if a clip could not be measured.
    """
    from gioconda.frame_maker import check_options
    from gioconda.measure.reenact import measure_reenact

    check_options(40.0, size, "crop")
    for clip in clips:
        if not Path(clip).exists():
            raise OptionError(f"there is no video or folder {clip!r}")
    folder = Path(output) if output is not None else None
    if folder is not None and folder.exists() and not folder.is_dir():
        raise OptionError(f"pictures of pairs go into a folder, and {output!r} is a file")
    with nullcontext() if folder is None else made_folder(folder):
        report = measure_reenact(
            [Path(c) for c in clips], size=size, pairs=folder, overwrite=force, refine=refine,
            progress=voice.say,
        )  # fmt: skip
    voice.result(report.table(), report.as_dict())
    return 1 if report.failed else 0


def train_speech(output: str, *, minutes: float, steps: int, seed: int) -> None:
    """Train the phonetic net."""
    from gioconda.train.speech import train_speech as train

    with Voice().bar("training", "done") as update:

        def progress(stage: str, done: float, total: float | None) -> None:
            if update is not None:
                update(done, total)

        report = train(Path(output), minutes=minutes, steps=steps, seed=seed, progress=progress)
    print(report)


def live(
    portrait: str | None, *, minutes: float, trials: int, only: tuple[str, ...], as_json: bool
) -> None:
    """Print how live sessions do in Chromium."""
    from gioconda.measure.live.report import PARTS, measure_live

    unknown = [part for part in only if part not in PARTS]
    if unknown:
        raise OptionError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    rows = measure_live(
        Path(portrait) if portrait else None, minutes=minutes, trials_each=trials,
        parts=only or PARTS, say=lambda text: print(f"measuring: {text}", file=sys.stderr),
    )  # fmt: skip
    show_rows("gioconda measure live", rows, as_json)
