"""The plain metadata of sealed files, as other programs read them, and media that stay whole."""

from __future__ import annotations

import io
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest
from PIL import Image
from tests.trust.outputs import Shelf, frames, provenance

from gioconda.trust.containers import matroska
from gioconda.trust.containers.pieces import Pieces
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
COMMENT = "AI-generated: a synthetic talking face, made with Gioconda"


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".gif", ".wav"])
def test_ffmpeg_reads_the_comment_and_the_media_are_whole(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    plain = shelf.copy(suffix, tmp_path)
    with av.open(str(plain)) as container:
        before = [f.to_ndarray() for f in container.decode(container.streams.best("video" if
                  container.streams.video else "audio"))]  # fmt: skip
    seal(plain, suffix, provenance())
    with av.open(str(plain)) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
        after = [f.to_ndarray() for f in container.decode(container.streams.best("video" if
                 container.streams.video else "audio"))]  # fmt: skip
    comment = tags["comment"]
    assert comment.startswith("AI-generated: ")
    assert "made with Gioconda" in comment
    assert len(before) == len(after) > 0
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    if suffix in (".mkv", ".webm"):
        assert tags["digital_source_type"] == SOURCE_TYPE


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_pillow_reads_comment_and_xmp_of_stills(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    with Image.open(path) as picture:
        before = np.asarray(picture)
    seal(path, suffix, provenance())
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), before)
        xmp = bytes(picture.info["xmp"]).decode()
        said = picture.info.get("Comment") or picture.info["comment"]
        comment = said if isinstance(said, str) else said.decode()
    assert comment.startswith(COMMENT)
    assert SOURCE_TYPE in xmp
    assert "DMI-PROHIBITED-AIMLTRAINING" in xmp


def test_a_gif_keeps_its_loop_and_tells_comment_and_xmp(
    home: Path, tmp_path: Path, shelf: Shelf
) -> None:
    path = shelf.copy(".gif", tmp_path)
    with Image.open(path) as picture:
        frames_before, loop = picture.n_frames, picture.info.get("loop")
    seal(path, ".gif", provenance())
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.info.get("loop")) == (frames_before, loop)
        picture.seek(0)
        assert picture.info["comment"].decode().startswith(COMMENT)
    assert b"XMP DataXMP<?xpacket" in path.read_bytes()
    assert SOURCE_TYPE.encode() in path.read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_xmp_of_video_lies_in_its_box(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    data = path.read_bytes()
    at = data.index(bytes.fromhex("be7acfcb97a942e89c71999491e3afac"))
    size = int.from_bytes(data[at - 8 : at - 4], "big")
    packet = data[at + 16 : at - 8 + size]
    assert data[at - 4 : at] == b"uuid"
    assert packet.startswith(b"<?xpacket begin")
    assert packet.endswith(b'<?xpacket end="w"?>')
    assert SOURCE_TYPE.encode() in packet


def test_a_comment_that_is_there_is_kept(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    plain, path = shelf.copy(".mp4", tmp_path), tmp_path / "titled.mp4"
    with av.open(str(plain)) as read, av.open(str(path), "w") as written:
        written.metadata.update({"comment": "by the sea", "title": "Waves"})
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    seal(path, ".mp4", provenance())
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "Waves"
        assert container.metadata["comment"].startswith(f"by the sea; {COMMENT}")
        assert sum(1 for _ in container.decode(video=0)) == 30
    assert read_credentials(path, ".mp4").own


def test_a_fragmented_file_is_sealed(home: Path, tmp_path: Path, shelf: Shelf) -> None:
    plain, path = shelf.copy(".mp4", tmp_path), tmp_path / "fragments.mp4"
    options = {"movflags": "+empty_moov+frag_keyframe+default_base_moof"}
    with av.open(str(plain)) as read, av.open(str(path), "w", options=options) as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    seal(path, ".mp4", provenance())
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30
    assert read_credentials(path, ".mp4").own


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_attached_credentials_are_an_ordinary_attachment(
    home: Path, tmp_path: Path, shelf: Shelf, suffix: str
) -> None:
    """Any Matroska tool finds them; what was signed is the file without its end."""
    path = shelf.copy(suffix, tmp_path)
    seal(path, suffix, provenance())
    with av.open(str(path)) as container:
        [attachment] = [s for s in container.streams if s.type == "attachment"]
        assert attachment.metadata["filename"] == "manifest.c2pa"
        assert attachment.metadata["mimetype"] == "application/c2pa"
        told = attachment.metadata["title"]
    signed = int(told.split("first ")[1].split()[0])
    with path.open("rb") as file:
        found = matroska.attached(file)
        assert found is not None
        data = path.read_bytes()
        assert Pieces(file, found.signed).read() == data[:signed]
    reader = c2pa.Reader(
        f"video/{suffix[1:]}", io.BytesIO(data[:signed]), manifest_data=found.store
    )
    assert reader.get_validation_state() == "Valid"  # to somebody who knows nobody


def test_transparent_webm_keeps_its_alpha(home: Path, tmp_path: Path) -> None:
    from fractions import Fraction

    from gioconda.video.container import ContainerEncoder
    from gioconda.video.encoder import Job

    path = tmp_path / "a.webm"
    encoder = ContainerEncoder(path, ".webm", Job(64, 64, Fraction(25), None, "fast", {}, True))
    for frame in frames(5):
        encoder.add(np.dstack((frame, frame[..., :1])))
    encoder.finish()
    seal(path, ".webm", provenance())
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata["alpha_mode"] == "1"
        assert sum(1 for _ in container.decode(video=0)) == 5
    assert read_credentials(path, ".webm").own
