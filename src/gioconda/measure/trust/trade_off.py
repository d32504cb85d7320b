"""Strength against invisibility: the same mark stronger and weaker, and what each survives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from gioconda.measure.trust.attacks import ATTACKS, Attack
from gioconda.measure.trust.clips import Source, footage_of
from gioconda.measure.trust.invisibility import change_in, grown
from gioconda.measure.trust.robustness import DELIVERED, IDENTIFIER, looked_at, marked
from gioconda.measure.trust.transcoding import ByteImage, Frames, through

STRENGTHS: Final = (0.4, 0.55, 0.75, 1.0, 1.35, 1.8)
#: What an upload goes through, hard enough to tell strengths apart.
_TRIED: Final = (
    "x264 crf 28", "x264 crf 32", "256 px, crf 23", "crop 10 %, crf 23", "one frame, JPEG 80",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One strength.

    Attributes:
        strength: times what the embedder would add by itself.
        psnr_db: of luma, mean over the clips.
        flat_rms: of the change in flat areas, in levels, mean over clips that have any.
        growth: of a file at crf 18, mean over the clips.
        exact: share of all clips and attacks after which 64 bits were exact.
        z: of the public pilots after crf 28, median.
    """

    strength: float
    psnr_db: float
    flat_rms: float
    growth: float
    exact: float
    z: float


def trade_off(
    sources: Sequence[Source],
    folder: Path,
    strengths: Sequence[float] = STRENGTHS,
    say: Callable[[str], None] = lambda text: None,
) -> list[Point]:
    """Return what each strength is worth, over a few clips."""
    attacks = [a for a in ATTACKS if a.name in _TRIED]
    points = []
    for strength in strengths:
        say(f"strength {strength:g}")
        results = [_of_clip(source, folder, strength, attacks) for source in sources]
        flat = [r.flat_rms for r in results if np.isfinite(r.flat_rms)]
        points.append(
            Point(
                strength, float(np.mean([r.psnr_db for r in results])),
                float(np.mean(flat)) if flat else float("nan"),
                float(np.mean([r.growth for r in results])),
                float(np.mean([r.exact for r in results])),
                float(np.median([r.z for r in results])),
            )
        )  # fmt: skip
    return points


def plot(points: Sequence[Point], path: Path) -> None:
    """Draw readings, growth and flat areas over PSNR into a PNG."""
    from matplotlib.figure import Figure

    from gioconda.targets import replacing

    figure = Figure(figsize=(8, 8), layout="constrained")
    upper, middle, lower = figure.subplots(3, 1, sharex=True)
    ordered = sorted(points, key=lambda p: p.psnr_db)
    psnr = [p.psnr_db for p in ordered]
    upper.plot(psnr, [100 * p.exact for p in ordered], "o-")
    upper.set_ylabel("64 bits exact, %")
    upper.set_ylim(0, 105)
    middle.plot(psnr, [p.z for p in ordered], "o-")
    middle.axhline(8, linestyle=":", color="grey")
    middle.set_ylabel("z after crf 28")
    lower.plot(psnr, [100 * p.growth for p in ordered], "o-", label="growth at crf 18, %")
    lower.plot(psnr, [10 * p.flat_rms for p in ordered], "s--", label="10 x RMS in flat areas")
    lower.axhline(8, linestyle=":", color="grey")
    lower.legend()
    lower.set_xlabel("PSNR of luma, dB")
    for axes in (upper, middle, lower):
        axes.axvline(44, linestyle=":", color="grey")
        axes.grid(alpha=0.3)
    for p in ordered:
        upper.annotate(f"x {p.strength:g}", (p.psnr_db, 100 * p.exact), fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(str(temporary), format="png", dpi=110)


def _of_clip(source: Source, folder: Path, strength: float, attacks: Sequence[Attack]) -> Point:
    footage = footage_of(source, folder)
    frames, fps = footage.frames, footage.fps
    strong = scaled(frames, marked(footage), strength)
    psnr_db, flat = change_in(frames, strong)
    delivered = through(strong, fps, DELIVERED)
    exact, z = [], float("nan")
    for attack in attacks:
        shown, rate = attack.run(delivered, fps)
        seen, _ = looked_at(shown, rate)
        exact.append(seen.identifier == IDENTIFIER)
        if attack.name == "x264 crf 28":
            z = seen.z
    return Point(
        strength, psnr_db, float("nan") if flat is None else flat, grown(frames, strong, fps),
        float(np.mean(exact)), z,
    )  # fmt: skip


def scaled(frames: Frames, marked_: Frames, strength: float) -> list[ByteImage]:
    """Return frames with the change of marked ones times a strength.

    Parts of a level are dithered by the same noise in every frame, so that they neither vanish
    nor flicker.
    """
    dither = np.random.default_rng(3).random(frames[0].shape[:2], np.float32)[..., None]
    out = []
    for plain, changed in zip(frames, marked_, strict=True):
        change = (changed.astype(np.float32) - plain) * strength
        out.append(np.clip(np.floor(plain + change + dither), 0, 255).astype(np.uint8))
    return out
