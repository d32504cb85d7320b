"""Processes of the server say nothing of people on standard error, whatever happens in them."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "from gioconda.live.log import configure; configure('INFO'); import logging, threading\n"
RAISE = "def f(): raise ValueError('my-words')\n"


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        ("f()", "ValueError"),
        ("t = threading.Thread(target=f); t.start(); t.join()", "ValueError"),
        ("import warnings; warnings.warn('my-words')", "py.warnings"),
        (
            "try: f()\nexcept ValueError: logging.getLogger('av').exception('my-words')",
            "ValueError",
        ),
        ("logging.getLogger('gioconda.live.x').info('it runs')", "it runs"),
    ],
)
def test_errors_are_told_without_their_words(happens: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + RAISE + happens], capture_output=True, text=True, check=False
    )
    assert told in done.stderr
    assert "my-words" not in done.stderr
