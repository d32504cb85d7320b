"""Seals what a writer has staged: one file, or a folder of pictures with their sound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from gioconda.trust.provenance import Provenance
from gioconda.trust.seal import seal
from gioconda.video.target import STAGED_SOUND

#: Of the ingredients, what is heard.
_HEARD: Final = ("sound", "partner", "text")


def seal_staged(stage: Path, suffix: str, provenance: Provenance) -> None:
    """Seal a staged file, or every picture of a staged folder.

    The sound beside pictures is sealed where it was made from a text. A sound that was given is
    kept as it was: nothing of it is made, and its credentials must not say so.

    Args:
        stage: as :meth:`gioconda.video.Target.stage` made it, complete.
        suffix: of its final name.
        provenance: what it was made from.

    Raises:
        TrustError: it cannot be signed.
        OutputError: the disk is full.
    """
    seal(stage, suffix, provenance)
    sound = stage / STAGED_SOUND
    if stage.is_dir() and sound.exists() and provenance.voice is not None:
        heard = tuple(i for i in provenance.ingredients if i.role in _HEARD)
        seal(
            sound, sound.suffix, replace(provenance, grant=None, ingredients=heard, identifier=None)
        )
