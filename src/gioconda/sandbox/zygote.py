"""The process that decoders are forked from: libraries loaded once, never a stranger's byte read.

Loading them takes 0.3 s, a fork a few milliseconds, and still no two files meet in one process. For
each request it forks a *guard*, which forks the *decoder*, waits, kills it when its time is over or
nobody waits any more, and tells how it ended.

It runs as ``python -I`` with an environment of its own and nothing inherited but one socket; it
ends when that socket does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from contextlib import suppress
from typing import Any, Final

from gioconda.sandbox import file_tasks
from gioconda.sandbox.confinement import confine, leave_network
from gioconda.sandbox.limits import DecodeLimits
from gioconda.sandbox.wire import GUARDED, STATUS, Ended, read_request

#: How long a trial of the confinement may take, in seconds.
_TRIAL_S: Final = 10.0
#: Live sessions on the same cores go before decoders of uploads.
_NICE: Final = 5


def main(fd: int, limits: dict[str, Any], files: bool = False) -> None:
    """Serve requests until the other end of a socket is closed.

    Args:
        fd: of a Unix socket; each message brings two file descriptors, for talk and for
            status, and a third where there is a file to read.
        limits: keywords of :class:`DecodeLimits`.
        files: whether decoders will be handed open files, too.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    bounds = DecodeLimits(**limits)
    control = socket.socket(fileno=fd)
    _load()
    if files:
        file_tasks.load()
    network = leave_network()
    # Read before SIGCHLD is ignored: a trial is waited for.
    report = {"network": network, "system_calls": _trial(bounds)}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards need no burial
    control.sendall(json.dumps(report).encode() + b"\n")
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(control, 1, 3)
        except OSError:
            return
        if not message:
            return
        if len(fds) >= 2:
            with suppress(OSError):  # no process to be had: the closed ends tell
                if os.fork() == 0:
                    _forked(control, fds, bounds, live=message == b"s")
        for each in fds:
            os.close(each)


def _load() -> None:
    """Load all that decoding needs, and use it once, since a decoder can load nothing more."""
    import io

    import cv2
    import numpy as np
    from PIL import Image, ImageCms

    from gioconda.sandbox.tasks import TASKS

    cv2.setNumThreads(1)
    ImageCms.createProfile("sRGB")
    picture = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    for format_ in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        picture.save(file, format_)
        TASKS["image"](file.getvalue(), {"pixels": 64}, lambda *_: None)
    wav = b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\0\x77\1\0\0\xee\2\0\2\0\x10\0data\x10\0\0\0"
    TASKS["sound"](wav + bytes(16), {"seconds": 1}, lambda *_: None)


def _trial(limits: DecodeLimits) -> bool:
    """Tell whether a confined process is really refused files and sockets."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        verdict = b"n"
        try:
            if confine(limits, theirs):
                verdict = b"y" if _refused() else b"n"
            os.write(theirs, verdict)
        finally:
            os._exit(0)
    os.close(theirs)
    ready, _, _ = select.select([ours], [], [], _TRIAL_S)
    answer = os.read(ours, 1) if ready else b""
    os.close(ours)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return answer == b"y"


def _refused() -> bool:
    for attempt in (lambda: os.open("/", os.O_RDONLY), socket.socket, os.fork):
        try:
            attempt()
        except PermissionError:
            continue
        return False
    return True


def _forked(control: socket.socket, fds: list[int], limits: DecodeLimits, *, live: bool) -> None:
    """Be a guard; never returns."""
    try:
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _guard(fds[0], fds[1], fds[2:], limits, live=live)
    finally:
        os._exit(0)


def _guard(talk: int, status: int, files: list[int], limits: DecodeLimits, *, live: bool) -> None:
    began = time.monotonic()
    os.write(status, GUARDED)
    alive, life = os.pipe()
    pid = os.fork()
    if pid == 0:
        _decode(talk, files, life, limits, live=live)
    os.close(life)
    for each in (talk, *files):
        os.close(each)
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    poll.register(status, select.POLLIN)  # nothing comes but its end: nobody waits
    events = poll.poll(limits.wall_s * 1000)
    why = Ended.ITSELF
    if not events:
        why = Ended.TIME
    elif all(fd != alive for fd, _ in events):
        why = Ended.FORSAKEN
    os.kill(pid, signal.SIGKILL)  # harmless where it ended; it may only have closed its pipe
    _, code, usage = os.wait4(pid, 0)
    spent = usage.ru_utime + usage.ru_stime
    told = STATUS.pack(code, why, spent, time.monotonic() - began, usage.ru_maxrss * 1024)
    with suppress(OSError):
        os.write(status, told)


def _decode(talk: int, files: list[int], life: int, limits: DecodeLimits, *, live: bool) -> None:
    """Be a decoder; never returns. Its end closes ``life``, whatever it dies of."""
    from gioconda.sandbox.tasks import perform

    code = 1
    try:
        os.dup2(life, 0)
        if not live:
            os.nice(_NICE)
        confine(limits, talk, *files)
        while True:  # one request, or those of one stream; its end raises
            options, data = read_request(talk)
            perform(talk, options, data, *files)
            code = 0
    except BaseException:  # the parent learns that from the missing end
        pass
    finally:
        os._exit(code)
