"""A video that is made on another machine: it is brought home as it is, and signed there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.saving import written
from gioconda.trust.provenance import Provenance
from gioconda.video.clock import frame_rate
from gioconda.video.encoder import Job
from gioconda.video.target import check_target
from gioconda.video.writer import VideoWriter

if TYPE_CHECKING:
    from gioconda.animation import Animation, Progress, Report


class FarVideoWriter(VideoWriter):
    """A writer into a worker's own scratch folder.

    The keys never leave the machine that they were made on, so that nothing can be signed here:
    whoever takes the video home does it before it gets its name there.
    """

    def _seal(self, provenance: Provenance) -> None:
        """Leave the file as it is."""


def make(animation: Animation, target: Path, progress: Progress | None = None) -> Report:
    """Make an animation in a worker's scratch folder; its frames carry the watermark.

    Raises:
        GiocondaError: as :meth:`gioconda.Animation.save` raises.
    """
    transparent = animation.background.transparent
    checked = check_target(target, True, alpha=transparent)
    width, height = animation.frame_size()
    job = Job(
        width, height, frame_rate(animation.fps), animation.heard, alpha=transparent
    )  # fmt: skip
    started = time.perf_counter()
    return written(
        animation, lambda made_from: FarVideoWriter(checked, job, made_from), str(target),
        progress, started,
    )  # fmt: skip
