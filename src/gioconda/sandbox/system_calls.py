"""The Linux system calls that a decoder may make: memory, its one pipe, threads, the clock.

Everything else (files, sockets, programs, other processes) answers "not permitted", by a seccomp
filter (Linux, ``Documentation/userspace-api/seccomp_filter.rst``). So a playlist that names a file
or a host opens nothing, whatever a library thinks of it. Libraries must be loaded before.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import Final

_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF_0000
_KILL: Final = 0x8000_0000
_ERRNO: Final = 0x0005_0000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
#: Offsets in ``struct seccomp_data``: number, architecture, first and third argument (low half).
_NUMBER_AT, _ARCH_AT, _FIRST_AT, _THIRD_AT = 0, 4, 16, 32
_CLONE_THREAD: Final = 0x0001_0000
_PROT_EXEC: Final = 4
_X32_FIRST: Final = 0x4000_0000

#: Of each machine: its number in the audit interface, and its system calls' numbers.
_MACHINES: Final = {
    "x86_64": (0xC000_003E, {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25,
        "madvise": 28, "nanosleep": 35, "getpid": 39, "clone": 56, "exit": 60, "gettimeofday": 96,
        "getrusage": 98, "sysinfo": 99, "sigaltstack": 131, "gettid": 186, "futex": 202,
        "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228,
        "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273, "getrandom": 318,
        "membarrier": 324, "rseq": 334, "clone3": 435,
    }),
    "aarch64": (0xC000_00B7, {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "ppoll": 73,
        "fstat": 80, "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99,
        "nanosleep": 101, "clock_gettime": 113, "clock_nanosleep": 115, "sched_getaffinity": 123,
        "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "gettimeofday": 169,
        "getpid": 172, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215, "mremap": 216,
        "clone": 220, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278,
        "membarrier": 283, "rseq": 293, "clone3": 435,
    }),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def system_call_filter(machine: str) -> bytes | None:
    """Return the filter program for a machine as ``os.uname`` names it, or None if unknown."""
    if machine not in _MACHINES:
        return None
    architecture, numbers = _MACHINES[machine]
    no = _ERRNO | errno.EPERM
    lines = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32_FIRST),
        (_RETURN, 0, 0, _KILL),
    ]
    for name, number in numbers.items():
        if name == "clone3":  # its flags lie in memory; the C library then takes clone
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
        elif name == "clone":  # threads, no processes
            lines += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, _FIRST_AT)]
            lines += [(_ANY_BIT, 0, 1, _CLONE_THREAD), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, no)]
        elif name in ("mmap", "mprotect"):  # no new code
            lines += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, _THIRD_AT)]
            lines += [(_ANY_BIT, 0, 1, _PROT_EXEC), (_RETURN, 0, 0, no), (_RETURN, 0, 0, _ALLOW)]
        else:
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    lines.append((_RETURN, 0, 0, no))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def forbid_system_calls() -> bool:
    """Hold this thread and all that it will start to the filter, for good.

    Returns:
        Whether it holds; not so where the system has no seccomp, or on other machines.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = system_call_filter(os.uname().machine)
    if code is None:
        return False
    kept = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(kept, ctypes.c_void_p))
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
