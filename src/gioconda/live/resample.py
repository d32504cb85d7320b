"""Change of sample rate with hardly any delay, chunk by chunk.

Resamplers made for files wait 15 to 35 ms for more input. A windowed sinc of 12 zero crossings on
each side waits for 0.75 ms at 16 kHz and keeps images and aliases 60 dB down above 1.1 times the
lower of both Nyquist frequencies, which is enough for hearing speech and for the phonetic net.
"""

from __future__ import annotations

import math
from copy import copy
from functools import lru_cache
from typing import Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.motion import FloatArray

#: Zero crossings of the sinc on each side.
_CROSSINGS: Final = 12
#: Kaiser window: about 60 dB.
_BETA: Final = 6.0
#: Where the pass band ends, of the lower Nyquist frequency.
_CUTOFF: Final = 0.95
#: Samples made at once.
_PIECE: Final = 48_000
#: Rates that are taken.
RATE_RANGE_HZ: Final = (8_000, 192_000)


class Resampler:
    """A stream of mono sound at one rate becomes one at another; any chunking gives the same.

    Args:
        rate_in_hz: of what is given, 8,000 to 192,000.
        rate_out_hz: of what is returned.

    Raises:
        OptionError: a rate is out of range.
    """

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        low, high = RATE_RANGE_HZ
        for rate in (rate_in_hz, rate_out_hz):
            if not low <= rate <= high or rate != int(rate):
                raise OptionError(
                    f"a sample rate is {rate} Hz; it must lie between {low} and {high}"
                )
        common = math.gcd(int(rate_in_hz), int(rate_out_hz))
        self._up, self._down = rate_out_hz // common, rate_in_hz // common
        self._table, self._half = _kernel(self._up, self._down)
        # Half a kernel of silence before the first sample.
        self._held: FloatArray = np.zeros(self._half, np.float32)
        self._held_from = -self._half
        self._taken = 0
        self._given = 0

    @property
    def delay_samples(self) -> int:
        """How many samples of input an instant waits for."""
        return 0 if self._up == self._down else self._half

    def step(self, pcm: FloatArray) -> FloatArray:
        """Take samples, float32 (n,); return those that became final, float32 (m,)."""
        if self._up == self._down:
            return np.asarray(pcm, np.float32)
        self._taken += len(pcm)
        # Output k lies at input k * down / up and needs half a kernel after it.
        last = ((self._taken - self._half) * self._up - 1) // self._down
        return self._until(pcm, max(last + 1, self._given))

    def silent_twin(self) -> Resampler:
        """Return another that has heard silence for as long, and gives as many samples."""
        twin = copy(self)
        twin._held = np.zeros_like(self._held)
        return twin

    def finish(self) -> FloatArray:
        """Return the rest, so that lengths agree, and start anew."""
        if self._up == self._down:
            return np.zeros(0, np.float32)
        count = -(-self._taken * self._up // self._down)
        rest = self._until(np.zeros(self._half + 1, np.float32), max(count, self._given))
        self._held = np.zeros(self._half, np.float32)
        self._held_from, self._taken, self._given = -self._half, 0, 0
        return rest

    def _until(self, pcm: FloatArray, end: int) -> FloatArray:
        held = np.concatenate([self._held, np.asarray(pcm, np.float32)])
        out = np.empty(max(end - self._given, 0), np.float32)
        wide = 2 * self._half
        # Window by window is a copy of 24 times the sound, so a long one goes piece by piece.
        for start in range(self._given, end, _PIECE):
            places = np.arange(start, min(start + _PIECE, end), dtype=np.int64) * self._down
            first = places // self._up - self._half + 1 - self._held_from
            windows = np.lib.stride_tricks.sliding_window_view(held, wide)[first]
            piece = np.einsum("nk,nk->n", windows, self._table[places % self._up])
            out[start - self._given :][: len(piece)] = piece
        self._given = end
        keep = (end * self._down) // self._up - self._half + 1
        drop = max(keep - self._held_from, 0)
        self._held, self._held_from = held[drop:], self._held_from + drop
        return out


@lru_cache(maxsize=8)
def _kernel(up: int, down: int) -> tuple[FloatArray, int]:
    """Return the taps for each phase, (up, 2 * half), and half their number."""
    # Of input samples, the sinc is as wide as the lower rate asks.
    band = _CUTOFF * min(1.0, up / down)
    half = math.ceil(_CROSSINGS / min(1.0, up / down))
    offsets = np.arange(-half + 1, half + 1)
    distance = offsets[None, :] - np.arange(up)[:, None] / up
    inside = np.clip(1 - (distance / half) ** 2, 0, None)
    taps = np.sinc(band * distance) * np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32), half
