"""A real server on a free port, its workers shared by all tests of this folder."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

uvicorn = pytest.importorskip("uvicorn", reason="the extra [live] is not installed")


class Running:
    """A server in a thread, with its application at hand."""

    def __init__(self, app: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.app = app
        config = uvicorn.Config(app, port=self.port, log_level="warning", ws_max_size=2**21)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/live"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    from gioconda.live.server.app import ServeSettings, create_app
    from gioconda.live.server.limits import Rate, RateLimits
    from gioconda.live.server.safety import Safety

    # All tests come from one address, and faster than anybody does.
    often = Rate(1e6, 1e6)
    safety = Safety(rates=RateLimits(*[often] * 5))
    running = Running(create_app(ServeSettings(capacity=2, safety=safety)))
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _places_free(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait until the sessions of a test have ended, so that the next finds its places."""
    yield
    if "server" not in request.fixturenames:
        return
    running = request.getfixturevalue("server")
    held = running.app.state.server
    until = time.monotonic() + 15
    while len(held.sessions) and time.monotonic() < until:
        time.sleep(0.05)
    assert not len(held.sessions)


def run(story: object) -> object:
    """Run a coroutine."""
    return asyncio.run(story)  # type: ignore[arg-type]
