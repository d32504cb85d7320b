"""Where a video goes: checked before any work, written aside, moved in place when whole.

The safety of a single file is that of :mod:`gioconda.targets`; numbered pictures have their own
rules here. What was made before an interruption is kept under a name that says so
(``talk.partial.mp4``).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gioconda.errors import OptionError, OutputError
from gioconda.targets import (
    check_place,
    exists_error,
    refusals,
    resolved,
    stage_beside,
    write_error,
)

logger = logging.getLogger(__name__)

#: Suffixes that :func:`gioconda.video.open_writer` takes, with what they hold.
FORMATS: Final[dict[str, str]] = {
    ".mp4": "H.264 and AAC",
    ".mov": "H.264 and AAC",
    ".mkv": "H.264 and AAC",
    ".webm": "VP9 and Opus",
    ".gif": "animation without sound",
    ".png": "numbered pictures (name_%05d.png) and a .wav",
}
#: Those of them that can hold transparency, with what they then hold.
ALPHA_FORMATS: Final[dict[str, str]] = {
    ".webm": "VP9 with alpha",
    ".mov": "ProRes 4444",
    ".png": "pictures with alpha",
}
#: Names of the pictures and of the sound in a stage.
STAGED_PICTURE: Final = "frame_%05d.png"
STAGED_SOUND: Final = "sound.wav"
_NUMBER: Final = re.compile(r"%(?:0([1-9]\d*))?d")


@dataclass(frozen=True)
class Target:
    """A checked target; make one with :func:`check_target`.

    Attributes:
        path: the file, or the pattern of the pictures, such as ``name_%05d.png``.
        overwrite: whether what is there may be replaced.
    """

    path: Path
    overwrite: bool = False

    @property
    def name(self) -> str:
        """The target as messages name it."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """A key of :data:`FORMATS`."""
        return self.path.suffix.lower()

    @property
    def is_pictures(self) -> bool:
        """Whether many pictures are written rather than one file."""
        return self.suffix == ".png"

    @property
    def wav(self) -> Path:
        """The sound beside the pictures: their name without the number."""
        stem = _NUMBER.sub("", self.path.stem).rstrip("_-. ") or "sound"
        return self.path.with_name(stem + ".wav")

    def picture(self, index: int) -> Path:
        """Return the file of one of the pictures, counted from 0."""
        before, width, after = _NUMBER.split(self.path.name)
        return self.path.with_name(f"{before}{index:0{int(width or 1)}d}{after}")

    def occupied(self) -> tuple[Path, ...]:
        """Return every existing file that writing may replace or remove, in order.

        For numbered pictures, whose number is not known before they are made, these are all files
        that the pattern can name, and the sound beside them.

        Raises:
            OutputError: the folder cannot be read.
        """
        with refusals(str(self.path)):
            if not self.is_pictures:
                return (self.path,) if self.path.exists() else ()
            pictures = self._pictures()
            found = [pictures[i] for i in sorted(pictures)]
            return (*found, self.wav) if os.path.lexists(self.wav) else tuple(found)

    def _pictures(self) -> dict[int, Path]:
        """Return the entries of the folder that the pattern can name, by their number."""
        before, _, after = _NUMBER.split(self.path.name)
        name = re.compile(re.escape(before) + "([0-9]+)" + re.escape(after))
        numbers = (
            int(match[1]) for entry in os.listdir(self.path.parent)
            if (match := name.fullmatch(entry)) and self.picture(int(match[1])).name == entry
        )  # fmt: skip
        return {number: self.picture(number) for number in numbers}

    def stage(self) -> Path:
        """Create the hidden file, or folder of pictures, in which the work is done.

        Raises:
            OutputError: it cannot be created.
        """
        return stage_beside(self.path, folder=self.is_pictures)

    def commit(self, stage: Path, *, partial: bool = False) -> Path:
        """Give what was staged its name.

        Args:
            stage: what :meth:`stage` returned, written and closed.
            partial: whether it is only the beginning of what was asked for.

        Returns:
            The name it now has. A name that was taken meanwhile is not overwritten unless
            ``overwrite`` was said; a numbered one beside it is used then.

        Raises:
            OutputError: it cannot be moved.
        """
        from gioconda.trust.seal import move

        final = self
        if partial:
            final = _free(self.path.with_name(f"{self.path.stem}.partial{self.path.suffix}"))
        elif not self.overwrite and self.occupied():
            final = _free(self.path)
            logger.warning("%r appeared meanwhile; writing %r", self.name, final.name)
        try:
            if final.is_pictures:
                _move_pictures(stage, final)
            else:
                move(stage, final.path)
        except OSError as e:
            raise write_error(self.name, e) from e
        return final.path


def discard(stage: Path) -> None:
    """Delete what was staged; missing is fine."""
    if stage.is_dir():
        shutil.rmtree(stage, ignore_errors=True)
    else:
        stage.unlink(missing_ok=True)


def check_target(
    path: str | os.PathLike[str], overwrite: bool = False, *, alpha: bool = False
) -> Target:
    """Check a target before any work; creates nothing.

    Args:
        path: a file with a suffix of :data:`FORMATS`; ``name_%05d.png`` for numbered pictures.
        overwrite: whether existing files may be replaced; see :meth:`Target.occupied`.
        alpha: whether the format has to hold transparency; see :data:`ALPHA_FORMATS`.

    Raises:
        OptionError: the suffix is missing, not known or cannot hold transparency, or a ``.png``
            has no number in its name.
        OutputError: a folder or a device, the folder is missing or not writable, the target
            exists, or the system refuses the name.
    """
    text = os.fspath(path)
    with refusals(text):
        if not text:
            raise _suffix_error(text)
        target = Target(resolved(text), overwrite)
        if target.path.exists():
            check_place(target.path, text)
        if target.suffix not in FORMATS:
            raise _suffix_error(text)
        if alpha and target.suffix not in ALPHA_FORMATS:
            raise OptionError(
                f"{target.suffix} files hold no transparency; use .webm, .mov or a PNG sequence, "
                "named like frames_%05d.png"
            )
        if target.is_pictures and len(_NUMBER.findall(target.name)) != 1:
            stem = target.path.stem.partition("%")[0].rstrip("_") or "frames"
            raise OptionError(
                f"{target.name!r} would hold a single picture; number them, as in {stem}_%05d.png"
            )
        check_place(target.path, text)
        if target.is_pictures:
            target.picture(0).exists()  # the system refuses names that are too long
        for file in target.occupied():
            if file.is_dir():
                raise OutputError(f"{str(file)!r} is a folder; give the pictures another name")
            if not overwrite:
                raise exists_error(file)
    return target


def _suffix_error(text: str) -> OptionError:
    return OptionError(
        f"{text!r} has no suffix that says what to write; there are {', '.join(FORMATS)}, and a "
        "PNG sequence is named like frames_%05d.png"
    )


def _move_pictures(stage: Path, target: Target) -> None:
    """Move staged pictures and their sound to the target's names.

    What is left of an earlier, longer sequence is deleted: only an unbroken one from 0 on, since
    other numbers were not written by this program.
    """
    earlier = target._pictures()
    number = re.compile(r"frame_([0-9]+)\.png")
    count = 0
    for file in sorted(stage.iterdir()):
        match = number.fullmatch(file.name)
        os.replace(file, target.picture(int(match[1])) if match else target.wav)
        count += match is not None
    stage.rmdir()
    end = 0
    while end in earlier:
        end += 1
    for leftover in range(count, end):
        earlier[leftover].unlink(missing_ok=True)


def _free(path: Path) -> Target:
    """Return the target of that name, or of the first numbered one beside it that is free."""
    target, number = Target(path), 2
    while target.occupied():
        target = Target(path.with_name(f"{path.stem}-{number}{path.suffix}"))
        number += 1
    return target
