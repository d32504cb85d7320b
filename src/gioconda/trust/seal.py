"""The one place that every file passes before it gets its name: metadata, credentials, log."""

from __future__ import annotations

from pathlib import Path

from gioconda.trust.provenance import Provenance


def seal(path: Path, suffix: str, provenance: Provenance) -> None:
    """Give a finished file its metadata and credentials, in place, and enter it in the local log.

    It is written anew beside itself, read again, and replaced in one rename; a failure, or a
    process that is killed, leaves the file without a seal, and its writer gives it no name then.

    Args:
        path: the staged file; it may have any name.
        suffix: of its final name, such as ``.mp4``.
        provenance: what it was made from.

    Raises:
        TrustError: it cannot be signed, or what was signed does not read back as valid.
        OutputError: the disk is full.
    """
