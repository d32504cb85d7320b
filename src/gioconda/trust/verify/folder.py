"""Every picture, video and sound of a folder, and one answer for all of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gioconda.plain_text import plain
from gioconda.trust.containers.formats import HEAD_BYTES, format_of
from gioconda.trust.verify.finding import (
    EXIT_MADE,
    EXIT_NO_EVIDENCE,
    EXIT_TAMPERED,
    EXIT_UNREADABLE,
    Finding,
    Verdict,
    VerdictCode,
)

#: A verdict in a word or two.
SHORT: Final[dict[VerdictCode, str]] = {
    "made_with_gioconda": "made with Gioconda", "spliced": "PUT TOGETHER",
    "altered": "CREDENTIALS DO NOT FIT",
    "contradicted": "CONTRADICTED", "credentials_only": "signed as Gioconda's",
    "known_frames": "no evidence, alike", "other_tool": "says another program",
    "inconclusive": "a weak trace", "no_evidence": "no evidence", "unreadable": "unreadable",
}  # fmt: skip
_CREDENTIALS: Final = {
    "none": "none", "valid_unknown_signer": "valid, unknown signer", "trusted": "trusted",
    "invalid": "INVALID", "unreadable": "unreadable",
}  # fmt: skip
_LOG: Final = {"known_file": "known file", "known_frames": "known frames", "unknown": "-"}


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the pictures, videos and sounds of a folder and of those in it, by their first bytes.

    Links are not followed, hidden files and what cannot be opened are left out; in order of names.
    """
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where) / name
            if not name.startswith(".") and _is_media(path):
                yield path


def _is_media(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            return format_of(file.read(HEAD_BYTES)).kind != "unknown"
    except OSError:
        return False


def table_row(finding: Finding) -> tuple[str, ...]:
    """Return a finding as a row: file, verdict, credentials, watermark, log."""
    verdict = SHORT[finding.verdict.code]
    if finding.verdict.code == "unreadable":
        return plain(finding.file.name), verdict, "-", "-", "-"
    mark = finding.watermark.status.replace("_", " ")
    return (
        plain(finding.file.name), verdict, _CREDENTIALS[finding.credentials.status],
        mark, _LOG[finding.log.status],
    )  # fmt: skip


def summary_of(verdicts: Sequence[Verdict]) -> str:
    """Return a line that counts verdicts."""
    counted = Counter(v.code for v in verdicts)
    parts = [f"{counted[code]} {words}" for code, words in SHORT.items() if counted[code]]
    files = "1 file" if len(verdicts) == 1 else f"{len(verdicts)} files"
    return f"{files}: {', '.join(parts)}"


def whole_exit(verdicts: Sequence[Verdict]) -> int:
    """Return one exit code for many files.

    3 where any shows tampering, else 0 where any was made with Gioconda, else 2 where none could
    be read, else 1.
    """
    codes = {v.exit_code for v in verdicts}
    for code in (EXIT_TAMPERED, EXIT_MADE):
        if code in codes:
            return code
    return EXIT_UNREADABLE if codes == {EXIT_UNREADABLE} else EXIT_NO_EVIDENCE
