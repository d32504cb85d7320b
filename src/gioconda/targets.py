"""Where a file goes: judged before any work, written aside, moved in place when whole.

What is being made lies beside the target under a hidden name (``.talk.part-1a2b3c.mp4``) and
takes the target's name in one rename, so that a file under the target's name is always whole.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gioconda.errors import GiocondaError, OptionError, OutputError

#: So much of the target's name is in the hidden one; names may have 255 bytes.
_STEM_LENGTH: Final = 40


def check_file_target(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Check the place of a file before any work; creates nothing.

    Args:
        path: the file that is to be written.
        overwrite: whether an existing file may be replaced.

    Returns:
        The file to write, links followed.

    Raises:
        OptionError: the name is empty, or ``-`` (nothing is written to standard output).
        OutputError: a folder or a device, the folder is missing or not writable, the file exists
            and may not be replaced, or the system refuses the name.
    """
    text = os.fspath(path)
    if text in ("", "-"):
        raise OptionError(f"{text!r} does not name a file; give the output a name")
    with refusals(text):
        target = resolved(text)
        check_place(target, text)
        if not overwrite and target.exists():
            raise exists_error(target)
    return target


def named_after(sources: Sequence[str | os.PathLike[str]], folder: Path, suffix: str) -> list[Path]:
    """Name a file in a folder after each source; equal names are numbered."""
    seen: dict[str, int] = {}
    targets = []
    for source in sources:
        stem = Path(source).stem
        seen[stem] = seen.get(stem, 0) + 1
        name = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
        targets.append(folder / f"{name}{suffix}")
    return targets


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden empty file beside the target, to be written to.

    It takes the target's name when the block is left, and is removed if that is by an exception.
    It has the target's suffix.

    Raises:
        OutputError: the disk is full, or the file cannot be written.
    """
    with refusals(os.fspath(path)):
        target = resolved(path)
    stage = stage_beside(target)
    try:
        yield stage
        os.replace(stage, target)
    except OSError as e:
        raise write_error(target.name, e) from e
    finally:
        with suppress(OSError):
            stage.unlink()


def stage_beside(target: Path, *, folder: bool = False) -> Path:
    """Create a hidden empty file (or folder, then without a suffix) beside a target.

    Raises:
        OutputError: it cannot be created.
    """
    for _ in range(100):
        suffix = "" if folder else target.suffix
        stage = target.with_name(
            f".{target.stem[:_STEM_LENGTH]}.part-{secrets.token_hex(3)}{suffix}"
        )
        try:
            if folder:
                stage.mkdir()
            else:
                os.close(os.open(stage, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        except OSError as e:
            raise write_error(target.name, e) from e
        return stage
    raise OutputError(f"cannot find a free temporary name in {str(target.parent)!r}")


def resolved(path: str | os.PathLike[str]) -> Path:
    """Return the file to write: where a link leads, else the path itself."""
    target = Path(path)
    if "\0" in str(target):
        raise ValueError("a name holds no zero byte")
    return target.resolve() if target.is_symlink() else target


def check_place(target: Path, text: str) -> None:
    """Refuse folders, devices and pipes, and folders that cannot be written into.

    Args:
        target: the file to write, links followed.
        text: the target as it was given; a slash at its end says that a folder is meant.

    Raises:
        OutputError: one of these.
    """
    if target.is_dir() or text.endswith(("/", os.sep)):
        raise OutputError(f"{text!r} is a folder; name a file in it")
    if target.exists() and not target.is_file():
        raise OutputError(f"{text!r} is a device or pipe; name a file")
    folder = target.parent
    if not folder.exists():
        raise OutputError(f"the folder {str(folder)!r} does not exist; make it first")
    if not folder.is_dir():
        raise OutputError(f"{str(folder)!r} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {str(folder)!r} cannot be written to")


def exists_error(path: Path) -> OutputError:
    """Return the error to raise where a file may not be replaced."""
    return OutputError(f"{str(path)!r} exists already; use --force to replace it")


@contextmanager
def refusals(text: str) -> Iterator[None]:
    """Tell what the system says about a name as OutputError: too long, no access, a zero byte."""
    try:
        yield
    except GiocondaError:  # an OptionError is a ValueError as well
        raise
    except (OSError, ValueError, RuntimeError) as e:  # RuntimeError: links that lead in a circle
        reason = getattr(e, "strerror", None) or str(e)
        raise OutputError(f"{text!r} cannot be written: {reason}") from e


def write_error(name: str, error: OSError) -> OutputError:
    """Return the error to raise when writing failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full; {name!r} was not written")
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{name!r} grew beyond the largest file allowed here; it was not written"
        )
    return OutputError(f"cannot write {name!r}: {error.strerror or error}")
