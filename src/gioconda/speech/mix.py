"""Two sounds heard at once: one's own and a partner's, in one track that never clips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.sound import ARRAY_FRAME_S, Sound
from gioconda.speech.sound_file import float_frame, samples_of

if TYPE_CHECKING:
    import av

FloatArray = npt.NDArray[np.float32]

#: Where both together would clip they are turned down; the gain moves within this time.
LIMITER_S: Final = 0.008


def mixed(own: Sound, partner: Sound) -> Sound:
    """Return both sounds at once, for as long as one's own lasts.

    Each is heard as loud as it is; only where their sum passes full scale are both turned down,
    smoothly and just enough. The mix has the higher of both sample rates, and two channels if
    either sound has several.

    Raises:
        SoundError: what reading them raises.
    """
    rate_hz = max(own.rate_hz, partner.rate_hz)
    channels = 1 if max(own.channels, partner.channels) == 1 else 2

    def frames() -> Iterator[av.AudioFrame]:
        both = _summed(own, partner, rate_hz, channels)
        for part in _limited(both, max(round(LIMITER_S * rate_hz), 1)):
            yield float_frame(part, rate_hz)

    return Sound(frames, own.name, own.duration_s)


def _summed(own: Sound, partner: Sound, rate_hz: int, channels: int) -> Iterator[FloatArray]:
    """Yield the sum in blocks, (channels, n); a partner who ends first falls silent."""
    others = _planes(partner, rate_hz, channels)
    held = np.zeros((channels, 0), np.float32)
    for block in _planes(own, rate_hz, channels):
        n = block.shape[1]
        while held.shape[1] < n:
            more = next(others, None)
            if more is None:
                more = np.zeros((channels, n - held.shape[1]), np.float32)
            held = np.concatenate([held, more], axis=1)
        yield block + held[:, :n]
        held = held[:, n:]


def _planes(sound: Sound, rate_hz: int, channels: int) -> Iterator[FloatArray]:
    """Yield a sound's samples at a rate, (channels, n), in blocks that are not empty."""
    import soxr

    resampler = None
    if sound.rate_hz != rate_hz:
        resampler = soxr.ResampleStream(
            sound.rate_hz, rate_hz, channels, dtype="float32", quality="HQ"
        )
    held: list[FloatArray] = []
    count, size = 0, max(int(ARRAY_FRAME_S * rate_hz), 1)

    def taken(planes: FloatArray, last: bool = False) -> FloatArray:
        if resampler is None:
            return planes
        columns = np.ascontiguousarray(planes.T if channels > 1 else planes[0])
        out = np.asarray(resampler.resample_chunk(columns, last=last), np.float32)
        return out.reshape(-1, channels).T

    for frame in sound.original_frames():
        planes = np.asarray(samples_of(frame), np.float32)
        if len(planes) != channels:
            mono = planes.mean(axis=0, keepdims=True, dtype=np.float32)
            planes = np.repeat(mono, channels, axis=0)
        held.append(taken(planes))
        count += held[-1].shape[1]
        if count >= size:
            yield np.concatenate(held, axis=1)
            held, count = [], 0
    held.append(taken(np.zeros((channels, 0), np.float32), last=True))
    rest = np.concatenate(held, axis=1)
    if rest.shape[1]:
        yield rest


def _limited(blocks: Iterator[FloatArray], reach: int) -> Iterator[FloatArray]:
    """Yield blocks whose samples lie in [-1, 1], all together as long as those given.

    The gain is the least that any sample within ``reach`` needs, averaged over as many samples:
    so it is never above what the sample itself needs, and has no steps.
    """
    around = 2 * reach
    seen: FloatArray | None = None  # up to `around` samples before those to be given out, and on
    before = 0
    for block in blocks:
        seen = block if seen is None else np.concatenate([seen, block], axis=1)
        until = seen.shape[1] - around
        if until > before:
            yield _turned_down(seen, before, until, reach)
            kept = max(until - around, 0)
            seen, before = seen[:, kept:], until - kept
    if seen is not None and seen.shape[1] > before:
        yield _turned_down(seen, before, seen.shape[1], reach)


def _turned_down(samples: FloatArray, start: int, end: int, reach: int) -> FloatArray:
    """Return samples from start to end; those around them count, as far as they are there."""
    peaks = np.abs(samples).max(axis=0)
    part = samples[:, start:end]
    if peaks.max() <= 1.0:
        return part
    needed = np.pad(1.0 / np.maximum(peaks.astype(np.float64), 1.0), 2 * reach,
                    constant_values=1.0)  # fmt: skip
    windows = np.lib.stride_tricks.sliding_window_view
    least = windows(needed, 2 * reach + 1).min(axis=1)
    gain = windows(least, 2 * reach + 1).mean(axis=1)[start:end]
    limited: FloatArray = np.clip(part * gain, -1.0, 1.0).astype(np.float32)
    return limited
