"""Signing and reading with the network off, and what a time server that is silent costs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.trust.outputs import SUFFIXES, Shelf, provenance

from gioconda.trust.credentials.keys import configure
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal

CHILD = """
import socket, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.trust.outputs import provenance
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1)
except OSError:
    pass
else:
    sys.exit("there is a network")
for name in sys.argv[3:]:
    path = Path(name)
    seal(path, path.suffix, provenance())
    assert read_credentials(path, path.suffix).own
"""


def test_everything_is_signed_in_a_world_without_network(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    """A namespace without interfaces: not even this machine itself can be reached."""
    unshare = shutil.which("unshare")
    alone = [unshare or "", "--user", "--map-root-user", "--net"]
    if unshare is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("no namespaces without network can be made here")
    files = [str(shelf.copy(suffix, tmp_path)) for suffix in SUFFIXES]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = subprocess.run(
            [*alone, sys.executable, "-c", CHILD, str(Path(__file__).parents[2]), port, *files],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_silent_time_server_costs_the_stamp_and_not_the_file(
    home: Path, tmp_path: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    configure(timestamp_url=f"http://127.0.0.1:{port}/")  # nobody listens there any more
    for suffix in (".png", ".mkv"):
        path = shelf.copy(suffix, tmp_path)
        seal(path, suffix, provenance())
        found = read_credentials(path, suffix)
        assert (found.own, found.timestamped) == (True, False)
    assert caplog.text.count("gave no time stamp") == 1  # it is not asked again at once
