"""What activity is decided by, read off the rows of a window and their surroundings, compiled.

All arrays reach from the window's past through its rows to its look-ahead; row i of the window is
element ``past + i``, and ``future`` elements follow the last. Instants beyond the past or the
look-ahead are held at its end.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def speaking(  # type: ignore[no-untyped-def]
    voice, silence, loudness_db, past, rows, future, lead, voice_on, voice_off, sure_silence,
    inaudible_db,
):  # fmt: skip
    """Tell where speech begins and where it may go on.

    Args:
        voice: (past + rows + future,) float32 voice activity.
        silence: likewise, the phone posterior of silence.
        loudness_db: likewise, the level.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.
        lead: rows ahead within which speech may begin.
        voice_on: activity above which it begins.
        voice_off: activity above which it goes on.
        sure_silence: posterior of silence from which nobody speaks.
        inaudible_db: level up to which nobody is heard.

    Returns:
        Three bool arrays (rows,): it begins within the lead; it begins now; it may go on.
    """
    ahead, now = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    goes_on = np.zeros(rows, np.bool_)
    on, off = np.float32(voice_on), np.float32(voice_off)
    sure, inaudible = np.float32(sure_silence), np.float32(inaudible_db)
    for i in range(rows):
        at = past + i
        now[i] = voice[at] > on and silence[at] < sure
        goes_on[i] = voice[at] > off and silence[at] < sure and loudness_db[at] > inaudible
        for k in range(min(lead, future) + 1):
            ahead[i] |= voice[at + k] > on and silence[at + k] < sure
    return ahead, now, goes_on


@njit(cache=True, nogil=True)
def evidence(  # type: ignore[no-untyped-def]
    voice, f0_hz, loudness_db, past, rows, future, further, needed, pitched, all_pitched, least,
    least_with_pitch,
):  # fmt: skip
    """Weigh the rows about to come.

    Args:
        voice: (past + rows + future,) float32 voice activity.
        f0_hz: likewise, the pitch, 0 for none.
        loudness_db: likewise, the level.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.
        further: rows ahead of the window's own row at which the last of them may lie, beyond those
            needed.
        needed: rows that are weighed; the last is as far ahead as the look-ahead allows.
        pitched: rows with a pitch that make speech likelier.
        all_pitched: rows with a pitch that count as all of them.
        least: mean activity above which it is speech.
        least_with_pitch: the same, if so many rows have a pitch.

    Returns:
        Three arrays (rows,): whether it is speech, whether all has a pitch, mean level in dB.
    """
    speech, held = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    level = np.zeros(rows)
    last = min(future, needed - 1 + further)
    for i in range(rows):
        mean_voice, with_pitch = 0.0, 0
        for k in range(last - needed + 1, last + 1):
            at = past + i + k
            mean_voice += np.float64(voice[at]) / needed
            with_pitch += f0_hz[at] > 0
            level[i] += np.float64(loudness_db[at]) / needed
        speech[i] = mean_voice > least or (mean_voice > least_with_pitch and with_pitch >= pitched)
        held[i] = with_pitch >= all_pitched
    return speech, held, level


@njit(cache=True, nogil=True)
def peaks(  # type: ignore[no-untyped-def]
    effort, past, rows, future, lead, reach, dip_reach, least, prominence
):
    """Find loudness peaks in effort smoothed by 1/4, 1/2, 1/4.

    Args:
        effort: (past + rows + future,) float32.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.
        lead: rows ahead, negative for the past, at which peaks are looked for.
        reach: a peak is the highest of so many rows to both sides.
        dip_reach: rows before it in which the dip lies that it stands out from.
        least: effort of a peak, at least.
        prominence: effort above the dip, at least.

    Returns:
        (rows,) strength of the peak, at most 1.5; 0 for none.
    """
    strength = np.zeros(rows)
    for i in range(rows):
        here = _smooth(effort, past, rows, future, i, lead)
        highest = here > least
        for k in range(1, reach + 1):
            highest &= here >= _smooth(effort, past, rows, future, i, lead + k)
            highest &= here > _smooth(effort, past, rows, future, i, lead - k)
        if not highest:
            continue
        dip = here
        for k in range(1, dip_reach + 1):
            dip = min(dip, _smooth(effort, past, rows, future, i, lead - k))
        if here - dip > prominence:
            strength[i] = min(here, 1.5)
    return strength


@njit(cache=True, nogil=True)
def _smooth(effort, past, rows, future, i, offset):  # type: ignore[no-untyped-def]
    """Return the smoothed effort some rows after row i; the ends of the array are not smoothed."""
    at = past + min(max(offset, -past), future) + i
    if at == 0 or at == effort.shape[0] - 1:
        return np.float64(effort[at])
    before, here, after = effort[at - 1], effort[at], effort[at + 1]
    return 0.25 * np.float64(before) + 0.5 * np.float64(here) + 0.25 * np.float64(after)
