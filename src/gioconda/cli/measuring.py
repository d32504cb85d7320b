"""The bodies of ``gioconda measure lipsync`` and its like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from gioconda.cli.making import made_folder
from gioconda.cli.voice import Voice
from gioconda.errors import OptionError
from gioconda.measure.cases import Case, find_cases
from gioconda.measure.performances import Stage, check_kept, held_out_readouts, total_frames
from gioconda.targets import check_file_target


@dataclass(frozen=True)
class Chosen:
    """Which cases: folders of clips, of their curves and of rivals, and names."""

    clips: str
    tracked: str
    rivals: str | None
    only: tuple[str, ...]

    def cases(self) -> tuple[Case, ...]:
        """Return the cases."""
        return find_cases(self.clips, self.tracked, self.rivals, self.only)


@dataclass(frozen=True)
class Rendering:
    """How our performances are made."""

    portrait: str | None
    fps: float
    size: int
    motion_only: bool

    def check(self) -> None:
        """Refuse options out of range, and a portrait that is not there or has no face."""
        from gioconda.frame_maker import check_options
        from gioconda.portrait import Portrait

        check_options(self.fps, self.size, "crop")
        if self.portrait is not None and not self.motion_only:
            Portrait.open(self.portrait)

    @contextmanager
    def stage(
        self,
        cases: tuple[Case, ...],
        voice: Voice,
        performers: dict[str, str] | None = None,
        lookahead_ms: tuple[int, float] | None = None,
    ) -> Iterator[Stage]:
        """Give a stage whose frames move a progress bar."""
        watched = voice.talks and not self.motion_only
        total = total_frames(cases, self.fps) if watched else None
        with counting(voice, "rendering", total) as advance:
            yield Stage(
                self.portrait, fps=self.fps, size=self.size, performers=performers,
                lookahead_ms=lookahead_ms, advance=advance,
            )  # fmt: skip


def lipsync(
    chosen: Chosen,
    rendering: Rendering,
    *,
    readouts: str | None,
    lookahead: str | None,
    own: bool,
    keep: str | None,
    each: bool,
    seed: int,
    voice: Voice,
    force: bool,
) -> None:
    """Print how far our lips agree with the speakers'."""
    from gioconda.measure.lip_report import measure_lips

    cases = chosen.cases()
    rendering.check()
    if keep is not None and rendering.motion_only:
        raise OptionError("--keep holds tracked curves; with --motion-only nothing is tracked")
    performers = None
    if readouts is not None:
        if not Path(readouts).is_dir():
            raise OptionError(f"there is no folder {readouts!r}")
        performers = held_out_readouts(readouts, cases)
    folder = _folder_for_curves(keep, cases, force)
    with (
        nullcontext() if folder is None else made_folder(folder),
        rendering.stage(cases, voice, performers, _pair_of_ms(lookahead)) as stage,
    ):
        report = measure_lips(
            cases, stage, motion_only=rendering.motion_only, keep=folder, own=own, seed=seed
        )
    voice.result(report.table(each), report.as_dict())


def _pair_of_ms(text: str | None) -> tuple[int, float] | None:
    """Read the look-ahead of the analysis and of the performer."""
    if text is None:
        return None
    try:
        analysis, performer = (float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"look-ahead is {text!r}; two numbers of ms are needed, 40,40") from None
    return round(analysis), performer


def motion(
    chosen: Chosen,
    rendering: Rendering,
    *,
    ours: str | None,
    keep: str | None,
    seed: int,
    voice: Voice,
    force: bool,
) -> None:
    """Print how real people, rivals and we move with the same sounds."""
    from gioconda.measure.motion_report import measure_motion

    cases = chosen.cases()
    rendering.check()
    if ours is not None and (rendering.motion_only or keep is not None):
        raise OptionError(
            "--ours is made of curves that are there; --motion-only and --keep are not"
        )
    if ours is not None and not Path(ours).is_dir():
        raise OptionError(f"there is no folder {ours!r}")
    if keep is not None and rendering.motion_only:
        raise OptionError("--keep holds tracked curves; with --motion-only nothing is tracked")
    folder = _folder_for_curves(keep, cases, force)
    with (
        nullcontext() if folder is None else made_folder(folder),
        rendering.stage(cases, voice) as stage,
    ):
        report = measure_motion(
            cases, stage, motion_only=rendering.motion_only,
            ours=None if ours is None else Path(ours), keep=folder, seed=seed,
        )  # fmt: skip
    voice.result(report.table(), report.as_dict())


def closures(languages: tuple[str, ...], rendering: Rendering, *, seed: int, voice: Voice) -> None:
    """Print how surely our lips close at p, b and m, and how often elsewhere."""
    from gioconda.measure.closures import FPS, measure_closures
    from gioconda.measure.known_speech import RATE_HZ, known_speech

    rendering.check()
    speech = known_speech(languages)
    total = sum(len(s.samples) for s in speech) * FPS / RATE_HZ
    with counting(voice, "rendering", None if rendering.motion_only else total) as advance:
        report = measure_closures(
            speech, rendering.portrait, size=rendering.size, motion_only=rendering.motion_only,
            seed=seed, advance=advance,
        )  # fmt: skip
    voice.result(report.table(), report.as_dict())


def controls(
    portraits: tuple[str, ...],
    sound: str | None,
    only: tuple[str, ...],
    *,
    seed: int,
    voice: Voice,
) -> None:
    """Print what controls do in the rendered frames."""
    from gioconda import examples
    from gioconda.measure.controls_report import CONTROLS, expected_frames, measure_controls
    from gioconda.measure.loudness import samples_of
    from gioconda.portrait import Portrait

    pictures = [Path(p) for p in portraits] or [examples.portrait_path()]
    for picture in pictures:
        Portrait.open(picture)
    samples = samples_of(examples.speech_path() if sound is None else sound)
    chosen = only or CONTROLS
    with counting(voice, "rendering", expected_frames(len(pictures), chosen)) as advance:
        report = measure_controls(pictures, samples, controls=chosen, seed=seed, advance=advance)
    voice.result(report.table(), report.as_dict())


@contextmanager
def counting(voice: Voice, title: str, total: float | None) -> Iterator[Callable[[], None]]:
    """Give what moves a progress bar of frames on by one."""
    with voice.bar(title, "frames") as update:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if update is not None:
                update(done, total)

        yield advance


def _folder_for_curves(keep: str | None, cases: tuple[Case, ...], force: bool) -> Path | None:
    """Return the folder for curves; refuse one whose files would be replaced.

    ``force`` allows that, but never for the curves that cases are measured against.
    """
    if keep is None:
        return None
    folder = Path(keep)
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"curves go into a folder, and {keep!r} is a file")
    check_kept(folder, cases)
    for case in cases if folder.exists() else ():
        check_file_target(folder / f"{case.name}.npz", force)
    return folder
