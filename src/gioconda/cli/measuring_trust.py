"""The body of ``gioconda measure trust``."""

from __future__ import annotations

from pathlib import Path

from gioconda.cli.voice import Voice
from gioconda.errors import OptionError
from gioconda.targets import check_file_target


def measured(
    media: str | None,
    *,
    clips: int,
    only: tuple[str, ...],
    keys: int,
    plot: str | None,
    voice: Voice,
    force: bool,
) -> None:
    """Print what the watermark survives, how visible it is, and how often chance shows one."""
    from gioconda.measure.trust import trade_off
    from gioconda.measure.trust.report import measure_trust

    folder = None if media is None else Path(media)
    for part in ("portraits", "audio", "clips"):
        if folder is not None and not (folder / part).is_dir():
            raise OptionError(f"there is no folder {str(folder / part)!r}")
    if plot is not None:
        check_file_target(Path(plot), force)
        if only and "trade-off" not in only:
            raise OptionError("--plot draws the part 'trade-off', which --only leaves out")
    if folder is None:
        voice.note("without a folder of media only the example portrait and speech are measured")
    report = measure_trust(folder, clips=clips, only=only, keys=keys, say=voice.say)
    if plot is not None:
        trade_off.plot(report.points, Path(plot))
    voice.result(report.table(), {**report.as_dict(), "warnings": voice.notes})
