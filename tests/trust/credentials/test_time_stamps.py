"""Time stamps: asked for only where a server is set, and believed only where it is trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.trust.credentials.authorities import Authority
from tests.trust.credentials.time_server import time_server
from tests.trust.outputs import Shelf, provenance

from gioconda.trust.credentials.keys import configure
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the program openssl is not installed"
)


@pytest.mark.parametrize("suffix", [".png", ".mp4", ".mkv"])
def test_a_stamp_is_asked_for_and_believed_where_its_server_is_trusted(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    root, folder = Authority("Clock Root"), tmp_path / "clock"
    folder.mkdir()
    path = shelf.copy(suffix, tmp_path)
    with time_server(folder, root) as address:
        configure(timestamp_url=address)
        seal(path, suffix, provenance())
    found = read_credentials(path, suffix)
    assert (found.status, found.own, found.timestamped) == ("trusted", True, False)
    (home / "anchors").mkdir()
    (home / "anchors" / "clock.pem").write_bytes(root.pem)
    found = read_credentials(path, suffix)
    assert (found.status, found.own, found.timestamped) == ("trusted", True, True)
    assert found.signed_at is not None


def test_numbered_pictures_do_not_ask_for_each(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    clock, pictures = tmp_path / "clock", tmp_path / "pictures"
    clock.mkdir()
    pictures.mkdir()
    shelf.copy(".png", pictures)
    with time_server(clock, Authority("Clock Root")) as address:
        configure(timestamp_url=address)
        seal(pictures, ".png", provenance())
    assert not (clock / "query").exists()
