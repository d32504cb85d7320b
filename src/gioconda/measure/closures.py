"""Do lips close where a known p, b or m sounds, and nowhere else?

Every p, b and m of sentences whose phones are known must find the lips closed within 40 ms. A
closure that none of them nor f or v explains is false, but for two kinds that are told apart: lips
that meet where the mouth is truly narrow (u, w, o and their like), and lips at rest in a pause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda.measure.bootstrap import Estimate, estimate
from gioconda.measure.implied import implied_lips
from gioconda.measure.known_speech import RATE_HZ, KnownSpeech
from gioconda.measure.tracking import track_frames
from gioconda.voices.types import TimedPhone

FloatArray = npt.NDArray[np.float64]

BILABIAL: Final = frozenset("pbmɓ")
#: Lips that all but meet: f, v and what sounds between b and w.
_NEARLY: Final = frozenset("fvɱβɸʋ")
#: Rounded, truly narrow vowels and glides; a nasal one has its tilde as a character of its own.
_NARROW: Final = frozenset("uwoyʊøɔœɥʉɵɯʍɒũ")
#: A closure may come so much before or after its phone.
TOLERANCE_S: Final = 0.040
#: Lips nearer than this, in outer-eye distances and against the sentence's opening, are closed.
_CLOSED: Final = 0.012
_CLOSED_SHARE: Final = 0.10
FPS: Final = 50.0
_TURNS: Final = 12
#: What is aimed for: at least this share of p, b, m, and at most this share of false closures.
BAR_CLOSED, BAR_FALSE = 0.95, 0.10


@dataclass(frozen=True)
class ClosureCount:
    """What was counted in one sentence.

    Attributes:
        voice: espeak-ng's.
        seconds: of speech, pauses left out.
        phones: how often each of p, b, m sounds.
        closed: how often lips are closed there.
        by_chance: how often lips would be closed there if they moved at another time.
        right, narrow, rest, false: closures at p b m (and f v), where the mouth is narrow, in
            pauses, and others.
    """

    voice: str
    seconds: float
    phones: dict[str, int]
    closed: dict[str, int]
    by_chance: float
    right: int
    narrow: int
    rest: int
    false: int


def count_closures(
    phones: Sequence[TimedPhone], time_s: FloatArray, aperture: FloatArray, voice: str = ""
) -> ClosureCount:
    """Count closures of one sentence.

    Args:
        phones: what sounds when.
        time_s: (T,) instants of the aperture, evenly spaced.
        aperture: (T,) of the inner lips, outer-eye distances.
        voice: for the report.
    """
    threshold = max(_CLOSED, _CLOSED_SHARE * float(np.percentile(aperture, 98)))
    shut = aperture < threshold
    sounded = dict.fromkeys(sorted(BILABIAL), 0)
    closed, by_chance = dict(sounded), 0.0
    for phone in phones:
        near = _around(phone, time_s)
        for symbol in BILABIAL.intersection(phone.ipa):
            sounded[symbol] += 1
            closed[symbol] += int(shut[near].any())
            by_chance += _by_chance(shut, near)
    kinds = [_kind(phones, time_s[first], time_s[last]) for first, last in _runs(shut)]
    return ClosureCount(
        voice, sum(p.end_s - p.start_s for p in phones if p.ipa), sounded, closed,
        by_chance, *(kinds.count(k) for k in ("right", "narrow", "rest", "false")),
    )  # fmt: skip


def _around(phone: TimedPhone, time_s: FloatArray) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = (time_s >= phone.start_s - TOLERANCE_S) & (
        time_s <= phone.end_s + TOLERANCE_S
    )
    return near


def _by_chance(shut: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_]) -> float:
    """Return how often lips that are turned round in time are closed in a place."""
    turns = np.linspace(0.15, 0.85, _TURNS) * len(shut)
    return float(np.mean([np.roll(shut, int(t))[near].any() for t in turns]))


def _runs(shut: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and last places of runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _kind(phones: Sequence[TimedPhone], start_s: float, end_s: float) -> str:
    near = [
        p for p in phones if p.start_s - TOLERANCE_S <= end_s and p.end_s + TOLERANCE_S >= start_s
    ]
    if any((BILABIAL | _NEARLY).intersection(p.ipa) for p in near):
        return "right"
    if not near or any(not p.ipa for p in near):
        return "rest"
    return "narrow" if any(_NARROW.intersection(p.ipa) for p in near) else "false"


@dataclass(frozen=True)
class ClosureReport:
    """Counts of sentences, and what they were taken from, in words."""

    counts: tuple[ClosureCount, ...]
    how: str
    seed: int = 0

    def closed_share(self, phone: str | None = None) -> Estimate:
        """Return the share of p, b, m, or of one of them, at which lips are closed."""
        chosen = sorted(BILABIAL) if phone is None else [phone]
        hit = [sum(c.closed[p] for p in chosen) for c in self.counts]
        return self._share(hit, [sum(c.phones[p] for p in chosen) for c in self.counts])

    def chance_share(self) -> Estimate:
        """Return the share at which lips would be closed if they moved at another time."""
        return self._share(
            [c.by_chance for c in self.counts], [sum(c.phones.values()) for c in self.counts]
        )

    def false_share(self) -> Estimate:
        """Return the share of false closures among right and false ones.

        Closures where the mouth is narrow are neither.
        """
        return self._share([c.false for c in self.counts], [c.right + c.false for c in self.counts])

    def a_minute(self, kind: str) -> Estimate:
        """Return how many closures of a kind there are in a minute of speech."""
        return self._share(
            [getattr(c, kind) for c in self.counts], [c.seconds / 60 for c in self.counts]
        )

    def _share(self, part: Sequence[float], whole: Sequence[float]) -> Estimate:
        parts, wholes = np.array(part, np.float64), np.array(whole, np.float64)

        def share(weights: FloatArray) -> FloatArray:
            with np.errstate(invalid="ignore", divide="ignore"):
                result: FloatArray = (weights @ parts) / (weights @ wholes)
            return result

        return estimate(share, len(parts), self.seed)

    def _languages(self) -> dict[str, ClosureReport]:
        names = dict.fromkeys(c.voice.split("+")[0] for c in self.counts)
        return {
            n: ClosureReport(
                tuple(c for c in self.counts if c.voice.split("+")[0] == n), self.how, self.seed
            )
            for n in names
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values; estimates as [value, low, high]."""
        return {
            "ours": self.how,
            "closed": self.closed_share().as_list(),
            "closed_by_phone": {p: self.closed_share(p).as_list() for p in "pbm"},
            "closed_by_chance": self.chance_share().value,
            "false": self.false_share().as_list(),
            "a_minute": {k: self.a_minute(k).as_list() for k in ("right", "narrow", "false")},
            "languages": {
                n: {"closed": r.closed_share().value, "false": r.false_share().value}
                for n, r in self._languages().items()
            },
        }

    def table(self) -> str:
        """Return the figures as text."""
        closed, false = self.closed_share(), self.false_share()
        seconds = sum(c.seconds for c in self.counts)
        total = sum(sum(c.phones.values()) for c in self.counts)
        lines = [
            f"{len(self.counts)} sentences, {seconds:.0f} s of speech, {total} p, b and m",
            f"closed within {1000 * TOLERANCE_S:.0f} ms   {closed.text(3)}   aimed for "
            f"{BAR_CLOSED:.2f}{'' if closed.value >= BAR_CLOSED else '  MISSED'}",
            "  " + ", ".join(f"{p} {self.closed_share(p).text(3)}" for p in "pbm")
            + f"; by chance {self.chance_share().value:.2f}",
            f"false closures        {false.text(3)}   at most "
            f"{BAR_FALSE:.2f}{'' if false.value <= BAR_FALSE else '  MISSED'}",
            "  a minute of speech: "
            + ", ".join(
                f"{name} {self.a_minute(kind).text(1)}"
                for name, kind in (("at p b m f v", "right"), ("false", "false"),
                                   ("in u, w, o, truly narrow", "narrow"))
            ),
            "",
            "language    closed   false",
        ]  # fmt: skip
        for name, report in self._languages().items():
            shares = (report.closed_share().value, report.false_share().value)
            lines.append(f"{name:<10}" + "".join(f"{100 * s:7.0f} %" for s in shares))
        lines.append(f"\nour lips {self.how}; 95 % intervals by sentence")
        return "\n".join(lines)


def measure_closures(
    speech: Sequence[KnownSpeech],
    portrait: str | PathLike[str] | None = None,
    *,
    size: int = 512,
    motion_only: bool = False,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> ClosureReport:
    """Count closures of our lips in speech whose phones are known.

    Args:
        speech: sentences.
        portrait: who speaks; the example if None.
        size: side of the rendered square in pixels.
        motion_only: take the aperture that the motion implies, without rendering.
        seed: of the confidence intervals.
        advance: called after every frame.
    """
    from gioconda import examples
    from gioconda.pipeline import animate, perform
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    person = None
    if not motion_only:
        person = Portrait.open(examples.portrait_path() if portrait is None else Path(portrait))
    counts = []
    for one in speech:
        sound = Sound.from_array(one.samples, RATE_HZ)
        if person is None:
            lips = implied_lips(perform(sound))
            time_s, aperture = lips.time_s, lips.values[:, 0]
        else:

            def frames(sound: Sound = sound) -> Any:
                for frame in animate(person, sound, fps=FPS, size=size).frames():
                    yield frame.time_s, frame.image
                    advance()

            face = track_frames(frames())
            time_s, aperture = face.time_s, face["la"]
        counts.append(count_closures(one.phones, time_s, aperture, one.voice))
    how = "as the motion implies them" if motion_only else "tracked in the rendered frames"
    return ClosureReport(tuple(counts), how, seed)
