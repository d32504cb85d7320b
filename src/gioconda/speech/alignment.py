"""Forced alignment: when each phone of a known text sounds, from what the net hears.

espeak-ng tells the text's phones in any language, and the best path through them (Viterbi, 1967)
over the net's posteriors tells when. Words that are not heard, and speech that is not in the text,
are allowed for: a path may leave a word out, or linger between words while anything is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.alignment_kernels import best_path
from gioconda.speech.known_phones import PhoneTrack
from gioconda.speech.phones import CLASS_INDEX, ipa_classes
from gioconda.speech.transcript import Transcript
from gioconda.speech.types import FEATURE_RATE_HZ

FloatArray = npt.NDArray[np.float64]
#: Gives the words of a text as lists of IPA phones.
Phonemiser = Callable[[str], list[list[str]]]

#: Posteriors under this say nothing more, for the path and for the trust in it.
_FLOOR: Final = 1e-2
_TRUST_FLOOR: Final = 1e-3
#: Log cost of a row of speech between words, of a phone that is not spoken, of a word left out.
_FILLER_COST: Final = 2.5
_DROP_COST: Final = 6.0
_SKIP_COST: Final = 8.0
#: Cost of leaving a word out that must be said.
_NEVER: Final = 1e6
#: Text without times is aligned in windows of so many rows, of which the first part is kept.
_WINDOW_ROWS: Final = 3000
_KEPT_ROWS: Final = 2000
#: States of a window at most: 30 phones a second.
_STATES_A_ROW: Final = 0.6
#: How far a cue's words may lie outside its times.
_CUE_SLACK_S: Final = 0.30
#: Mean log posterior of what is aligned, against the best, that is trusted wholly, and not at all.
_SURE: Final = -1.5
_WRONG: Final = -2.1
#: Speech that is not in the text counts like this in that mean, which is that of the speech within
#: so many rows.
_UNKNOWN: Final = -4.0
_TRUST_REACH: Final = 40
#: A cue of which less than this share is found differs from the sound.
_FOUND_SHARE: Final = 0.4


@dataclass(frozen=True)
class Mismatch:
    """A stretch where text and sound differ: seconds of the sound, and words from there."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Alignment:
    """Where a text's phones lie in a sound.

    Attributes:
        track: the phones, with trust.
        matched: share of the text's phones that were found, by their trust, 0 to 1.
        mismatches: stretches where the net is listened to instead, the longest first.
    """

    track: PhoneTrack
    matched: float
    mismatches: tuple[Mismatch, ...]


@dataclass(frozen=True)
class _Word:
    phones: tuple[int, ...]
    cue: int


def align(
    posteriors: npt.NDArray[np.float32], transcript: Transcript, phonemise: Phonemiser
) -> Alignment:
    """Align a transcript.

    Args:
        posteriors: (T, 37) of the whole sound at 50 Hz, row 0 at its instant 0.
        transcript: what is said.
        phonemise: gives the words of a text as IPA phones.
    """
    words = [
        [_Word(classes, i) for classes in map(_classes, phonemise(cue.text)) if classes]
        for i, cue in enumerate(transcript.cues)
    ]
    tracks: list[tuple[PhoneTrack, list[int]]] = []
    if transcript.timed:
        free = 0.0
        for cue, said in zip(transcript.cues, words, strict=True):
            assert cue.start_s is not None
            assert cue.end_s is not None
            first = max(0, round((max(cue.start_s - _CUE_SLACK_S, free)) * FEATURE_RATE_HZ))
            last = min(len(posteriors), round((cue.end_s + _CUE_SLACK_S) * FEATURE_RATE_HZ))
            if last > first and said:
                track, cues, _ = _aligned(posteriors[first:last], said, whole=True)
                tracks.append((track.shifted(first / FEATURE_RATE_HZ), cues))
                if len(track):
                    free = float(tracks[-1][0].end_s[-1])
    else:
        tracks = list(_windows(posteriors, [w for said in words for w in said]))
    track = PhoneTrack.joined(t for t, _ in tracks)
    cue_of = [c for _, cues in tracks for c in cues]
    total = sum(len(w.phones) for said in words for w in said)
    matched = float(track.trust.sum()) / max(total, 1)
    return Alignment(track, min(matched, 1.0), _mismatches(track, cue_of, transcript, words))


def phone_classes(words: Sequence[list[str]]) -> list[tuple[int, ...]]:
    """Return the classes of words that a phonemiser gave; words without any are left out."""
    return [classes for classes in map(_classes, words) if classes]


def fit(posteriors: npt.NDArray[np.float32], words: Sequence[tuple[int, ...]]) -> float:
    """Return how well a sound fits words that must all be said, in order.

    Args:
        posteriors: (T, 37) of the whole sound at 50 Hz.
        words: classes of their phones, as :func:`phone_classes` gives them.

    Returns:
        Log score of the best path through every phone of them, against the best class of each
        row, in nats: 0 at most; minus infinity where the sound is too short.
        Compare it between texts of the same sound.
    """
    phone, second, gap_before, _ = _states([_Word(w, 0) for w in words])
    score = np.log(np.maximum(posteriors, _FLOOR)).astype(np.float32)
    best = score.max(axis=1)
    gap = np.maximum(score[:, CLASS_INDEX["sil"]], best - np.float32(_FILLER_COST))
    path = best_path(score, gap, phone, second, gap_before, _NEVER, True)
    if path[0] > 1:  # there are not rows enough for every phone
        return -np.inf
    rows = np.arange(len(path))
    along = np.where(phone[path] < 0, gap, score[rows, np.maximum(phone[path], 0)])
    dropped = np.isin(np.diff(path), 2) & (second[path[1:]] == _DROP_COST)
    return float((along - best).sum() - _DROP_COST * dropped.sum())


def _classes(word: list[str]) -> tuple[int, ...]:
    """Return the classes of a word's phones; the same one twice is one."""
    found: list[int] = []
    for phone in word:
        for name in ipa_classes(phone):
            if found[-1:] != [CLASS_INDEX[name]]:
                found.append(CLASS_INDEX[name])
    return tuple(found)


def _windows(
    posteriors: npt.NDArray[np.float32], words: Sequence[_Word]
) -> list[tuple[PhoneTrack, list[int]]]:
    """Align text without times, window by window, so that memory does not grow."""
    found = []
    row, word = 0, 0
    while row < len(posteriors) and word < len(words):
        rows = posteriors[row : row + _WINDOW_ROWS]
        final = row + _WINDOW_ROWS >= len(posteriors)
        room = int(_STATES_A_ROW * len(rows)) + 50
        ahead, states = [], 0
        for w in words[word:]:
            states += len(w.phones) + 1
            if states > room:
                break
            ahead.append(w)
        complete = word + len(ahead) == len(words)
        track, cues, ends = _aligned(rows, ahead, whole=final and complete)
        shift = row / FEATURE_RATE_HZ
        if final:
            found.append((track.shifted(shift), cues))
            break
        # Go on from the last word that ends in the part that is kept.
        kept_words = [(i, end) for i, end in enumerate(ends) if 0 < end <= _KEPT_ROWS]
        done, end = kept_words[-1] if kept_words else (-1, _KEPT_ROWS)
        kept = track.end_s <= end / FEATURE_RATE_HZ + 1e-9
        found.append(
            (track.part(kept).shifted(shift), [c for c, k in zip(cues, kept, strict=True) if k])
        )
        row += end
        word += done + 1
    return found


def _aligned(
    posteriors: npt.NDArray[np.float32], words: Sequence[_Word], *, whole: bool
) -> tuple[PhoneTrack, list[int], list[int]]:
    """Align words with rows.

    Returns:
        The phones found, the cue of each, and the row after each word (0: it was left out).
    """
    phone, second, gap_before, word_of = _states(words)
    score = np.log(np.maximum(posteriors, _FLOOR)).astype(np.float32)
    best = score.max(axis=1)
    silence = score[:, CLASS_INDEX["sil"]]
    gap = np.maximum(silence, best - np.float32(_FILLER_COST))
    path = best_path(score, gap, phone, second, gap_before, _SKIP_COST, whole)
    edges = np.flatnonzero(np.diff(path)) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(path)]])
    bounds = np.concatenate([[0.0], _bounds(score, gap, phone, path, edges), [len(path)]])
    states = path[starts]
    spoken = phone[states] >= 0
    last_row = [0] * len(words)
    for s, b in zip(states, ends, strict=True):
        if phone[s] >= 0:
            last_row[word_of[s]] = int(b)
    track = PhoneTrack(
        bounds[:-1][spoken] / FEATURE_RATE_HZ,
        bounds[1:][spoken] / FEATURE_RATE_HZ,
        phone[states[spoken]].astype(np.uint8),
        _trust(posteriors, phone[path], starts[spoken], ends[spoken]),
    )
    return track, [words[word_of[s]].cue for s in states[spoken]], last_row


def _states(
    words: Sequence[_Word],
) -> tuple[
    npt.NDArray[np.int16], npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.int32]
]:
    """Return class, cost of leaving the state before out, gap before, and word of each state."""
    phone, second, gap_before, word_of = [-1], [np.inf], [-1], [0]
    gap = 0
    for i, word in enumerate(words):
        for k, name in enumerate(word.phones):
            phone.append(name)
            # The first phone may follow the last word without a gap; others may miss one.
            second.append((0.0 if i else np.inf) if k == 0 else _DROP_COST if k > 1 else np.inf)
            gap_before.append(-1)
            word_of.append(i)
        phone.append(-1)
        second.append(np.inf)
        gap_before.append(gap)
        word_of.append(i)
        gap = len(phone) - 1
    return (
        np.array(phone, np.int16),
        np.array(second, np.float32),
        np.array(gap_before, np.int32),
        np.array(word_of, np.int32),
    )


def _bounds(
    score: npt.NDArray[np.float32],
    gap: npt.NDArray[np.float32],
    phone: npt.NDArray[np.int16],
    path: npt.NDArray[np.int32],
    edges: npt.NDArray[np.intp],
) -> FloatArray:
    """Return where states change, in rows: where the scores of two rows say that they cross."""

    def of(row: int, state: int) -> float:
        return float(gap[row] if phone[state] < 0 else score[row, phone[state]])

    found = np.empty(len(edges))
    for i, row in enumerate(edges):
        before, after = path[row - 1], path[row]
        lead = max(of(row - 1, before) - of(row - 1, after), 0.0)
        trail = max(of(row, after) - of(row, before), 0.0)
        share = lead / (lead + trail) if lead + trail > 0 else 0.5
        # Row r is the instant r / 50 s.
        found[i] = row - 1 + min(max(share, 0.1), 0.9)
    return found


def _trust(
    posteriors: npt.NDArray[np.float32],
    aligned: npt.NDArray[np.int16],
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
) -> FloatArray:
    """Return how far phones are trusted, by how well the speech around each fits the text.

    Args:
        posteriors: (T, 37).
        aligned: (T,) the class aligned with each row, -1 between words.
        starts: (n,) first row of each phone.
        ends: (n,) the row after it.
    """
    score = np.log(np.maximum(posteriors, _TRUST_FLOOR)).astype(np.float64)
    rows = np.arange(len(score))
    fit = score[rows, np.maximum(aligned, 0)] - score.max(axis=1)
    silent = posteriors[:, CLASS_INDEX["sil"]] > 0.5
    fit[aligned < 0] = _UNKNOWN
    counts = ~(silent & (aligned < 0))
    summed = np.concatenate([[0.0], np.cumsum(fit * counts)])
    counted = np.concatenate([[0.0], np.cumsum(counts)])
    first = np.maximum((starts + ends) // 2 - _TRUST_REACH, 0)
    last = np.minimum((starts + ends) // 2 + _TRUST_REACH, len(score))
    mean = (summed[last] - summed[first]) / np.maximum(counted[last] - counted[first], 1.0)
    trust: FloatArray = np.clip((mean - _WRONG) / (_SURE - _WRONG), 0.0, 1.0)
    return trust


def _mismatches(
    track: PhoneTrack, cue_of: Sequence[int], transcript: Transcript, words: list[list[_Word]]
) -> tuple[Mismatch, ...]:
    """Return the stretches of cues that were not found, the longest first."""
    count = len(transcript.cues)
    trust, first, last = np.zeros(count), np.full(count, np.inf), np.full(count, -np.inf)
    of = np.array(cue_of, np.intp)
    np.add.at(trust, of, track.trust)
    np.minimum.at(first, of, track.start_s)
    np.maximum.at(last, of, track.end_s)
    found: list[Mismatch] = []
    at, joins = 0.0, False
    for i, cue in enumerate(transcript.cues):
        start_s = cue.start_s if cue.start_s is not None else float(first[i])
        end_s = cue.end_s if cue.end_s is not None else float(last[i])
        if end_s < start_s:  # nothing of it was found
            start_s = end_s = at
        at = end_s
        wanted = sum(len(w.phones) for w in words[i])
        differs = trust[i] < _FOUND_SHARE * wanted
        if differs and joins:
            found[-1] = Mismatch(found[-1].start_s, end_s, found[-1].text)
        elif differs:
            found.append(Mismatch(start_s, end_s, cue.text))
        joins = differs
    return tuple(sorted(found, key=lambda m: m.start_s - m.end_s))
