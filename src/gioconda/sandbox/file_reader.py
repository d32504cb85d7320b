"""The near side of looking into files that are handed over open; nothing is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import TrustError, VideoDecodeError
from gioconda.sandbox.decoder import Decoder, _bounded
from gioconda.sandbox.file_tasks import ANSWER_BYTES
from gioconda.sandbox.limits import FILE_LIMITS, DecodeLimits
from gioconda.sandbox.luma_stream import LookedAt, frames_of
from gioconda.sandbox.wire import BrokenTalkError

if TYPE_CHECKING:
    from gioconda.trust.credentials.anchors import Vouching

ByteImage = npt.NDArray[np.uint8]

#: Longer side of reduced frames of a video, and of pictures, in pixels.
VIDEO_SIDE_PX: Final = 640
PICTURE_SIDE_PX: Final = 1280
#: Frames of a second that are looked at, at most.
FPS: Final = 12.5
#: Of longer videos this much is looked at, in stretches spread evenly, in seconds.
WHOLE_S: Final = 120.0
PART_S: Final = 3.0
#: Most pixels of a picture, and of a frame of a video.
PICTURE_PIXELS: Final = 100_000_000
FRAME_PIXELS: Final = 8192 * 4608
#: Most that is handed over of certificates that are trusted, and of a manifest store.
ANCHORS_BYTES: Final = 4 * 2**20
BESIDE_BYTES: Final = 8 * 2**20
#: Share of the processor time after which a decoder stops by itself, with what it has.
_SOFT: Final = 0.85
_WHAT: Final = "file"


class FileReader:
    """Has open files looked into, each time in a process of its own that can do nothing else.

    Such a process is handed a descriptor that only reads. Safe to share between threads; those that
    read one descriptor must take turns, since they share its position.

    Args:
        limits: of each look.
    """

    def __init__(self, limits: DecodeLimits = FILE_LIMITS) -> None:
        self._decoder = Decoder(limits, files=True)

    def start(self) -> None:
        """Start the process that others are forked from, if it does not run."""
        self._decoder.start()

    def close(self) -> None:
        """End it. Closing twice is harmless; a later look starts it again."""
        self._decoder.close()

    def facts(self, fd: int, *, picture: bool) -> dict[str, Any]:
        """Return what :func:`gioconda.sandbox.file_facts.facts_of` returns.

        Args:
            fd: descriptor of the file, which reads only.
            picture: whether it is one, by its first bytes.

        Raises:
            ImageDecodeError, VideoDecodeError: it cannot be read.
            SandboxError: no process can be had.
        """
        return self._told("facts", fd, {"picture": picture})

    def credentials(
        self, fd: int, suffix: str, *, beside: bytes | None, trusted: Vouching
    ) -> dict[str, Any]:
        """Return the fields of ``Credentials`` (:mod:`gioconda.trust.credentials`), and ``title``.

        Args:
            fd: descriptor of the file, which reads only.
            suffix: by which its format is known.
            beside: a manifest store that came beside it.
            trusted: whose signatures are trusted.

        Raises:
            VideoDecodeError: it takes too much time or memory, or the reader fell over it.
            TrustError: more certificates are trusted than can be handed over.
            SandboxError: no process can be had.
        """
        parts = (
            b"\n".join(trusted.own), b"\n".join(trusted.foreign),
            "\n".join(sorted(trusted.serials)).encode(), beside or b"",
        )  # fmt: skip
        if sum(map(len, parts[:3])) > ANCHORS_BYTES:
            raise TrustError(
                "the certificates that are trusted here have more than "
                f"{ANCHORS_BYTES / 2**20:g} MB; take some out of the folder 'anchors'"
            )
        if len(parts[3]) > BESIDE_BYTES:
            raise VideoDecodeError("the credentials beside the file are too large")
        options = {
            "suffix": suffix, "lengths": [len(p) for p in parts], "beside": beside is not None,
        }  # fmt: skip
        return self._told("credentials", fd, options, b"".join(parts))

    @contextmanager
    def luma(
        self, fd: int, *, picture: bool
    ) -> Iterator[Iterator[tuple[float, ByteImage] | LookedAt]]:
        """Give the frames of a picture or video, reduced, and at last what was looked at.

        Args:
            fd: descriptor of the file, which reads only.
            picture: whether it is one, by its first bytes.

        Raises:
            ImageDecodeError, VideoDecodeError: it cannot be read; frames may have come before.
            SandboxError: no process can be had.
        """
        side = PICTURE_SIDE_PX if picture else VIDEO_SIDE_PX
        most = int(2 * WHOLE_S * FPS)
        options = {
            "picture": picture, "side": side,
            "pixels": PICTURE_PIXELS if picture else FRAME_PIXELS, "fps": FPS, "whole_s": WHOLE_S,
            "part_s": PART_S, "seconds": _SOFT * self._decoder.limits.cpu_s, "frames": most,
        }  # fmt: skip
        with self._decoder._answer("luma", b"", options, _WHAT, VideoDecodeError, fd) as answer:
            _no_head(answer)
            yield frames_of(answer, side, most)

    def _told(
        self, task: str, fd: int, options: dict[str, Any], data: bytes = b""
    ) -> dict[str, Any]:
        with self._decoder._answer(task, data, options, _WHAT, VideoDecodeError, fd) as answer:
            _no_head(answer)
            text = b"".join(_bounded(answer, ANSWER_BYTES))
            try:
                told = json.loads(text)
            except (ValueError, RecursionError):
                raise BrokenTalkError from None
            if not isinstance(told, dict):
                raise BrokenTalkError
        return told


def _no_head(answer: Iterator[bytes]) -> None:
    if next(answer) != b"":
        raise BrokenTalkError
