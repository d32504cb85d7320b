"""Looks for the watermark in the frames of a file that the sandbox decodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gioconda.errors import ImageDecodeError, VideoDecodeError
from gioconda.sandbox.luma_stream import LookedAt
from gioconda.trust.verify import sentences
from gioconda.trust.verify.finding import Looked, Stretch, WatermarkFinding
from gioconda.trust.verify.means import Means
from gioconda.trust.verify.opened import OpenedFile
from gioconda.trust.watermark.detection import Detection

ByteImage = npt.NDArray[np.uint8]

#: Share of the work that is done when all frames were taken; the search is the rest.
_FRAMES: Final = 0.25
#: After so many frames, half of the progress that frames make is told.
_HALF_WAY: Final = 200
#: Frames that the log is asked about: fewer than so many, at least so far apart, this size.
_LOG_FRAMES: Final = 24
_LOG_EVERY_S: Final = 0.5
_LOG_SIDE_PX: Final = 64
#: A frame is dark or plain by its 5th and 95th percentiles, of 255; one pixel in 8 x 8 is seen.
_DARK: Final = 24.0
_FLAT: Final = 8.0
_THIN: Final = 8
#: Digits of strengths and instants that are told.
_DIGITS: Final = 2


def look(
    file: OpenedFile,
    means: Means,
    *,
    picture: bool,
    quick: bool,
    progress: Callable[[float], None],
) -> tuple[WatermarkFinding, list[ByteImage]]:
    """Search for the mark; return that and small frames for the log.

    Args:
        file: it.
        means: what it stands on.
        picture: whether it is one, by its first bytes.
        quick: whether changes of scale and shape are not searched for.
        progress: told the share that is done, 0 to 1.

    Raises:
        SandboxError: no process can be had that decodes.
    """
    search = means.search(quick, lambda share: progress(_FRAMES + (1 - _FRAMES) * share))
    looked = LookedAt(0.0, None, 1, True)
    small: list[ByteImage] = []
    plain: list[tuple[float, bool]] = []
    every_s, count, next_s = _LOG_EVERY_S, 0, float("-inf")
    length_s = 0.0
    failed = ""
    try:
        with means.reader.luma(file.fd, picture=picture) as stream:
            for item in stream:
                if isinstance(item, LookedAt):
                    looked = item
                    continue
                time_s, luma = item
                search.add(luma, time_s)
                plain.append((time_s, _is_plain(luma)))
                count += 1
                length_s = time_s
                if time_s >= next_s:
                    size = (_LOG_SIDE_PX, _LOG_SIDE_PX)
                    small.append(np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA)))
                    next_s = time_s + every_s
                    if len(small) >= _LOG_FRAMES:
                        small, every_s = small[::2], 2 * every_s
                progress(_FRAMES * (1 - 1 / (1 + count / _HALF_WAY)))
    except (ImageDecodeError, VideoDecodeError) as e:
        failed = str(e)
        looked = LookedAt(length_s, None, 1, True)
    if not count:
        why = f"Its pictures cannot be looked at: {failed}."
        return WatermarkFinding(sentence=why), []
    progress(_FRAMES)
    found = search.result()
    if _names_nobody_yet(found, means) and not failed:
        found = _identified(found, file, means, picture, quick)
    return _finding(found, looked, plain, quick, means), small


def _names_nobody_yet(found: Detection, means: Means) -> bool:
    """Tell whether a key might read in the marked stretches what it does not in the whole."""
    parts = {s.verdict == "detected" for s in found.segments}
    return found.verdict == "detected" and found.identifier is None and (
        means.holds_keys and len(parts) > 1
    )  # fmt: skip


def _identified(
    found: Detection, file: OpenedFile, means: Means, picture: bool, quick: bool
) -> Detection:
    """Return a detection with the identifier that its marked stretches alone name, if any.

    They are decoded once more, since not all frames of a file can be kept.
    """
    spans = [(s.start_s, s.end_s) for s in found.segments if s.verdict == "detected"]
    search = means.search(quick, lambda _: None)
    try:
        with means.reader.luma(file.fd, picture=picture) as stream:
            for item in stream:
                if not isinstance(item, LookedAt) and any(a <= item[0] < b for a, b in spans):
                    search.add(item[1], item[0])
    except (ImageDecodeError, VideoDecodeError):
        return found
    read = search.result()
    if read.verdict != "detected" or read.identifier is None:
        return found
    return replace(found, identifier=read.identifier, epoch=read.epoch)


def _is_plain(luma: ByteImage) -> bool:
    """Tell whether a frame is too dark or plain to carry a mark that can be found."""
    low, high = np.percentile(luma[::_THIN, ::_THIN], (5, 95))
    return bool(high < _DARK or high - low < _FLAT)


def _finding(
    found: Detection,
    looked: LookedAt,
    plain: list[tuple[float, bool]],
    quick: bool,
    means: Means,
) -> WatermarkFinding:
    def is_plain(start_s: float, end_s: float) -> bool:
        inside = [each for time_s, each in plain if start_s <= time_s < end_s]
        return bool(inside) and 2 * sum(inside) > len(inside)

    stretches = tuple(
        Stretch(
            start_s=round(s.start_s, _DIGITS), end_s=round(s.end_s, _DIGITS),
            z=round(s.z, _DIGITS), status=s.verdict, plain=is_plain(s.start_s, s.end_s),
        )
        for s in found.segments
    )  # fmt: skip
    told = Looked(
        frames=len(plain), seconds=round(looked.seconds, _DIGITS),
        of_s=None if looked.of_s is None else round(looked.of_s, _DIGITS),
        parts=max(looked.parts, 1), singles=looked.singles, cut=looked.cut,
        counted=looked.counted,
    )  # fmt: skip
    own = found.identifier is not None and found.identifier == means.identifier
    return WatermarkFinding(
        status=found.verdict, sentence=sentences.of_mark(found, told, quick, own),
        false_alarm=min(max(found.false_alarm, 0.0), 1.0), z=round(found.z, _DIGITS),
        identifier=None if found.identifier is None else f"{found.identifier:016x}",
        own=own, epoch=found.epoch, stretches=stretches, looked=told, quick=quick,
    )  # fmt: skip
