"""Seals what a writer has staged: one file, or a folder of pictures with their sound."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal

#: Pictures that are signed at once.
_MOST_AT_ONCE: Final = 4
_HEARD: Final = ("sound", "partner", "text")


def seal_staged(stage: Path, suffix: str, provenance: Provenance) -> None:
    """Seal a staged file, or every file of a staged folder.

    Args:
        stage: as :meth:`gioconda.video.Target.stage` made it, complete.
        suffix: of its final name.
        provenance: what it was made from.

    Raises:
        TrustError: one of them cannot be signed.
        OutputError: the disk is full.
    """
    if not stage.is_dir():
        seal(stage, suffix, provenance)
        return
    with ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        files = sorted(stage.iterdir())
        jobs = [pool.submit(_seal_part, file, provenance) for file in files]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _seal_part(file: Path, provenance: Provenance) -> None:
    if file.suffix == ".wav":
        heard = tuple(i for i in provenance.ingredients if i.role in _HEARD)
        provenance = replace(provenance, grant=None, ingredients=heard, identifier=None)
    seal(file, file.suffix, provenance)
