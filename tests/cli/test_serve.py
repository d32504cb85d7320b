"""The command ``gioconda serve``, run as users run it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx", reason="the extra [live] is not installed")
websockets = pytest.importorskip("websockets", reason="the extra [live] is not installed")
pytest.importorskip("fastapi", reason="the extra [live] is not installed")

COMMAND = [sys.executable, "-m", "gioconda", "serve"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a server keeps its files."""
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of one session, and its address."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--sessions", "1"], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        found = re.match(r"Gioconda: (http://127\.0\.0\.1:\d+)/  \(Ctrl-C ends it\)", line)
        if found:
            break
    else:
        raise AssertionError("the server did not start")
    yield process, found[1]
    process.kill()
    process.wait()
    process.stderr.close()


def test_ctrl_c_tells_sessions_and_leaves_nothing(
    server: tuple[subprocess.Popen[str], str], folder: Path
) -> None:
    process, address = server
    assert httpx.get(f"{address}/v1/server").json()["token_required"] is False

    async def story() -> list[str]:
        async with websockets.connect(
            f"{address.replace('http', 'ws')}/v1/live", max_size=2**23
        ) as client:
            await client.send(json.dumps({"type": "session.update", "size": 256}))
            seen: list[str] = []
            async for message in client:
                if isinstance(message, bytes):
                    continue
                seen.append(json.loads(message)["type"])
                if seen[-1] == "session.created":
                    assert list(folder.glob("gioconda-*"))
                    process.send_signal(signal.SIGINT)
            return seen

    seen = asyncio.run(asyncio.wait_for(story(), 120))
    assert seen[-1] == "session.closed"
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    assert not list(folder.glob("gioconda-*"))


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], capture_output=True, text=True, timeout=120
        )
    assert done.returncode != 0
    assert f"port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_names_every_option_and_no_secret() -> None:
    secret = "not to be shown 0123456789 0123456789"
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, timeout=120,
        env={**os.environ, "GIOCONDA_TOKEN": secret, "COLUMNS": "200"},
    )  # fmt: skip
    for option in (
        "--host", "--port", "--sessions", "--token", "--allow-origin", "--allow-host",
        "--allow-output", "--log-level",
    ):  # fmt: skip
        assert option in done.stdout
    assert secret not in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['gioconda', 'serve', '--help']\n"
        "from gioconda.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'fastapi', 'uvicorn', 'numpy', 'av', 'cv2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def family(pid: int) -> set[int]:
    """Return the processes under one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | family(int(child))
    return found


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_server_leaves_no_file_and_no_process(
    server: tuple[subprocess.Popen[str], str], folder: Path
) -> None:
    process, _ = server
    [private] = folder.glob("gioconda-*")
    assert private.stat().st_mode & 0o077 == 0
    others = family(process.pid)
    assert len(others) >= 2, "one decodes, one waits to delete"
    process.kill()
    process.wait()

    async def gone() -> None:
        while private.exists() or any(map(lives, others)):
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(gone(), 60))
