"""Open files of strangers: bombs, endless and broken ones, and what may cost what."""

from __future__ import annotations

import io
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tests.sandbox.media import picture, png_bomb

from gioconda.errors import GiocondaError, ImageDecodeError, TrustError, VideoDecodeError
from gioconda.measure.mutations import mutate
from gioconda.sandbox.file_facts import facts_of
from gioconda.sandbox.file_reader import (
    ANCHORS_BYTES,
    BESIDE_BYTES,
    PICTURE_SIDE_PX,
    VIDEO_SIDE_PX,
    FileReader,
)
from gioconda.sandbox.luma_stream import FRAME, LookedAt, frames_of, packed, packed_end
from gioconda.sandbox.video_luma import Plan, Wanted
from gioconda.sandbox.wire import BrokenTalkError
from gioconda.trust.credentials.anchors import Vouching

MEMORY = 2 * 2**30


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    whole = FileReader()
    yield whole
    whole.close()


def with_file(data: bytes, ask: Callable[[int], Any]) -> Any:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        fd = os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY)
        try:
            return ask(fd)
        finally:
            os.close(fd)


def looked(reader: FileReader, data: bytes, *, picture: bool) -> tuple[list[Any], LookedAt]:
    def ask(fd: int) -> tuple[list[Any], LookedAt]:
        with reader.luma(fd, picture=picture) as stream:
            *frames, end = list(stream)
        return frames, end

    return with_file(data, ask)


def film(
    count: int, size: tuple[int, int] = (64, 48), format_: str = "mp4", codec: str = "mpeg4",
    gop: int = 12, black: bool = False,
) -> bytes:  # fmt: skip
    file = io.BytesIO()
    rng = np.random.default_rng(3)
    with av.open(file, "w", format=format_) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = gop
        image = np.zeros((size[1], size[0], 3), np.uint8)
        for i in range(count):
            if not black:
                image = (
                    rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
                    .repeat(size[1] // 6, 0)
                    .repeat(size[0] // 8, 1)
                )
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts = i
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()


def test_a_descriptor_is_all_that_a_decoder_is_handed(reader: FileReader) -> None:
    data = film(10)
    told = with_file(data, lambda fd: reader.facts(fd, picture=False))
    assert (told["width"], told["height"], told["pictures"]) == (64, 48, True)
    # The same as without a sandbox.
    assert told == facts_of(io.BytesIO(data), picture=False) | {
        "claims": [list(c) for c in told["claims"]]
    }


def test_a_whole_video_is_looked_at_and_its_end_is_told(reader: FileReader) -> None:
    frames, end = looked(reader, film(50), picture=False)
    assert 22 <= len(frames) <= 26
    assert end.whole
    assert end.of_s == pytest.approx(2.0, abs=0.1)
    assert end.seconds == pytest.approx(2.0, abs=0.1)


def test_a_bomb_of_pixels_is_refused_by_its_header(reader: FileReader) -> None:
    data = png_bomb(13_000, 13_000)
    with pytest.raises(ImageDecodeError, match="13000 x 13000"):
        looked(reader, data, picture=True)


def test_large_frames_of_few_bytes_stay_within_memory(reader: FileReader) -> None:
    data = film(6, (4096, 4096), black=True)
    frames, _ = looked(reader, data, picture=False)
    assert max(frames[0][1].shape) == VIDEO_SIDE_PX
    cost = reader._decoder.last_cost
    assert cost is not None
    assert cost.memory_bytes < MEMORY / 4


def test_a_large_picture_is_reduced(reader: FileReader) -> None:
    frames, end = looked(reader, picture("PNG", (4000, 400)), picture=True)
    assert frames[0][1].shape == (128, PICTURE_SIDE_PX)
    assert end.whole


def test_a_picture_of_many_pixels_takes_little_more_than_its_pixels(reader: FileReader) -> None:
    rgba = np.zeros((8000, 10_000, 4), np.uint8)
    rgba[:4000] = 255
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG", compress_level=1)
    del rgba
    frames, _ = looked(reader, file.getvalue(), picture=True)
    luma = frames[0][1]
    assert luma.shape == (1024, PICTURE_SIDE_PX)
    assert (luma[10, 10], luma[-10, 10]) == (255, 218)
    cost = reader._decoder.last_cost
    assert cost is not None
    assert cost.memory_bytes < 800e6  # its pixels alone are 320 MB


def test_a_large_picture_that_moves_is_refused(reader: FileReader) -> None:
    images = [Image.new("P", (5000, 4000), i) for i in range(2)]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:])
    with pytest.raises(ImageDecodeError, match="5000 x 4000"):
        looked(reader, file.getvalue(), picture=True)


def test_a_frame_that_enlarges_a_gif_ends_it(reader: FileReader) -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 255, (3, 64, 64), dtype=np.uint8)
    images = [Image.fromarray(each) for each in noise]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:])
    data = bytearray(file.getvalue())
    last = data.rindex(b"\x2c\0\0\0\0\x40\0\x40\0")
    data[last + 5 : last + 9] = b"\xff\xff\xff\xff"
    frames, _ = looked(reader, bytes(data), picture=True)
    assert 1 <= len(frames) <= 2
    cost = reader._decoder.last_cost
    assert cost is not None
    assert cost.memory_bytes < 200e6


def test_a_gif_without_end_is_cut(reader: FileReader) -> None:
    images = [Image.new("P", (64, 64), i) for i in range(2)]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], duration=60_000, loop=0)
    data = file.getvalue()
    head, tail = data[: data.index(b"\x21\xf9")], data[data.index(b"\x21\xf9") : -1]
    frames, end = looked(reader, head + tail * 50 + b";", picture=True)
    assert end.cut
    assert not end.whole
    assert len(frames) <= 4


def test_a_long_video_is_looked_at_in_parts_spread_over_it() -> None:
    plan = Plan(3600.0, whole_s=120.0, part_s=3.0, spent=lambda: 0.0)
    asked = [(t, plan.wants(float(t), key=t % 5 == 0)) for t in np.arange(0, 3600, 0.5)]
    wanted = [t for t, what in asked if what is Wanted.PART]
    assert plan.seconds == pytest.approx(120, abs=6)
    assert 38 <= plan.parts <= 42
    singles = [t for t, what in asked if what is Wanted.SINGLE]
    assert len(singles) == plan.singles
    assert np.diff(sorted(wanted + singles)).max() <= 10
    quarters = np.histogram(wanted, bins=4, range=(0, 3600))[0]
    assert quarters.min() > 0.8 * quarters.max()


def test_a_costly_video_is_spread_over_the_time_that_there_is() -> None:
    spent = 0.0
    plan = Plan(3600.0, whole_s=120.0, part_s=3.0, spent=lambda: spent)
    parts = []
    for t in range(3600):
        what = plan.wants(float(t), key=t % 2 == 0)
        spent += {Wanted.NO: 0.0, Wanted.SINGLE: 0.002, Wanted.PART: 0.02}[what]
        if what is Wanted.PART:
            parts.append(t)
    assert spent < 1.25
    assert parts[-1] > 3300
    assert np.diff(parts).max() < 400
    cheap = Plan(3600.0, whole_s=120.0, part_s=3.0, spent=lambda: 0.0)
    asked = [cheap.wants(float(t), key=True) for t in range(3600)]
    assert asked.count(Wanted.PART) > len(parts)


def test_a_long_video_is_decoded_in_parts(reader: FileReader) -> None:
    data = film(25 * 300, gop=25, black=True)
    frames, end = looked(reader, data, picture=False)
    assert end.parts > 20
    assert end.singles > 50
    assert end.seconds == pytest.approx(120, abs=4)
    assert end.of_s == pytest.approx(300, abs=1)
    assert frames[-1][0] > 290


def test_what_has_no_length_is_looked_at_from_its_beginning() -> None:
    plan = Plan(None, whole_s=10.0, part_s=3.0, spent=lambda: 0.0)
    wanted = [t for t in range(100) if plan.wants(float(t), key=True) is not Wanted.NO]
    assert wanted[0] == 0
    assert wanted[-1] < 13


@pytest.mark.parametrize("share", [0.95, 0.5])
def test_a_truncated_video_tells_what_there_is(reader: FileReader, share: float) -> None:
    data = film(50, format_="matroska")
    frames, end = looked(reader, data[: int(share * len(data))], picture=False)
    assert 0 < len(frames) <= 26
    assert end.seconds <= 2.1


def test_a_video_of_which_only_the_head_came_is_refused(reader: FileReader) -> None:
    with pytest.raises(VideoDecodeError):
        looked(reader, film(50, format_="matroska")[:600], picture=False)


def test_many_anchors_and_a_large_store_beside_are_handed_over(reader: FileReader) -> None:
    from tests.trust.credentials.authorities import Authority

    foreign = tuple(Authority(f"Root {number}").pem for number in range(100))
    trusted = Vouching(foreign[:1], frozenset(f"{n:040x}" for n in range(1000)), foreign)
    assert len(b"".join(foreign)) > 50_000

    def told(beside: bytes | None) -> dict[str, Any]:
        return with_file(
            film(4, format_="mpegts"),
            lambda fd: reader.credentials(fd, ".ts", beside=beside, trusted=trusted),
        )

    assert told(None)["status"] == "none"
    # No credentials, but they were handed over whole and looked at.
    assert told(bytes(2**20))["problems"] == ["manifest.unreadable"]
    with pytest.raises(VideoDecodeError, match="too large"):
        told(bytes(BESIDE_BYTES + 1))


def test_more_anchors_than_can_be_handed_over_are_an_error_of_their_owner(
    reader: FileReader,
) -> None:
    trusted = Vouching(foreign=(bytes(ANCHORS_BYTES + 1),))
    with pytest.raises(TrustError, match="anchors"):
        reader.credentials(0, ".ts", beside=None, trusted=trusted)


@pytest.mark.parametrize("kind", ["mp4", "matroska", "png", "gif", "webp"])
def test_random_damage_ends_in_frames_or_one_sentence(reader: FileReader, kind: str) -> None:
    is_picture = kind in ("png", "gif", "webp")
    data = picture(kind.upper()) if is_picture else film(12, format_=kind)
    suffix = ".mkv" if kind == "matroska" else f".{kind}"
    rng = random.Random(11)
    refused = []
    for _ in range(8):
        damaged = mutate(data, rng) or b"x"
        for ask in (
            lambda fd: reader.facts(fd, picture=is_picture),
            lambda fd: reader.credentials(fd, suffix, beside=None, trusted=Vouching()),
        ):
            refused.append(refusal(lambda ask=ask, d=damaged: with_file(d, ask)))
        refused.append(refusal(lambda d=damaged: looked(reader, d, picture=is_picture)))
    said = [e for e in refused if e is not None]
    assert 0 < len(said) < len(refused)
    assert {type(e) for e in said} <= {ImageDecodeError, VideoDecodeError}
    assert all("\n" not in str(e) for e in said)


def refusal(work: Callable[[], Any]) -> GiocondaError | None:
    try:
        work()
    except GiocondaError as e:
        return e
    return None


def test_a_playlist_is_no_video(reader: FileReader) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n"
    with pytest.raises(VideoDecodeError, match="no picture, video or sound"):
        looked(reader, playlist, picture=False)


def test_a_lie_over_the_wire_is_refused() -> None:
    good = packed(0.5, np.zeros((4, 5), np.uint8)) + packed_end(LookedAt(1, 2, 1, False))
    frame, end = frames_of(iter([good[:7], good[7:]]), 8, 3)
    assert frame[0] == 0.5
    assert end == LookedAt(1, 2, 1, False)
    for bad in (
        good[:-1],
        FRAME.pack(0.0, 9, 4) + bytes(36),
        FRAME.pack(float("nan"), 4, 4) + bytes(16),
        FRAME.pack(0.0, 4, 0),
        packed_end(LookedAt(float("inf"), None, 1, False)),
        packed(0.0, np.zeros((1, 1), np.uint8)) * 9,
    ):
        with pytest.raises(BrokenTalkError):
            list(frames_of(iter([bad]), 8, 3))
