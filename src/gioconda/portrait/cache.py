"""A disk cache, so that a second run on the same picture starts at once.

Entries are ``.npz`` files without pickle, in ``$GIOCONDA_CACHE``, else
``$XDG_CACHE_HOME/gioconda``, else ``~/.cache/gioconda``; readable by their owner only, since they
hold faces. A damaged entry counts as absent, and no failure to write ever reaches the caller.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

#: Raised whenever what is stored, or how it is computed, changes: older entries are then unused.
VERSION: Final = 3
#: The oldest entries go when all together grow beyond this.
LIMIT_BYTES: Final = 500 * 2**20
_SUFFIX: Final = ".gioconda.npz"

Arrays = dict[str, npt.NDArray[Any]]


def cache_dir() -> Path:
    """Return the folder of the cache; it may not exist yet."""
    if own := os.environ.get("GIOCONDA_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "gioconda"
    return Path("~/.cache/gioconda").expanduser()


class DiskCache:
    """Named groups of arrays on disk.

    Args:
        folder: where; :func:`cache_dir` where None.
        limit_bytes: the oldest entries are removed beyond this.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def load(self, key: str) -> Arrays | None:
        """Return what was stored under a key, or None if nothing usable is there."""
        try:
            path = self._path(key)
            with np.load(path, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            with contextlib.suppress(OSError):
                os.utime(path)  # used now: it goes last
            return arrays
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as e:
            logger.info("a damaged cache entry is ignored: %s", e)
            return None
        except Exception as e:  # zipfile raises more kinds than it documents on damaged files
            logger.info("an unreadable cache entry is ignored: %s", e)
            return None

    def store(self, key: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write arrays under a key, whole or not at all; failures are logged only."""
        temporary: str | None = None
        try:
            path = self._path(key)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")  # mode 0600
            with os.fdopen(handle, "wb") as f:
                np.savez(f, allow_pickle=False, **dict(arrays))
            Path(temporary).replace(path)
            temporary = None
            self._trim(path.parent)
        except (OSError, ValueError, RuntimeError) as e:
            logger.info("the cache cannot be written: %s", e)
        finally:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()

    def _path(self, key: str) -> Path:
        return (self._folder or cache_dir()) / f"{key}-v{VERSION}{_SUFFIX}"

    def _trim(self, folder: Path) -> None:
        """Remove the entries unused for longest until the rest fits."""
        entries = []
        for path in folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries, key=lambda e: e[0]):
            if total <= self._limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
