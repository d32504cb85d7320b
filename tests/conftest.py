"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from gioconda.trust.home import write_private

os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development media beside the checkout; tests that need them skip without them."""
    if not (SHARED / "data" / "portraits").is_dir():
        pytest.skip("the development media (../shared/data) are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def espeak_program() -> str:
    """The espeak-ng program; tests that need it skip without it."""
    found = shutil.which("espeak-ng")
    if found is None:
        pytest.skip("the program espeak-ng is not installed (Debian: apt-get install espeak-ng)")
    return found


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A public-domain portrait, (512, 512, 3) uint8 RGB."""
    from skimage import data

    return np.asarray(data.astronaut())


@pytest.fixture(autouse=True, scope="session")
def _private_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests out of the user's own cache, keys, ledger and log."""
    os.environ["GIOCONDA_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["GIOCONDA_HOME"] = str(tmp_path_factory.mktemp("home"))
    # Drawn keys would give every run other pixels, and what is measured on them another figure.
    keys = {"identifier": "0123456789abcdef", "keys": [{"epoch": 1, "secret": "5a" * 32}]}
    write_private("watermark.json", json.dumps(keys).encode())
    os.environ["GIOCONDA_BASIS"] = "artwork"


@pytest.fixture
def unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames without the watermark, for tests of what is under it."""
    monkeypatch.setattr(
        "gioconda.trust.watermark.marker.Marker.marked", lambda self, frame: frame.copy()
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private folder of this test alone; nothing is in it yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("GIOCONDA_HOME", str(folder))
    return folder
