"""Files are looked at, marks found, credentials judged: with real readers, on small media."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from tests.sandbox.media import sound
from tests.trust import outputs
from tests.trust.verify import media

from gioconda.errors import VideoDecodeError
from gioconda.sandbox.file_reader import FileReader
from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal
from gioconda.trust.verify.check import verify_file
from gioconda.trust.verify.finding import Finding
from gioconda.trust.verify.means import Known, Means, own_means
from gioconda.trust.watermark.detection import Detection
from gioconda.trust.watermark.keys import own_identifier


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    whole = FileReader()
    yield whole
    whole.close()


class FakeSearch:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, np.ndarray]] = []

    def add(self, luma: np.ndarray, time_s: float = 0.0) -> None:
        self.frames.append((time_s, luma))

    def result(self) -> Detection:
        return Detection("not_detected", 0.5, 0.1, frames=len(self.frames))


class FakeLog:
    def __init__(self, file: Known | None = None, frames: Known | None = None) -> None:
        self._file, self._frames = file, frames
        self.asked: list[Any] = []

    def file(self, sha256: str) -> Known | None:
        self.asked.append(sha256)
        return self._file

    def frames(self, luma: Sequence[np.ndarray]) -> Known | None:
        self.asked.append(len(luma))
        return self._frames


@pytest.fixture
def search() -> FakeSearch:
    return FakeSearch()


@pytest.fixture
def means(reader: FileReader, search: FakeSearch) -> Means:
    return Means(reader, lambda quick, progress: search)


@pytest.fixture(scope="module")
def picture(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[:384, :384])


@pytest.fixture(scope="module")
def marked_file(picture: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A marked, sealed mp4 of this installation, 2 s."""
    path = tmp_path_factory.mktemp("sealed") / "talk.mp4"
    path.write_bytes(media.video(media.frames(picture, 24, marked=True)))
    seal(
        path, ".mp4",
        Provenance(identifier=own_identifier(), grant=outputs.grant("artwork")),
    )  # fmt: skip
    return path


def verified(source: Any, reader: FileReader, **options: Any) -> Finding:
    return verify_file(source, own_means(reader), **{"quick": True} | options)


def test_an_output_is_known_by_all_three(marked_file: Path, reader: FileReader) -> None:
    shares: list[float] = []
    found = verified(marked_file, reader, progress=shares.append)
    assert (found.verdict.code, found.verdict.exit_code) == ("made_with_gioconda", 0)
    assert found.credentials.status == "trusted"
    assert found.credentials.own
    assert found.credentials.by_gioconda
    assert found.watermark.status == "detected"
    assert found.watermark.identifier == f"{own_identifier():016x}"
    assert found.credentials.identifier == found.watermark.identifier
    assert found.log.status == "known_file"
    assert found.file.name == "talk.mp4"
    assert any(c.name == "DigitalSourceType" for c in found.claims)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_strangers_installation_sees_a_valid_signer_it_does_not_know(
    marked_file: Path, reader: FileReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "other"))
    found = verified(marked_file, reader)
    assert found.credentials.status == "valid_unknown_signer"
    assert not found.credentials.own
    assert found.watermark.status == "detected"
    assert found.watermark.identifier is None
    assert found.log.status == "unknown"
    assert found.verdict.code == "made_with_gioconda"
    # Whoever only looks makes no keys.
    assert not (tmp_path / "other").exists()


def test_a_changed_file_is_told_from_an_unchanged_one(
    marked_file: Path, reader: FileReader
) -> None:
    data = bytearray(marked_file.read_bytes())
    at = data.index(b"mdat") + 5000
    data[at] ^= 0x55
    found = verified(bytes(data), reader)
    assert (found.verdict.code, found.verdict.exit_code) == ("altered", 3)
    assert found.credentials.changed
    assert "do not fit the file" in found.verdict.sentence


def test_credentials_copied_onto_another_file_do_not_fit(
    picture: np.ndarray, reader: FileReader, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.ts"
    ours.write_bytes(media.video(media.frames(picture, 12, True), format_="mpegts"))
    seal(ours, ".ts", Provenance(identifier=own_identifier()))
    other = tmp_path / "other.ts"
    other.write_bytes(media.video(media.frames(picture[::-1], 12, False), format_="mpegts"))
    for path in tmp_path.glob("ours.ts?*"):
        other.with_name("other.ts" + path.name.removeprefix("ours.ts")).write_bytes(
            path.read_bytes()
        )
    found = verified(other, reader)
    assert (found.verdict.code, found.verdict.exit_code) == ("altered", 3)


def test_a_re_encoded_output_keeps_its_mark(picture: np.ndarray, reader: FileReader) -> None:
    found = verified(media.video(media.frames(picture, 24, True)), reader)
    assert found.credentials.status == "none"
    assert found.verdict.code == "made_with_gioconda"


def test_a_spliced_video_shows_its_sections(picture: np.ndarray, reader: FileReader) -> None:
    parts = [
        *media.frames(picture, 48, True), *media.frames(picture, 48, False),
        *media.frames(picture, 48, True),
    ]  # fmt: skip
    found = verified(media.video(parts), reader)
    assert (found.verdict.code, found.verdict.exit_code) == ("spliced", 3)
    statuses = [s.status for s in found.watermark.stretches]
    assert statuses == ["detected", "not_detected", "detected"]
    bare = found.watermark.stretches[1]
    assert bare.start_s == pytest.approx(4.0, abs=1.1)
    assert bare.end_s == pytest.approx(8.0, abs=1.1)


def test_black_pictures_at_the_end_are_no_other_source(
    picture: np.ndarray, reader: FileReader
) -> None:
    black = [np.zeros_like(picture)] * 40
    found = verified(media.video([*media.frames(picture, 48, True), *black]), reader)
    assert found.verdict.code == "made_with_gioconda"
    assert found.watermark.stretches[-1].status == "not_detected"
    assert found.watermark.stretches[-1].plain


def test_an_unmarked_video_gives_no_evidence(picture: np.ndarray, reader: FileReader) -> None:
    other = np.ascontiguousarray(picture[::-1])
    found = verified(media.video(media.frames(other, 24, False)), reader)
    assert (found.verdict.code, found.verdict.exit_code) == ("no_evidence", 1)
    assert "no evidence either way" in found.watermark.sentence


def test_the_unmarked_portrait_of_an_output_is_alike_and_that_is_no_evidence(
    marked_file: Path, picture: np.ndarray, reader: FileReader
) -> None:
    assert verified(marked_file, reader).log.status == "known_file"
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    found = verified(file.getvalue(), reader)
    assert found.log.status == "known_frames"
    assert (found.verdict.code, found.verdict.exit_code) == ("known_frames", 1)
    assert any("likeness is no evidence" in d for d in found.verdict.details)


def test_frames_come_reduced_with_their_instants(
    means: Means, search: FakeSearch, picture: np.ndarray
) -> None:
    wide = np.repeat(picture, 3, axis=1)
    verify_file(media.video([wide] * 60, fps=30), means)
    assert 20 <= len(search.frames) <= 26  # 12.5 a second of 2 s
    assert search.frames[0][1].shape == (213, 640)
    times = [t for t, _ in search.frames]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
def test_every_format_of_pictures_is_looked_at(
    means: Means, search: FakeSearch, picture: np.ndarray, format_: str
) -> None:
    file = io.BytesIO()
    image = Image.fromarray(picture[:96, :128])
    if format_ not in Image.registered_extensions().values():
        pytest.skip(f"this pillow has no {format_}")
    image.save(file, format_)
    found = verify_file(file.getvalue(), means)
    assert found.file.kind == "picture"
    assert (found.file.width, found.file.height) == (128, 96)
    assert [luma.shape for _, luma in search.frames] == [(96, 128)]
    told = np.asarray(image.convert("L"), float)
    assert np.abs(search.frames[0][1] - told).mean() < 6


def test_what_there_is_of_a_cut_picture_is_looked_at(
    means: Means, search: FakeSearch, picture: np.ndarray
) -> None:
    for format_ in ("JPEG", "PNG"):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, format_)
        data = file.getvalue()
        verify_file(data[: len(data) // 2], means)
        luma = search.frames[-1][1]
        told = np.asarray(Image.fromarray(picture).convert("L"), float)
        assert np.abs(luma[:150] - told[:150]).mean() < 4, format_
    assert len(search.frames) == 2


def test_a_turned_picture_is_looked_at_upright(
    means: Means, search: FakeSearch, picture: np.ndarray
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(picture[:64, :128]).save(file, "JPEG", exif=exif, quality=95)
    verify_file(file.getvalue(), means)
    upright = np.rot90(np.asarray(Image.fromarray(picture[:64, :128]).convert("L")), -1)
    assert np.abs(search.frames[0][1].astype(int) - upright).mean() < 4


def test_transparent_pixels_are_laid_over_grey(means: Means, search: FakeSearch) -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:32] = 255
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    verify_file(file.getvalue(), means)
    luma = search.frames[0][1]
    assert (luma[5, 5], luma[60, 60]) == (255, 218)


def test_a_sound_has_no_pictures_to_look_at(means: Means, search: FakeSearch) -> None:
    found = verify_file(sound("wav"), means)
    assert found.file.kind == "sound"
    assert found.watermark.status == "not_looked_for"
    assert search.frames == []


def test_claims_of_other_tools_are_told(means: Means) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a portrait, Steps: 20\x1b[31m")
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description Iptc4xmpExt:DigitalSourceType='
        '"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></x:xmpmeta>'
    )
    info.add_itxt("XML:com.adobe.xmp", xmp)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "tan").save(file, "PNG", pnginfo=info)
    found = verify_file(file.getvalue(), means)
    claims = {(c.where, c.name): c for c in found.claims}
    said = claims["XMP", "DigitalSourceType"]
    assert said.text.endswith("trainedAlgorithmicMedia")
    assert said.sentence == "It claims that generative AI made it."
    assert claims["text", "parameters"].text == "a portrait, Steps: 20 [31m"
    assert found.verdict.code == "other_tool"


def test_the_log_is_asked(means: Means, picture: np.ndarray) -> None:
    data = media.video([picture] * 24)
    log = FakeLog(frames=Known("7", likeness=0.9))
    found = verify_file(data, replace(means, log=log))
    assert found.log.status == "known_frames"
    assert found.verdict.exit_code == 1
    assert log.asked == [found.file.sha256, 4]
    found = verify_file(b"no media" * 100, replace(means, log=FakeLog(file=Known("8"))))
    assert found.verdict.code == "made_with_gioconda"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello there, this is no media" * 20, "no picture, video or sound"),
        (b"\x89PNG\r\n\x1a\n" + bytes(900), "damaged"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n", "no picture, video or sound"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(means: Means, data: bytes, words: str) -> None:
    found = verify_file(data, means)
    assert (found.verdict.code, found.verdict.exit_code) == ("unreadable", 2)
    assert words in found.verdict.sentence
    assert "\n" not in found.verdict.sentence


class FactlessReader(FileReader):
    """Cannot tell what a file claims."""

    def facts(self, fd: int, *, picture: bool) -> dict[str, Any]:
        raise VideoDecodeError("the file takes too much time to decode; send another file")


def test_claims_that_cannot_be_read_cost_nothing_but_themselves(
    marked_file: Path, picture: np.ndarray
) -> None:
    reader = FactlessReader()
    try:
        found = verified(marked_file, reader)
        assert found.verdict.code == "made_with_gioconda"
        assert found.credentials.own
        assert found.watermark.status == "detected"
        assert found.claims == ()
        assert found.file.width is None
        found = verified(media.video([picture[::-1]] * 2), reader)
        assert found.verdict.code != "unreadable"
        assert found.watermark.looked.frames
        # Of a file without either there is nothing left but that.
        found = verified(b"hello there, this is no media" * 20, reader)
        assert found.verdict.code == "unreadable"
        assert "too much time" in found.verdict.sentence
    finally:
        reader.close()


def test_what_is_no_file_is_unreadable(means: Means, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none", tmp_path / ("x" * 300)):
        assert verify_file(path, means).verdict.code == "unreadable"


def test_names_of_any_bytes_are_told_as_text(means: Means, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff<b>.png")
    Image.new("RGB", (64, 64)).save(path, "PNG")
    found = verify_file(path, means)
    assert found.file.name == "\N{REPLACEMENT CHARACTER}<b>.png"
    found.model_dump_json()
