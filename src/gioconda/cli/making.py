"""The commands that make something: animate, perform, render, demo."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.background import Background
from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.hearing import check_voices, note_late, opened_voices
from gioconda.cli.voice import Voice, tell_people
from gioconda.cli.words import NO_WORDS, Words, check_words
from gioconda.controls import Controls
from gioconda.errors import GiocondaError, OptionError, OutputError
from gioconda.frame_maker import KEPT, check_options
from gioconda.plain_text import plain
from gioconda.targets import check_file_target, named_after

if TYPE_CHECKING:
    from gioconda.animation import Animation, Report
    from gioconda.control_track import Direction
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound
    from gioconda.trust.provenance import Grant


@dataclass(frozen=True)
class Look:
    """How the frames shall look."""

    fps: float
    size: int
    framing: str
    face: int | None = None
    distance: float = 1.0
    background: Background = KEPT
    label: bool = False


def animate(
    portraits: list[str],
    sound: str | None,
    output: str | None,
    controls: Direction,
    look: Look,
    voice: Voice,
    words: Words = NO_WORDS,
    *,
    partner: str | None = None,
    consent: Stating = NOTHING,
    force: bool,
) -> int:
    """Animate one portrait, or a batch into a folder; return the exit code."""
    check_voices(sound, partner, words)
    check_look(look, controls)
    check_words(words)
    several = len(portraits) > 1
    if not several and not is_folder(output, several):
        inputs = [*portraits, sound or "", partner or "", words.text or ""]
        target = video_target(output, portraits[0], force, look, inputs=inputs)
        from gioconda.cli.consenting import granted
        from gioconda.portrait import Portrait

        portrait = Portrait.open(portraits[0], face=look.face)
        grant = granted(portrait, consent, voice)  # before the text is aligned, which takes long
        with opened_voices(sound, partner, words, voice, controls) as (own, other):
            _animate_one(
                portrait, own, target, controls, look, voice, grant, partner=other, force=force
            )
        return 0
    if not is_folder(output, several):
        raise OptionError(
            f"{len(portraits)} portraits need a folder as the output, as in -o videos/"
        )
    assert output is not None
    return _batch(
        portraits, sound, Path(output), controls, look, voice, words, partner=partner,
        consent=consent, force=force,
    )  # fmt: skip


def check_look(look: Look, controls: Direction) -> None:
    """Check how frames shall look, at all distances."""
    from gioconda.control_track import track_of

    for distance in track_of(controls).distances:
        check_options(look.fps, look.size, look.framing, distance, look.background)


def _batch(
    portraits: list[str],
    sound: str | None,
    folder: Path,
    controls: Direction,
    look: Look,
    voice: Voice,
    words: Words,
    *,
    partner: str | None,
    consent: Stating,
    force: bool,
) -> int:
    """Animate each portrait; a bad one is reported and skipped. Return 0, or 1 if any failed."""
    from gioconda.cli.consenting import granted_of
    from gioconda.portrait import Portrait

    targets = named_after(portraits, folder, usual_suffix(look))
    failed = 0
    inputs = [*portraits, sound or "", partner or "", words.text or ""]
    grants = granted_of(portraits, consent, voice)  # all, before anything is made
    with opened_voices(sound, partner, words, voice, controls) as (own, other), made_folder(folder):
        of_all = len(voice.notes)
        for number, (source, target) in enumerate(zip(portraits, targets, strict=True), 1):
            del voice.notes[of_all:]
            voice.say(f"{number}/{len(portraits)} {source}")
            try:
                video_target(str(target), source, force, look, inputs=inputs)
                if isinstance(grant := grants[source], GiocondaError):
                    raise grant
                portrait = Portrait.open(source, face=look.face)
                _animate_one(
                    portrait, own, target, controls, look, voice, grant, partner=other,
                    force=force,
                )  # fmt: skip
            except GiocondaError as e:
                failed += 1
                tell_people(f"gioconda: {plain(source)}: {e}")
                if voice.as_json:
                    voice.result("", {"portrait": source, "error": str(e)})
    made = len(portraits) - failed
    voice.say(f"{made} of {len(portraits)} made in {folder}")
    return 1 if failed else 0


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder, and take it away again if nothing came to lie in it."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise OutputError(f"the folder {str(folder)!r} cannot be made: {e.strerror}") from e
    try:
        yield
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _animate_one(
    portrait: Portrait,
    sound: Sound | None,
    target: Path,
    controls: Direction,
    look: Look,
    voice: Voice,
    grant: Grant | None = None,
    *,
    partner: Sound | None = None,
    force: bool,
) -> None:
    from gioconda.pipeline import animate as make

    animation = make(
        portrait, sound, controls, fps=look.fps, size=look.size, framing=look.framing,
        background=look.background, partner=partner, label=look.label, basis=grant,
    )  # fmt: skip
    save_animation(animation, target, look, voice, force=force)


def perform(
    sound: str | None,
    output: str,
    controls: Direction,
    voice: Voice,
    words: Words = NO_WORDS,
    *,
    partner: str | None = None,
    force: bool,
    controls_file: str | None = None,
    rate_hz: float | None = None,
    format: str | None = None,
) -> None:
    """Write the motion that a sound calls for; the file of controls is not replaced by it."""
    from gioconda.cli.motions import motion_target
    from gioconda.pipeline import perform as make

    check_voices(sound, partner, words)
    check_words(words)
    inputs = [sound or "", partner or "", controls_file or "", words.text or ""]
    target = motion_target(output, format, rate_hz, force, inputs=inputs)
    with (
        opened_voices(sound, partner, words, voice, controls) as (own, other),
        voice.bar(target.path.name, "s of sound") as bar,
    ):
        motion = make(own, controls, partner=other, progress=bar)
    target.save(motion, voice)


def render(
    portrait: str,
    motion: str,
    sound: str | None,
    output: str | None,
    controls: Direction,
    look: Look,
    voice: Voice,
    *,
    consent: Stating = NOTHING,
    force: bool,
) -> None:
    """Show a motion on a portrait; of the controls, the distance counts."""
    check_look(look, controls)
    target = video_target(output, portrait, force, look, inputs=[portrait, motion, sound or ""])
    from gioconda.cli.consenting import granted
    from gioconda.control_track import track_of
    from gioconda.motion import Motion
    from gioconda.pipeline import render_motion as make
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    loaded = Motion.load(motion)
    note_late(controls, loaded.start_s + loaded.duration_s, voice)
    opened = Sound.open(sound) if sound else None
    try:
        person = Portrait.open(portrait, face=look.face)
        animation = make(
            person, loaded, opened, fps=look.fps, size=look.size, framing=look.framing,
            distance=track_of(controls), background=look.background, label=look.label,
            basis=granted(person, consent, voice),
        )  # fmt: skip
        save_animation(animation, target, look, voice, force=force)
    finally:
        if opened is not None:
            opened.close()


def save_animation(
    animation: Animation,
    target: Path,
    look: Look,
    voice: Voice,
    *,
    force: bool,
) -> None:
    """Say what may look worse, make an animation and tell what it took."""
    for warning in animation.portrait.warnings_for(look.size):
        voice.note(warning)
    with voice.bar(target.name, "frames") as bar:
        report = animation.save(target, overwrite=force, progress=bar)
    tell(report, voice)


def demo(output: str, voice: Voice, *, force: bool) -> None:
    """Animate the example portrait with the example speech."""
    from gioconda import examples

    look = Look(fps=40.0, size=512, framing="crop")
    target = video_target(output, "demo", force, look, inputs=[])
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    voice.say("animating the example portrait with the example speech")
    with Sound.open(examples.speech_path()) as sound:
        portrait = Portrait.open(examples.portrait_path())
        _animate_one(portrait, sound, target, Controls(), look, voice, force=force)


def tell(report: Report, voice: Voice) -> None:
    """Tell what saving an animation took."""
    frames = "1 frame" if report.frames == 1 else f"{report.frames} frames"
    steady = f", then {report.frames_per_second:.0f} frames a second" if report.frames > 1 else ""
    voice.result(
        f"{report.path}: {frames}, {report.duration_s:.1f} s of video in {report.seconds:.1f} s "
        f"({report.start_s:.1f} s to the first frame{steady}); marked as synthetic, "
        f"{report.credentials}",
        {
            "output": report.path,
            "frames": report.frames,
            "duration_s": round(report.duration_s, 4),
            "seconds": round(report.seconds, 3),
            "start_s": round(report.start_s, 3),
            "frames_per_second": round(report.frames_per_second, 1),
            "credentials": report.credentials,
            "stages_ms": {k: round(v, 3) for k, v in report.stages_ms.items()},
            "warnings": list(voice.notes),
        },
    )


def is_folder(output: str | None, several: bool = False) -> bool:
    """Tell whether an output is a folder: by its name, or since several files go there."""
    if output is None:
        return False
    # os.path.isdir and not Path.is_dir: the latter raises for names that are too long.
    if output.endswith(("/", os.sep)) or os.path.isdir(output):
        return True
    return several and output not in ("", "-") and not Path(output).suffix


def usual_suffix(look: Look) -> str:
    """Return the suffix of a video that is not named."""
    return ".webm" if look.background.transparent else ".mp4"


def video_target(
    output: str | None, portrait: str, force: bool, look: Look, *, inputs: list[str]
) -> Path:
    """Return where the video goes, checked; named after the portrait if not said."""
    from gioconda.video import check_target

    name = f"{Path(portrait).stem}{usual_suffix(look)}" if output is None else output
    checked = check_target(name, force, alpha=look.background.transparent)
    check_not_input(checked.occupied(), [*inputs, look.background.source])
    return Path(name)


def check_plain_target(target: Path, force: bool, *, inputs: list[str]) -> None:
    """Check the place of a file that is no video; an input is never replaced.

    Raises:
        OptionError: no name is given.
        OutputError: it cannot be written there, or would replace an input.
    """
    checked = check_file_target(target, force)
    check_not_input((checked,) if checked.exists() else (), inputs)


def check_not_input(replaced: tuple[Path, ...], inputs: list[str]) -> None:
    """Refuse to replace an input.

    Raises:
        OutputError: a file that would be replaced is one of the inputs.
    """
    for source in inputs:
        if source and source != "-" and os.path.exists(source):
            for path in replaced:
                if path.samefile(source):
                    raise OutputError(f"{str(path)!r} is an input; choose another output")
