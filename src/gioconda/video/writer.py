"""Write a video as frames arrive: any format, one clock, never a half file under a whole name."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from gioconda.errors import ConsentError, GiocondaError, OptionError, OutputError, SoundError
from gioconda.targets import write_error
from gioconda.trust.provenance import Provenance, are_marked
from gioconda.video.clock import frame_rate
from gioconda.video.encoder import ByteImage, FrameEncoder, Job, Quality
from gioconda.video.sealing import seal_staged
from gioconda.video.target import Target, check_target, discard

if TYPE_CHECKING:
    from gioconda.speech.sound import Sound
    from gioconda.trust.watermark.marker import Marker
    from gioconda.trust.watermark.marks import Marks

logger = logging.getLogger(__name__)

SIZE_RANGE_PX: Final = (16, 8192)
#: Frames that may wait for the encoder.
QUEUE_FRAMES: Final = 3


def open_writer(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    fps: float | Fraction,
    *,
    sound: Sound | None = None,
    quality: Quality = "good",
    overwrite: bool = False,
    metadata: Mapping[str, str] | None = None,
    alpha: bool = False,
    provenance: Provenance | None = None,
) -> VideoWriter:
    """Open a video for writing; the suffix says how.

    ``.mp4``, ``.mov``, ``.mkv``: H.264 and AAC; ``.webm``: VP9 and Opus; ``.gif``: no sound;
    ``name_%05d.png``: numbered pictures from 0, with the sound beside them as
    ``.wav``. See :func:`gioconda.video.check_target` for what a target may be.

    Args:
        path: the target.
        width: of the frames, in pixels. An odd one is made even in H.264 and VP9 by repeating the
            last column.
        height: of the frames, in pixels; see ``width``.
        fps: frames a second; frame i is shown at the instant i / fps.
        sound: heard from frame 0 on; it is cut where the picture ends.
        quality: ``fast``, ``good`` or ``best``.
        overwrite: whether existing files may be replaced.
        metadata: tags for the container (title, comment, ...); GIF and PNG carry none.
        alpha: frames are RGB and alpha, not premultiplied: VP9 in ``.webm``, ProRes 4444 in
            ``.mov``, or PNG.
        provenance: what the frames were made from, as :attr:`gioconda.Animation.provenance` tells
            it; the file is signed with it. Frames of any other, made by hand or brought from
            another process, are marked here with the identifier that it tells, this
            installation's if none; those of an animation or a session carry it already.

    Raises:
        TrustError: the keys of the watermark cannot be read or made.
        OptionError: a size, rate, quality or suffix that there is not, or one that holds no
            transparency where it is asked for.
        OutputError: the target cannot be written, or exists and ``overwrite`` is not said.
    """
    from gioconda.trust.watermark.marks import own_marks

    rate = frame_rate(fps)
    low, high = SIZE_RANGE_PX
    if not (low <= width <= high and low <= height <= high):
        raise OptionError(f"frames of {width} x {height} px are outside {low} to {high} px a side")
    if quality not in get_args(Quality):
        raise OptionError(f"there is no quality {quality!r}; there are fast, good and best")
    target = check_target(path, overwrite, alpha=alpha)
    job = Job(width, height, rate, sound, quality, dict(metadata or {}), alpha)
    made_from, marks = provenance or Provenance(), None
    if not are_marked(made_from):
        marks = own_marks(made_from.identifier)
        made_from = replace(made_from, identifier=marks.identifier)
    return VideoWriter(target, job, made_from, marks)


class VideoWriter:
    """Encodes in a thread of its own; a context manager.

    Leaving the ``with`` block completes the file and signs it; a file that cannot be signed is
    not kept. Leaving it by an exception, Ctrl-C included,
    completes what there is under a name that says so (:attr:`path`), such as
    ``talk.partial.mp4``, and nothing if there is no frame yet.

    Attributes:
        path: where the video lies once closed; None before, and where nothing was kept.
        frames_written: frames taken by :meth:`write`.
    """

    def __init__(
        self, target: Target, job: Job, provenance: Provenance, marks: Marks | None = None
    ) -> None:
        """Begin to write; prefer :func:`open_writer`.

        Args:
            target: where to.
            job: what is written.
            provenance: what it is made from.
            marks: put into frames that do not carry them yet.

        Raises:
            OutputError: the file cannot be created, or an encoder is missing.
        """
        self.path: Path | None = None
        self.frames_written = 0
        self._target = target
        self._provenance = provenance
        self._marker: Marker | None = None
        if marks is not None:
            from gioconda.trust.watermark.marker import Marker

            self._marker = Marker(job.width, job.height, marks)
        self._shape = (job.height, job.width, 4 if job.alpha else 3)
        self._stage = target.stage()
        try:
            self._encoder = _encoder(self._stage, target.suffix, job)
        except BaseException as e:
            discard(self._stage)
            raise _told(e, target.name)  # noqa: B904 (it carries its cause)
        self._closed = False
        self._error: BaseException | None = None
        self._free: queue.SimpleQueue[ByteImage] = queue.SimpleQueue()
        for _ in range(QUEUE_FRAMES + 1):
            self._free.put(np.empty(self._shape, np.uint8))
        self._waiting: queue.SimpleQueue[ByteImage | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="video encoder", daemon=True)
        self._thread.start()

    def write(self, frame: ByteImage) -> None:
        """Take the next frame; waits while three others wait.

        Args:
            frame: uint8 RGB, shape (height, width, 3), or with alpha (height, width, 4);
                copied, so the caller may reuse it.

        Raises:
            OptionError: another shape or type.
            OutputError: an earlier frame could not be written; the disk is full.
            SoundError: the sound turned out to be bad.
        """
        if self._closed:
            raise OutputError(f"{self._target.name!r} is closed")
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise OptionError(
                f"a frame is {frame.dtype} of shape {frame.shape}; uint8 {self._shape} is needed"
            )
        buffer = self._free.get()
        if self._error is not None:
            self._free.put(buffer)
            raise self._error
        np.copyto(buffer, frame)
        self._waiting.put(buffer)
        self.frames_written += 1

    def close(self, *, partial: bool = False) -> Path | None:
        """Complete the file and give it its name; closing twice is harmless.

        Args:
            partial: whether this is only the beginning of what was to be made; it then gets a
                name that says so.

        Returns:
            :attr:`path`.

        Raises:
            OutputError: the file could not be completed, or no frame was written (not if
                ``partial``). Nothing is left behind then.
            TrustError: the file cannot be signed. Nothing is left behind then.
            SoundError: the sound turned out to be bad; what was made until then is kept as if
                ``partial``.
        """
        if self._closed:
            return self.path
        self._closed = True
        try:
            self._stop()
            error = self._error
            # A bad sound does not spoil the picture; what was made until then is kept.
            if error is not None and not isinstance(error, SoundError):
                raise error
            if self.frames_written == 0:
                self._drop()
                if not partial:
                    raise OutputError(f"no frame was written to {self._target.name!r}")
                return None
            self._encoder.finish()
            partial = partial or error is not None
            self._seal(self._provenance.stopped() if partial else self._provenance)
            self.path = self._target.commit(self._stage, partial=partial)
        except BaseException as e:
            self._drop()
            raise _told(e, self._target.name)  # noqa: B904 (it carries its cause)
        if partial:
            logger.warning("what was made so far is in %r", str(self.path))
        if error is not None:
            raise error
        return self.path

    def abort(self) -> None:
        """Delete what was written; harmless once closed."""
        if not self._closed:
            self._closed = True
            self._stop()
            self._drop()

    def __enter__(self) -> VideoWriter:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file, or what there is of it."""
        if kind is None:
            self.close()
            return
        if issubclass(kind, ConsentError):  # nobody may have it
            self.abort()
            return
        try:
            self.close(partial=True)
        except Exception as e:
            if e is not error:  # the first error is the one that is raised
                logger.warning("nothing could be kept: %s", e)

    def _work(self) -> None:
        """Encode what comes until None comes; after an error, only hand the buffers back."""
        while (frame := self._waiting.get()) is not None:
            if self._error is None:
                try:
                    marked = frame if self._marker is None else self._marker.marked(frame)
                    self._encoder.add(marked)
                except BaseException as e:
                    self._error = _told(e, self._target.name)
            self._free.put(frame)

    def _stop(self) -> None:
        """Wait until the thread has ended; an interruption makes it skip the frames that wait."""
        self._waiting.put(None)
        try:
            self._thread.join()
        except BaseException as e:
            self._error = self._error or e
            self._thread.join()
            raise

    def _seal(self, provenance: Provenance) -> None:
        """Sign what is staged; only then does it get its name."""
        seal_staged(self._stage, self._target.suffix, provenance)

    def _drop(self) -> None:
        self._encoder.discard()
        discard(self._stage)


def _told(error: BaseException, name: str) -> BaseException:
    """Return errors of the system and of FFmpeg as OutputError, others as they are."""
    from av.error import FFmpegError

    if isinstance(error, GiocondaError):
        return error
    if isinstance(error, OSError):
        told = write_error(name, error)
    elif isinstance(error, FFmpegError | ValueError):
        told = OutputError(f"cannot encode {name!r}: {error}")
    else:
        return error
    told.__cause__ = error
    return told


def _encoder(stage: Path, suffix: str, job: Job) -> FrameEncoder:
    if suffix == ".gif":
        from gioconda.video.gif import GifEncoder

        return GifEncoder(stage, job)
    if suffix == ".png":
        from gioconda.video.pictures import PictureEncoder

        return PictureEncoder(stage, job)
    from gioconda.video.container import ContainerEncoder

    return ContainerEncoder(stage, suffix, job)
