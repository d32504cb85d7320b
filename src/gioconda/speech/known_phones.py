"""Phones that are known, from a voice or a transcript, laid over those that the net hears.

The net's posteriors are replaced, as far as a phone is trusted, by the known phone, which fades in
and out around its bounds. Nothing after the features needs to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.speech.phones import CLASS_INDEX, Segment, ipa_classes, segments
from gioconda.speech.types import FEATURE_RATE_HZ, PHONES, SpeechFeatures
from gioconda.speech.viseme_table import MEASURED_VISEMES
from gioconda.voices.types import TimedPhone

FloatArray = npt.NDArray[np.float64]

#: Half of a phone's raised-cosine flank: as a smoothing, its sigma is 14 ms.
FLANK_S: Final = 0.040
#: Share of a fully trusted phone; the net keeps the rest, and so says how fully it is spoken.
MOST_SHARE: Final = 0.85
#: Lips shut this long before a p, b or m that follows a pause: the closure itself is silent.
#: With the flank this is less than what the live analysis hears ahead (92 ms).
SHUT_BEFORE_S: Final = 0.050
#: A closure lasts at least this long, if need be at the cost of up to half of the phone before.
LEAST_SHUT_S: Final = 0.050
#: The net's curves vary as much less than those of the table (synthetic speech: .55 to .69).
CURVE_SHARE: Final = 0.8
_BILABIAL: Final = (CLASS_INDEX["p"], CLASS_INDEX["m"])
_SILENCE: Final = CLASS_INDEX["sil"]


@dataclass(frozen=True)
class PhoneTrack:
    """Phones in order of time, which do not overlap; times in seconds of the sound.

    Attributes:
        start_s, end_s: (n,) bounds.
        phone: (n,) uint8, class as an index of :data:`gioconda.speech.types.PHONES`.
        trust: (n,) 0 to 1, how surely the phone sounds there.
    """

    start_s: FloatArray
    end_s: FloatArray
    phone: npt.NDArray[np.uint8]
    trust: FloatArray

    def __len__(self) -> int:
        """Return the number of phones."""
        return len(self.phone)

    @classmethod
    def of_segments(cls, parts: Sequence[Segment], trust: float = 1.0) -> PhoneTrack:
        """Take segments, all trusted alike."""
        return cls(
            np.array([p.start_s for p in parts], np.float64),
            np.array([p.end_s for p in parts], np.float64),
            np.array([CLASS_INDEX[p.phone] for p in parts], np.uint8),
            np.full(len(parts), trust),
        )

    @classmethod
    def spoken(cls, phones: Sequence[TimedPhone]) -> PhoneTrack:
        """Take the phones that a voice tells; where it pauses, the net is heard."""
        onsets = [(p.start_s, ipa_classes(p.ipa)) for p in phones]
        end_s = phones[-1].end_s if phones else 0.0
        track = cls.of_segments(segments(onsets, end_s, bridge_unknown=True))
        return track.with_closures().part(track.phone != _SILENCE)

    @classmethod
    def joined(cls, tracks: Iterable[PhoneTrack]) -> PhoneTrack:
        """Join tracks that follow each other; where two overlap, the later one is kept whole."""
        parts = [t for t in tracks if len(t)] or [cls.of_segments(())]
        first_s = np.inf
        for i in reversed(range(len(parts))):
            starts, ends = parts[i].start_s, parts[i].end_s
            if len(ends) and ends.max() > first_s:
                starts, ends = np.minimum(starts, first_s), np.minimum(ends, first_s)
                parts[i] = replace(parts[i], start_s=starts, end_s=ends)
            first_s = min(first_s, starts.min(initial=np.inf))
        return cls(
            *(
                np.concatenate([getattr(p, name) for p in parts])
                for name in ("start_s", "end_s", "phone", "trust")
            )
        )

    def shifted(self, seconds: float) -> PhoneTrack:
        """Return the same phones later in time."""
        return replace(self, start_s=self.start_s + seconds, end_s=self.end_s + seconds)

    def part(self, where: npt.NDArray[np.bool_]) -> PhoneTrack:
        """Return some of the phones."""
        return PhoneTrack(
            self.start_s[where], self.end_s[where], self.phone[where], self.trust[where]
        )

    def with_closures(self) -> PhoneTrack:
        """Return the phones with each p, b and m long enough to be seen.

        After a pause the closure begins before anything is heard; a short one is led in early.
        """
        start, end = self.start_s.copy(), self.end_s.copy()
        for i in np.flatnonzero(np.isin(self.phone, _BILABIAL)):
            before = i - 1 if i and end[i - 1] > start[i] - 1e-6 else None
            if before is None or self.phone[before] == _SILENCE:
                earliest = start[i] - SHUT_BEFORE_S
                if i:
                    earliest = max(earliest, start[i - 1])
            else:
                earliest = 0.5 * (start[before] + end[before])
                earliest = max(earliest, end[i] - LEAST_SHUT_S)
            start[i] = min(start[i], earliest)
            if i:
                end[i - 1] = min(end[i - 1], start[i])
        return replace(self, start_s=start, end_s=end)


class KnownPhones:
    """Lays known phones over features, chunk by chunk, in constant memory.

    A row depends on the phones within 40 ms of its instant alone, and on closures 90 ms ahead; as
    long as those are there when the row comes, any cutting of the sound gives the same rows.
    """

    def __init__(self, track: PhoneTrack | None = None) -> None:
        self._track = PhoneTrack.of_segments(()) if track is None else track

    def add(self, track: PhoneTrack) -> None:
        """Take phones that follow those before."""
        self._track = PhoneTrack.joined([self._track, track])

    def add_spoken(self, phones: Sequence[TimedPhone], start_s: float) -> None:
        """Take a voice's phones, whose times count from an instant of the sound."""
        self.add(PhoneTrack.spoken(phones).shifted(start_s))

    def sharpen(self, features: SpeechFeatures) -> SpeechFeatures:
        """Return the features with the known phones in them; forget phones before them."""
        track = self._track
        if not len(features) or not len(track):
            return features
        times = features.start_s + np.arange(len(features)) / FEATURE_RATE_HZ
        first = int(np.searchsorted(track.end_s, times[0] - FLANK_S))
        last = int(np.searchsorted(track.start_s, times[-1] + FLANK_S))
        near = slice(first, last)
        shares = _shares(track.part(_mask(len(track), near)), times)
        shares /= np.maximum(shares.sum(axis=1), 1.0)[:, None]
        self._track = track.part(_mask(len(track), slice(first, None)))
        known = shares.sum(axis=1)
        if not known.any():
            return features
        heard = 1.0 - known
        posteriors = shares + heard[:, None] * features.posteriors
        table = np.array([MEASURED_VISEMES[p] for p in PHONES])
        # Not a matrix product: BLAS changes its order of summation with the number of rows.
        curves = CURVE_SHARE * np.einsum("np,pc->nc", shares, table)
        curves += heard[:, None] * features.articulation
        return replace(
            features,
            posteriors=posteriors.astype(np.float32),
            articulation=curves.astype(np.float32),
        )


def _shares(track: PhoneTrack, times: FloatArray) -> FloatArray:
    """Return the share of each class that is known, (rows, 37); rows sum to at most the trust."""
    shares = np.zeros((len(times), len(PHONES)))
    for start, end, phone, trust in zip(
        track.start_s, track.end_s, track.phone, track.trust, strict=True
    ):
        cover = _risen(times - start) - _risen(times - end)
        shares[:, phone] += MOST_SHARE * trust * cover
    return shares


def _risen(offset_s: FloatArray) -> FloatArray:
    """Return a flank of raised-cosine slope from 0 to 1 around offset 0."""
    x = np.clip(offset_s / FLANK_S, -1.0, 1.0)
    risen: FloatArray = 0.5 * (1.0 + x + np.sin(np.pi * x) / np.pi)
    return risen


def _mask(count: int, kept: slice) -> npt.NDArray[np.bool_]:
    mask = np.zeros(count, np.bool_)
    mask[kept] = True
    return mask
