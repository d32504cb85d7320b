"""Small files of every format, and bombs, made here."""

from __future__ import annotations

import io
import struct
import zlib

import av
import numpy as np
from PIL import Image


def picture(format_: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """A picture with some structure."""
    rng = np.random.default_rng(5)
    small = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    image = Image.fromarray(np.kron(small, np.ones((8, 8, 1), np.uint8)))
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


SOUND_FORMATS = {
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "libmp3lame"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
    "m4a": ("mp4", "aac"),
    "webm": ("webm", "libopus"),
}


def sound(name: str, seconds: float = 0.5, rate: int = 48_000, channels: int = 1) -> bytes:
    """A tone of 440 Hz at half of full scale."""
    format_, codec = SOUND_FORMATS[name]
    file = io.BytesIO()
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    layout = "mono" if channels == 1 else "stereo"
    with av.open(file, "w", format=format_) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.format, layout, rate, frame_size=size)
        pcm = np.repeat((wave * 32767).astype(np.int16)[None], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), "s16p", layout)
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return file.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A whole PNG of one bit a pixel, all black; about a 1,000th of its pixels' size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    parts = chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
