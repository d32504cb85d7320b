"""A file that is looked at has nothing fetched for it."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from gioconda.sandbox.file_reader import FileReader
from gioconda.trust.verify.check import verify_file
from gioconda.trust.verify.means import own_means


@pytest.fixture
def listener() -> Iterator[tuple[int, Callable[[], int]]]:
    """A port of this machine, and how many connections came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        count = 0

        def accept() -> None:
            nonlocal count
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                count += 1
                one.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], lambda: count
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_addresses_in_files_are_never_asked(
    tmp_path: Path, listener: tuple[int, Callable[[], int]]
) -> None:
    port, count = listener
    reader = FileReader()
    means = own_means(reader)
    base = f"http://127.0.0.1:{port}"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{base}/a.ts\n".encode()
    script = f"ffconcat version 1.0\nfile '{base}/b.mp4'\n".encode()
    dash = f'<?xml version="1.0"?><MPD><BaseURL>{base}/c</BaseURL></MPD>'.encode()
    for name, data in (("a.m3u8", playlist), ("b.txt", script), ("c.mpd", dash)):
        (tmp_path / name).write_bytes(data)
        assert verify_file(tmp_path / name, means, quick=True).verdict.code == "unreadable"
    assert verify_file(f"{base}/d.mp4", means, quick=True).verdict.code == "unreadable"
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
        '22-rdf-syntax-ns#"><rdf:Description xmlns:dcterms="http://purl.org/dc/terms/" '
        f'dcterms:provenance="{base}/e.c2pa"/></rdf:RDF></x:xmpmeta>'
    )
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", xmp=xmp.encode())
    found = verify_file(file.getvalue(), means, quick=True)
    assert found.credentials.status in ("none", "unreadable")
    assert count() == 0
    reader.close()
