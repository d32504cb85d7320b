"""Every finished file: metadata, credentials that read back, and an entry; or no file at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
from PIL import Image
from tests.trust.outputs import IDENTIFIER, PORTRAIT, SUFFIXES, Shelf, frames, grant, provenance

from gioconda.errors import ConsentError, OptionError, OutputError, TrustError
from gioconda.trust import log
from gioconda.trust.consent.ledger import Ledger
from gioconda.trust.credentials.keys import identity, rotate
from gioconda.trust.credentials.reading import read_credentials, sidecar_of
from gioconda.trust.credentials.signing import FileSigner
from gioconda.trust.provenance import Ingredient, Provenance
from gioconda.trust.seal import move, seal, seal_image

BESIDE = (".ts", ".flv")


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


def store_of(path: Path) -> bytes:
    """Return every byte of a file in which something of its credentials may lie."""
    beside = sidecar_of(path)
    return path.read_bytes() + (beside.read_bytes() if beside.exists() else b"")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_carries_credentials_that_hold(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    found = read_credentials(path, suffix)
    assert (found.status, found.own, found.problems) == ("trusted", True, ())
    assert found.generator.startswith("Gioconda ")
    assert found.signer.startswith("Gioconda installation")
    assert found.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert found.actions == ("c2pa.created", "c2pa.watermarked.bound")
    assert found.watermark == IDENTIFIER
    assert (found.basis, found.consent) == (grant().basis, grant().reference)
    assert found.training_refused
    assert not found.timestamped
    assert found.other_ingredients == 0
    assert [i.role for i in found.ingredients] == ["portrait", "sound"]
    assert found.said["title"] == ("synthetic speech" if suffix == ".wav" else "talking face")
    expected = [f"talk{suffix}"] + ([f"talk{suffix}.c2pa"] if suffix in BESIDE else [])
    assert listing(tmp_path) == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_was_put_in_is_named_by_salted_hash_alone(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    everything = store_of(path)
    digest = hashlib.sha256(PORTRAIT).digest()
    for kept_back in (
        PORTRAIT[:32],
        digest,
        digest.hex().encode(),
        b"thumbnail",
        path.name.encode(),
    ):
        assert kept_back not in everything
    [portrait, _] = read_credentials(path, suffix).ingredients
    [known, _] = log.entries()[0].ingredients
    assert known.ingredient.sha256 == digest
    assert hashlib.sha256(known.salt + digest).hexdigest() == portrait.hash


def test_a_portraits_bytes_and_thumbnails_are_nowhere(
    home: Path, tmp_path: Path, shelf: Shelf, astronaut: np.ndarray
) -> None:
    """Of the real thing: neither the file, nor any picture that a reader offers as a resource."""
    encoded = io.BytesIO()
    Image.fromarray(astronaut).save(encoded, "jpeg")
    portrait = encoded.getvalue()
    path = shelf.copy(".mp4", tmp_path)
    seal(path, ".mp4", provenance(ingredients=(Ingredient.of("portrait", portrait, "image/jpeg"),)))
    everything = path.read_bytes()
    assert not any(portrait[i : i + 24] in everything for i in range(0, len(portrait) - 24, 24))
    assert b"\xff\xd8\xff" not in everything
    assert b"\x89PNG" not in everything
    with path.open("rb") as file:
        text = c2pa.Reader("video/mp4", file).json()
    assert "thumbnail" not in text
    assert "image/jpeg" in text  # its kind is told, nothing else


def test_salts_differ_from_output_to_output(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    hashes = []
    for _ in range(2):
        path = shelf.copy(".png", tmp_path)
        seal(path, ".png", provenance())
        hashes.append(read_credentials(path, ".png").ingredients[0].hash)
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "compositeWithTrainedAlgorithmicMedia"),
        ({"driver": "person"}, "compositeSynthetic"),
        ({"driver": "motion"}, "compositeSynthetic"),
        ({"basis": "synthetic"}, "trainedAlgorithmicMedia"),
        ({"basis": "synthetic", "driver": "person"}, "trainedAlgorithmicMedia"),
    ],
)
def test_the_source_type_says_what_kind_of_synthesis(
    home: Path, tmp_path: Path, shelf: Shelf, changes: dict[str, object], expected: str
) -> None:
    path = shelf.copy(".jpg", tmp_path)
    given = {name: value for name, value in changes.items() if name != "basis"}
    seal(path, ".jpg", provenance(grant=grant(changes.get("basis", "permission")), **given))
    assert read_credentials(path, ".jpg").source_type == expected
    assert f"digitalsourcetype/{expected}".encode() in path.read_bytes()


@pytest.mark.parametrize(
    ("voice", "expected"),
    [("algorithmic", "algorithmicMedia"), ("trained", "trainedAlgorithmicMedia")],
)
def test_synthetic_speech_says_so(
    home: Path, tmp_path: Path, shelf: Shelf, voice: str, expected: str
) -> None:
    path = shelf.copy(".wav", tmp_path)
    text = Ingredient.of("text", b"Good morning", "text/plain")
    seal(path, ".wav", Provenance(ingredients=(text,), voice=voice))  # type: ignore[arg-type]
    found = read_credentials(path, ".wav")
    assert (found.source_type, found.watermark, found.consent) == (expected, None, "")
    assert found.actions == ("c2pa.created",)
    assert b"Good morning" not in path.read_bytes()


def test_numbered_pictures_are_all_sealed_and_one_output(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, frame in enumerate(frames(30)):
        Image.fromarray(frame).save(folder / f"frame_{i:05d}.png")
    (folder / "sound.wav").write_bytes(b"the user's own")
    seal(folder, ".png", provenance())
    assert (folder / "sound.wav").read_bytes() == b"the user's own"
    pictures = sorted(folder.glob("*.png"))
    found = [read_credentials(path, ".png") for path in pictures]
    assert len(found) == 30
    assert all(credentials.own for credentials in found)
    assert len({credentials.manifest for credentials in found}) == 30
    [entry] = log.entries()
    assert entry.files == 30
    assert entry.size == sum(path.stat().st_size for path in pictures)
    known = log.find_file(hashlib.sha256(pictures[17].read_bytes()).digest())
    assert known is not None
    assert known.id == entry.id
    assert len(listing(folder)) == 31


@pytest.mark.parametrize("suffix", [".png", ".jpg", "sheet.png"])
def test_stills_are_sealed_in_memory(home: Path, suffix: str) -> None:
    picture = next(frames(1))
    data = seal_image(picture, suffix, provenance())
    found = read_credentials(io.BytesIO(data), suffix)
    assert found.own
    assert found.place == "embedded"
    decoded = np.asarray(Image.open(io.BytesIO(data)))
    assert decoded.shape == picture.shape
    assert np.abs(decoded.astype(int) - picture).mean() < (6 if suffix == ".jpg" else 1e-9)
    assert log.find_file(hashlib.sha256(data).digest()) is not None


def test_stills_are_png_or_jpeg(home: Path) -> None:
    with pytest.raises(OptionError, match=r"\.png or \.jpg"):
        seal_image(next(frames(1)), ".gif", provenance())


def test_what_cannot_be_sealed_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ogg").write_bytes(b"OggS")
    with pytest.raises(OptionError, match=r"'\.ogg' files cannot be sealed"):
        seal(tmp_path / "a.ogg", ".ogg", provenance())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif", ".png", ".wav"])
def test_a_broken_file_is_refused_and_stays(home: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"not a file of this kind")
    with pytest.raises(TrustError):
        seal(path, suffix, provenance())
    assert path.read_bytes() == b"not a file of this kind"
    assert listing(tmp_path) == [path.name]
    assert log.entries() == []


def test_live_and_stopped_outputs_say_so(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    path = shelf.copy(".mp4", tmp_path)
    seal(path, ".mp4", provenance(live=True).stopped())
    [making] = [
        a["data"]
        for a in read_credentials(path, ".mp4").said["assertions"]
        if a["label"] == "org.gioconda.making"
    ]
    assert (making["live"], making["partial"]) == (True, True)
    [entry] = log.entries()
    assert (entry.live, entry.partial) == (True, True)


def test_a_sealed_file_has_the_rights_of_the_plain_one(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    path = shelf.copy(".mp4", tmp_path)
    path.chmod(0o640)
    seal(path, ".mp4", provenance())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_credentials_beside_a_file_go_with_it(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    stage = shelf.copy(suffix, tmp_path)
    seal(stage, suffix, provenance())
    final = tmp_path / f"final{suffix}"
    move(stage, final)
    assert read_credentials(final, suffix).own
    assert not stage.exists()
    assert not sidecar_of(stage).exists()


def test_what_was_signed_before_a_rotation_is_still_ones_own(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    rotate()
    assert read_credentials(path, ".png").own
    other = shelf.copy(".jpg", tmp_path)
    seal(other, ".jpg", provenance())
    assert read_credentials(other, ".jpg").serial != read_credentials(path, ".png").serial


def test_a_failing_signature_leaves_the_file_alone(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shelf.copy(".mp4", tmp_path)
    before = path.read_bytes()

    def fails(*_: object, **__: object) -> bytes:
        raise TrustError("no signature")

    monkeypatch.setattr(FileSigner, "_signed", fails)
    with pytest.raises(TrustError, match="no signature"):
        seal(path, ".mp4", provenance())
    assert path.read_bytes() == before
    assert listing(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".png"])
def test_what_does_not_read_back_is_refused(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A byte that the disk changed behind the signer's back."""
    path = shelf.copy(suffix, tmp_path)
    before = path.read_bytes()
    signed = FileSigner.sign

    def spoiled(
        self: FileSigner, source: object, out: io.BufferedRandom, *args: object, **kw: Any
    ) -> bytes:
        store = signed(self, source, out, *args, **kw)  # type: ignore[arg-type]
        out.flush()
        data = Path(out.name).read_bytes()
        marker = {".mp4": b"mdat", ".png": b"IDAT"}.get(suffix, data[1000:1100])
        at = data.index(marker) + 50  # among the picture's data
        out.seek(at)
        out.write(bytes((data[at] ^ 0xFF,)))
        out.seek(0, os.SEEK_END)
        return store

    monkeypatch.setattr(FileSigner, "sign", spoiled)
    with pytest.raises(TrustError, match=r"does not read back as valid.*mismatch"):
        seal(path, suffix, provenance())
    assert path.read_bytes() == before
    assert listing(tmp_path) == [path.name]
    assert log.entries() == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".png", ".gif"])
def test_a_full_disk_is_told_and_leaves_the_file_alone(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    identity()
    path = tmp_path / f".talk.part-1a2b3c{suffix}"
    shelf.copy(suffix, tmp_path).rename(path)
    before = path.read_bytes()
    from gioconda.trust.credentials import signing

    def full(self: object, data: bytes, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def noted(self: signing._Noting, data: bytes, /) -> int:
        return self._noted(lambda d: full(self, d), data)

    monkeypatch.setattr(signing._Noting, "write", noted)
    with pytest.raises(OutputError, match=rf"^the disk is full; 'talk\{suffix}' was not written$"):
        seal(path, suffix, provenance())
    assert path.read_bytes() == before
    assert listing(tmp_path) == [path.name]


def test_a_log_that_cannot_be_written_means_no_seal(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    identity()
    (home / "log.sqlite3").write_bytes(b"this is no database, and longer than a header is" * 40)
    path = shelf.copy(".png", tmp_path)
    with pytest.raises(TrustError, match=r"log\.sqlite3.*move it away"):
        seal(path, ".png", provenance())


def test_sealing_and_reading_open_no_connection(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was asked for")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for suffix in (".mp4", ".png", ".mkv"):
        path = shelf.copy(suffix, tmp_path)
        seal(path, suffix, provenance())
        assert read_credentials(path, suffix).own


def test_what_was_revoked_before_the_signature_is_not_signed(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    made_from = provenance()
    path = shelf.copy(".mp4", tmp_path)
    plain = path.read_bytes()
    Ledger().revoke_record(Ledger().records()[0])
    for sealed in (
        lambda: seal(path, ".mp4", made_from),
        lambda: seal_image(next(frames(1)), ".png", made_from),
    ):
        with pytest.raises(ConsentError, match="revoked"):
            sealed()
    assert path.read_bytes() == plain
    assert listing(tmp_path / "home").count("consent.json") == 1
    # A recording is complete up to its end, which the revocation was.
    seal(path, ".mp4", replace(made_from, live=True))
    assert read_credentials(path, ".mp4").valid
