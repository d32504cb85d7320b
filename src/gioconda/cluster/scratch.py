"""Private folders of workers, which are swept up even after one that was killed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"gioconda-cluster-([0-9]+)-\w+")


def scratch_folder() -> Path:
    """Return a new folder that only this user can read, and delete those of dead processes.

    A worker that is killed cannot clear up; the next one on its machine does.
    """
    base = Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        for entry in os.scandir(base):
            found = _NAME.fullmatch(entry.name)
            if found and entry.is_dir(follow_symlinks=False) and not _lives(int(found[1])):
                shutil.rmtree(entry.path, ignore_errors=True)  # another user's stays
    return Path(tempfile.mkdtemp(prefix=f"gioconda-cluster-{os.getpid()}-", dir=base))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
