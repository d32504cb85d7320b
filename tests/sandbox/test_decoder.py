"""Strangers' files: good ones come through as they are, bad ones with one sentence."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.sandbox import media

from gioconda.errors import (
    EmptySoundError,
    GiocondaError,
    ImageDecodeError,
    ImageFormatError,
    SandboxError,
    SoundDecodeError,
    SoundError,
)
from gioconda.measure.mutations import mutate, with_right_checksums
from gioconda.portrait.decode import decode
from gioconda.sandbox import DecodeLimits, Decoder
from gioconda.speech.sound import Sound

EMPTY_WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\xbb\0\0\0\x77\1\0\2\0\x10\0data\0\0\0\0"


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    whole = Decoder()
    yield whole
    whole.close()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_what_the_plain_decoder_makes_of_it(decoder: Decoder, format_: str) -> None:
    data = media.picture(format_)
    np.testing.assert_array_equal(decoder.decode_image(data), decode(data).image)


def test_orientation_is_obeyed(decoder: Decoder) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
    data = media.picture("JPEG", (64, 48), exif=exif)
    assert decoder.decode_image(data).shape == (64, 48, 3)


def test_a_large_picture_is_reduced(decoder: Decoder) -> None:
    data = media.picture("JPEG", (4608, 512))
    assert decoder.decode_image(data).shape == (455, 4096, 3)


@pytest.mark.parametrize("name", list(media.SOUND_FORMATS))
def test_a_sound_keeps_its_tone_and_its_length(decoder: Decoder, name: str) -> None:
    samples, rate = decoder.decode_sound(media.sound(name))
    assert rate == 48_000
    assert samples.dtype == np.float32
    assert abs(len(samples) - 24_000) < 2400
    spectrum = np.abs(np.fft.rfft(samples[4000:16000] * np.hanning(12000)))
    assert abs(spectrum.argmax() * rate / 12000 - 440) < 8


def test_channels_are_averaged_and_high_rates_lowered(decoder: Decoder) -> None:
    samples, rate = decoder.decode_sound(media.sound("wav", 1.0, 96_000, channels=2))
    assert (rate, len(samples)) == (48_000, 48_000)
    assert abs(np.abs(samples[1000:-1000]).max() - 0.5) < 0.01


def test_the_process_cannot_reach_files_or_hosts(decoder: Decoder) -> None:
    held = decoder.start()
    if not held.system_calls:
        pytest.skip("this system has no seccomp")
    assert held.system_calls


def test_a_decoder_sees_nothing_of_the_environment(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "hunter2")
    fresh = Decoder()
    try:
        fresh.start()
        environ = Path(f"/proc/{fresh._process.pid}/environ")
        if not environ.exists():
            pytest.skip("this system shows no environments of processes")
        assert b"hunter2" not in environ.read_bytes()
    finally:
        fresh.close()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", ImageDecodeError, "empty"),
        (b"GIF89a" + bytes(40), ImageFormatError, "PNG, JPEG or WebP"),
        (media.png_bomb(13_000, 13_000), ImageDecodeError, "13000 x 13000"),
        (media.picture("PNG")[:200], ImageDecodeError, "truncated or damaged"),
        (media.picture("JPEG")[:-100], ImageDecodeError, "truncated or damaged"),
        (b"\x89PNG\r\n\x1a\n<svg onload=x>" + bytes(90), ImageDecodeError, "header is damaged"),
        (b"%PDF-1.7" + media.picture("PNG"), ImageFormatError, "PNG, JPEG or WebP"),
        (bytes(20 * 2**20 + 1), ImageDecodeError, "20 MB"),
    ],
)
def test_bad_pictures_are_refused_in_one_sentence(
    decoder: Decoder, data: bytes, error: type[GiocondaError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        decoder.decode_image(data)
    assert "\n" not in str(caught.value)


def test_a_jpeg_whose_second_header_lies_is_refused_by_the_decoder(decoder: Decoder) -> None:
    """The header that is checked says 64 x 48, the one that would be decoded 20,000 x 20,000."""
    whole = media.picture("JPEG")
    at = next(m.start() for m in re.finditer(rb"\xff\xc0", whole))
    length = 2 + struct.unpack_from(">H", whole, at + 2)[0]
    second = bytearray(whole[at : at + length])
    second[5:9] = struct.pack(">HH", 20_000, 20_000)
    with pytest.raises(ImageDecodeError):
        decoder.decode_image(whole[: at + length] + bytes(second) + whole[at + length :])


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", EmptySoundError, "empty"),
        (b"hello there" * 40, SoundDecodeError, "the sound is not a sound"),
        (media.picture("PNG"), SoundDecodeError, "not a sound"),
        (EMPTY_WAV, EmptySoundError, "no samples"),
        (bytes(50 * 2**20 + 1), SoundDecodeError, "50 MB"),
        (media.sound("wav", 601, 1_000), SoundDecodeError, "10 minutes"),
    ],
)
def test_bad_sounds_are_refused_in_one_sentence(
    decoder: Decoder, data: bytes, error: type[GiocondaError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        decoder.decode_sound(data)
    assert "\n" not in str(caught.value)


def test_decoding_stops_at_the_longest_length_whatever_the_header_says() -> None:
    short = Decoder(DecodeLimits(sound_s=1.0))
    try:
        whole = bytearray(media.sound("wav", 3.0))
        at = whole.index(b"data") + 4
        whole[at : at + 4] = b"\xff\xff\xff\xff"  # as written before the length was known
        with pytest.raises(SoundDecodeError, match="longer than"):
            short.decode_sound(bytes(whole))
    finally:
        short.close()


def _references(port: int) -> dict[str, bytes]:
    there = f"http://127.0.0.1:{port}/a.ts"
    return {
        "playlist": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{there}\n"
        "#EXT-X-ENDLIST\n".encode(),
        "file": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n",
        "concat": f"ffconcat version 1.0\nfile '{there}'\n".encode(),
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=audio {port} RTP/AVP 0\n".encode(),
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        f"<Period><AdaptationSet><Representation><BaseURL>{there}</BaseURL></Representation>"
        f"</AdaptationSet></Period></MPD>".encode(),
    }


@pytest.mark.parametrize("kind", ["playlist", "file", "concat", "sdp", "dash"])
def test_references_are_not_followed(decoder: Decoder, kind: str) -> None:
    """Neither in the sandbox nor, should it not hold, by the demuxer itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        data = _references(server.getsockname()[1])[kind]
        with pytest.raises(SoundDecodeError):
            decoder.decode_sound(data)
        with pytest.raises(SoundDecodeError):
            Sound.from_bytes(data)
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


def test_too_much_memory_is_an_error_and_the_next_file_is_fine() -> None:
    tight = Decoder(DecodeLimits(memory_bytes=560 * 2**20))
    try:
        with pytest.raises(ImageDecodeError, match="too much memory"):
            tight.decode_image(media.png_bomb(4992, 4992))
        assert tight.decode_image(media.picture("PNG")).shape == (48, 64, 3)
    finally:
        tight.close()


def test_too_much_time_is_an_error_and_the_decoder_is_gone() -> None:
    brief = Decoder(DecodeLimits(wall_s=0.05))
    try:
        brief.start()
        with pytest.raises(ImageDecodeError, match="too much time"):
            brief.decode_image(media.png_bomb(4992, 4992))
        assert brief.last_cost is not None
        assert brief.last_cost.wall_s < 5
    finally:
        brief.close()


def test_a_lost_process_is_replaced(decoder: Decoder) -> None:
    decoder.start()
    pid = decoder._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert decoder.decode_image(media.picture("PNG")).shape == (48, 64, 3)


def test_one_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(SandboxError, match="cannot be started"):
        Decoder().decode_image(media.picture("PNG"))


def test_many_at_once_each_get_their_own(decoder: Decoder) -> None:
    files = [media.picture("PNG", (8 * n, 16)) for n in range(1, 9)]
    with ThreadPoolExecutor(8) as threads:
        widths = [image.shape[1] for image in threads.map(decoder.decode_image, files)]
    assert widths == [8 * n for n in range(1, 9)]


def test_the_event_loop_goes_on_while_files_are_decoded(decoder: Decoder) -> None:
    async def both() -> tuple[int, int]:
        image, (samples, _) = await asyncio.gather(
            decoder.image(media.picture("PNG")), decoder.sound(media.sound("wav"))
        )
        return image.shape[1], len(samples)

    assert asyncio.run(both()) == (64, 24_000)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_damaged_pictures_end_in_a_picture_or_an_error(decoder: Decoder, format_: str) -> None:
    """PNGs have their checksums made right again, or most would go no further than those."""
    rng = random.Random(3)
    whole = media.picture(format_)
    for _ in range(25):
        try:
            data = mutate(whole, rng)
            image = decoder.decode_image(with_right_checksums(data) if format_ == "PNG" else data)
        except ImageDecodeError:  # a SandboxError, of a decoder that was lost, is none
            pass
        else:
            assert image.ndim == 3
        _assert_cheap(decoder)


@pytest.mark.parametrize("name", list(media.SOUND_FORMATS))
def test_damaged_sounds_end_in_a_sound_or_an_error(decoder: Decoder, name: str) -> None:
    rng = random.Random(4)
    whole = media.sound(name, 0.2)
    for _ in range(12):
        try:
            samples, rate = decoder.decode_sound(mutate(whole, rng))
        except SoundError:
            pass
        else:
            assert len(samples) <= 600 * rate
            assert np.abs(samples).max() <= 1
        _assert_cheap(decoder)


def _assert_cheap(decoder: Decoder) -> None:
    if decoder.last_cost is not None:
        assert decoder.last_cost.memory_bytes < 2**30


def test_a_stream_decodes_frame_after_frame_and_goes_on_after_a_bad_one(decoder: Decoder) -> None:
    frames = decoder.stream()
    good = [media.picture("JPEG", (8 * n, 48)) for n in range(2, 6)]
    try:
        assert [frames.decode(f).shape[1] for f in good] == [16, 24, 32, 40]
        first = frames._ends
        np.testing.assert_array_equal(frames.decode(good[0]), decode(good[0]).image)
        assert frames._ends is first, "one process serves many frames"
        with pytest.raises(ImageDecodeError):
            frames.decode(good[0][:-100])
        with pytest.raises(ImageFormatError):
            frames.decode(b"no picture")
        assert frames.decode(good[1]).shape[1] == 24
        frames._until_s = 0.0  # its time is over
        before = frames._ends
        assert frames.decode(good[2]).shape[1] == 32
        assert frames._ends is not before
    finally:
        frames.close()


def test_closing_ends_what_is_being_decoded() -> None:
    busy = Decoder()
    talk, status = busy._process.begin()
    with talk, status:
        busy.close()  # it waits for a request
        talk.settimeout(10)
        assert talk.recv(1) == b""
