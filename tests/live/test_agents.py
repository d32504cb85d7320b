"""The adapters for LiveKit Agents and Pipecat, in the environment that has both frameworks.

They cannot be installed beside Gioconda's renderer, so that their tests run in another
interpreter; against the real server, it runs in a process of this one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def agents_python() -> str:
    """The interpreter of .venv-agents, or the one that ``GIOCONDA_AGENTS_PYTHON`` names."""
    python = os.environ.get("GIOCONDA_AGENTS_PYTHON", str(ROOT / ".venv-agents/bin/python"))
    if not Path(python).is_file():
        pytest.skip("LiveKit Agents and Pipecat are not installed (make agents)")
    return python


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a real server with the example portrait."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gioconda", "serve", "--port", str(port), "--sessions", "1"]
    process = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/v1/server", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, **more}


def check(python: str, module: str, **more: str) -> None:
    """Run a module of tests in the other interpreter."""
    command = [python, "-m", "pytest", "-q", "--noconftest", f"tests/live/agents/{module}.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize("what", ["livekit", "pipecat", "docs"])
def test_the_adapters_in_their_frameworks(agents_python: str, what: str) -> None:
    check(agents_python, f"check_{what}")


def test_both_adapters_with_a_real_server(agents_python: str, server: str) -> None:
    check(agents_python, "check_server", GIOCONDA_SERVER=server)


@pytest.mark.parametrize("framework", ["livekit", "pipecat"])
def test_a_missing_framework_is_named_with_its_command(framework: str) -> None:
    code = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from gioconda.errors import MissingExtraError\n"
        "try: __import__('gioconda.live.' + sys.argv[1])\n"
        "except MissingExtraError as e: print(e)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, framework],
        env=environment(), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert f"pip install {'livekit-agents' if framework == 'livekit' else 'pipecat-ai'}" in said
