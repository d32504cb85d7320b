from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session")
def espeak() -> str:
    """The espeak-ng program; tests that need it skip without it."""
    found = shutil.which("espeak-ng")
    if found is None:
        pytest.skip("the program espeak-ng is not installed (apt-get install espeak-ng)")
    return found
