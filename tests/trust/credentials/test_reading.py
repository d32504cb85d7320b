"""Credentials of files from anywhere: what they say, and a clean answer to whatever comes."""

from __future__ import annotations

import http.server
import io
import json
import random
import re
import threading
import time
from datetime import timedelta, timezone
from pathlib import Path

import c2pa
import pytest
from PIL import Image
from tests.trust.credentials.authorities import Authority
from tests.trust.outputs import SUFFIXES, Shelf, provenance

from gioconda.trust.credentials.found import instant
from gioconda.trust.credentials.keys import Identity, identity
from gioconda.trust.credentials.manifest import definition, new_label
from gioconda.trust.credentials.reading import read_credentials, sidecar_of
from gioconda.trust.credentials.signing import FileSigner
from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal

CHANGED = ("invalid", "unreadable", "none")


@pytest.fixture(scope="module")
def stranger() -> Authority:
    return Authority()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 90, 40)).save(out, "png")
    return out.getvalue()


def signed_by(
    authority: Authority, days: tuple[float, float] = (-1, 365), serial: int | None = None
) -> bytes:
    """Return a picture that somebody else signed."""
    chain, key = authority.signer(days=days, serial=serial)
    out = io.BytesIO()
    said = definition(Provenance(), (), "image/png", new_label())
    signer = FileSigner(Identity(chain + authority.pem, key, "es256", True))
    signer.sign(io.BytesIO(picture()), out, "image/png", said)
    return out.getvalue()


@pytest.mark.parametrize(
    ("said", "year"),
    [
        ("2026-05-01T10:00:00Z", 2026), ("2026-05-01T10:00:00", 2026),
        ("0001-01-01T00:00:00+14:00", None), ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None), ("", None), (None, None), (7, None), ({}, None),
    ],
)  # fmt: skip
def test_dates_of_strangers_are_instants_or_nothing(said: object, year: int | None) -> None:
    found = instant(said)
    assert (None if found is None else found.year) == year
    if found is not None:
        assert found.utcoffset() == timedelta(0)
        found.astimezone(timezone(timedelta(hours=-12)))


def test_a_hostile_date_in_a_valid_manifest_raises_nothing(home: Path, stranger: Authority) -> None:
    chain, key = stranger.signer()
    said = json.loads(json.dumps(definition(Provenance(), (), "image/png", new_label())))
    text = json.dumps(said)
    for day in re.findall(r'"when": "([^"]+)"', text):
        text = text.replace(day, "0001-01-01T00:00:00+14:00")
    assert "0001-01-01" in text
    out = io.BytesIO()
    signer = FileSigner(Identity(chain + stranger.pem, key, "es256", True))
    signer.sign(io.BytesIO(picture()), out, "image/png", json.loads(text))
    found = read_credentials(out, ".png")
    assert found.signed_at is None or found.signed_at.year > 2000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_credentials_has_none(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    assert read_credentials(shelf.copy(suffix, tmp_path), suffix).status == "none"


def test_a_stranger_is_unknown_until_somebody_vouches(home: Path, stranger: Authority) -> None:
    data = io.BytesIO(signed_by(stranger))
    found = read_credentials(data, ".png")
    assert (found.status, found.own, found.valid) == ("valid_unknown_signer", False, True)
    assert found.signer == "Uffizi Press"
    assert found.problems == ()
    trusted = read_credentials(data, ".png", anchors=[stranger.pem])
    assert (trusted.status, trusted.own) == ("trusted", False)
    assert read_credentials(data, ".png", anchors=[Authority().pem]).status == found.status


def test_the_folder_of_anchors_vouches(
    home: Path, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    data = io.BytesIO(signed_by(stranger))
    (home / "anchors").mkdir(parents=True)
    (home / "anchors" / "notes.pem").write_text("not a certificate")
    (home / "anchors" / "uffizi.pem").write_bytes(Authority().pem + stranger.pem)
    assert read_credentials(data, ".png").status == "trusted"
    assert "notes.pem" in caplog.text


def test_a_stranger_who_takes_our_words_is_not_us(
    home: Path, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another installation's authority has another key, whatever it is called."""
    path = shelf.copy(".png", tmp_path)
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "elsewhere"))
    seal(path, ".png", provenance())
    monkeypatch.setenv("GIOCONDA_HOME", str(home))
    found = read_credentials(path, ".png")
    assert (found.status, found.own) == ("valid_unknown_signer", False)
    assert found.signer.startswith("Gioconda installation")


def test_a_trusted_stranger_with_our_number_is_not_us(home: Path, stranger: Authority) -> None:
    """Serial numbers are seen by everybody, and any authority can give one again."""
    data = io.BytesIO(signed_by(stranger, serial=identity().certificate.serial_number))
    found = read_credentials(data, ".png", anchors=[stranger.pem])
    assert (found.status, found.own) == ("trusted", False)


def test_without_a_time_stamp_credentials_end_with_the_certificate(
    home: Path, stranger: Authority
) -> None:
    read_credentials(io.BytesIO(signed_by(stranger)), ".png")  # the library is loaded
    data = io.BytesIO(signed_by(stranger, days=(-1, 3 / 86_400)))
    found = read_credentials(data, ".png")
    assert found.status == "valid_unknown_signer"
    end = time.monotonic() + 30
    while found.valid and time.monotonic() < end:
        time.sleep(0.2)
        found = read_credentials(data, ".png")
    assert found.status == "invalid"
    assert "signingCredential.expired" in found.problems


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_changed_file_is_never_valid(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    """Bits flipped among what is seen and heard, and a file cut short."""
    path = shelf.copy(suffix, tmp_path)
    plain = path.read_bytes()
    seal(path, suffix, provenance())
    data = path.read_bytes()
    beside = sidecar_of(path).read_bytes() if sidecar_of(path).exists() else None
    # A stretch in the middle of the unsealed file lies among the media of the sealed one.
    middle = plain[len(plain) // 2 : len(plain) // 2 + 24]
    at = data.index(middle)
    for place in (at, at + 11, at + 23):
        bad = data[:place] + bytes((data[place] ^ 0x10,)) + data[place + 1 :]
        found = read_credentials(io.BytesIO(bad), suffix, beside=beside)
        assert found.status == "invalid"
        assert not found.own
        assert any("mismatch" in problem for problem in found.problems)
    for size in (len(data) - 1, len(data) * 3 // 4, len(data) // 3):
        found = read_credentials(io.BytesIO(data[:size]), suffix, beside=beside)
        assert found.status in CHANGED
    longer = read_credentials(io.BytesIO(data + b"more"), suffix, beside=beside)
    assert longer.status in CHANGED or suffix in (".wav", ".gif")


def test_a_changed_word_is_never_valid(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    data = path.read_bytes()
    for word, other in ((b"permission", b"commission"), (b"c2pa.created", b"c2pa.cropped")):
        assert word in data
        found = read_credentials(io.BytesIO(data.replace(word, other)), ".png")
        assert found.status in ("invalid", "unreadable")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".png", ".jpg", ".gif", ".wav"])
def test_random_damage_gets_a_clean_answer(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    data = path.read_bytes()
    draw = random.Random(6)
    for _ in range(25):
        bad = bytearray(data)
        for _ in range(draw.choice((1, 3, 30))):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        found = read_credentials(io.BytesIO(bytes(bad)), suffix)
        assert found.status in (*CHANGED, "trusted")  # padding may change
        assert found.own == (found.status == "trusted")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 64, b"\x1aE\xdf\xa3", b"\x1aE\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 90,
        b"RIFF\xff\xff\xff\xffWAVE", b"GIF89a", b"\xff\xd8\xff\xe1\xff\xff",
        b"\0\0\0\x18ftypisom" + b"\0" * 12 + b"\xff\xff\xff\xffmoov",
        b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffcaBX", b"<svg>", b"%PDF-1.7",
        b"ID3" + b"\xff" * 30,
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".webm", "", "png", ".xyz"])
def test_nonsense_gets_a_clean_answer(home: Path, data: bytes, suffix: str) -> None:
    assert read_credentials(io.BytesIO(data), suffix).status in ("none", "unreadable")


def test_a_missing_file_is_unreadable(home: Path, tmp_path: Path) -> None:
    assert read_credentials(tmp_path / "nowhere.mp4", ".mp4").status == "unreadable"


def test_the_first_bytes_tell_the_format_not_the_name(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    path = shelf.copy(".jpg", tmp_path)
    seal(path, ".jpg", provenance())
    for name in (".png", ".mp4", "", ".txt"):
        assert read_credentials(io.BytesIO(path.read_bytes()), name).own


def test_credentials_beside_a_file_are_found_and_bound_to_it(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    path = shelf.copy(".ts", tmp_path)
    seal(path, ".ts", provenance())
    found = read_credentials(path, ".ts")
    assert (found.own, found.place) == (True, "beside")
    assert read_credentials(io.BytesIO(path.read_bytes()), ".ts").status == "none"
    other = shelf.copy(".mp4", tmp_path)
    store = sidecar_of(path).read_bytes()
    assert read_credentials(other, ".mp4", beside=store).status == "invalid"


def test_nothing_is_fetched_that_a_file_names(home: Path) -> None:
    """A picture that names an address of its credentials: the address is not called."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chain, key = Authority().signer()
        builder = c2pa.Builder(definition(Provenance(), (), "image/png", new_label()))
        builder.set_no_embed()
        builder.set_remote_url(f"http://127.0.0.1:{server.server_address[1]}/store.c2pa")
        info = c2pa.C2paSignerInfo(b"es256", chain, key, None)
        out = io.BytesIO()
        builder.sign(c2pa.Signer.from_info(info), "image/png", io.BytesIO(picture()), out)
        found = read_credentials(out, ".png")
        server.shutdown()
    assert b"store.c2pa" in out.getvalue()
    assert (found.status, found.problems) == ("unreadable", ("manifest.elsewhere",))
    assert asked == []


def test_texts_of_strangers_are_bounded_and_printable(home: Path, stranger: Authority) -> None:
    chain, key = stranger.signer()
    said = definition(Provenance(), (), "image/png", new_label())
    said["claim_generator_info"] = [{"name": "x\x1b[31m\n" + "y" * 5000, "version": "1"}]
    said["assertions"] += [
        {"label": "org.gioconda.consent", "data": {"basis": ["no", "text"], "reference": 7}},
        {"label": "c2pa.soft-binding", "data": {"alg": "org.gioconda.watermark.1",
         "blocks": [{"scope": {}, "value": "not hex"}]}},
    ]  # fmt: skip
    out = io.BytesIO()
    signer = FileSigner(Identity(chain + stranger.pem, key, "es256", True))
    signer.sign(io.BytesIO(picture()), out, "image/png", said)
    found = read_credentials(out, ".png")
    assert found.status == "valid_unknown_signer"
    assert len(found.generator) < 300
    assert found.generator.isprintable()
    assert (found.basis, found.consent, found.watermark) == ("", "", None)
