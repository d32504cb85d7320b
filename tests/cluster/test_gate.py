"""The gate lets invited workers in, and nobody else."""

from __future__ import annotations

import contextlib
import pickle
import socket
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from multiprocessing import AuthenticationError
from pathlib import Path

import pytest

from gioconda.cluster import gate as gate_module
from gioconda.cluster.gate import Gate


@pytest.fixture
def gate():
    made = Gate("127.0.0.1")
    yield made
    made.close()


def test_an_invited_worker_is_connected(gate: Gate) -> None:
    invitation, coming = gate.invite()
    theirs = invitation.accept()
    ours = coming.result(5)
    ours.send({"hello": [1, 2]})
    assert theirs.recv() == {"hello": [1, 2]}
    theirs.send(b"x" * 1_000_000)
    assert len(ours.recv()) == 1_000_000
    theirs.close()
    with pytest.raises(EOFError):
        ours.recv()


def test_hanging_up_reaches_the_other_end_while_a_thread_reads(gate: Gate) -> None:
    invitation, coming = gate.invite()
    theirs, ours = invitation.accept(), coming.result(5)
    ended = threading.Event()

    def read() -> None:
        with contextlib.suppress(EOFError, OSError):
            ours.recv()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    time.sleep(0.05)
    gate_module.hang_up(ours)
    ours.close()
    assert theirs.poll(5)
    with pytest.raises(EOFError):
        theirs.recv()
    assert ended.wait(5)
    gate_module.hang_up(ours)  # twice is harmless


def test_each_ticket_finds_its_own_waiting_place_and_is_good_once(gate: Gate) -> None:
    first, coming_first = gate.invite()
    second, coming_second = gate.invite()
    second.accept().send("second")
    first.accept().send("first")
    assert coming_first.result(5).recv() == "first"
    assert coming_second.result(5).recv() == "second"
    again = first.accept()
    with pytest.raises((EOFError, ConnectionResetError)):
        again.recv()


def test_another_key_is_refused_and_unpickles_nothing(gate: Gate, tmp_path: Path) -> None:
    invitation, coming = gate.invite()
    with pytest.raises((AuthenticationError, EOFError, ConnectionResetError)):
        replace(invitation, key=b"k" * 32).accept()
    mark = tmp_path / "unpickled"

    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (mark,))

    stranger = socket.create_connection((gate.host, gate.port))
    trap = pickle.dumps(Trap())
    stranger.sendall(len(trap).to_bytes(4, "big") + trap)
    stranger.settimeout(5)
    while stranger.recv(4096):
        pass
    assert not mark.exists()
    assert not coming.done()
    invitation.accept()  # the place is still there
    assert coming.result(5)


def test_a_silent_stranger_holds_up_nobody(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "HANDSHAKE_S", 0.3)
    silent = [socket.create_connection((gate.host, gate.port)) for _ in range(40)]
    invitation, coming = gate.invite()
    invitation.accept()
    assert coming.result(10)
    time.sleep(0.4)
    silent[-1].settimeout(5)
    challenge = silent[-1].recv(4096)
    assert challenge == b"" or silent[-1].recv(4096) == b""  # was hung up on


def test_a_withdrawn_invitation_is_good_for_nothing(gate: Gate) -> None:
    invitation, coming = gate.invite()
    gate.withdraw(invitation)
    assert coming.cancelled()
    late = invitation.accept()
    with pytest.raises((EOFError, ConnectionResetError)):
        late.recv()


def test_closing_ends_what_is_awaited(gate: Gate) -> None:
    invitation, coming = gate.invite()
    gate.close()
    with pytest.raises(CancelledError):
        coming.result(5)
    with pytest.raises(ConnectionRefusedError):
        invitation.accept()


def test_keys_are_not_shown(gate: Gate) -> None:
    invitation, _ = gate.invite()
    assert "key" not in repr(invitation)
    assert "ticket" not in repr(invitation)
