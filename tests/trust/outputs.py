"""Small unsealed files of every format, as the writers make them."""

from __future__ import annotations

import hashlib
import shutil
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from gioconda.trust.consent.requirement import stated
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import BasisName, Grant, Ingredient, Provenance

#: Every suffix that can be sealed.
SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".webm", ".gif", ".png", ".jpg", ".jpeg", ".wav", ".ts", ".flv",
)  # fmt: skip
#: What stands for a portrait's file; to be found in no output.
PORTRAIT = bytes(range(256)) * 8
IDENTIFIER = 0x0123456789ABCDEF


def grant(basis: BasisName = "permission") -> Grant:
    """Return a grant for what stands for a portrait, on record in the folder of the test."""
    people = basis in ("self", "permission")
    of = "Ann Example" if basis == "permission" else ""
    statement = Statement(basis, of, minor=False if people else None)
    return stated(hashlib.sha256(PORTRAIT + basis.encode()).digest(), statement, "python")


def provenance(**changes: object) -> Provenance:
    """Return a speaking portrait's provenance, with changes."""
    given: dict[str, object] = {
        "grant": changes.get("grant") or grant(),
        "ingredients": (
            Ingredient.of("portrait", PORTRAIT, "image/png"),
            Ingredient.of("sound", b"a voice", "audio/wav"),
        ),
        "identifier": IDENTIFIER,
    }
    return Provenance(**{**given, **changes})  # type: ignore[arg-type]


def frames(count: int, side: int = 64) -> Iterator[np.ndarray]:
    """Make moving pictures, (side, side, 3) uint8 RGB."""
    y, x = np.mgrid[0:side, 0:side]
    for i in range(count):
        wave_ = 100 * np.sin((x + 3 * i) / 9) * np.cos(y / 13) + 128
        yield np.stack((wave_, 255 - wave_, x * 2 % 256), axis=-1).astype(np.uint8)


def make(folder: Path, suffix: str, count: int = 30) -> Path:
    """Make an unsealed file; videos have 25 frames a second."""
    from PIL import Image

    path = folder / f"plain{suffix}"
    if suffix in (".png", ".jpg", ".jpeg"):
        Image.fromarray(next(frames(1))).save(path)
    elif suffix == ".wav":
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(np.arange(8_001, dtype="<i2").tobytes())  # an odd number of samples
    elif suffix in (".ts", ".flv"):
        _packed(path, make(folder, ".mp4", count))
    else:
        _encoded(path, suffix, count)
    return path


def _encoded(path: Path, suffix: str, count: int) -> None:
    """Encode as the writers do, without what comes after: the file has no seal."""
    from gioconda.video.container import ContainerEncoder
    from gioconda.video.encoder import Job
    from gioconda.video.gif import GifEncoder

    job = Job(64, 64, Fraction(25), None, "good", {}, False)
    encoder = GifEncoder(path, job) if suffix == ".gif" else ContainerEncoder(path, suffix, job)
    for frame in frames(count):
        encoder.add(frame)
    encoder.finish()


def _packed(path: Path, source: Path) -> None:
    import av

    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)


class Shelf:
    """Keeps one unsealed file of each format, and hands out copies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, suffix: str, folder: Path) -> Path:
        """Return a copy of an unsealed file in a folder."""
        plain = self._folder / f"plain{suffix}"
        if not plain.exists():
            make(self._folder, suffix)
        target = folder / f"talk{suffix}"
        shutil.copyfile(plain, target)
        return target
