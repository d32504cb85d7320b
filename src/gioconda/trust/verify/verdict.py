"""From three findings to one verdict. The truth table is in ``docs/verify.md``."""

from __future__ import annotations

from typing import Final

from gioconda.trust.verify.finding import (
    EXIT_MADE,
    EXIT_NO_EVIDENCE,
    EXIT_TAMPERED,
    EXIT_UNREADABLE,
    Claim,
    CredentialsFinding,
    FileFinding,
    LogFinding,
    Stretch,
    Verdict,
    VerdictCode,
    WatermarkFinding,
)
from gioconda.trust.verify.words import CAPTURED, SYNTHETIC, clock, source_type

#: A stretch without a mark, beside others with one, counts as another source from this length on,
#: in seconds: shorter ones may be dark, or a cut's own frames.
OTHER_SOURCE_S: Final = 2.0
#: Mean strength of the marked stretches from which on others tell of another source, and the share
#: of it below which they do.
STRONG_Z: Final = 8.0
MUCH_WEAKER: Final = 0.35
#: Most stretches that a sentence names.
_NAMED: Final = 4

_EXITS: Final[dict[VerdictCode, int]] = {
    "made_with_gioconda": EXIT_MADE, "credentials_only": EXIT_MADE,
    "known_frames": EXIT_NO_EVIDENCE,
    "spliced": EXIT_TAMPERED, "altered": EXIT_TAMPERED, "contradicted": EXIT_TAMPERED,
    "other_tool": EXIT_NO_EVIDENCE, "inconclusive": EXIT_NO_EVIDENCE,
    "no_evidence": EXIT_NO_EVIDENCE, "unreadable": EXIT_UNREADABLE,
}  # fmt: skip


def verdict_of(
    file: FileFinding,
    credentials: CredentialsFinding,
    watermark: WatermarkFinding,
    log: LogFinding,
    claims: tuple[Claim, ...] = (),
) -> Verdict:
    """Return the verdict on a file that could be read.

    What fits the least goes first: whatever else is true of a file, that it was changed is what one
    has to know.
    """
    details: list[str] = []
    code, sentence = _judged(file, credentials, watermark, log, claims, details)
    exit_code = _EXITS[code]
    if code == "credentials_only" and credentials.status != "trusted":
        exit_code = EXIT_NO_EVIDENCE  # anybody can sign as Gioconda
    return Verdict(code=code, sentence=sentence, details=tuple(details), exit_code=exit_code)


def unreadable(sentence: str) -> Verdict:
    """Return the verdict on a file that cannot be read."""
    return Verdict(code="unreadable", sentence=sentence, exit_code=_EXITS["unreadable"])


def missing(stretches: tuple[Stretch, ...]) -> list[tuple[float, float]]:
    """Return the stretches without a mark of a file that has a strong one elsewhere, joined.

    A mark that is weak everywhere, as after rough handling, is not found in some stretches either:
    so only those count that are long enough, see :data:`OTHER_SOURCE_S`, and much weaker than the
    others, see :data:`STRONG_Z` and :data:`MUCH_WEAKER`. Black or plain pictures carry none.
    """
    marked = [s for s in stretches if s.status == "detected"]
    seconds = sum(s.end_s - s.start_s for s in marked)
    if not seconds:
        return []
    strong = sum(s.z * (s.end_s - s.start_s) for s in marked) / seconds
    if strong < STRONG_Z:
        return []
    bare = tuple(s for s in stretches if s.z < MUCH_WEAKER * strong and not s.plain)
    return [(a, b) for a, b in joined(bare, "not_detected") if b - a >= OTHER_SOURCE_S]


def joined(stretches: tuple[Stretch, ...], status: str) -> list[tuple[float, float]]:
    """Return stretches of one status, neighbours joined."""
    found: list[tuple[float, float]] = []
    for each in stretches:
        if each.status != status:
            continue
        if found and each.start_s - found[-1][1] < 0.05:
            found[-1] = (found[-1][0], each.end_s)
        else:
            found.append((each.start_s, each.end_s))
    return found


def spans(stretches: list[tuple[float, float]]) -> str:
    """Return stretches in words: ``0:03 to 0:09 and 1:00 to 1:10``."""
    named = [f"{clock(a)} to {clock(b)}" for a, b in stretches[:_NAMED]]
    if len(stretches) > _NAMED:
        named.append(f"{len(stretches) - _NAMED} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _judged(
    file: FileFinding,
    credentials: CredentialsFinding,
    watermark: WatermarkFinding,
    log: LogFinding,
    claims: tuple[Claim, ...],
    details: list[str],
) -> tuple[VerdictCode, str]:
    marked = watermark.status == "detected"
    valid = credentials.status in ("trusted", "valid_unknown_signer")
    ours = valid and credentials.by_gioconda
    if log.status == "known_file":
        return "made_with_gioconda", (
            "This installation of Gioconda made this file: it is synthetic, and unchanged since."
        )
    if credentials.changed:
        return "altered", _altered(marked, log)
    if marked and valid:
        if credentials.source_type in CAPTURED:
            return "contradicted", (
                "Its credentials say that a camera captured it, yet its pictures carry Gioconda's "
                "watermark: they are synthetic, and what the credentials say is wrong."
            )
        read, bound = watermark.identifier, credentials.identifier
        if ours and read is not None and bound is not None and read != bound:
            return "contradicted", (
                "It was made with Gioconda, but its credentials name another operator than its "
                "watermark: it was signed anew by somebody else."
            )
    if marked:
        gaps = missing(watermark.stretches)
        if gaps and not (ours and (credentials.own or credentials.status == "trusted")):
            parts = joined(watermark.stretches, "detected")
            return "spliced", (
                f"Parts of it were made with Gioconda ({spans(parts)}), and others show no mark "
                f"({spans(gaps)}): it seems to be put together from several sources."
            )
        return "made_with_gioconda", _made(credentials, watermark, valid, ours, log, details)
    if ours:
        return "credentials_only", _only_credentials(file, credentials, watermark, details)
    if log.status == "known_frames":
        details.append(
            "The portrait that an output was made from looks like it, too, and so do other "
            "pictures of the same kind: likeness is no evidence."
        )
        return "known_frames", (
            "No evidence either way: nothing of Gioconda's was found in it. It looks like "
            "something that was made here."
        )
    return _elsewhere(credentials, valid, watermark, claims, details)


def _altered(marked: bool, log: LogFinding) -> str:
    first = (
        "Its credentials do not fit the file: it was changed after it was signed, or they were "
        "copied from another file."
    )
    if marked:
        return f"{first} Its pictures carry Gioconda's watermark: they were made with it."
    if log.status == "known_frames":
        return f"{first} Its pictures look like those of something that this installation made."
    return first


def _made(
    credentials: CredentialsFinding,
    watermark: WatermarkFinding,
    valid: bool,
    ours: bool,
    log: LogFinding,
    details: list[str],
) -> str:
    if not valid:
        details.append(
            "It carries no credentials (any more): most platforms take them off, and a screenshot "
            "never has any. The watermark stays in the pictures."
            if credentials.status == "none"
            else "Its credentials cannot be relied on; the watermark stays in the pictures."
        )
    elif ours and credentials.own:
        details.append("It is unchanged since this installation signed it.")
    elif ours:
        details.append("It is unchanged since it was signed.")
    else:
        details.append(
            "Its credentials are those of another program, which may have edited it afterwards."
        )
    if watermark.identifier is None and not (ours and credentials.status == "trusted"):
        details.append(
            "Its public mark says so; who made it cannot be told here, and whoever reads "
            "Gioconda's source can set such a mark or take it off."
        )
    if log.status == "known_frames":
        details.append("This installation's log knows its pictures.")
    return "It was made with Gioconda: its pictures are synthetic."


def _only_credentials(
    file: FileFinding,
    credentials: CredentialsFinding,
    watermark: WatermarkFinding,
    details: list[str],
) -> str:
    says = "Its credentials fit the file and say that Gioconda made it"
    if credentials.status != "trusted":
        says += ", by a signer for whom nobody here vouches"
        details.append("Anybody can sign a file of their own in Gioconda's name.")
    if file.kind == "sound":
        return f"{says}."
    if watermark.status != "not_detected":
        return f"{says}; its pictures do not tell whether that is so."
    details.append(
        "The watermark that Gioconda puts into every picture was not found: the pictures were made "
        "otherwise, or handled roughly before they were signed."
    )
    return f"{says}; its pictures do not bear that out."


def _elsewhere(
    credentials: CredentialsFinding,
    valid: bool,
    watermark: WatermarkFinding,
    claims: tuple[Claim, ...],
    details: list[str],
) -> tuple[VerdictCode, str]:
    """Judge a file in which nothing of Gioconda's was found for certain."""
    if watermark.status == "inconclusive" and watermark.false_alarm < 1e-2:
        return "inconclusive", (
            "There is a trace of Gioconda's watermark, too weak to rely on: no evidence either way."
        )
    if watermark.status == "inconclusive":
        details.append("Its pictures could hardly carry the watermark: too small, plain or short.")
    if valid:
        return "other_tool", (
            "Nothing of Gioconda's was found. Its credentials fit the file and are those of "
            "another program; what they say is shown below."
        )
    said = [source_type(c.text) for c in claims]
    if any(s in SYNTHETIC for s in said) or any(c.name.upper() == "AIGC" for c in claims):
        return "other_tool", (
            "Nothing of Gioconda's was found. Its metadata claim that it is synthetic; anybody can "
            "write such a claim or take it off."
        )
    details.append(
        "That nothing was found does not mean that it was filmed: marks can be removed, and other "
        "programs set none."
    )
    return "no_evidence", "No evidence either way: nothing of Gioconda's was found in it."
