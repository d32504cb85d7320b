"""Where motion goes and what is done to it: shared by perform and track; edit, convert, plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gioconda.cli.making import check_plain_target
from gioconda.cli.voice import Voice
from gioconda.errors import MotionError, OptionError
from gioconda.targets import replacing

if TYPE_CHECKING:
    from gioconda.motion import Motion

#: Rows a second of a take of Live Link Face; tools that read its tables count rows by it.
LIVE_LINK_HZ = 60.0


@dataclass(frozen=True)
class MotionTarget:
    """A file for motion, checked.

    Attributes:
        path: of the file.
        format: a key of :data:`gioconda.motion_files.FORMATS`.
        rate_hz: rows a second, the motion's own if None.
    """

    path: Path
    format: str
    rate_hz: float | None

    def save(self, motion: Motion, voice: Voice, **more: Any) -> None:
        """Write the motion, whole or not at all, and say so."""
        from gioconda import motion_edit

        if self.rate_hz is not None:
            motion = motion_edit.resample(motion, self.rate_hz)
        motion.save(self.path, format=self.format)
        said = more.pop("said", "")
        voice.result(
            f"{self.path}: {len(motion)} rows at {motion.rate_hz:g} Hz, "
            f"{motion.duration_s:.1f} s{said}",
            {
                "output": str(self.path), "format": self.format, "rows": len(motion),
                "rate_hz": motion.rate_hz, "start_s": motion.start_s,
                "duration_s": motion.duration_s, **more, "warnings": list(voice.notes),
                "channels": list(motion.channels),
            },
        )  # fmt: skip


def motion_target(
    output: str, format: str | None, rate_hz: float | None, force: bool, *, inputs: list[str]
) -> MotionTarget:
    """Check where motion goes, before any work.

    Raises:
        OptionError: the name suits no format, or the rate is out of range.
        OutputError: it cannot be written there, or would replace an input.
    """
    from gioconda.motion_files import format_of

    path = Path(output)
    try:
        kind = format_of(path.name, format)
    except MotionError as e:
        raise OptionError(str(e)) from None
    if rate_hz is not None and not 1 <= rate_hz <= 1000:
        raise OptionError(f"--rate is {rate_hz:g}; it must be 1 to 1000")
    if rate_hz is None and kind == "livelink":
        rate_hz = LIVE_LINK_HZ
    check_plain_target(path, force, inputs=inputs)
    return MotionTarget(path, kind, rate_hz)


def convert(
    motion: str, output: str, format: str | None, rate_hz: float | None, voice: Voice, force: bool
) -> None:
    """Write a motion in another format."""
    edit(motion, output, [], format=format, rate_hz=rate_hz, crossfade_s=0.25, voice=voice,
         force=force)  # fmt: skip


#: What was asked for on the command line, in its order: the option's name and its value.
Steps = list[tuple[str, str]]


def check_steps(steps: Steps, rate_hz: float | None, *, fades: bool) -> None:
    """Refuse an edit that would change nothing.

    Raises:
        OptionError: there is no operation, or a crossfade (``fades``) without a join.
    """
    if fades and not any(name == "join" for name, _ in steps):
        raise OptionError("--crossfade is how long --join fades; there is no --join")
    if not steps and rate_hz is None:
        raise OptionError(
            "there is nothing to do: give an operation, as in --scale head=0.5; "
            "gioconda convert writes another format"
        )


def edit(
    motion: str,
    output: str,
    steps: Steps,
    *,
    format: str | None,
    rate_hz: float | None,
    crossfade_s: float,
    voice: Voice,
    force: bool,
) -> None:
    """Apply the steps to a motion, in order."""
    from gioconda.motion import Motion

    sources = {value: _file_of(name, value) for name, value in steps if name in _FROM_FILES}
    target = motion_target(output, format, rate_hz, force, inputs=[motion, *sources.values()])
    changes = [_change(name, value, crossfade_s) for name, value in steps]
    result = Motion.load(motion)
    for change in changes:
        result = change(result)
    target.save(result, voice)


_FROM_FILES = ("join", "replace")


def _file_of(name: str, value: str) -> str:
    return _pair(name, value, "mouth=other.npz")[1] if name == "replace" else value


def _change(name: str, value: str, crossfade_s: float) -> Callable[[Motion], Motion]:
    """Return a step as a function; words are read, and files loaded, before any is applied."""
    from gioconda import motion_edit as e
    from gioconda.motion import Motion

    if name == "mirror":
        return e.mirror
    if name == "cut":
        start, sign, end = value.partition(":")
        if not sign:
            raise OptionError(f"--cut is {value!r}; it needs two times, as in --cut 2.5:8")
        first = _number(name, start) if start.strip() else None
        last = _number(name, end) if end.strip() else None
        return lambda m: e.cut(m, first, last)
    if name == "join":
        other = Motion.load(value)
        return lambda m: e.join(m, other, crossfade_s)
    if name in ("speed", "start"):
        amount = _number(name, value)
        return (lambda m: e.retime(m, amount)) if name == "speed" else (
            lambda m: e.start_at(m, amount)
        )  # fmt: skip
    if name == "replace":
        what, file = _pair(name, value, "mouth=other.npz")
        e.channels_of(what)
        source = Motion.load(file)
        return lambda m: e.replace(m, what, source)
    what, number = _pair(name, value, f"{'head' if name == 'scale' else 'brows'}=0.5")
    amount = _number(name, number)
    if name == "offset":
        e.check_offset(what)
    else:
        e.channels_of(what)
    by_name = {"scale": e.scale, "offset": e.offset, "smooth": e.smooth}[name]
    return lambda m: by_name(m, what, amount)


def _pair(name: str, value: str, example: str) -> tuple[str, str]:
    what, sign, rest = value.partition("=")
    if not (sign and what.strip() and rest.strip()):
        raise OptionError(
            f"--{name} is {value!r}; it needs channels and a value, as in --{name} {example}"
        )
    return what.strip(), rest.strip()


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--{name} has {text!r} where a number is needed") from None


def steps_of(ctx: Any, given: dict[str, Any]) -> Steps:
    """Return the steps in the order of the command line.

    Args:
        ctx: the command's context.
        given: lists of values by option; True for a switch.
    """
    left = {name: list(value) for name, value in given.items() if isinstance(value, list)}
    steps: Steps = []
    for name in ctx.meta["gioconda.order"]:
        if left.get(name):
            steps.append((name, left[name].pop(0)))
        elif given.get(name) is True:
            steps.append((name, ""))
    return steps


#: Endings of motion files; what else is plotted is a sound or a video.
_MOTIONS = (".npz", ".csv", ".bvh")


def plot(
    motion: str,
    output: str | None,
    sound: str | None,
    *,
    begin: float | None,
    end: float | None,
    width: int,
    voice: Voice,
    force: bool,
) -> None:
    """Draw a motion, or the one that a sound or a video's sound calls for."""
    from gioconda.motion_plot import PICTURES

    target = Path(f"{Path(motion).stem}.png" if output is None else output)
    if target.suffix.lower() not in PICTURES:
        raise OptionError(f"a plot is a .png, .svg or .pdf file, not {target.name!r}")
    if begin is not None and end is not None and begin >= end:
        raise OptionError(f"--from {begin:g} must come before --to {end:g}")
    check_plain_target(target, force, inputs=[motion, sound or ""])
    drawn, heard = _motion_and_sound(motion, sound, voice)
    from gioconda.motion_plot import plot_motion

    with replacing(target) as temporary:
        plot_motion(
            drawn, temporary, sound=heard, from_s=begin, to_s=end, width_px=width,
            title=Path(motion).name,
        )  # fmt: skip
    voice.result(f"{target}: {drawn.duration_s:.1f} s of motion", {"output": str(target)})


def _motion_and_sound(motion: str, sound: str | None, voice: Voice) -> tuple[Motion, str | None]:
    if Path(motion).suffix.lower() in _MOTIONS:
        from gioconda.motion import Motion

        return Motion.load(motion), sound
    from gioconda.controls import Controls
    from gioconda.pipeline import perform
    from gioconda.speech.sound import Sound

    with Sound.open(motion) as opened, voice.bar(Path(motion).name, "s of sound") as bar:
        return perform(opened, Controls(), progress=bar), sound or motion
