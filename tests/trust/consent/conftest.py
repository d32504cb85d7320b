"""A ledger of its own for each test, and portraits of which nothing is shipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gioconda.portrait import Portrait


class Clock:
    """An instant that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test alone, without a script's statement."""
    folder = tmp_path / "home"
    monkeypatch.setenv("GIOCONDA_HOME", str(folder))
    monkeypatch.delenv("GIOCONDA_BASIS", raising=False)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def mirrored(astronaut: np.ndarray) -> np.ndarray:
    """A picture of which no consent is shipped."""
    return np.ascontiguousarray(astronaut[:, ::-1])


@pytest.fixture(scope="session")
def person(mirrored: np.ndarray) -> Portrait:
    return Portrait.open(mirrored)
