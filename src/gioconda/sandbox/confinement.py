"""Give up, for good, what decoding does not need. Each step is taken where the system knows it."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import Final

from gioconda.sandbox.limits import DecodeLimits
from gioconda.sandbox.system_calls import forbid_system_calls

_PR_SET_DUMPABLE: Final = 4
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_CLONE_NEWIPC: Final = 0x0800_0000
#: More than any decoder opens; with the filter of system calls it opens none.
_FILES: Final = 16


def leave_network() -> bool:
    """Move this process, and those that it will fork, to a network without any interface.

    Returns:
        Whether it did; not so where the system forbids user namespaces.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0)


def confine(limits: DecodeLimits, *keep: int) -> bool:
    """Hold this process to its limits.

    Args:
        limits: memory and processor time.
        keep: the file descriptors, besides 0 to 2, that stay open.

    Returns:
        Whether its system calls are held to a filter, too.
    """
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where the whole machine runs short, this process goes first
    first = 3
    for kept in sorted(keep):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    bounds = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (_FILES, _FILES),
        resource.RLIMIT_CPU: (limits.cpu_s, limits.cpu_s + 1),
        resource.RLIMIT_AS: (limits.memory_bytes, limits.memory_bytes),
    }
    for kind, pair in bounds.items():
        with suppress(ValueError, OSError):  # lower already, or unknown here (RLIMIT_AS on macOS)
            resource.setrlimit(kind, pair)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return forbid_system_calls()
