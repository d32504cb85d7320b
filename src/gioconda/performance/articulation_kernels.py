"""What the lips do, read off the rows of a window and their surroundings, compiled.

All arrays of features reach from the window's past through its rows to its look-ahead; row i of
the window is element ``past + i``, and ``future`` elements follow the last. Instants beyond the
look-ahead are held at its end. Sums run in one order, whatever the number of rows.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def read_curves(  # type: ignore[no-untyped-def]
    posteriors, bands, net_curves, by_phone, by_rest, shares, labials, closure_term, odds_floor,
    past, rows, future,
):  # fmt: skip
    """Read the lip curves by a linear table, and smooth them.

    Args:
        posteriors: (past + rows + future, 37) float32.
        bands: (..., 8) float32.
        net_curves: (..., 6) float32.
        by_phone: (37, 18) what multiplies posteriors: six curves for each of three offsets.
        by_rest: (14, 6) what multiplies bands and the net's curves.
        shares: (7, 24) share of each reading at -3 to 3 rows.
        labials: columns of the phones that close the lips.
        closure_term: what a unit of their log odds takes off the first curve.
        odds_floor: least distance of probabilities from 0 and 1.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.

    Returns:
        (rows, 24): sums of the readings, to be added up over the offsets.
    """
    reach = shares.shape[0] // 2
    phone_columns, columns = by_phone.shape[1], shares.shape[1]
    first = past - reach
    end = past + rows + min(reach, future)
    read = np.zeros((end - first, columns))
    for n in range(end - first):
        row = read[n]
        for p in range(by_phone.shape[0]):
            share = np.float64(posteriors[first + n, p])
            for c in range(phone_columns):
                row[c] += share * by_phone[p, c]
        for f in range(by_rest.shape[0]):
            if f < bands.shape[1]:
                value = np.float64(bands[first + n, f])
            else:
                value = np.float64(net_curves[first + n, f - bands.shape[1]])
            for c in range(by_rest.shape[1]):
                row[phone_columns + c] += value * by_rest[f, c]
        shut = 0.0
        for k in range(labials.shape[0]):
            shut += np.float64(posteriors[first + n, labials[k]])
        row[phone_columns] -= closure_term * _log_odds(shut, odds_floor)
    total = np.zeros((rows, columns))
    for i in range(rows):
        for k in range(shares.shape[0]):
            row = read[i + min(k, reach + future)]
            for c in range(columns):
                total[i, c] += shares[k, c] * row[c]
    return total


@njit(cache=True, nogil=True)
def contacts(  # type: ignore[no-untyped-def]
    posteriors, bilabial, labiodental, past, rows, future, ahead, clamp, brief_clamp, brief_share,
    brief_fall, brief_reach,
):  # fmt: skip
    """Tell how far the lips are shut, and how far the lower lip is at the teeth.

    Args:
        posteriors: (past + rows + future, 37) float32.
        bilabial: columns of two phones that shut the lips.
        labiodental: column of the phone that brings the lip to the teeth.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.
        ahead: rows ahead whose posteriors count as well.
        clamp: posteriors at which lips begin to close, and at which they are shut.
        brief_clamp: the same for the peak of a brief rise of the bilabials.
        brief_share: parts of that peak at which lips begin to close, and at which they are shut.
        brief_fall: brief is what falls to this part of its peak on both sides ...
        brief_reach: ... within so many rows.

    Returns:
        Two arrays (rows,), 0 to 1.
    """
    lips, teeth = np.zeros(rows), np.zeros(rows)
    for i in range(rows):
        both, all_three, brief = 0.0, 0.0, 0.0
        for k in range(ahead + 1):
            pair = _pair(posteriors, bilabial, past, future, i, k)
            both = max(both, pair)
            at = past + i + min(k, future)
            all_three = max(all_three, pair + np.float64(posteriors[at, labiodental]))
            # With little look-ahead only what has been seen to fall is known to be brief.
            if k > 0 and k + brief_reach > future:
                continue
            peak, before, after = pair, pair, pair
            for reach in range(1, brief_reach + 1):
                earlier = _pair(posteriors, bilabial, past, future, i, k - reach)
                later = _pair(posteriors, bilabial, past, future, i, k + reach)
                peak = max(peak, max(earlier, later))
                before, after = min(before, earlier), min(after, later)
            if max(before, after) < brief_fall * peak:
                near = _ramp(pair / max(peak, 1e-9), brief_share[0], brief_share[1])
                brief = max(brief, _ramp(peak, brief_clamp[0], brief_clamp[1]) * near)
        shut = _ramp(all_three, clamp[0], clamp[1])
        share = min(max(both / max(all_three, 1e-9), 0.0), 1.0)
        lips[i] = max(shut * share, brief)
        teeth[i] = min(shut * (1.0 - share), 1.0 - lips[i])
    return lips, teeth


@njit(cache=True, nogil=True)
def _pair(posteriors, bilabial, past, future, i, offset):  # type: ignore[no-untyped-def]
    p = posteriors[past + i + min(max(offset, -past), future)]
    return np.float64(p[bilabial[0]]) + np.float64(p[bilabial[1]])


@njit(cache=True, nogil=True)
def _ramp(x, low, high):  # type: ignore[no-untyped-def]
    return min(max((x - low) / (high - low), 0.0), 1.0)


@njit(cache=True, nogil=True)
def labial_odds(posteriors, labials, odds_floor, past, rows):  # type: ignore[no-untyped-def]
    """Return the log odds, (rows,), that one of some phones sounds.

    Args:
        posteriors: (past + rows + future, 37) float32.
        labials: columns of the phones.
        odds_floor: least distance of probabilities from 0 and 1.
        past: rows of past.
        rows: rows of the window.
    """
    odds = np.zeros(rows)
    for i in range(rows):
        shut = 0.0
        for k in range(labials.shape[0]):
            shut += np.float64(posteriors[past + i, labials[k]])
        odds[i] = _log_odds(shut, odds_floor)
    return odds


@njit(cache=True, nogil=True)
def spread_phones(posteriors, amounts, weights, first, past, rows, future):  # type: ignore[no-untyped-def]
    """Sum an amount over phones and over neighbouring rows.

    Args:
        posteriors: (past + rows + future, 37) float32.
        amounts: (37,) of each phone.
        weights: of the rows ``first``, ``first`` + 1, ... after a row.
        first: not before the past.
        past: rows of past.
        rows: rows of the window.
        future: rows of look-ahead.

    Returns:
        (rows,).
    """
    total = np.zeros(rows)
    for i in range(rows):
        for k in range(weights.shape[0]):
            row = posteriors[past + i + min(first + k, future)]
            amount = 0.0
            for p in range(amounts.shape[0]):
                amount += np.float64(row[p]) * amounts[p]
            total[i] += weights[k] * amount
    return total


@njit(cache=True, nogil=True)
def steady(bands, f0_hz, past, rows, back, most):  # type: ignore[no-untyped-def]
    """Tell where the sound has a pitch and the colour that it had just before, (rows,).

    Args:
        bands: (past + rows + future, 8) float32.
        f0_hz: (past + rows + future,) float32, 0 for none.
        past: rows of past.
        rows: rows of the window.
        back: rows to the colour that a row is compared with.
        most: mean change of the bands below which it is the same.
    """
    count = bands.shape[1]
    same = np.zeros(rows, np.bool_)
    for i in range(rows):
        change = 0.0
        for b in range(count):
            now, before = np.float64(bands[past + i, b]), np.float64(bands[past + i - back, b])
            change += abs(now - before) / count
        same[i] = change < most and f0_hz[past + i] > 0
    return same


@njit(cache=True, nogil=True)
def _log_odds(share, floor):  # type: ignore[no-untyped-def]
    return math.log((share + floor) / (max(1.0 - share, 0.0) + floor))
