"""Write a finding as a page or as a picture."""

from __future__ import annotations

from pathlib import Path

from gioconda.trust.verify.finding import Finding


def write_report(finding: Finding, path: Path) -> None:
    """Write a report; the suffix, ``.html`` or ``.png``, says which.

    Args:
        finding: what was found.
        path: of the file, which is replaced.
    """
    if path.suffix.lower() == ".png":
        from gioconda.trust.verify.report_picture import write_picture

        with path.open("wb") as file:
            write_picture(finding, file)
        return
    from gioconda.trust.verify.report_page import page_of

    path.write_text(page_of(finding), encoding="utf-8")
