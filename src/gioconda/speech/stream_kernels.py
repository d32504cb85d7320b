"""Level and colour control of one stream's frames, and the choice of its pitch, compiled.

The control is that of :func:`gioconda.speech.melspec.controlled_frame`, in the same order and the
same precision, so that both give the same numbers; that one runs over batches, as training does.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def control_level(totals, level, heard, loud, limits):  # type: ignore[no-untyped-def]
    """Advance the running level over frames.

    Args:
        totals: (frames,) float32 summed mel power.
        level: float32 running level.
        heard: float32 frames that the running mean spectrum has seen.
        loud: float32 frames above the level's floor.
        limits: float32: the level's floor and its target, loud frames until its rise is slowest,
            its fall in a frame, the gate of the mean spectrum and its memory in frames.

    Returns:
        The gain of each frame, how far each moves the mean spectrum, and level, heard and loud.
    """
    floor, target, most_loud, down, gate, memory = limits
    one = np.float32(1)
    gains, shares = np.empty_like(totals), np.empty_like(totals)
    for i in range(totals.shape[0]):
        total = totals[i]
        loud = min(loud + np.float32(total > floor), most_loud)
        rate = one / max(loud, one) if total > level else down
        level = max(level + rate * (total - level), floor)
        gains[i] = target / level
        active = np.float32(total > gate * level)
        heard = min(heard + active, memory)
        shares[i] = active / heard
    return gains, shares, level, heard, loud


@njit(cache=True, nogil=True)
def control_colour(log_power, shares, mean, reference, strength):  # type: ignore[no-untyped-def]
    """Take half of the running mean spectrum off frames, in place, and advance it.

    Args:
        log_power: (frames, 64) float32; becomes the net's input.
        shares: (frames,) how far each frame moves the mean.
        mean: (64,) float32, advanced in place.
        reference: (64,) float32, which stays in the spectrum.
        strength: float32 share of the mean that is taken off.
    """
    for i in range(log_power.shape[0]):
        for b in range(mean.shape[0]):
            power = log_power[i, b]
            mean[b] = mean[b] + shares[i] * (power - mean[b])
            colour = strength * (mean[b] - reference[b])
            log_power[i, b] = (power - colour + np.float32(2)) / np.float32(3)


@njit(cache=True, nogil=True)
def best_period(  # type: ignore[no-untyped-def]
    r, shortest, rate_hz, candidate_from, octave_bonus, near_hz, jump_cost, usual_octave,
    unusual_cost, usual_octaves,
):  # fmt: skip
    """Choose among the peaks of an autocorrelation.

    Args:
        r: (lags,) float32, 1 at lag 0, corrected for the window.
        shortest: the shortest lag, in samples.
        rate_hz: sample rate.
        candidate_from: height from which a peak counts.
        octave_bonus: added for an octave.
        near_hz: the pitch just before, 0 if there was none.
        jump_cost: taken off for an octave between the two, at most once.
        usual_octave: log2 of the speaker's usual pitch; NaN if it is not known.
        unusual_cost: taken off for an octave beyond the usual range.
        usual_octaves: that range, to both sides.

    Returns:
        Frequency in Hz and height of the best peak; both 0 if there is none.
    """
    best_score, best_hz, best_strength = -math.inf, 0.0, 0.0
    half, two = np.float32(0.5), np.float32(2)
    for lag in range(shortest, r.shape[0] - 1):
        before, at, after = r[lag - 1], r[lag], r[lag + 1]
        if not (at > before and at >= after and at > np.float32(candidate_from)):
            continue
        bend = max(two * at - before - after, np.float32(1e-9))
        shift = half * (after - before) / bend
        strength = at + np.float32(0.25) * (after - before) * shift
        hz = rate_hz / (lag + np.float64(shift))
        octave = math.log2(hz)
        score = np.float64(strength) + octave_bonus * octave
        if near_hz > 0:
            score -= jump_cost * min(1.0, abs(octave - math.log2(near_hz)))
        if not math.isnan(usual_octave):
            score -= unusual_cost * max(0.0, abs(octave - usual_octave) - usual_octaves)
        if score > best_score:
            best_score, best_hz, best_strength = score, hz, np.float64(strength)
    return best_hz, best_strength
