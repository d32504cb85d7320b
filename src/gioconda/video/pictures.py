"""Numbered PNG pictures, from 0, with the sound beside them as 16-bit WAV at its own rate."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gioconda.video.encoder import ByteImage, Job, Quality
from gioconda.video.soundtrack import Soundtrack
from gioconda.video.target import STAGED_PICTURE, STAGED_SOUND

if TYPE_CHECKING:
    from av.container import OutputContainer

#: PNG is lossless; only the time it takes and the size differ.
COMPRESSION: Final[dict[Quality, int]] = {"fast": 1, "good": 2, "best": 6}


class PictureEncoder:
    """A :class:`gioconda.video.encoder.FrameEncoder` for a staged folder of pictures."""

    def __init__(self, folder: Path, job: Job) -> None:
        import av

        self._folder = folder
        self._job = job
        self._count = 0
        self._wav: OutputContainer | None = None
        if job.sound is not None:
            self._wav = av.open(
                "file:" + os.fspath(folder / STAGED_SOUND), "w", format="wav",
                container_options={"rf64": "auto"},  # beyond 4 GB
            )  # fmt: skip
            self._sound = Soundtrack(job.sound, self._wav, "pcm_s16le")

    def add(self, frame: ByteImage) -> None:
        """Write the next picture and the sound up to its end."""
        from PIL import Image

        Image.fromarray(frame).save(
            self._folder / (STAGED_PICTURE % self._count),
            compress_level=COMPRESSION[self._job.quality],
        )
        self._count += 1
        if self._wav is not None:
            self._sound.advance(self._count / self._job.fps)

    def finish(self) -> None:
        """Complete the sound."""
        if self._wav is not None:
            self._sound.finish(self._count / self._job.fps)
            self._wav.close()

    def discard(self) -> None:
        """Close the sound as it is."""
        if self._wav is not None:
            with suppress(Exception):
                self._wav.close()
