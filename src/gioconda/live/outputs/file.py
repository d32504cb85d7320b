"""A file of a live session: whole under its name or not there, and playable even after a crash.

What is being recorded lies beside it under a name that says so (``talk.partial.mp4``). An mp4 is
written in fragments of one second, each with its own index, so that a process that is killed
loses one second at most; at the end it is copied, without another encoding, into a plain mp4 with
its index first, as every player and editor likes it. The other formats stand a crash as they are.
A whole file is signed before it gets its name, and so is what is kept of one that failed; what a
crash leaves carries the watermark alone.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from gioconda.errors import GiocondaError, OutputError, TrustError
from gioconda.live.outputs.address import Address
from gioconda.live.outputs.base import ThreadedOutput
from gioconda.live.outputs.fragments import cut_to_whole
from gioconda.live.outputs.muxing import Muxer, as_i420, i420_shape
from gioconda.live.outputs.plan import file_plan
from gioconda.live.outputs.timeline import Timeline
from gioconda.live.outputs.types import OnEvent
from gioconda.live.outputs.waiting import Frame, Waiting
from gioconda.live.told import told
from gioconda.targets import replacing, write_error
from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal
from gioconda.video.target import Target

#: Sound that may wait for a disk that hangs.
SOUND_S: Final = 60.0
#: Frames that may wait, by number and by bytes: nobody waits for a file, so that a busy moment
#: need not cost any.
QUEUE_FRAMES: Final = 60
QUEUE_BYTES: Final = 32_000_000


class FileOutput(ThreadedOutput):
    """Records into .mp4, .mkv, .ts or .flv; an :class:`gioconda.live.outputs.Output`.

    Frames are dropped if the encoder falls behind, sound never.

    Args:
        address: of a file.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        fps: frames a second, where none is missing.
        on_event: told about changes of state.
        sound: whether there is sound.
        provenance: what it is recorded from; the file is signed with it when it is whole.

    Raises:
        OutputError: the file cannot be created, or an encoder is missing.
    """

    def __init__(
        self,
        address: Address,
        width: int,
        height: int,
        fps: float,
        on_event: OnEvent | None = None,
        *,
        sound: bool = True,
        provenance: Provenance | None = None,
    ) -> None:
        assert address.path is not None
        waiting = Waiting(SOUND_S, keep_sound=True)
        super().__init__(address.shown, width, height, waiting, on_event, provenance)
        self._target = Target(address.path, address.overwrite)
        self._timeline = Timeline()
        self._shape = i420_shape(width, height)
        self._stage = _create_partial(address.path)
        try:
            plan = file_plan(address, width, height, fps, sound=sound)
            self._muxer = Muxer(f"file:{os.fspath(self._stage)}", plan)
        except Exception as e:
            self._stage.unlink(missing_ok=True)
            raise self._told(e) from e
        self._thread.start()

    def _work(self) -> None:
        self._connections = 1
        self._tell("live")
        try:
            while (item := self._waiting.take()) is not None:
                if isinstance(item, Frame):
                    picture = as_i420(item.image, np.empty(self._shape, np.uint8))
                    self._waiting.give_back(item)
                    self._muxer.add(self._timeline.frame(item.time_s, picture))
                else:
                    self._muxer.add(self._timeline.sound(item.sample, item.pcm))
                self._count()
            self._muxer.add(self._timeline.finish())
            self._muxer.finish()
            self._count()
            self._complete()
        except Exception as e:
            self._muxer.discard()
            kept = self._keep_or_drop(e)
            error = self._told(e)
            told = OutputError(f"{error}; what was recorded is in {kept!r}") if kept else error
            told.__cause__ = e
            self._fail(told)

    def _count(self) -> None:
        self._frames, self._bytes = self._muxer.frames, self._muxer.bytes
        self._late = self._timeline.late
        self._rate.mark(self._timeline.end_s, self._bytes)

    def _complete(self) -> None:
        """Give the file its name."""
        if self._waiting.overflowed:
            raise OutputError(f"the disk is too slow for {self.name!r}")
        if self._bytes == 0:
            raise OutputError(f"nothing was there to be written to {self.name!r}")
        if self._target.suffix == ".mp4":
            with replacing(self._stage) as plain:
                copy_packets(self._stage, plain)
        self._seal(self.provenance)
        self._path = self._target.commit(self._stage)
        self._tell("closed")

    def _seal(self, provenance: Provenance) -> None:
        """Sign what was recorded; only then does it get its name."""
        seal(self._stage, self._target.suffix, provenance)

    def _keep_or_drop(self, error: Exception) -> str:
        """Return the name of what was recorded; empty where there is nothing to keep.

        It is signed as a part of what was to be recorded. What cannot be signed goes, unless it is
        the disk that has no room for that.
        """
        with suppress(OSError):
            try:
                if self._bytes and not isinstance(error, TrustError):
                    self._seal_part()
                    return self._stage.name
            except (OutputError, OSError):
                return self._stage.name
            except TrustError as e:
                told(e)  # that is, logged
            self._stage.unlink()
        return ""

    def _seal_part(self) -> None:
        if self._target.suffix == ".mp4":
            whole_again(self._stage)
        self._seal(self.provenance.stopped())

    def _told(self, error: Exception) -> GiocondaError:
        if isinstance(error, OutputError | TrustError):
            return error
        if isinstance(error, OSError):  # FFmpeg's errors of the system are such as well
            return write_error(self.name, error)
        return OutputError(f"cannot encode {self.name!r}: {type(error).__name__}")


def whole_again(path: Path) -> float | None:
    """Make a plain mp4 of the fragments that a recording which stopped short has left.

    Returns:
        Its length in seconds; None where nothing of it can be played.

    Raises:
        OSError: it cannot be read, or the disk is full.
    """
    seconds = cut_to_whole(path)
    if seconds is not None:
        with replacing(path) as plain:
            copy_packets(path, plain)
    return seconds


def copy_packets(source: Path, target: Path) -> None:
    """Copy an mp4 of fragments into a plain one with its index first; nothing is encoded again.

    Raises:
        av.error.FFmpegError: the source cannot be read, or the target not written.
    """
    import av

    with (
        av.open(f"file:{os.fspath(source)}") as read,
        av.open(
            f"file:{os.fspath(target)}",
            "w",
            format="mp4",
            container_options={"movflags": "+faststart"},
        ) as written,
    ):
        streams = {s.index: written.add_stream_from_template(s) for s in read.streams}
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                written.mux(packet)


def _create_partial(path: Path) -> Path:
    """Create the file that is recorded into, ``talk.partial.mp4`` or a numbered one."""
    for number in range(1, 1_000):
        tail = "" if number == 1 else f"-{number}"
        stage = path.with_name(f"{path.stem}.partial{tail}{path.suffix}")
        try:
            os.close(os.open(stage, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        except OSError as e:
            raise write_error(path.name, e) from e
        return stage
    raise OutputError(f"too many unfinished recordings lie beside {path.name!r}; remove them")
