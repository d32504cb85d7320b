"""The path of best score through the phones of a text, by dynamic programming."""

from __future__ import annotations

import numpy as np
from numba import njit

#: How a state is reached: it stays, from the one before, from the second before, or, for gaps,
#: from the gap before.
STAY, ONE, TWO, SKIP = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def best_path(phone_score, gap_score, phone, second_cost, gap_before, skip_cost, whole):  # type: ignore[no-untyped-def]
    """Return the state of every row (Viterbi, 1967).

    Args:
        phone_score: (T, C) float32, log score of each class in each row.
        gap_score: (T,) float32, log score of a gap.
        phone: (S,) int16, class of each state; -1 is a gap. State 0 is a gap, and so is the last.
        second_cost: (S,) float32, cost of coming from the second state before; infinite where
            one cannot.
        gap_before: (S,) int32, for gaps the gap before, or -1.
        skip_cost: of passing from a gap to the next, leaving its word out.
        whole: the path must end in the last state; else anywhere.

    Returns:
        (T,) int32.
    """
    rows, states = len(gap_score), len(phone)
    back = np.zeros((rows, states), np.uint8)
    low = np.float32(-1e30)
    last = np.full(states, low, np.float32)
    now = np.empty(states, np.float32)
    last[0] = 0.0
    for t in range(rows):
        for s in range(states):
            best, way = last[s], STAY
            if s >= 1 and last[s - 1] > best:
                best, way = last[s - 1], ONE
            if s >= 2 and last[s - 2] - second_cost[s] > best:
                best, way = last[s - 2] - second_cost[s], TWO
            score = gap_score[t]
            if phone[s] >= 0:
                score = phone_score[t, phone[s]]
            elif gap_before[s] >= 0:
                # In the same row: the word takes no time.
                skipped = now[gap_before[s]] - skip_cost - score
                if skipped > best:
                    best, way = skipped, SKIP
            now[s] = max(best + score, low)
            back[t, s] = way
        last, now = now, last
    path = np.empty(rows, np.int32)
    state = states - 1
    if not whole:
        state = int(np.argmax(last))
    for t in range(rows - 1, -1, -1):
        while back[t, state] == SKIP:
            state = gap_before[state]
        path[t] = state
        if back[t, state] == ONE:
            state -= 1
        elif back[t, state] == TWO:
            state -= 2
    return path
