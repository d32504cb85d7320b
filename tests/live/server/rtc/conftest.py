"""A server whose workers are stand-ins, and peers of aiortc."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.live.server.rtc.stand_in import StandInPool

uvicorn = pytest.importorskip("uvicorn", reason="the extra [live] is not installed")
pytest.importorskip("aiortc", reason="the extra [live] is not installed")
aioice = pytest.importorskip("aioice.ice")


class Faces:
    """A server in a thread."""

    def __init__(self) -> None:
        from tests.live.server.small import OFTEN

        from gioconda.live.server.app import ServeSettings, create_app
        from gioconda.live.server.safety import Safety

        self.pool = StandInPool()
        self.app = create_app(ServeSettings(capacity=2, safety=Safety(rates=OFTEN)), self.pool)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, port=self.port, log_level="warning", ws_max_size=2**21)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def held(self) -> Any:
        return self.app.state.server

    def loop_call(self, call: Callable[[], object]) -> None:
        """Call something in the server's thread."""
        self.pool.loop.call_soon_threadsafe(call)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server did not end"


@pytest.fixture
def faces() -> Iterator[Faces]:
    if not aioice.get_host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.skip("ICE needs a network interface besides loopback")
    running = Faces()
    yield running
    running.stop()
