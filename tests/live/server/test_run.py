"""Where the server listens, how it is told, and how it ends."""

from __future__ import annotations

import io
import socket

import pytest

from gioconda.cli import serving
from gioconda.errors import OptionError
from gioconda.live.server import run
from gioconda.live.server.access import entry
from gioconda.live.server.app import Server


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with run.listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OptionError, match=f"port {port} is in use.*--port"):
            run.listening("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no host at all", "a" * 300])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(OptionError, match="no address of this machine"):
        run.listening(host, 0)


@pytest.mark.parametrize(
    ("host", "told"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost"), ("::1", "[::1]")]
)
def test_the_address_can_be_opened_in_a_browser(host: str, told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert run.address_of(listener, host) == f"http://{told}:{port}/"


class Served:
    """What the command would run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server: Server
        self.level = ""

        def keep(app: object, listener: socket.socket, level: str, started: object) -> None:
            self.server = app.state.server  # type: ignore[attr-defined]
            self.level = level
            self.server.store.close()
            started()  # type: ignore[operator]

        monkeypatch.setattr(run, "run", keep)
        monkeypatch.setattr(
            run, "listening", lambda host, port: socket.create_server(("127.0.0.1", 0))
        )


def test_beyond_this_machine_a_token_is_made_and_shown_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served = Served(monkeypatch)
    serving.serve("0.0.0.0", 7860, sessions=1)
    token = served.server.settings.safety.token
    assert token is not None
    assert capsys.readouterr().err.count(token) == 1
    given = "0123456789" * 4
    serving.serve("0.0.0.0", 7860, sessions=1, token=given)
    assert served.server.settings.safety.token == given
    assert given not in capsys.readouterr().err
    serving.serve("127.0.0.1", 7860, sessions=1)
    assert served.server.settings.safety.token is None


def test_options_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served = Served(monkeypatch)
    serving.serve(
        "127.0.0.1", 0, sessions=3, origins=("https://example.org",),
        outputs=("rtmp://live.example.org/app/",), log_level="info",
    )  # fmt: skip
    settings = served.server.settings
    assert settings.capacity == 3
    assert settings.safety.allowed_origins == ("https://example.org",)
    assert settings.allow_output == ("rtmp://live.example.org/app/",)
    assert served.level == "info"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Gioconda: http://127.0.0.1:")


def test_a_token_that_can_be_guessed_and_no_session_are_refused() -> None:
    with pytest.raises(OptionError, match="guessed"):
        serving.serve("127.0.0.1", 0, sessions=1, token="secret")
    with pytest.raises(OptionError, match="at least one"):
        serving.serve("127.0.0.1", 0, sessions=0)


def test_a_given_token_is_never_announced() -> None:
    stream = io.StringIO()
    entry("0.0.0.0", "0123456789" * 4).announce(stream)
    assert stream.getvalue() == ""


def test_packets_do_not_wait_for_acknowledgements() -> None:
    import socket

    with run.listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
