"""SRT by a program beside PyAV, whose packages from PyPI come without it.

Either ``srt-live-transmit`` (Haivision's own, Debian's package srt-tools) or an ``ffmpeg`` that was
built with libsrt carries MPEG-TS from its standard input to the address. Both take the address on
their command line, where other users of the machine can read it.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache
from typing import Final

#: Seven packets of MPEG-TS, what one datagram of SRT carries.
_CHUNK: Final = 7 * 188
#: So much waits in a pipe and in the program before it needs a connection.
_UNSENT: Final = 96 * 1024


@lru_cache(maxsize=1)
def pyav_speaks_srt() -> bool:
    """Return whether FFmpeg as PyAV brings it was built with libsrt."""
    import av

    try:
        # Nothing is sent: without a port the address is refused, if the protocol is there at all.
        av.open("srt://127.0.0.1", "r", format="mpegts", timeout=1).close()
    except av.error.ProtocolNotFoundError:
        return False
    except (av.error.FFmpegError, ValueError, OSError):
        return True
    return True


def find_srt_program() -> str:
    """Return the path of a program that speaks SRT; empty where there is none."""
    if found := shutil.which("srt-live-transmit"):
        return found
    found = shutil.which("ffmpeg")
    return found if found and _ffmpeg_speaks_srt(found) else ""


@lru_cache(maxsize=4)
def _ffmpeg_speaks_srt(program: str) -> bool:
    try:
        done = subprocess.run(
            [program, "-hide_banner", "-protocols"],
            capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "srt" in done.stdout.split()


def command(program: str, url: str) -> list[str]:
    """Return the command that carries standard input to an address, byte for byte."""
    if "ffmpeg" in program.rsplit("/", 1)[-1]:
        return [
            program, "-v", "quiet", "-fflags", "nobuffer",
            "-f", "data", "-raw_packet_size", str(_CHUNK), "-i", "pipe:0",
            "-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "data", url,
        ]  # fmt: skip
    return [program, "-q", "-chunk", str(_CHUNK), "-a", "no", "file://con", url]


class SrtProgram:
    """A binary file object that writes to the program.

    Args:
        program: its path.
        url: the address.
        on_live: called once data flows, which says that there is a connection.
    """

    name = "srt"

    def __init__(self, program: str, url: str, on_live: Callable[[], None]) -> None:
        self._process = subprocess.Popen(
            command(program, url),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._on_live = on_live
        self._written = 0
        self._live = False

    def write(self, data: bytes) -> int:
        """Write in pieces that a pipe takes whole, so that packets stay aligned.

        Raises:
            ConnectionError: the program has ended, as it does without a connection.
        """
        assert self._process.stdin is not None
        try:
            for start in range(0, len(data), _CHUNK):
                self._process.stdin.write(data[start : start + _CHUNK])
                self._process.stdin.flush()
        except OSError:
            raise ConnectionResetError(104, "no connection, or it was lost") from None
        self._written += len(data)
        if not self._live and self._written > _UNSENT:
            self._live = True
            self._on_live()
        return len(data)

    def close(self) -> None:
        """Let the program send what it has, and end."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
