"""The commands that make something: animate, perform, render, demo."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gioconda.controls import Controls
from gioconda.errors import GiocondaError, OptionError, OutputError
from gioconda.session import check_options

if TYPE_CHECKING:
    from gioconda.pipeline import Progress, Report
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound


@dataclass(frozen=True)
class Look:
    """How the frames shall look."""

    fps: float
    size: int
    framing: str
    face: int | None = None
    distance: float = 1.0


@dataclass(frozen=True)
class Voice:
    """How much the command says, and in which form."""

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """Say something for people, on standard error: standard output is for results."""
        if not (self.quiet or self.as_json):
            print(text, file=sys.stderr)

    def result(self, text: str, data: dict[str, Any]) -> None:
        """Print the result, as a sentence or as JSON."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False))
        elif not self.quiet:
            print(text)

    @contextmanager
    def bar(self, title: str) -> Iterator[Progress | None]:
        """Give a progress bar on a terminal, with frames a second and time left; else None."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total} frames"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            task = bar.add_task(title, total=None, rate="")

            def update(done: int, total: int | None) -> None:
                speed = bar.tasks[0].speed
                rate = f"{speed:.0f} frames/s" if speed else ""
                bar.update(task, completed=done, total=total, rate=rate)

            yield update


def animate(
    portraits: list[str],
    sound: str,
    output: str | None,
    controls: Controls,
    look: Look,
    voice: Voice,
    *,
    force: bool,
) -> int:
    """Animate one portrait, or a batch into a folder; return the exit code."""
    check_options(look.fps, look.size, look.framing, look.distance)
    several = len(portraits) > 1
    if not several and not _is_folder(output, several):
        target = Path(output) if output else Path(Path(portraits[0]).stem + ".mp4")
        _check_video_target(target, force, inputs=[*portraits, sound])
        from gioconda.portrait import Portrait
        from gioconda.speech.sound import Sound

        with Sound.open(sound) as opened:
            portrait = Portrait.open(portraits[0], face=look.face)
            _animate_one(portrait, opened, target, controls, look, voice, force=force)
        return 0
    if not _is_folder(output, several):
        raise OptionError(
            f"{len(portraits)} portraits need a folder as the output, as in -o videos/"
        )
    assert output is not None
    return _batch(portraits, sound, Path(output), controls, look, voice, force=force)


def _batch(
    portraits: list[str],
    sound: str,
    folder: Path,
    controls: Controls,
    look: Look,
    voice: Voice,
    *,
    force: bool,
) -> int:
    """Animate each portrait; a bad one is reported and skipped. Return 0, or 1 if any failed."""
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    targets = _batch_targets(portraits, folder)
    failed = 0
    with Sound.open(sound) as opened:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise OutputError(f"the folder {str(folder)!r} cannot be made: {e.strerror}") from e
        for number, (source, target) in enumerate(zip(portraits, targets, strict=True), 1):
            voice.say(f"{number}/{len(portraits)} {source}")
            try:
                _check_video_target(target, force, inputs=[source, sound])
                portrait = Portrait.open(source, face=look.face)
                _animate_one(portrait, opened, target, controls, look, voice, force=force)
            except GiocondaError as e:
                failed += 1
                print(f"gioconda: {source}: {e}", file=sys.stderr)
                if voice.as_json:
                    voice.result("", {"portrait": source, "error": str(e)})
    made = len(portraits) - failed
    voice.say(f"{made} of {len(portraits)} made in {folder}")
    return 1 if failed else 0


def _batch_targets(portraits: list[str], folder: Path) -> list[Path]:
    """Name a video after each portrait; equal names are numbered."""
    seen: dict[str, int] = {}
    targets = []
    for source in portraits:
        stem = Path(source).stem
        seen[stem] = seen.get(stem, 0) + 1
        name = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
        targets.append(folder / f"{name}.mp4")
    return targets


def _animate_one(
    portrait: Portrait,
    sound: Sound,
    target: Path,
    controls: Controls,
    look: Look,
    voice: Voice,
    *,
    force: bool,
) -> None:
    from gioconda.pipeline import animate as make

    for warning in portrait.warnings:
        voice.say(f"note: {warning}")
    animation = make(portrait, sound, controls, fps=look.fps, size=look.size, framing=look.framing)
    with voice.bar(target.name) as bar:
        report = animation.save(target, overwrite=force, progress=bar)
    _tell(report, voice, portrait.warnings)


def perform(sound: str, output: str, controls: Controls, voice: Voice, *, force: bool) -> None:
    """Write the motion that a sound calls for."""
    from gioconda.pipeline import perform as make
    from gioconda.speech.sound import Sound

    target = Path(output)
    if target.suffix.lower() not in (".npz", ".csv"):
        raise OptionError(f"motion goes into a .npz or .csv file, not into {target.name!r}")
    _check_plain_target(target, force, inputs=[sound])
    with Sound.open(sound) as opened:
        motion = make(opened, controls)
    with replacing(target) as temporary:
        motion.save(temporary)
    voice.result(
        f"{target}: {len(motion)} rows at {motion.rate_hz:g} Hz, {motion.duration_s:.1f} s",
        {
            "output": str(target),
            "rows": len(motion),
            "rate_hz": motion.rate_hz,
            "duration_s": motion.duration_s,
            "channels": list(motion.channels),
        },
    )


def render(
    portrait: str,
    motion: str,
    sound: str | None,
    output: str | None,
    look: Look,
    voice: Voice,
    *,
    force: bool,
) -> None:
    """Show a motion on a portrait."""
    check_options(look.fps, look.size, look.framing, look.distance)
    target = Path(output) if output else Path(Path(portrait).stem + ".mp4")
    _check_video_target(target, force, inputs=[portrait, motion, sound or ""])
    from gioconda.motion import Motion
    from gioconda.pipeline import render_motion as make
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    loaded = Motion.load(motion)
    opened = Sound.open(sound) if sound else None
    try:
        person = Portrait.open(portrait, face=look.face)
        for warning in person.warnings:
            voice.say(f"note: {warning}")
        animation = make(person, loaded, opened, fps=look.fps, size=look.size, framing=look.framing)
        with voice.bar(target.name) as bar:
            report = animation.save(target, overwrite=force, progress=bar)
    finally:
        if opened is not None:
            opened.close()
    _tell(report, voice, person.warnings)


def demo(output: str, voice: Voice, *, force: bool) -> None:
    """Animate the example portrait with the example speech."""
    from gioconda import examples

    target = Path(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    _check_video_target(target, force, inputs=[])
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    voice.say("animating the example portrait with the example speech")
    look = Look(fps=40.0, size=512, framing="crop")
    with Sound.open(examples.speech_path()) as sound:
        portrait = Portrait.open(examples.portrait_path())
        _animate_one(portrait, sound, target, Controls(), look, voice, force=force)


def _tell(report: Report, voice: Voice, warnings: tuple[str, ...]) -> None:
    voice.result(
        f"{report.path}: {report.frames} frames, {report.duration_s:.1f} s of video in "
        f"{report.seconds:.1f} s, {report.frames_per_second:.0f} frames a second",
        {
            "output": report.path,
            "frames": report.frames,
            "duration_s": round(report.duration_s, 4),
            "seconds": round(report.seconds, 3),
            "frames_per_second": round(report.frames_per_second, 1),
            "stages_ms": {k: round(v, 3) for k, v in report.stages_ms.items()},
            "warnings": list(warnings),
        },
    )


def _is_folder(output: str | None, several: bool) -> bool:
    if output is None:
        return False
    path = Path(output)
    return output.endswith(("/", os.sep)) or path.is_dir() or (several and not path.suffix)


def _check_video_target(target: Path, force: bool, *, inputs: list[str]) -> None:
    from gioconda.video import check_target

    _check_not_input(target, inputs)
    check_target(target, force)


def _check_plain_target(target: Path, force: bool, *, inputs: list[str]) -> None:
    _check_not_input(target, inputs)
    if target.is_dir():
        raise OutputError(f"{str(target)!r} is a folder; name a file in it")
    if target.exists() and not force:
        raise OutputError(f"{str(target)!r} exists already; --force replaces it")
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"there is no folder {str(folder)!r} to write into")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the folder {str(folder)!r} cannot be written to")


def _check_not_input(target: Path, inputs: list[str]) -> None:
    if not target.exists():
        return
    for source in inputs:
        if source and source != "-" and Path(source).exists() and target.samefile(source):
            raise OutputError(f"{str(target)!r} is an input; choose another output")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary name beside the target, renamed when whole, removed on failure.

    Raises:
        OutputError: the disk is full or the file cannot be written.
    """
    temporary = target.with_name(f".{target.stem}.part-{os.getpid()}{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    except OSError as e:
        raise OutputError(f"{str(target)!r} cannot be written: {e.strerror or e}") from e
    finally:
        temporary.unlink(missing_ok=True)
