"""All figures of the watermark in one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gioconda.errors import OptionError
from gioconda.measure.floor import Row
from gioconda.measure.trust.attacks import ATTACKS, Attack
from gioconda.measure.trust.clips import (
    Source,
    ask_for,
    footage_of,
    private_folder,
    real_sources,
    rendered_sources,
)
from gioconda.measure.trust.false_alarms import (
    KEYS,
    Unmarked,
    false_alarms,
    strangers,
    unmarked_files,
)
from gioconda.measure.trust.fresh import OUTPUTS, Fresh, fresh_outputs
from gioconda.measure.trust.invisibility import Visibility, visibility
from gioconda.measure.trust.robustness import Outcome, outcomes
from gioconda.measure.trust.trade_off import Point, trade_off

#: Parts that can be asked for by themselves.
PARTS: Final = ("robustness", "invisibility", "false-alarms", "outputs", "trade-off")
#: Clips with a shorter side than this have a row of their own.
SMALL: Final = 288
#: From so many clips on, small ones are measured too.
_ALL: Final = 20
#: What is aimed for: PSNR of luma in dB, RMS in flat areas, growth of a file, ms a frame.
_PSNR_DB, _FLAT_RMS, _GROWTH, _FRAME_MS = 44.0, 1.0, 0.08, 2.0


@dataclass(frozen=True)
class TrustReport:
    """What was measured.

    Attributes:
        outcomes: of each clip and attack.
        seen: how visible the mark is in each clip.
        unmarked: of each file without a mark.
        points: of strength against invisibility.
        keys: of other operators that each unmarked file was tried with.
        fresh: of each output that was made and verified.
    """

    outcomes: tuple[Outcome, ...] = ()
    seen: tuple[Visibility, ...] = ()
    unmarked: tuple[Unmarked, ...] = ()
    points: tuple[Point, ...] = ()
    keys: int = KEYS
    fresh: tuple[Fresh, ...] = ()

    def rows(self) -> list[Row]:
        """Return the figures with their bars."""
        return [
            *self._robustness(),
            *self._invisibility(),
            *self._false_alarms(),
            *self._outputs(),
        ]

    def table(self) -> str:
        """Return the figures as text, and each reading that was not exact."""
        rows = [(r.what, f"{r.value:.4g} {r.unit}".strip(), r.bar, _met(r)) for r in self.rows()]
        rows += [
            (
                f"strength x {p.strength:g}", f"{p.psnr_db:.1f} dB",
                f"exact {100 * p.exact:.0f} %, growth {100 * p.growth:.1f} %", "",
            )
            for p in self.points
        ]  # fmt: skip
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
        missed = [
            f"not exact: {o.attack}: {o.clip} (z {o.z:.1f}, public mark "
            f"{'detected' if o.detected else 'not detected'})"
            for o in self.outcomes
            if not o.exact
        ]
        missed += [f"not whole: {f}" for f in self.fresh if not f.whole]
        return "\n".join(line.rstrip() for line in [*lines, *missed])

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "rows": [asdict(r) for r in self.rows()],
            "outcomes": [asdict(o) for o in self.outcomes],
            "visibility": [asdict(v) for v in self.seen],
            "unmarked": [asdict(u) for u in self.unmarked],
            "trade_off": [asdict(p) for p in self.points],
            "outputs": [asdict(f) for f in self.fresh],
        }

    def _robustness(self) -> list[Row]:
        rows = []
        for attack in ATTACKS:
            of = [o for o in self.outcomes if o.attack == attack.name and o.side >= SMALL]
            if not of:
                continue
            share = float(np.mean([o.exact for o in of]))
            bar = "" if attack.bar is None else f"{100 * attack.bar:.0f} %"
            met = None if attack.bar is None else share >= attack.bar
            rows.append(Row(f"exact bits: {attack.name} ({len(of)})", 100 * share, "%", bar, met))
            public = float(np.mean([o.detected for o in of]))
            rows.append(Row("  public mark detected", 100 * public, "%"))
            rows.append(Row("  z, median", float(np.median([o.z for o in of])), ""))
            rows.append(Row("  search, slowest", max(o.seconds for o in of), "s"))
        small = [o.exact for o in self.outcomes if o.side < SMALL]
        if small:
            what = f"exact bits of clips under {SMALL} px, all attacks ({len(small)})"
            rows.append(Row(what, 100 * float(np.mean(small)), "%"))
        return rows

    def _invisibility(self) -> list[Row]:
        if not self.seen:
            return []
        least = min(v.psnr_db for v in self.seen)
        growth = [v.growth for v in self.seen]
        rows = [
            Row("PSNR of luma, mean", float(np.mean([v.psnr_db for v in self.seen])), "dB"),
            Row("PSNR of luma, least", least, "dB", f"{_PSNR_DB:g} dB", least >= _PSNR_DB),
        ]
        flat = [v.flat_rms for v in self.seen if v.flat_rms is not None]
        if flat:
            rows.append(Row("change in flat areas, mean RMS", float(np.mean(flat)), "levels"))
            rows.append(
                Row("change in flat areas, most", max(flat), "levels", f"{_FLAT_RMS:.1f}",
                    max(flat) <= _FLAT_RMS)
            )  # fmt: skip
        mean = float(np.mean(growth))
        rows += [
            Row("growth at crf 18, mean", 100 * mean, "%", f"{100 * _GROWTH:.0f} %",
                mean <= _GROWTH),
            Row("growth at crf 18, most", 100 * max(growth), "%"),
        ]  # fmt: skip
        spent = [t for v in self.seen if v.shape == (512, 512) for t in v.frame_ms]
        if spent:
            high = float(np.percentile(spent, 99))
            rows += [
                Row("embedding at 512 x 512, p50", float(np.median(spent)), "ms"),
                Row("embedding at 512 x 512, p99", high, "ms", f"{_FRAME_MS:g} ms",
                    high <= _FRAME_MS),
            ]  # fmt: skip
        return rows

    def _false_alarms(self) -> list[Row]:
        if not self.unmarked:
            return []
        found = sum(u.detected for u in self.unmarked)
        read = sum(u.identified for u in self.unmarked)
        count = len(self.unmarked)
        return [
            Row(f"public mark in {count} unmarked files", found, "", "none", found == 0),
            Row(f"identifiers in them, {self.keys} keys each", read, "", "none", read == 0),
            Row("  full search, slowest", max(u.seconds for u in self.unmarked), "s"),
        ]

    def _outputs(self) -> list[Row]:
        if not self.fresh:
            return []
        count = len(self.fresh)

        def row(what: str, parts: list[bool]) -> Row:
            return Row(what, sum(parts), "", f"{count} of {count}", all(parts))

        return [
            row("fresh outputs with valid credentials", [f.credentials for f in self.fresh]),
            row("  public mark detected", [f.public for f in self.fresh]),
            row("  identifier read", [f.identifier for f in self.fresh]),
            row("  metadata that say so", [f.claims for f in self.fresh]),
        ]


def measure_trust(
    media: Path | None,
    *,
    clips: int = 20,
    only: Sequence[str] = (),
    keys: int = KEYS,
    say: Callable[[str], None] = lambda text: None,
) -> TrustReport:
    """Measure the watermark.

    Unmarked clips of portraits are rendered for it. They lie in a folder that this process's user
    alone can open, and that goes with the run.

    Args:
        media: folder with ``portraits``, ``audio`` and ``clips``; None for the example alone.
        clips: rendered ones, and as many real ones.
        only: parts of :data:`PARTS`, attacks, or words in attacks' names; all if empty.
        keys: of other operators for the false alarms.
        say: told what is measured.

    Raises:
        OptionError: a part or attack is unknown.
        ConsentError: a portrait may not be animated; said before anything is rendered.
    """
    parts, attacks = _chosen(only)
    sources = [*rendered_sources(media)[:clips], *real_sources(media)[:clips]]
    if clips >= _ALL:
        sources += real_sources(media, small=True)
    shown = sources if {"robustness", "invisibility"} & {*parts} else []
    mixed = _mixed(sources) if "trade-off" in parts else []
    speaking = rendered_sources(media)[:clips] if "outputs" in parts else []
    ask_for(s for s in sources if s in shown or s in mixed or s in speaking)
    seen: list[Visibility] = []
    read: list[Outcome] = []
    unmarked: list[Unmarked] = []
    fresh: list[Fresh] = []
    points: list[Point] = []
    with private_folder() as folder:
        for i, source in enumerate(shown):
            say(f"{source.name} ({i + 1} of {len(sources)})")
            if "invisibility" in parts:
                seen.append(visibility(source.name, footage_of(source, folder))[0])
            if "robustness" in parts:
                read += outcomes(source, folder, attacks)
        if "false-alarms" in parts:
            files = unmarked_files(media)
            unmarked = false_alarms(files, strangers(keys), lambda u: say(f"unmarked {u.name}"))
        if speaking:
            fresh = fresh_outputs(
                speaking, min(OUTPUTS, 5 * clips), lambda f: say(f"verified {f.name}")
            )
        if mixed:
            points = trade_off(mixed, folder, say=say)
    return TrustReport(tuple(read), tuple(seen), tuple(unmarked), tuple(points), keys, tuple(fresh))


def _mixed(sources: Sequence[Source]) -> list[Source]:
    """Return a few clips of both kinds for what is done many times."""
    rendered = [s for s in sources if not s.real]
    return [*rendered[:4], *(s for s in sources if s.real)][:6]


def _chosen(only: Sequence[str]) -> tuple[tuple[str, ...], tuple[Attack, ...]]:
    if not only:
        return PARTS, ATTACKS
    parts = [name for name in only if name in PARTS]
    attacks: list[Attack] = []
    for name in only:
        if name in PARTS:
            continue
        fitting = [a for a in ATTACKS if name.lower() in a.name.lower()]
        if not fitting:
            known = ", ".join((*PARTS, *(repr(a.name) for a in ATTACKS)))
            raise OptionError(f"nothing that is measured is called {name!r}; there are: {known}")
        attacks += [a for a in fitting if a not in attacks]
    if attacks and "robustness" not in parts:
        parts.append("robustness")
    return tuple(parts), tuple(attacks) or ATTACKS


def _met(row: Row) -> str:
    return "" if row.met is None else "ok" if row.met else "MISSED"
