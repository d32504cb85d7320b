"""Runs the programs that speak."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from gioconda.errors import VoiceError


def run_program(command: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; its exit status is the caller's to judge.

    Args:
        command: the program and its arguments.
        given: its standard input.

    Raises:
        VoiceError: the system cannot start it: it is no program, or an argument is too long.
    """
    try:
        return subprocess.run(command, input=given, capture_output=True, check=False)
    except OSError as e:
        raise VoiceError(f"{command[0]!r} cannot be run: {e.strerror or e}") from e
