"""A private folder of its own for each test, and unsealed files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.trust.outputs import Shelf


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test alone; nothing is in it yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("GIOCONDA_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Unsealed files of every format."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let warnings reach pytest, also after a command in this process took them for itself."""
    monkeypatch.setattr(logging.getLogger("gioconda"), "propagate", True)
