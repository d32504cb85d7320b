"""Where a video goes: checked before any work, written aside, moved in place when whole.

What is being made lies beside the target under a hidden name (``.talk.part-1a2b3c.mp4``) and
takes the target's name in one rename, so that a file under the target's name is always whole. What
was made before an interruption is kept under a name that says so (``talk.partial.mp4``).
"""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gioconda.errors import OptionError, OutputError

logger = logging.getLogger(__name__)

#: Suffixes that :func:`gioconda.video.open_writer` takes, with what they hold.
FORMATS: Final[dict[str, str]] = {
    ".mp4": "H.264 and AAC",
    ".mov": "H.264 and AAC",
    ".mkv": "H.264 and AAC",
    ".webm": "VP9 and Opus",
    ".gif": "animation without sound",
    ".png": "numbered pictures (name_%05d.png, or a folder) and a .wav",
}
#: Names of the pictures and of the sound in a folder, and in any stage.
FOLDER_PATTERN: Final = "frame_%05d.png"
FOLDER_SOUND: Final = "sound.wav"
_NUMBER: Final = re.compile(r"%0?\d*d")


@dataclass(frozen=True)
class Target:
    """A checked target; make one with :func:`check_target`.

    Attributes:
        path: the file, the pattern of the pictures, or the folder of the pictures.
        suffix: a key of :data:`FORMATS`; ``.png`` for folders too.
        overwrite: whether what is there may be replaced.
    """

    path: Path
    suffix: str
    overwrite: bool = False

    @property
    def name(self) -> str:
        """The target as messages name it."""
        return self.path.name

    @property
    def is_pictures(self) -> bool:
        """Whether many pictures are written rather than one file."""
        return self.suffix == ".png"

    @property
    def folder(self) -> Path:
        """The folder in which files appear."""
        return self.path if self.is_pictures and not self._is_pattern else self.path.parent

    @property
    def pattern(self) -> str:
        """Name of the pictures, with one ``%d``."""
        return self.path.name if self._is_pattern else FOLDER_PATTERN

    @property
    def wav_name(self) -> str:
        """Name of the sound beside the pictures."""
        if not self._is_pattern:
            return FOLDER_SOUND
        return (_NUMBER.sub("", self.path.stem).rstrip("_-. ") or "sound") + ".wav"

    @property
    def _is_pattern(self) -> bool:
        return self.path.suffix.lower() == ".png"

    def stage(self) -> Path:
        """Create the hidden file, or folder of pictures, in which the work is done.

        Raises:
            OutputError: it cannot be created.
        """
        stem = self.path.stem[:40]
        parent = self.path.parent
        for _ in range(100):
            suffix = "" if self.is_pictures else self.suffix
            path = parent / f".{stem}.part-{secrets.token_hex(3)}{suffix}"
            try:
                if self.is_pictures:
                    path.mkdir()
                else:
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                continue
            except OSError as e:
                raise write_error(self.name, e) from e
            return path
        raise OutputError(f"cannot find a free temporary name in {str(parent)!r}")

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
        final = self
        if partial:
            final = Target(_free(_partial(self)), self.suffix)
        elif not self.overwrite and _taken(self):
            final = Target(_free(self.path), self.suffix)
            logger.warning("%r appeared meanwhile; writing %r", self.name, final.name)
        try:
            if final.is_pictures:
                _move_pictures(stage, final)
            else:
                os.replace(stage, final.path)
        except OSError as e:
            raise write_error(self.name, e) from e
        return final.path


def discard(stage: Path) -> None:
    """Delete what was staged; missing is fine."""
    if stage.is_dir():
        shutil.rmtree(stage, ignore_errors=True)
    else:
        stage.unlink(missing_ok=True)


def write_error(name: str, error: OSError) -> OutputError:
    """Return the error to raise when writing failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full; {name!r} was not written")
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{name!r} grew beyond the largest file allowed here; it was not written"
        )
    return OutputError(f"cannot write {name!r}: {error.strerror or error}")


def check_target(path: str | os.PathLike[str], overwrite: bool = False) -> Target:
    """Check a target before any work; creates nothing.

    Args:
        path: a file with a suffix of :data:`FORMATS`; ``name_%05d.png`` for numbered pictures;
            a new or empty folder (no suffix, or a slash at its end) for numbered pictures.
        overwrite: whether existing files may be replaced.

    Raises:
        OptionError: the suffix is not known, or a ``.png`` has no number in its name.
        OutputError: the folder is missing or not writable, or the target exists.
    """
    text = os.fspath(path)
    wants_folder = text.endswith(("/", os.sep))
    target = Path(text)
    if "\0" in text:
        raise OutputError(f"{text!r} cannot be written: a name holds no zero byte")
    try:
        if target.is_symlink():
            target = target.resolve()
        return _checked(target, wants_folder, overwrite)
    except (OSError, ValueError) as e:
        if isinstance(e, OptionError):
            raise
        raise OutputError(f"{text!r} cannot be written: {getattr(e, 'strerror', e) or e}") from e


def _checked(path: Path, wants_folder: bool, overwrite: bool) -> Target:
    suffix = path.suffix.lower()
    existing_folder = path.is_dir()
    if (
        wants_folder
        or (existing_folder and suffix not in FORMATS)
        or not (suffix or existing_folder)
    ):
        target = Target(path, ".png", overwrite)
        if existing_folder and not overwrite and any(path.iterdir()):
            raise OutputError(
                f"{str(path)!r} is a folder with files in it; name a file in it, such as "
                f"{str(path / 'talk.mp4')!r}"
            )
    elif existing_folder:
        raise OutputError(f"{str(path)!r} is a folder; name a file")
    elif suffix not in FORMATS:
        raise OptionError(
            f"{path.name!r} has no known suffix; there are {', '.join(FORMATS)} "
            "and folders (name/) for pictures"
        )
    else:
        target = Target(path, suffix, overwrite)
    if target.suffix == ".png" and suffix == ".png" and len(_NUMBER.findall(path.name)) != 1:
        raise OptionError(
            f"{path.name!r} would hold a single picture; number them, as in {path.stem}_%05d.png"
        )
    _check_folder(path.parent)
    if path.exists() and not existing_folder and not path.is_file():
        raise OutputError(f"{str(path)!r} is a device or pipe; name a file")
    if existing_folder and not os.access(path, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {str(path)!r} cannot be written to")
    if not overwrite and _taken(target):
        raise OutputError(f"{target.name!r} exists already; use --force to replace it")
    return target


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise OutputError(f"the folder {str(folder)!r} does not exist; make it first")
    if not folder.is_dir():
        raise OutputError(f"{str(folder)!r} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {str(folder)!r} cannot be written to")


def _taken(target: Target) -> bool:
    """Tell whether files of the target's names are there."""
    if target.is_pictures:
        return any(True for _ in _own_files(target))
    return target.path.exists()


def _own_files(target: Target) -> Iterator[Path]:
    """Yield the pictures and the sound in the target's folder that bear its names."""
    if not target.folder.is_dir():
        return
    before, after = _NUMBER.split(target.pattern)
    name = re.compile(re.escape(before) + r"\d+" + re.escape(after))
    for entry in target.folder.iterdir():
        if name.fullmatch(entry.name) or entry.name == target.wav_name:
            yield entry


def _move_pictures(stage: Path, target: Target) -> None:
    """Move a staged folder, or the files in it, to the target; others' files stay."""
    if target.folder == target.path and not target.path.exists():
        os.replace(stage, target.path)
        return
    target.folder.mkdir(exist_ok=True)
    for stale in list(_own_files(target)):
        stale.unlink()
    number = re.compile(r"frame_(\d+)\.png")
    for file in sorted(stage.iterdir()):
        match = number.fullmatch(file.name)
        name = target.pattern % int(match[1]) if match else target.wav_name
        os.replace(file, target.folder / name)
    stage.rmdir()


def _partial(target: Target) -> Path:
    path = target.path
    if path.suffix and (path.suffix.lower() in FORMATS):
        return path.with_name(f"{path.stem}.partial{path.suffix}")
    return path.with_name(f"{path.name}.partial")


def _free(path: Path) -> Path:
    """Return the path, or the first numbered one beside it that is free."""
    target = Target(path, path.suffix.lower() if path.suffix.lower() in FORMATS else ".png")
    number = 2
    while _taken(target) or target.path.exists():
        suffix = path.suffix if path.suffix.lower() in FORMATS else ""
        stem = path.stem if suffix else path.name
        target = Target(path.with_name(f"{stem}-{number}{suffix}"), target.suffix)
        number += 1
    return target.path
