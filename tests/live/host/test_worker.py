"""A worker in this process: it starts whatever is revoked, and refuses what may not be made."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gioconda import examples
from gioconda.errors import ConsentError, TrustError
from gioconda.live.host.portraits import HeldPortraits
from gioconda.live.host.warm_up import warm_up
from gioconda.live.host.worker import Worker
from gioconda.portrait import Portrait
from gioconda.trust.consent.ledger import Ledger


def test_a_worker_starts_where_the_examples_consent_is_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path))
    Ledger().revoke(Portrait.open(examples.portrait_path()).pixels_sha256)
    warm_up(HeldPortraits())
    names = {p.name for p in tmp_path.iterdir()}
    assert names <= {"consent.json", ".lock"}, "no key is made for frames that nobody sees"


@pytest.mark.parametrize("error", [ConsentError("no", "revoked"), TrustError("damaged")])
def test_what_may_not_be_made_is_refused_for_good(error: Exception) -> None:
    refused: list[bool] = []

    def tick() -> None:
        raise error

    ours, theirs = multiprocessing.Pipe()
    running: Any = SimpleNamespace(tick=tick, refuse=lambda: refused.append(True))
    worker = Worker(cast(Any, theirs))
    worker._tick(running)
    assert refused == [True]
    ours.close()
    theirs.close()
